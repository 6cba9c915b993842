"""Functions of an app outside of requests: at the start and stop of the host, and in each instance.

The host calls the functions of the start and the stop once per host process, through numbers after
those of the routes. It does not know of instances: the SDK runs their functions before the first
handler or hook of an instance, once, also if several requests wait for them.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from spikard_wasm import _bind, _run
from spikard_wasm._bind import Call
from spikard_wasm._call import CALL
from spikard_wasm._loop import LASTING
from spikard_wasm.errors import DefinitionError, HttpError

Function = Callable[[], Any]
Manager = Callable[[Any], AbstractAsyncContextManager[Any]]
"""Takes the app and returns an asynchronous context manager."""
Hold = Callable[["asyncio.Future[None]", "asyncio.Future[None]"], Coroutine[Any, Any, None]]
"""Sets the first future when it has started, and ends when the second one is set."""

_STATUS = 204


def check(kind: str, function: Function) -> None:
    """Raises `DefinitionError` for a function that cannot be called without arguments."""
    name = getattr(function, "__name__", repr(function))
    if not callable(function):
        raise DefinitionError(f"`{kind}`: `{name}` is not a function")
    for parameter in inspect.signature(function).parameters.values():
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if parameter.default is parameter.empty and not variadic:
            raise DefinitionError(
                f"`{kind}`: `{name}` takes the argument `{parameter.name}`, but it runs "
                f"outside of requests; declare it as `{name}()`"
            )


def call_of(kind: str, functions: Sequence[Function]) -> Call:
    """Returns the function that serves a call of the host outside of requests."""

    def call(_params: str, _body: Any) -> Any:
        return _run.run(_all(kind, functions), _STATUS)

    return _bind.in_async_call(call)


async def _all(kind: str, functions: Sequence[Function]) -> None:
    for function in functions:
        try:
            result = function()
            if inspect.isawaitable(result):
                await result
        except HttpError as error:
            name = getattr(function, "__name__", repr(function))
            raise RuntimeError(f"`{kind}`: `{name}` failed: {error}") from error


class Instance:
    """Runs the functions of an instance before its first request."""

    def __init__(self, functions: Sequence[Function], hold: Hold | None) -> None:
        self._functions = functions
        self._lasting = None if hold is None else Lasting(hold)
        self._running: asyncio.Future[None] | None = None
        self.ready = False
        """Whether all functions have run."""

    async def begin(self) -> None:
        """Runs the functions, or waits for the request that runs them."""
        while not self.ready:
            if self._running is None:
                await self._begin()
            else:
                await asyncio.shield(self._running)

    async def _begin(self) -> None:
        running = self._running = asyncio.get_running_loop().create_future()
        try:
            if self._lasting is not None and not self._lasting.entered:
                await self._lasting.enter()
            await _all("on_instance", self._functions)
            self.ready = True
        except Exception as error:
            running.set_exception(error)
            running.exception()  # asyncio would log it if no other request waits
            raise
        finally:
            self._running = None
            if not running.done():  # after a cancellation, the next request tries again
                running.set_result(None)

    def before(self, function: Callable[..., Any]) -> Callable[..., Coroutine[Any, Any, Any]]:
        """Returns a function that runs after those of the instance."""

        async def run(*given: Any, **named: Any) -> Any:
            await self.begin()
            result = function(*given, **named)
            return await result if inspect.isawaitable(result) else result

        return run

    async def end(self) -> None:
        """Ends the lifespan. Only a test client does: a host drops instances at once."""
        if self._lasting is not None:
            await self._lasting.leave()


def hold(manager: Manager, app: Any) -> Hold:
    """Returns the function that keeps an asynchronous context manager open."""

    async def run(started: asyncio.Future[None], leaving: asyncio.Future[None]) -> None:
        async with manager(app) as value:
            if value is not None:
                raise TypeError(
                    f"the `lifespan` of the app yields `{value!r}`, and requests have no state "
                    "that could hold it; keep it in a variable of the module"
                )
            started.set_result(None)
            await leaving

    return run


class Lasting:
    """Runs a function that lasts as long as the instance, in a task that no request owns."""

    def __init__(self, hold: Hold) -> None:
        self._hold = hold
        self._task: asyncio.Task[None] | None = None
        self._context = contextvars.copy_context()
        self.entered = False

    async def enter(self) -> None:
        """Begins the function, and returns once it has started."""
        loop = asyncio.get_running_loop()
        started, self._leaving = loop.create_future(), loop.create_future()
        self._context = contextvars.copy_context()
        self._context.run(LASTING.set, True)
        # Not `create_task`, which would make it a task of the request.
        task = asyncio.Task(self._run(started), loop=loop, context=self._context)
        task._log_destroy_pending = False  # type: ignore[attr-defined]
        try:
            await started
        except BaseException:
            task.cancel()
            raise
        self._task, self.entered = task, True

    async def _run(self, started: asyncio.Future[None]) -> None:
        try:
            await self._hold(started, self._leaving)
        except asyncio.CancelledError:
            started.cancel()
            raise
        except BaseException as error:
            if self.entered:
                raise
            if not started.done():
                started.set_exception(error)
        else:
            if not started.done():
                started.set_exception(RuntimeError("the lifespan ended before the app started"))

    async def leave(self) -> None:
        """Ends the function."""
        task, self._task = self._task, None
        if task is not None:
            self._context.run(CALL.set, CALL.get())  # the request that began it has ended
            self._leaving.set_result(None)
            await task
            self.entered = False
