"""Calls of handlers: what each asks for is worked out once, and given to it without a detour.

Litestar's own way serves whatever a handler may ask for. It copies the handler for each guard, starts a task
for each dependency, and converts every value to its type, also where it has that already: more than a small
read costs. Handlers here ask for parts of the path as the router gives them, the body, the request (whose
`app.state` is what `state` would be), and what is provided from those. One that asks for something else is
called Litestar's way.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from litestar import Litestar, Request
from litestar._asgi.routing_trie.types import RouteTrieNode
from litestar._kwargs.dependencies import DependencyContainer
from litestar._kwargs.kwargs_model import KwargsModel
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import ASGIApp, Guard, Receive, Scope, Send

from app.core.http.answers import Rendered


@dataclass(frozen=True)
class Need:
    """Something that a handler asks for: its name, who makes it, and of what."""

    name: str
    provide: Callable[..., Any]
    takes: tuple[str, ...]


@dataclass(frozen=True)
class Loan:
    """Something that a handler is lent: its name, and what lends it to a request; it lets errors pass."""

    name: str
    lend: Callable[[Request[Any, Any, Any]], AbstractAsyncContextManager[Any]]


class Call:
    """A handler as an ASGI app.

    The guards come first, then the body, then what is provided, in the order of the names. Last, when none of
    these can refuse the request any more, comes what is lent, and is given back once the answer is rendered.
    """

    def __init__(self, handler: HTTPRouteHandler, model: KwargsModel) -> None:
        self.handler = handler
        self.run = handler.fn
        self.request_class: type[Request[Any, Any, Any]] = handler.resolve_request_class()
        self.guards: list[Guard] = handler.resolve_guards()
        self.wants = tuple(handler.parsed_fn_signature.parameters)
        self.path = [(each.field_name, each.field_alias) for each in model.expected_path_params]
        self.has_data = "data" in model.expected_reserved_kwargs
        needs = _needs(model)
        self.needs = [_need(one) for one in needs if not _is_lent(one)]
        self.lent = next((_loan(one) for one in needs if _is_lent(one)), None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers one request."""
        request = self.request_class(scope, receive, send)
        for guard in self.guards:
            await guard(request, self.handler)  # type: ignore[misc] # Litestar has made all of them coroutines
        given: dict[str, Any] = {name: scope["path_params"][alias] for name, alias in self.path}
        given["request"] = request
        if self.has_data:
            given["data"] = await request.json()
        for need in self.needs:
            given[need.name] = need.provide(**{name: given[name] for name in need.takes})
        if self.lent:
            async with self.lent.lend(request) as given[self.lent.name]:
                answer = await self._answer(given)
        else:
            answer = await self._answer(given)
        await answer(scope, receive, send)

    async def _answer(self, given: dict[str, Any]) -> ASGIApp:
        answer = await self.run(**{name: given[name] for name in self.wants})
        request: Request[Any, Any, Any] = given["request"]
        if isinstance(answer, Rendered):
            rendered: ASGIApp = answer.to_asgi_response(request.app, request)
            return rendered
        return await self.handler.to_response(app=request.app, data=answer, request=request)


def call_without_detour(app: Litestar) -> None:
    """Has the app's routes lead to a `Call` of each handler that asks for nothing but what that gives."""
    for node in _nodes(app.asgi_router.root_route_map_node):
        for method, found in node.asgi_handlers.items():
            route = getattr(found.asgi_app, "__self__", None)  # no middleware lies between
            if isinstance(route, HTTPRoute):
                handler, model = route.route_handler_map[method]  # type: ignore[index] # a method, of these
                if _is_plain(route, handler, model):
                    node.asgi_handlers[method] = found._replace(asgi_app=Call(handler, model))


def _nodes(node: RouteTrieNode) -> Iterator[RouteTrieNode]:
    yield node
    for child in node.children.values():
        yield from _nodes(child)


def _is_plain(route: HTTPRoute, handler: HTTPRouteHandler, model: KwargsModel) -> bool:
    """Whether a `Call` gives all that the handler asks for, and nothing happens before it or after."""
    elsewhere = (
        handler.has_sync_callable,
        handler.cache,
        handler.resolve_before_request(),
        any(layer.after_request for layer in handler.ownership_layers),
        handler.resolve_after_response(),
        handler.resolve_return_dto(),
        model.expected_data_dto,
        model.expected_form_data,
        model.expected_msgpack_data,
    )
    given = {"data", "request", *_path_as_it_is(route, handler, model)}
    lent = set()
    for one in _needs(model):
        if _is_lent(one):
            lent.add(one.key)
        elif _is_made(one) and given.issuperset(one.provide.signature_model._fields):
            given.add(one.key)
    wanted = set(handler.parsed_fn_signature.parameters)
    return not any(elsewhere) and len(lent) < 2 and wanted <= given | lent


def _path_as_it_is(route: HTTPRoute, handler: HTTPRouteHandler, model: KwargsModel) -> Iterator[str]:
    """The parts of the path that the handler takes as the router gives them: of that type, with no bounds."""
    declared = handler.parsed_fn_signature.parameters
    for each in model.expected_path_params:
        field = declared.get(each.field_name)
        is_of_its_type = field and field.annotation is route.path_parameters[each.field_alias].type
        if is_of_its_type and not getattr(field and field.kwarg_definition, "is_constrained", False):
            yield each.field_name


def _needs(model: KwargsModel) -> list[DependencyContainer]:
    """What is provided, each after that which it hangs on."""
    return [one for batch in model.dependency_batches for one in sorted(batch, key=lambda one: one.key)]


def _need(one: DependencyContainer) -> Need:
    return Need(one.key, one.provide.dependency, tuple(one.provide.signature_model._fields))


def _loan(one: DependencyContainer) -> Loan:
    return Loan(one.key, asynccontextmanager(one.provide.dependency))


def _is_made(one: DependencyContainer) -> bool:
    provide = one.provide
    ends = provide.has_sync_generator_dependency or provide.has_async_generator_dependency
    return provide.has_sync_callable and not ends and not provide.use_cache


def _is_lent(one: DependencyContainer) -> bool:
    takes = set(one.provide.signature_model._fields)
    return one.provide.has_async_generator_dependency and takes == {"request"}
