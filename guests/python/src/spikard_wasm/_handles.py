"""The handles of the event loop: callbacks, timers and operations of the host."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any, Protocol

from spikard_wasm._boundary import Content, ContentEmpty
from spikard_wasm._call import AsyncCall
from spikard_wasm._json import dumps_ascii

Result = tuple[int, str, Content]
"""The result of an operation: status, head, body. The status 1 means that it failed."""

EMPTY = ContentEmpty()
SLEEP = "sleep"


class Handle(asyncio.Handle):
    """A callback in the queue, leaner than its base class."""

    __slots__ = ()
    _args: Any
    _callback: Any
    _cancelled: bool
    _context: contextvars.Context

    def __init__(self, callback: Any, args: Any, context: contextvars.Context | None) -> None:
        self._callback = callback
        self._args = args
        self._cancelled = False
        self._context = contextvars.copy_context() if context is None else context

    def cancel(self) -> None:
        """Cancels the callback."""
        self._cancelled = True
        self._callback = self._args = None

    def cancelled(self) -> bool:
        """Returns whether the callback is cancelled."""
        return self._cancelled

    def __repr__(self) -> str:
        return f"<Handle {self._callback!r}>"


class Waiter(Protocol):
    """Code that waits for an operation. `op` is 0 once the operation has ended."""

    op: int
    call: AsyncCall

    def settle(self, result: Result) -> None:
        """Continues with the result of the operation."""

    def drop(self) -> None:
        """Ends without a result: the host has abandoned the operation."""


class Wake:
    """An operation that only lets the loop run again, or keeps a task of the host alive."""

    __slots__ = ("call", "op")
    call: AsyncCall

    def __init__(self) -> None:
        self.op = 0

    def settle(self, result: Result) -> None:
        """Does nothing: the loop runs in any case."""

    def drop(self) -> None:
        """Does nothing."""


class Timer(Handle, asyncio.TimerHandle):
    """A callback that runs at a time: an operation `sleep`."""

    __slots__ = ("call", "op")
    call: AsyncCall
    _loop: Any
    _when: float

    def __init__(
        self, when: float, callback: Any, args: Any, context: contextvars.Context | None, loop: Any
    ) -> None:
        Handle.__init__(self, callback, args, context)
        self._when = when
        self._loop = loop
        self.op = 0

    def when(self) -> float:
        """Returns the time of the callback, as `loop.time()` does."""
        return self._when

    def cancel(self) -> None:
        """Cancels the timer."""
        Handle.cancel(self)
        if self.op:
            self._loop.abandon(self)

    def settle(self, result: Result) -> None:  # noqa: ARG002
        """Queues the callback."""
        self._loop.ready.append(self)

    def drop(self) -> None:
        """Cancels the callback."""
        Handle.cancel(self)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other


class Operation(asyncio.Future[Result]):
    """The future result of an operation. Cancelling it abandons the operation."""

    op = 0
    call: AsyncCall

    def cancel(self, msg: Any = None) -> bool:
        """Cancels the future and stops the operation."""
        if not super().cancel(msg):
            return False
        if self.op:
            self.get_loop().abandon(self)  # type: ignore[attr-defined]
        return True

    def settle(self, result: Result) -> None:
        """Sets the result."""
        if not self.done():
            self.set_result(result)

    def drop(self) -> None:
        """Cancels the future."""
        super().cancel()


class Answer:
    """Sends the result of a handler's task, as its done callback."""

    __slots__ = ("_call", "_send")

    def __init__(self, call: AsyncCall, send: Callable[[AsyncCall, Any], None]) -> None:
        self._call = call
        self._send = send

    def __call__(self, task: asyncio.Task[Any]) -> None:
        self._send(self._call, task)


def arguments(**members: Any) -> str:
    """Returns the head of an operation: its arguments except those that are `None`."""
    return dumps_ascii({key: value for key, value in members.items() if value is not None})
