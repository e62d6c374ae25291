"""Dependencies provided in turn: what a handler asks for costs a call each, and no task."""

from typing import Any, Final

from litestar import Litestar
from litestar._kwargs.cleanup import DependencyCleanupGroup
from litestar._kwargs.dependencies import DependencyContainer, resolve_dependency
from litestar._kwargs.kwargs_model import KwargsModel
from litestar.connection import ASGIConnection
from litestar.routes import HTTPRoute

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
                if _reads_the_request_alone(one):
                    kwargs[one.key] = one.provide.dependency(connection)
                else:
                    await resolve_dependency(one, connection, kwargs, group)
        return group


def provide_in_turn(app: Litestar) -> None:
    """Has every handler's dependencies provided one after the other."""
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            for _, model in route.route_handler_map.values():
                # Each batch hangs on those before it.
                model.dependency_batches = [
                    {one}
                    for batch in model.dependency_batches
                    for one in sorted(batch, key=lambda one: (one.key == LAST, one.key))
                ]
                model.__class__ = InTurn


def _reads_the_request_alone(one: DependencyContainer) -> bool:
    provide = one.provide
    is_plain = provide.has_sync_callable and not provide.has_async_generator_dependency
    return is_plain and provide.signature_model._fields.keys() == {"request"}
