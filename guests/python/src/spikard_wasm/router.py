"""Routers: routes that an app includes under a prefix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, TypeVar, Unpack

from spikard_wasm import _options
from spikard_wasm._boundary import Method
from spikard_wasm._hooks import RouteHooks
from spikard_wasm._options import RouteOptions, RouterOptions
from spikard_wasm.errors import DefinitionError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass
class Definition:
    """A route as an app or router declares it."""

    method: Method
    path: str
    handler: Callable[..., Any]
    options: dict[str, Any]

    @property
    def label(self) -> str:
        """The method and the path, for errors."""
        return f"{self.method.name} {self.path}"


class Routes:
    """The decorators that define routes."""

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds a GET route, which also answers HEAD unless the path has a HEAD route."""
        return self._route(Method.GET, path, dict(options))

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds a POST route."""
        return self._route(Method.POST, path, dict(options))

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds a PUT route."""
        return self._route(Method.PUT, path, dict(options))

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds a PATCH route."""
        return self._route(Method.PATCH, path, dict(options))

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds a DELETE route."""
        return self._route(Method.DELETE, path, dict(options))

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds a HEAD route."""
        return self._route(Method.HEAD, path, dict(options))

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Adds an OPTIONS route."""
        return self._route(Method.OPTIONS, path, dict(options))

    def include_router(
        self, router: Router, prefix: str = "", **options: Unpack[RouterOptions]
    ) -> None:
        """Adds the routes of a router as they are now, under a further prefix.

        `options` apply to each of its routes that does not set its own. Tags, hooks and
        dependencies are added to those of the router.
        """
        if not isinstance(router, Router):
            raise DefinitionError(f"`include_router` takes a `Router`, not `{router!r}`")
        own = _options.read(f"router `{prefix}`", options, RouterOptions)
        prefix = _prefix(prefix)
        for route in router.routes:
            self._define(
                Definition(
                    route.method, prefix + route.path, route.handler, merged(own, route.options)
                )
            )

    def _route(self, method: Method, path: str, options: dict[str, Any]) -> Callable[[F], F]:
        options = _options.read(f"route `{method.name} {path}`", options, RouteOptions)
        self._expect(method, path)

        def decorate(handler: F) -> F:
            self._define(Definition(method, path, handler, options))
            return handler

        return decorate

    def _expect(self, method: Method, path: str) -> None:
        """Checks a route before its handler is known."""

    def _define(self, route: Definition) -> None:
        raise NotImplementedError


class Router(Routes):
    """Routes under a prefix, which `app.include_router(router)` adds to an app.

    `options` apply to each route that does not set its own: policies, `tags`, `hooks`,
    `dependencies`, `responses` and `deprecated`.
    """

    def __init__(self, prefix: str = "", **options: Unpack[RouterOptions]) -> None:
        self.prefix = _prefix(prefix)
        self._options = _options.read(f"router `{prefix}`", options, RouterOptions)
        self._defined: list[Definition] = []

    @property
    def routes(self) -> list[Definition]:
        """The routes with the prefix and the options of the router."""
        return [
            Definition(
                route.method,
                self.prefix + route.path,
                route.handler,
                merged(self._options, route.options),
            )
            for route in self._defined
        ]

    def _define(self, route: Definition) -> None:
        self._defined.append(route)


def merged(outer: Mapping[str, Any], inner: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the options of a route within a router: the inner ones replace or extend."""
    options = {**outer, **inner}
    for name in ("tags", "dependencies"):
        if name in outer and name in inner:
            options[name] = [*outer[name], *(i for i in inner[name] if i not in outer[name])]
    if "responses" in outer and "responses" in inner:
        options["responses"] = {**outer["responses"], **inner["responses"]}
    if "hooks" in outer and "hooks" in inner:
        options["hooks"] = RouteHooks(
            **{
                kind.name: [
                    *getattr(outer["hooks"], kind.name),
                    *getattr(inner["hooks"], kind.name),
                ]
                for kind in fields(RouteHooks)
            }
        )
    return options


def _prefix(prefix: str) -> str:
    if not isinstance(prefix, str) or (prefix and not prefix.startswith("/")):
        raise DefinitionError(f"the prefix `{prefix}` does not begin with `/`; write `/{prefix}`")
    if prefix.endswith("/"):
        raise DefinitionError(
            f"the prefix `{prefix}` ends with `/`, and so each path would have two; remove it"
        )
    return prefix
