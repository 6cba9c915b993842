"""Dependencies: values that handlers declare and the SDK provides, once per request.

    async def current_user(authorization: Annotated[str, Header()]) -> User: ...

    @app.get("/me")
    async def me(user: Annotated[User, Depends(current_user)]) -> User:
        return user

A dependency is a function, whose parameters are those of a handler, including further dependencies.
Its parameters become parameters of the route. A generator runs the code after its `yield` when the
handler is done.
"""

from __future__ import annotations

import inspect
import typing
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from spikard_wasm._objects import hints
from spikard_wasm.errors import HttpError
from spikard_wasm.reply import Reply
from spikard_wasm.request import Request

__all__ = ["Depends", "ExceptionHandler"]

Function = Callable[..., Any]
ExceptionHandler = Callable[[Request, Any], Any]
"""Takes the request and the exception, and returns a reply. It can be `async`."""
Overrides = Mapping[Function, Function]

_REQUEST = "request_of_the_exception_handler"


@dataclass(frozen=True)
class Depends:
    """Marks a parameter whose value a dependency provides.

    `user: Annotated[User, Depends(current_user)]` or `user: User = Depends(current_user)`. Without
    a function, the type of the parameter is the dependency. `use_cache=False` calls the
    dependency for each parameter instead of once per request.
    """

    dependency: Function | None = None
    use_cache: bool = True


@dataclass(eq=False)
class _Node:
    """A function and the sources of its arguments."""

    function: Function
    kind: str
    arguments: list[tuple[str, str | _Node, bool]] = field(default_factory=list)
    """Name, the argument of the route or a dependency, and whether the dependency is cached."""


@dataclass
class Injection:
    """The dependencies and exception handlers of a handler."""

    dependencies: Sequence[Depends] = ()
    """Dependencies whose values the handler does not take."""
    overrides: Overrides = field(default_factory=dict)
    handlers: Mapping[type[BaseException], ExceptionHandler] = field(default_factory=dict)
    """Functions that reply to exceptions of the handler and its dependencies."""


def inject(handler: Function, injection: Injection) -> Function:
    """Returns a handler that takes the arguments of all dependencies and calls them.

    `TypeError` names a fault. A handler without dependencies is returned unchanged.
    """
    graph = _Graph(injection.overrides)
    root = graph.visit(handler)
    extra = [
        graph.visit(depends.dependency) for depends in injection.dependencies if depends.dependency
    ]
    if len(graph.nodes) == 1 and not injection.handlers:
        return handler
    if injection.handlers and graph.request is None:
        graph.add(_REQUEST, Request, inspect.Parameter.empty)
    kinds = {node.kind for node in graph.nodes.values()}
    is_async = bool(kinds & {"async", "async generator"}) or any(
        inspect.iscoroutinefunction(function) for function in injection.handlers.values()
    )
    run = (_run_async if is_async else _run_sync)(root, extra, injection.handlers, graph.request)
    run.__name__ = getattr(handler, "__name__", type(handler).__name__)
    run.__doc__ = handler.__doc__
    run.__annotations__ = {**graph.hints, "return": _hints(handler).get("return", Any)}
    setattr(run, "__signature__", inspect.Signature(list(graph.parameters.values())))  # noqa: B010
    return run


class _Graph:
    """The functions that a handler depends on, and the parameters of all of them."""

    def __init__(self, overrides: Overrides) -> None:
        self._overrides = overrides
        self._active: list[Function] = []
        self._owners: dict[str, Function] = {}
        self.nodes: dict[Function, _Node] = {}
        self.parameters: dict[str, inspect.Parameter] = {}
        self.hints: dict[str, Any] = {}
        self.request: str | None = None
        """The parameter that takes the request."""

    def visit(self, function: Function) -> _Node:
        function = self._overrides.get(function, function)
        if not callable(function):
            raise TypeError(f"`Depends({function!r})`: give it a function")
        if function in self._active:
            raise TypeError(f"the dependency `{_name(function)}` depends on itself")
        if function in self.nodes:
            return self.nodes[function]
        self._active.append(function)
        node = _Node(function, _kind(function))
        types = _hints(function)
        for parameter in inspect.signature(function).parameters.values():
            hint = types.get(parameter.name, parameter.empty)
            depends = _depends(parameter, hint)
            if depends is not None:
                dependency = depends.dependency or _bare(hint)
                node.arguments.append((parameter.name, self.visit(dependency), depends.use_cache))
                continue
            source = parameter.name
            if _bare(hint) is Request and self.request is not None:
                source = self.request
            else:
                self._check(parameter, hint, function)
                self.add(source, hint, parameter.default, parameter.kind)
            node.arguments.append((parameter.name, source, False))
        self._active.pop()
        self.nodes[function] = node
        return node

    def add(
        self,
        name: str,
        hint: Any,
        default: Any,
        kind: Any = inspect.Parameter.KEYWORD_ONLY,
    ) -> None:
        """Adds a parameter of the route."""
        if kind is inspect.Parameter.POSITIONAL_OR_KEYWORD:
            kind = inspect.Parameter.KEYWORD_ONLY
        self.parameters[name] = inspect.Parameter(name, kind, default=default)
        if hint is not inspect.Parameter.empty:
            self.hints[name] = hint
        if _bare(hint) is Request:
            self.request = name

    def _check(self, parameter: inspect.Parameter, hint: Any, function: Function) -> None:
        name = parameter.name
        owner = self._owners.setdefault(name, function)
        known = self.parameters.get(name)
        if known is None or (known.default == parameter.default and self.hints.get(name) == hint):
            return
        raise TypeError(
            f"`{_name(owner)}` and `{_name(function)}` declare the parameter `{name}` "
            "differently; rename one, or give both the same type and default"
        )


def _run_sync(
    root: _Node,
    extra: list[_Node],
    handlers: Mapping[type[BaseException], ExceptionHandler],
    request: str | None,
) -> Function:
    def call(arguments: dict[str, Any]) -> Any:
        cache: dict[_Node, Any] = {}
        with ExitStack() as stack:
            for node in extra:
                if node not in cache:
                    cache[node] = _resolve_sync(node, arguments, cache, stack)
            return _resolve_sync(root, arguments, cache, stack)

    if not handlers:
        return lambda **arguments: call(arguments)

    def guarded(**arguments: Any) -> Any:
        given = arguments[request] if request else None
        arguments.pop(_REQUEST, None)
        try:
            return call(arguments)
        except Exception as error:
            function = _handler_of(error, handlers)
            if function is None:
                raise
            return _replied(function(given, error), error)  # type: ignore[arg-type]

    return guarded


def _run_async(
    root: _Node,
    extra: list[_Node],
    handlers: Mapping[type[BaseException], ExceptionHandler],
    request: str | None,
) -> Function:
    async def call(**arguments: Any) -> Any:
        cache: dict[_Node, Any] = {}
        async with AsyncExitStack() as stack:
            for node in extra:
                if node not in cache:
                    cache[node] = await _resolve_async(node, arguments, cache, stack)
            return await _resolve_async(root, arguments, cache, stack)

    if not handlers:
        return call

    async def guarded(**arguments: Any) -> Any:
        given = arguments[request] if request else None
        arguments.pop(_REQUEST, None)
        try:
            return await call(**arguments)
        except Exception as error:
            function = _handler_of(error, handlers)
            if function is None:
                raise
            result = function(given, error)  # type: ignore[arg-type]
            return _replied(await result if isinstance(result, Awaitable) else result, error)

    return guarded


def _resolve_sync(
    node: _Node, arguments: dict[str, Any], cache: dict[_Node, Any], stack: ExitStack
) -> Any:
    """Calls a function with its dependencies."""
    values: dict[str, Any] = {}
    for name, source, cached in node.arguments:
        if isinstance(source, str):
            if source in arguments:
                values[name] = arguments[source]
        elif cached and source in cache:
            values[name] = cache[source]
        else:
            values[name] = cache[source] = _resolve_sync(source, arguments, cache, stack)
    if node.kind == "generator":
        return stack.enter_context(contextmanager(node.function)(**values))
    return node.function(**values)


async def _resolve_async(
    node: _Node, arguments: dict[str, Any], cache: dict[_Node, Any], stack: AsyncExitStack
) -> Any:
    """Calls a function with its dependencies."""
    values: dict[str, Any] = {}
    for name, source, cached in node.arguments:
        if isinstance(source, str):
            if source in arguments:
                values[name] = arguments[source]
        elif cached and source in cache:
            values[name] = cache[source]
        else:
            values[name] = cache[source] = await _resolve_async(source, arguments, cache, stack)
    match node.kind:
        case "async":
            return await node.function(**values)
        case "generator":
            return stack.enter_context(contextmanager(node.function)(**values))
        case "async generator":
            manager = asynccontextmanager(node.function)(**values)
            return await stack.enter_async_context(manager)
    return node.function(**values)


def _handler_of(
    error: Exception, handlers: Mapping[type[BaseException], ExceptionHandler]
) -> ExceptionHandler | None:
    """Returns the function for the nearest class of an exception."""
    return next((handlers[cls] for cls in type(error).__mro__ if cls in handlers), None)


def _replied(result: Any, error: Exception) -> Reply:
    """Returns the reply to an exception, with the status of the error by default."""
    status = error.status if isinstance(error, HttpError) else 500
    if not isinstance(result, Reply):
        return Reply(result, status=status)
    if result.status is None:
        result.status = status
    return result


def _kind(function: Function) -> str:
    function = _code(function)
    if inspect.isasyncgenfunction(function):
        return "async generator"
    if inspect.isgeneratorfunction(function):
        return "generator"
    return "async" if inspect.iscoroutinefunction(function) else "function"


def _code(function: Function) -> Any:
    """Returns the function that a class or a callable object runs."""
    if inspect.isclass(function) or inspect.isroutine(function):
        return function
    return type(function).__call__


def _hints(function: Function) -> dict[str, Any]:
    if inspect.isclass(function):
        return hints(function.__init__)
    return hints(_code(function))


def _depends(parameter: inspect.Parameter, hint: Any) -> Depends | None:
    if isinstance(parameter.default, Depends):
        return parameter.default
    if typing.get_origin(hint) is Annotated:
        return next((m for m in typing.get_args(hint)[1:] if isinstance(m, Depends)), None)
    return None


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _name(function: Function) -> str:
    return getattr(function, "__name__", type(function).__name__)
