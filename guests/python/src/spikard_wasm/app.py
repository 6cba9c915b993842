"""The app: routes and hooks defined with decorators, and the component built from them."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from typing import Any, TypeVar, Unpack

from spikard_wasm import _bind, _component, _hooks, _late, _lifespan, _options, _replies, _signature
from spikard_wasm._boundary import IN_COMPONENT, Description, Method, Route
from spikard_wasm._declared import Declared
from spikard_wasm._hooks import Hooked, RouteHooks
from spikard_wasm._json import dumps_ascii
from spikard_wasm._options import AppOptions
from spikard_wasm.contexts import GLOBALS, GlobalContext
from spikard_wasm.depends import ExceptionHandler, Injection, inject
from spikard_wasm.errors import DefinitionError
from spikard_wasm.router import Definition, Routes, merged

F = TypeVar("F", bound=Callable[..., Any])
ExceptionHandlerT = TypeVar("ExceptionHandlerT", bound=ExceptionHandler)


class Spikard(Routes):
    """An app: HTTP handlers and hooks.

    `options` are those of `AppOptions`. They apply to every route that does not set its own.
    `extra="forbid"` rejects members of JSON bodies and forms that their type does not
    declare; the default, `extra="ignore"`, allows them.

    - `config`: a class whose members are the settings of the app, such as a dataclass. The host
      checks them before it starts, and `app.config` has their values.
    - `lifespan`: a function that takes the app and returns an asynchronous context manager. Each
      instance enters it before its first request. Instances end without notice, so the code
      after its `yield` runs in a `TestClient` only; use `on_stop` for the end of the host.
    """

    def __init__(
        self,
        name: str = "app",
        version: str = "0.0.0",
        *,
        config: type[Any] | None = None,
        lifespan: _lifespan.Manager | None = None,
        **options: Unpack[AppOptions],
    ) -> None:
        self.name = name
        self.version = version
        self._declared = None if config is None else Declared(config)
        self._hold = None if lifespan is None else _lifespan.hold(lifespan, self)
        self._starting: list[_lifespan.Function] = []
        self._stopping: list[_lifespan.Function] = []
        self._beginning: list[_lifespan.Function] = []
        self.globals: GlobalContext = GLOBALS
        """Values that all instances of the app share, in memory, until the host stops."""
        self._options = _options.read(f"app `{name}`", options, AppOptions)
        self._hooks: dict[str, list[_hooks.Hook]] = {}
        self._routes: list[Definition] = []
        self._exception_handlers: dict[type[BaseException], ExceptionHandler] = {}
        self.dependency_overrides: dict[Callable[..., Any], Callable[..., Any]] = {}
        """Functions that replace dependencies, for tests."""

    @property
    def config(self) -> Any:
        """The settings, an object of the class that the app declares as `config`.

        Use it in a handler, hook or function of the lifespan: the settings belong to the
        operator, not to the build.
        """
        if self._declared is None:
            raise DefinitionError(
                "the app declares no settings; give it a class, as in `Spikard(config=Settings)`"
            )
        return self._declared.values()

    def on_start(self, function: F) -> F:
        """Adds a function that runs once per host, before the host accepts connections.

        If it fails, the host does not start. It runs in one instance, so a variable that it sets
        is not set in others; use `globals`, or `on_instance`.
        """
        _lifespan.check("on_start", function)
        self._starting.append(function)
        return function

    def on_stop(self, function: F) -> F:
        """Adds a function that runs once per host, after the last request.

        It runs in one instance, which need not be the one of `on_start`.
        """
        _lifespan.check("on_stop", function)
        self._stopping.append(function)
        return function

    def on_instance(self, function: F) -> F:
        """Adds a function that runs once in each instance, before its first handler or hook.

        If it fails, so does the request, and the next one runs it again.
        """
        _lifespan.check("on_instance", function)
        self._beginning.append(function)
        return function

    def exception_handler(
        self, kind: type[BaseException]
    ) -> Callable[[ExceptionHandlerT], ExceptionHandlerT]:
        """Adds a function that replies to exceptions of a class.

        It takes the request and the exception that a handler or dependency has raised, and
        returns a reply, whose status is 500 by default or that of the `HttpError`. What the
        host rejects, such as an invalid request, reaches `on_error` hooks instead.
        """
        if not (isinstance(kind, type) and issubclass(kind, BaseException)):
            raise DefinitionError(f"`exception_handler` takes a class of exceptions, not `{kind}`")

        def decorate(handler: ExceptionHandlerT) -> ExceptionHandlerT:
            self._exception_handlers[kind] = handler
            return handler

        return decorate

    def on_request(self, hook: F) -> F:
        """Adds a hook that runs for each request that matches a route, before validation.

        The hook takes the `Request` and returns `None`, or a reply that ends the request early.
        """
        return self._hook("on_request", hook)

    def pre_validation(self, hook: F) -> F:
        """Adds a hook that runs just before the host validates the request."""
        return self._hook("pre_validation", hook)

    def pre_handler(self, hook: F) -> F:
        """Adds a hook that runs after validation, before the handler."""
        return self._hook("pre_handler", hook)

    def on_response(self, hook: F) -> F:
        """Adds a hook that runs for each reply of a handler or of a hook.

        The hook takes the reply in progress, a `HookReply`, and the `Request`. It can change the
        reply or return another one.
        """
        return self._hook("on_response", hook)

    def on_error(self, hook: F) -> F:
        """Adds a hook that runs when the host rejects a request, or a handler or hook fails.

        The hook also takes the message of the host's log. Do not send it to clients.
        """
        return self._hook("on_error", hook)

    def describe(self) -> Description:
        """Returns the description of the app that the SDK sends to the host."""
        return self._description([self._build(route)[1] for route in self._routes])

    def _description(self, routes: list[Route]) -> Description:
        settings = _options.settings(self._options)
        if hooks := _hooks.names(self._hooks):
            settings["hooks"] = hooks
        if outside := self._outside():
            numbers = range(len(routes), len(routes) + len(outside))
            settings["lifespan"] = dict(zip(outside, numbers))
        if self._declared is not None:
            settings["config"] = self._declared.schema
        return Description(
            self.name, self.version, routes, dumps_ascii(settings) if settings else ""
        )

    def component(self) -> tuple[type[Any], type[Any], type[Any]]:
        """Exports the app. Call it last, at the top level of the app's main module.

        app.component()

        It defines the classes `Handler`, `Definition`, `Hooks` and `Resumable` in that module,
        where `componentize-py` looks for them, and returns the first three.
        """
        module = sys._getframe(1).f_globals
        if IN_COMPONENT:
            _late.collect(module)
        exports = self.exports()
        for export in exports.classes:
            module[export.__name__] = export
        return exports.classes[:3]

    def exports(self) -> _component.Exports:
        """Returns the classes that `componentize-py` needs, as `component` defines them."""
        built = [self._build(route) for route in self._routes]
        usual = first = self._calls([call for call, _ in built])
        instance = None
        if self._beginning or self._hold is not None:
            instance = _lifespan.Instance(self._beginning, self._hold)
            calls = [self._build(route, instance)[0] for route in self._routes]
            first = self._calls(calls)
        hooks = [route.options.get("hooks") for route in self._routes]
        return _component.exports(
            _component.Calls(usual, first, instance),
            Hooked(self._hooks, hooks, instance),
            self._description([route for _, route in built]),
        )

    def _outside(self) -> dict[str, list[_lifespan.Function]]:
        """Returns the functions that the host calls outside of requests, by its names for them."""
        functions = {"start": self._starting, "stop": self._stopping}
        return {name: them for name, them in functions.items() if them}

    def _calls(self, routes: list[_bind.Call]) -> tuple[_bind.Call, ...]:
        """Returns the functions that serve the routes and the calls outside of requests."""
        outside = self._outside().items()
        return (*routes, *(_lifespan.call_of(f"on_{k}", fs) for k, fs in outside))

    def _hook(self, kind: str, hook: F) -> F:
        _hooks.check(kind, hook)
        self._hooks.setdefault(kind, []).append(hook)
        return hook

    def _expect(self, method: Method, path: str) -> None:
        if any(route.method is method and route.path == path for route in self._routes):
            raise DefinitionError(f"route `{method.name} {path}` is defined twice")

    def _define(self, route: Definition) -> None:
        self._expect(route.method, route.path)
        self._build(route)  # for its errors
        self._routes.append(route)

    def _build(
        self, definition: Definition, instance: _lifespan.Instance | None = None
    ) -> tuple[_bind.Call, Route]:
        """Returns the function that serves a route, and its description.

        The function runs those of the instance first, if one is given.
        """
        handler, path, options = definition.handler, definition.path, definition.options
        owner = f"route `{definition.label}`, handler `{_name(handler)}`"
        closed = options.get("extra", self._options.get("extra")) == "forbid"
        status = options.get("status")
        dependencies = merged(self._options, options).get("dependencies", ())
        overrides = self.dependency_overrides
        if self._declared is not None:
            overrides = {self._declared.cls: self._declared.values, **overrides}
        injection = Injection(dependencies, overrides, self._exception_handlers)
        try:
            served = inject(handler, injection)
            signature = _signature.read(served, path, closed)
            replies = _replies.read(handler, status, options.get("responses", {}))
        except (TypeError, ValueError) as error:
            raise DefinitionError(f"{owner}: {error}") from None
        hooks: RouteHooks | None = options.get("hooks")
        settings = _docs(handler) | _options.settings(options)
        if hooks and (kinds := _hooks.names(hooks)):
            settings["hooks"] = kinds
        body = signature.request_body()
        if signature.raw_body:
            settings["raw_body"] = True
        elif settings.get("raw_body") and body is not None:
            raise DefinitionError(
                f"{owner}: `raw_body` cannot be combined with a typed body; "
                "take `body: bytes` or the `Request`"
            )
        run = served if instance is None else instance.before(served)
        return _bind.bind(run, signature, status), Route(
            method=definition.method,
            path=path,
            name=options.get("name", _name(handler)),
            parameters=dumps_ascii(signature.parameters) if signature.parameters else "",
            body=dumps_ascii(body) if body else "",
            replies=dumps_ascii(replies) if replies else "",
            settings=dumps_ascii(settings) if settings else "",
        )


def _name(handler: Callable[..., Any]) -> str:
    return getattr(handler, "__name__", type(handler).__name__)


def _docs(handler: Callable[..., Any]) -> dict[str, Any]:
    """Returns the summary and the description from a handler's docstring."""
    summary, _, description = (inspect.getdoc(handler) or "").partition("\n")
    docs = {"summary": summary.strip(), "description": description.strip()}
    return {key: text for key, text in docs.items() if text}
