"""The application: the only wiring."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from alembic.util import CommandError
from litestar import Litestar, Router
from litestar.datastructures import State
from litestar.di import Provide

from app import VERSION
from app.api import controllers, resources_by_type
from app.api.health.controller import HealthController
from app.api.health.probe import Probe
from app.core.auth.guard import provide_token_end, provide_user_id, require_user
from app.core.auth.tokens import make_verifier
from app.core.config import Settings
from app.core.db.connecting import UnreachableError
from app.core.db.migrations.revisions import revisions
from app.core.db.migrations.running import ObstructedError
from app.core.db.migrations.transaction import OrphansError
from app.core.db.migrations.upgrading import upgrade
from app.core.db.session import Database, open_database
from app.core.feed.running import waking
from app.core.feed.wakes import Wakes
from app.core.http import conditions
from app.core.http.accepts import wants_csv
from app.core.http.answers import API_PATH
from app.core.http.bodies import BODY_MAX, StrictRequest
from app.core.http.calls import call_without_detour
from app.core.http.docs import docs_handlers
from app.core.http.edge import Edge
from app.core.http.idempotency import RememberedResponse
from app.core.http.openapi import openapi_config
from app.core.http.problems import answer_problem
from app.core.http.query_strings import provide_asked
from app.core.http.sessions import provide_session

log = logging.getLogger(__name__)


def create_app(settings: Settings) -> Litestar:
    """The service, wired for these settings; nothing is opened before it starts."""
    return furnish(wire(), settings)


def wire() -> Litestar:
    """The routes and what stands around them: all that no setting changes, and the slow part."""
    served = [controller for controller in controllers() if controller is not HealthController]
    api = Router(
        API_PATH,
        route_handlers=served,
        guards=[require_user],
        response_class=RememberedResponse,
        dependencies={
            "session": Provide(provide_session),
            "user_id": Provide(provide_user_id, sync_to_thread=False),
            "token_ends_at": Provide(provide_token_end, sync_to_thread=False),
            "asked": Provide(provide_asked, sync_to_thread=False),
            "if_match": Provide(conditions.if_match, sync_to_thread=False),
            "if_none_match": Provide(conditions.if_none_match, sync_to_thread=False),
            "create_only": Provide(conditions.create_only, sync_to_thread=False),
            "wants_csv": Provide(wants_csv, sync_to_thread=False),
        },
    )
    app = Litestar(
        route_handlers=[api, HealthController, *docs_handlers()],
        request_class=StrictRequest,
        request_max_body_size=BODY_MAX,
        exception_handlers={Exception: answer_problem},
        openapi_config=openapi_config(VERSION, [*served, HealthController]),
        logging_config=None,
        lifespan=[_lifespan],
    )
    call_without_detour(app)
    return app


def furnish(app: Litestar, settings: Settings) -> Litestar:
    """Give the routes what they work with. An app that has stopped may be furnished again."""
    database = open_database(settings)
    app.state = State(
        {
            "settings": settings,
            "database": database,
            "verifier": make_verifier(settings),
            "probe": Probe(database, revisions()),
            "resources": resources_by_type(),
            "wakes": Wakes(reads_at_once=max(1, settings.db_pool_size // 2)),
        }
    )
    bare = app.asgi_handler.inner if isinstance(app.asgi_handler, Edge) else app.asgi_handler
    app.asgi_handler = Edge(app, bare, settings.cors_origins)
    return app


@asynccontextmanager
async def _lifespan(app: Litestar) -> AsyncIterator[None]:
    """Migrates before the first request where that is wanted, and says what is amiss with the database."""
    settings, database = app.state.settings, app.state.database
    about = {"version": VERSION, "environment": settings.environment, "database": str(database.url)}
    try:
        if settings.migrates_on_start:
            await _migrate(settings, database)
        await _look(app.state.probe)
        log.info("started", extra=about)
        async with waking(settings, database, app.state.wakes):
            yield
    finally:
        await app.state.probe.aclose()
        await app.state.verifier.aclose()
        await database.dispose()
    log.info("stopped", extra=about)


async def _migrate(settings: Settings, database: Database) -> None:
    """Brings the schema to the head, or says why not: in one line where it is an operator who can mend it."""
    try:
        if database.url.is_memory:
            await upgrade(database.url, database.engine)
        else:
            await upgrade(settings.migration_database)
    except (UnreachableError, OrphansError, ObstructedError, CommandError) as error:
        log.critical("the service can't start: %s", error)
        raise
    except Exception:
        log.critical("the service can't start: a migration failed", exc_info=True)
        raise


async def _look(probe: Probe) -> None:
    """Says loudly what is amiss with the database; the service starts all the same."""
    health = await probe.ask()
    if health.status == "unavailable":
        log.error("the database does not answer; what needs it is answered with 503 until it does")
    elif health.status == "behind":
        log.error(
            "the schema is not at the revision that this service needs: run `make migrate`,"
            " or set AUTO_MIGRATE=true",
            extra={"revision": health.revision, "head": health.head},
        )
    elif health.status == "ahead":
        log.warning(
            "the schema was made by newer code, and this serves on with it: deploy that code here too",
            extra={"revision": health.revision, "head": health.head},
        )
