"""What stands before a handler, in turn: each guard and each thing it asks for costs a call, and no task."""

from typing import Any, Final

from litestar import Litestar
from litestar._kwargs.cleanup import DependencyCleanupGroup
from litestar._kwargs.dependencies import DependencyContainer, resolve_dependency
from litestar._kwargs.kwargs_model import KwargsModel
from litestar._kwargs.types import Extractor
from litestar.connection import ASGIConnection
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Guard

LAST: Final = "session"
"""What is provided once none of its kind can refuse the request."""


class InTurn(KwargsModel):
    """What a handler asks for, provided one after the other.

    Litestar starts a task for each that depends on no other, in a group that waits for all: worth it where
    they wait for something, and a tenth of a request where they read its head. Nor is there anything to
    convert for a function that takes the request alone.
    """

    __slots__ = ()

    async def resolve_dependencies(
        self, connection: ASGIConnection[Any, Any, Any, Any], kwargs: dict[str, Any]
    ) -> DependencyCleanupGroup:
        """Provide them into `kwargs`; the group ends what is to be ended after the handler."""
        group = DependencyCleanupGroup()
        for batch in self.dependency_batches:
            for one in batch:
                if not _reads_the_request_alone(one):
                    await resolve_dependency(one, connection, kwargs, group)
                    continue
                value = one.provide.dependency(connection)
                if one.provide.has_async_generator_dependency:
                    group.add(value)
                    value = await anext(value)
                kwargs[one.key] = value
        return group


def provide_in_turn(app: Litestar) -> None:
    """Has every handler's guards asked as the first of what it asks for, and all of it in turn."""
    pairs = [
        pair
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for pair in route.route_handler_map.values()
    ]
    models = {id(model): (handler, model) for handler, model in pairs}  # one may serve several methods
    for handler, model in models.values():
        # Each batch hangs on those before it.
        model.dependency_batches = [
            {one}
            for batch in model.dependency_batches
            for one in sorted(batch, key=lambda one: (one.key == LAST, one.key))
        ]
        model.__class__ = InTurn
        if model.has_kwargs and (guards := handler.resolve_guards()):
            model.extractors = [_asker(guards, handler), *model.extractors]
    # Only now: a handler may serve several routes, and each has a model of its own.
    for handler, model in models.values():
        if model.has_kwargs:
            handler._resolved_guards = []


def _asker(guards: list[Guard], handler: HTTPRouteHandler) -> Extractor:
    """Asks the guards as the first thing that the request is read for.

    Litestar asks them just before, and hands each a copy of the handler that costs as much as a statement.
    A handler that reads nothing of the request keeps its guards where they are.
    """

    async def ask(_: dict[str, Any], connection: ASGIConnection[Any, Any, Any, Any]) -> None:
        for guard in guards:
            await guard(connection, handler)  # type: ignore[misc] # Litestar has made all of them coroutines

    return ask


def _reads_the_request_alone(one: DependencyContainer) -> bool:
    provide = one.provide
    is_plain = provide.has_sync_callable and not provide.has_sync_generator_dependency
    return (
        is_plain or provide.has_async_generator_dependency
    ) and provide.signature_model._fields.keys() == {"request"}
