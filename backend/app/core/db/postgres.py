"""The engine for Postgres: bounded in connections and in time, direct or through a pooler."""

import time
from typing import Any, Final

import asyncpg
from sqlalchemy import event
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlalchemy.util import await_only

from app.core.config import Settings
from app.core.db.url import DatabaseUrl

READ_ONLY: Final = {"postgresql_readonly": True}
"""Execution options of work that only reads: the server refuses a write."""
IDLE_SECONDS: Final = 30.0
PING_SECONDS: Final = 2.0
READ_ONLY_SQLSTATE: Final = "25006"
GRACE_SECONDS: Final = 1.0
"""How much longer than the server the client waits, so that the server's own time-out comes first."""


def postgres_engine(url: DatabaseUrl, settings: Settings, **shared: Any) -> AsyncEngine:
    """An engine whose every wait has an end."""
    engine = create_async_engine(
        url.url,
        connect_args=connect_args(url, settings),
        isolation_level="READ COMMITTED",
        pool_size=settings.db_pool_size,
        max_overflow=settings.db_max_overflow,
        # The connection used last is the one that is warm; the others grow idle and are pinged.
        pool_use_lifo=True,
        **shared,
    )
    event.listen(engine.sync_engine, "checkin", _left_idle)
    event.listen(engine.sync_engine, "checkout", _ping_if_idle)
    event.listen(engine.sync_engine, "handle_error", _drop_when_of_no_use)
    return engine


def connect_args(url: DatabaseUrl, settings: Settings) -> dict[str, Any]:
    """The arguments of asyncpg's connect. What the URL says wins.

    PgBouncer refuses connections that ask for time-outs; there the client's alone must do.
    """
    server_settings = {"timezone": "UTC", "application_name": "daybook"}
    if not url.is_pooled:
        server_settings |= _time_outs(settings)
    return {
        "timeout": settings.db_connect_timeout_seconds,
        "command_timeout": settings.db_command_timeout_seconds + GRACE_SECONDS,
        **url.connect_args,
        "server_settings": {**server_settings, **url.connect_args.get("server_settings", {})},
    }


def _time_outs(settings: Settings) -> dict[str, str]:
    """How long the server bears with one connection, in milliseconds.

    A replica that freezes in mid-transaction holds a person's counter: the server takes it back. Who
    waits for a counter holds a connection: it is free again before others give up waiting for one.
    """
    seconds = settings.db_command_timeout_seconds
    bounds = {
        "statement_timeout": seconds,
        "idle_in_transaction_session_timeout": seconds,
        "lock_timeout": min(seconds, settings.db_pool_timeout_seconds / 2),
    }
    return {name: str(max(1, int(bound * 1000))) for name, bound in bounds.items()}


def _left_idle(_: Any, record: ConnectionPoolEntry) -> None:
    record.info["idle_since"] = time.monotonic()


def _ping_if_idle(_: Any, record: ConnectionPoolEntry, __: PoolProxiedConnection) -> None:
    """Replace a dead connection before it is used. A ping at every checkout would cost three round trips."""
    driver = record.driver_connection
    if driver is None or driver.is_closed():
        raise DisconnectionError("the connection is closed")
    if time.monotonic() - record.info.get("idle_since", float("inf")) <= IDLE_SECONDS:
        return
    try:
        await_only(driver.execute("SELECT 1", timeout=PING_SECONDS))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise DisconnectionError("the connection doesn't answer") from error


def _drop_when_of_no_use(context: ExceptionContext) -> None:
    """Give up a connection that is in a state nobody knows, or leads to a server that was demoted.

    The first is what the client's own time-out leaves behind.
    """
    error = context.original_exception
    if isinstance(error, TimeoutError) or getattr(error, "sqlstate", None) == READ_ONLY_SQLSTATE:
        context.is_disconnect = True
        context.invalidate_pool_on_disconnect = False
