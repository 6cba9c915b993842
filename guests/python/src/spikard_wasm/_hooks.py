"""Hooks: functions that run before and after the handlers of an app or of a route."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from spikard_wasm import _bind, _call, _run
from spikard_wasm._failing import answer, fail
from spikard_wasm._lifespan import Instance
from spikard_wasm.errors import DefinitionError, HttpError
from spikard_wasm.hook_reply import Change, HookReply
from spikard_wasm.reply import Crossing, header_text, parts
from spikard_wasm.request import Request

Hook = Callable[..., Any]
_Ready = tuple[Hook, int, bool]
"""A function that runs a hook, the number of arguments that it takes, and whether it can wait."""

Start = Callable[[], Coroutine[Any, Any, Any]]

# The arguments of each kind of hook. A hook can take fewer.
_GIVEN: Final[dict[str, tuple[str, ...]]] = {
    "on_request": ("request",),
    "pre_validation": ("request",),
    "pre_handler": ("request",),
    "on_response": ("reply", "request"),
    "on_error": ("reply", "request", "message"),
}
KINDS: Final = tuple(_GIVEN)


@dataclass(frozen=True, kw_only=True)
class RouteHooks:
    """The hooks of one route. Each kind runs in order, after the app's hooks.

    `on_request`, `pre_validation` and `pre_handler` take the `Request` and return `None` to
    continue, or a reply that ends the request early. `on_response` takes the reply in progress,
    a `HookReply`, and the request; `on_error` also takes the message of the log. They change
    the reply or return another one. A hook can be `async` and can take fewer arguments.
    """

    on_request: Sequence[Hook] = ()
    pre_validation: Sequence[Hook] = ()
    pre_handler: Sequence[Hook] = ()
    on_response: Sequence[Hook] = ()
    on_error: Sequence[Hook] = ()

    def __post_init__(self) -> None:
        for kind in fields(self):
            hooks = getattr(self, kind.name)
            if not isinstance(hooks, list | tuple):
                raise DefinitionError(
                    f"`RouteHooks`: `{kind.name}` is `{hooks!r}`; give it a list of functions"
                )
            for hook in hooks:
                check(kind.name, hook)


def check(kind: str, hook: Hook) -> int:
    """Returns the number of arguments that a hook takes: one for each parameter without a default.

    `DefinitionError` if it takes more than it gets.
    """
    given = _GIVEN[kind]
    name = getattr(hook, "__name__", repr(hook))
    if not callable(hook):
        raise DefinitionError(f"hook `{kind}`: `{name}` is not a function")
    taken = 0
    for parameter in inspect.signature(hook).parameters.values():
        if parameter.kind is parameter.VAR_POSITIONAL:
            return len(given)
        if parameter.kind is parameter.VAR_KEYWORD or parameter.default is not parameter.empty:
            continue
        taken += len(given) + 1 if parameter.kind is parameter.KEYWORD_ONLY else 1
    if taken > len(given):
        raise DefinitionError(
            f"hook `{kind}`: `{name}` takes too many arguments; "
            f"declare it as `{name}({', '.join(given)})`"
        )
    return taken


def names(hooks: dict[str, list[Hook]] | RouteHooks) -> list[str]:
    """Returns the kinds that have a hook, with the host's names for them."""
    of = hooks.get if isinstance(hooks, dict) else lambda kind: getattr(hooks, kind)
    return [kind.replace("_", "-") for kind in KINDS if of(kind)]


class Hooked:
    """Runs the hooks of all routes."""

    __slots__ = ("_everywhere", "_instance", "_runs")

    def __init__(
        self,
        app: dict[str, list[Hook]],
        routes: Sequence[RouteHooks | None],
        instance: Instance | None,
    ) -> None:
        self._instance = instance
        self._runs: dict[str, tuple[tuple[_Ready, ...], ...]] = {}
        self._everywhere: dict[str, tuple[_Ready, ...]] = {}
        for kind in KINDS:
            everywhere = tuple(_ready(kind, hook) for hook in app.get(kind, ()))
            self._everywhere[kind] = everywhere
            self._runs[kind] = tuple(
                everywhere + tuple(_ready(kind, hook) for hook in getattr(own, kind))
                if own
                else everywhere
                for own in routes
            )

    def _of(self, kind: str, route: int) -> tuple[_Ready, ...]:
        """Returns the hooks of a route, or those of the app for a request without one."""
        routes = self._runs[kind]
        hooks = routes[route] if route < len(routes) else self._everywhere[kind]
        if self._instance is not None and not self._instance.ready:
            return ((self._instance.begin, 0, True), *hooks)
        return hooks

    def before(self, kind: str, route: int, params: str = "") -> Crossing | None:
        """Runs the hooks of a kind before the handler until one returns a reply."""
        hooks = self._of(kind, route)
        if any(waits for _, _, waits in hooks):
            begin: Start = lambda: _before_async(hooks, Request(None, params))  # noqa: E731
            started: Crossing | None = _begin_async_call(begin, _reply)
            return started
        call = _call.begin()
        try:
            request = Request(None, params)
            for run, takes, _ in hooks:
                result = run(*(request,)[:takes])
                if result is not None:
                    return _reply(result)
        except HttpError as error:
            return answer(error)
        except BaseException as error:  # an exception that leaves an export traps
            return fail(error)
        finally:
            call.end()
        return None

    def after(
        self, kind: str, route: int, status: int, headers: str, message: str = ""
    ) -> Change | None:
        """Runs the hooks of a kind after the handler. Returns the changed reply, if any."""
        hooks = self._of(kind, route)
        if any(waits for _, _, waits in hooks):
            begin: Start = lambda: _after_async(  # noqa: E731
                hooks, HookReply(status, headers), Request(None), message
            )
            started: Change | None = _begin_async_call(begin, _change)
            return started
        call = _call.begin()
        try:
            request = Request(None, "")
            reply = HookReply(status, headers)
            for run, takes, _ in hooks:
                reply.replace(run(*(reply, request, message)[:takes]))
            return reply.change()
        except HttpError as error:
            return answer(error)
        except BaseException as error:
            return fail(error)
        finally:
            call.end()


async def _before_async(hooks: tuple[_Ready, ...], request: Request) -> Any:
    for run, takes, waits in hooks:
        result = run(*(request,)[:takes])
        if waits:
            result = await result
        if result is not None:
            return result
    return None


async def _after_async(
    hooks: tuple[_Ready, ...], reply: HookReply, request: Request, message: str
) -> HookReply:
    for run, takes, waits in hooks:
        result = run(*(reply, request, message)[:takes])
        reply.replace(await result if waits else result)
    return reply


def _reply(result: Any, _status: None = None) -> Crossing | None:
    if result is None:
        return None
    status, pairs, body = parts(result)
    return status, header_text(pairs), body


def _change(reply: HookReply, _status: None = None) -> Change | None:
    return reply.change()


def _begin_async_call(start: Start, finish: Callable[[Any, Any], Any]) -> Any:
    call = _call.begin_async()
    try:
        return _run.run(start(), None, finish)
    except HttpError as error:
        return answer(error)
    except BaseException as error:
        return fail(error)
    finally:
        call.leave()


def _ready(kind: str, hook: Hook) -> _Ready:
    waits = False
    run = hook
    if inspect.iscoroutinefunction(hook):
        waits = _bind.suspends(hook)
        run = hook if waits else _bind.unsuspended(hook)
    return run, check(kind, hook), waits
