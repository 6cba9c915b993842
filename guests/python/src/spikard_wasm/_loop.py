"""Asynchronous handlers: an event loop with timers and without sockets.

A component has no sockets to wait for, so the loop waits for timers only. A handler that never
waits finishes in its first step, without a turn of the loop.
"""

from __future__ import annotations

import asyncio
import asyncio.base_events
import asyncio.events
import dis
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from typing import Any

# Python 3.12 can run a new task immediately until it first waits.
_EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}

# Number of times that an unfinished task is canceled, and the seconds that it gets each time.
_ROUNDS, _GRACE = 4, 0.025


class Loop(asyncio.BaseEventLoop):
    """An event loop whose only events are its timers."""

    _asyncgens: Any
    _asyncgen_firstiter_hook: Any
    _asyncgen_finalizer_hook: Any
    _ready: Any
    _scheduled: Any
    _thread_id: int | None

    def __init__(self) -> None:
        super().__init__()
        self._selector = self
        self.spawned = False
        """Whether the handler has started tasks."""

    def __del__(self) -> None:
        """Suppresses the warning of the base class: the loop has no resources to close."""

    def select(self, timeout: float | None) -> tuple[()]:
        """Sleeps until the next timer, as the selector of `BaseEventLoop`."""
        if timeout is None:
            raise RuntimeError(
                "the handler awaits something that can never finish; "
                "a component has no sockets, threads or signals to wait for"
            )
        if timeout > 0:
            time.sleep(timeout)
        return ()

    def _process_events(self, event_list: tuple[()]) -> None:
        """Does nothing: the only events are timers, which `BaseEventLoop` handles itself."""

    def _write_to_self(self) -> None:
        """Does nothing: no other thread can wake the loop."""

    def create_task(self, coro: Any, **options: Any) -> Any:
        """Creates a task and notes that one exists."""
        self.spawned = True
        return super().create_task(coro, **options)

    def run_in_executor(self, *_: Any) -> Any:  # type: ignore[override]
        """Raises an error: a component has no threads."""
        raise RuntimeError("a component has no threads; call the function directly")

    def run(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs a handler to its end, then cancels the tasks that it left."""
        self.spawned = False
        task = self._start(coroutine)
        if task.done() and not self._is_busy():
            return task.result()
        try:
            return self.run_until_complete(task)
        finally:
            self._settle()

    def run_unsuspended(self, coroutine: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine without `await`, which needs no task."""
        self.spawned = False
        asyncio.events._set_running_loop(self)
        try:
            coroutine.send(None)
        except StopIteration as done:
            return done.value
        finally:
            asyncio.events._set_running_loop(None)
            if self._is_busy():
                self._settle()
        raise RuntimeError("a coroutine without `await` has waited")

    def _is_busy(self) -> bool:
        return self.spawned or bool(self._ready or self._scheduled or self._asyncgens)

    def _start(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs a coroutine until it first waits."""
        if not _EAGER:
            return asyncio.Task(coroutine, loop=self)
        asyncio.events._set_running_loop(self)
        self._thread_id = threading.get_ident()
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(self._asyncgen_firstiter_hook, self._asyncgen_finalizer_hook)
        try:
            return asyncio.Task(coroutine, loop=self, **_EAGER)
        finally:
            sys.set_asyncgen_hooks(*hooks)
            self._thread_id = None
            asyncio.events._set_running_loop(None)

    def _settle(self) -> None:
        """Cancels the tasks and timers that a handler left, so that they do not run later."""
        for _ in range(_ROUNDS):
            left = asyncio.all_tasks(self)
            if not left:
                break
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.wait(left, timeout=_GRACE))
        self._ready.clear()
        self._scheduled.clear()
        if self._asyncgens:
            closing = [self.create_task(self.shutdown_asyncgens())]
            self.run_until_complete(asyncio.wait(closing, timeout=_GRACE))
            self._asyncgens_shutdown_called = False  # later handlers can have generators too
        if asyncio.all_tasks(self):
            _renew()


_loop = Loop()


def _renew() -> None:
    """Replaces the loop. A task that ignores cancellation stays in the old one, which stops."""
    global _loop
    _loop = Loop()


def blocking(handler: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """Wraps an asynchronous handler in a function that returns when the handler is done."""
    if _suspends(handler):
        return lambda **arguments: _loop.run(handler(**arguments))
    return lambda **arguments: _loop.run_unsuspended(handler(**arguments))


def blocking_hook(hook: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Any]:
    """Wraps an asynchronous hook, whose arguments are positional."""
    if _suspends(hook):
        return lambda *arguments: _loop.run(hook(*arguments))
    return lambda *arguments: _loop.run_unsuspended(hook(*arguments))


def _suspends(handler: Callable[..., Any]) -> bool:
    """Returns whether a handler has an `await`. Without one it needs no task, which is costly."""
    code = getattr(handler, "__code__", None)
    return code is None or any(step.opname == "SEND" for step in dis.get_instructions(code))
