"""The app: its routes, by decorators, and the component made from them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Literal, TypedDict, TypeVar, Unpack

from spikard_wasm import _bind, _component, _signature
from spikard_wasm._boundary import Description, Method, Route
from spikard_wasm._json import dumps_ascii
from spikard_wasm.errors import DefinitionError, check_status

F = TypeVar("F", bound=Callable[..., Any])
Extra = Literal["ignore", "forbid"]


class RouteOptions(TypedDict, total=False):
    """What a route may say besides its method, its path and its handler."""

    status: int
    """The status of a reply that names none: 200, or 204 for a handler that returns `None`."""
    name: str
    """What logs and metrics call the route: the handler's name unless given."""
    summary: str
    """A line about the route: the first line of the handler's docstring unless given."""
    description: str
    """More about the route: the rest of the docstring unless given."""
    tags: list[str]
    """Words that group routes."""
    body_limit: int
    """The longest request body, in bytes."""
    timeout_ms: int
    """The longest a call may take, in milliseconds."""
    raw_body: bool
    """Whether the body crosses as bytes, whatever its content type."""
    extra: Extra
    """Whether objects of the body may have members their type does not name."""


_TYPES: dict[str, tuple[type, str]] = {
    "status": (int, "a whole number"),
    "name": (str, "a string"),
    "summary": (str, "a string"),
    "description": (str, "a string"),
    "tags": (list, "a list of strings"),
    "body_limit": (int, "a whole number"),
    "timeout_ms": (int, "a whole number"),
    "raw_body": (bool, "a boolean"),
    "extra": (str, "`ignore` or `forbid`"),
}
_SETTINGS = ("summary", "description", "tags", "body_limit", "timeout_ms", "raw_body")


class Spikard:
    """An app of HTTP handlers.

    - `extra="forbid"` refuses members of JSON bodies and forms that their type does not
      name; by default they are ignored. A route may say otherwise.
    - `body_limit` (bytes) and `timeout_ms` hold for every route that names none.
    """

    def __init__(
        self,
        name: str = "app",
        version: str = "0.0.0",
        *,
        extra: Extra = "ignore",
        body_limit: int | None = None,
        timeout_ms: int | None = None,
    ) -> None:
        self.name = name
        self.version = version
        options: dict[str, Any] = {"extra": extra}
        if body_limit is not None:
            options["body_limit"] = body_limit
        if timeout_ms is not None:
            options["timeout_ms"] = timeout_ms
        _check_options(f"app `{name}`", options)
        self._extra = options.pop("extra")
        self._settings = options
        self._routes: list[Route] = []
        self._calls: list[_bind.Call] = []

    def get(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers GET, and HEAD where no route of its own does."""
        return self._route(Method.GET, path, dict(options))

    def post(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers POST."""
        return self._route(Method.POST, path, dict(options))

    def put(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers PUT."""
        return self._route(Method.PUT, path, dict(options))

    def patch(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers PATCH."""
        return self._route(Method.PATCH, path, dict(options))

    def delete(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers DELETE."""
        return self._route(Method.DELETE, path, dict(options))

    def head(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers HEAD."""
        return self._route(Method.HEAD, path, dict(options))

    def options(self, path: str, **options: Unpack[RouteOptions]) -> Callable[[F], F]:
        """Answers OPTIONS."""
        return self._route(Method.OPTIONS, path, dict(options))

    def describe(self) -> Description:
        """The description of the app, as it crosses to the host."""
        settings = dumps_ascii(self._settings) if self._settings else ""
        return Description(self.name, self.version, list(self._routes), settings)

    def component(self) -> tuple[type[Any], type[Any]]:
        """What `componentize-py` looks for in an app's module, once its routes are defined.

        Handler, Definition = app.component()
        """
        return _component.exports(tuple(self._calls), self.describe())

    def _route(self, method: Method, path: str, options: dict[str, Any]) -> Callable[[F], F]:
        label = f"{method.name} {path}"
        _check_options(f"route `{label}`", options)
        if any(route.method is method and route.path == path for route in self._routes):
            raise DefinitionError(f"route `{label}` is defined twice")

        def decorate(handler: F) -> F:
            self._add(label, method, path, handler, options)
            return handler

        return decorate

    def _add(
        self,
        label: str,
        method: Method,
        path: str,
        handler: Callable[..., Any],
        options: dict[str, Any],
    ) -> None:
        closed = options.get("extra", self._extra) == "forbid"
        try:
            signature = _signature.read(handler, path, closed)
        except (TypeError, ValueError) as error:
            raise DefinitionError(f"route `{label}`, handler `{_name(handler)}`: {error}") from None
        settings = _docs(handler) | {key: options[key] for key in _SETTINGS if key in options}
        if signature.raw_body:
            settings["raw_body"] = True
        elif settings.get("raw_body") and signature.request_body() is not None:
            raise DefinitionError(
                f"route `{label}`, handler `{_name(handler)}`: `raw_body` and a body with a type "
                "exclude each other; take `body: bytes` or the `Request`"
            )
        body = signature.request_body()
        self._calls.append(_bind.bind(handler, signature, options.get("status")))
        self._routes.append(
            Route(
                method=method,
                path=path,
                name=options.get("name", _name(handler)),
                parameters=dumps_ascii(signature.parameters) if signature.parameters else "",
                body=dumps_ascii(body) if body else "",
                replies="",
                settings=dumps_ascii(settings) if settings else "",
            )
        )


def _check_options(owner: str, options: dict[str, Any]) -> None:
    for key, value in options.items():
        if key not in _TYPES:
            known = ", ".join(_TYPES)
            raise DefinitionError(f"{owner} has no option `{key}`; the options are {known}")
        kind, words = _TYPES[key]
        wrong = not isinstance(value, kind) or (kind is int and isinstance(value, bool))
        if wrong or (key == "extra" and value not in ("ignore", "forbid")):
            raise DefinitionError(f"{owner}: option `{key}` is `{value}`; it must be {words}")
    if "status" in options:
        try:
            check_status(options["status"])
        except ValueError as error:
            raise DefinitionError(f"{owner}: {error}") from None


def _name(handler: Callable[..., Any]) -> str:
    return getattr(handler, "__name__", type(handler).__name__)


def _docs(handler: Callable[..., Any]) -> dict[str, Any]:
    """What a handler's docstring says about its route."""
    summary, _, description = (inspect.getdoc(handler) or "").partition("\n")
    docs = {"summary": summary.strip(), "description": description.strip()}
    return {key: text for key, text in docs.items() if text}
