"""The calls of the host: which request an object and a task belong to.

The host answers every import for one request: that of the export in progress, until `io.select`
names another one. An instance serves many requests, so an object that outlives its own request
would read another client's. Each such object keeps the `Call` it was made in and checks it
before it asks the host. `CALL` carries the call of an asyncio task, through its context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from spikard_wasm import _boundary

if TYPE_CHECKING:
    import asyncio

    from spikard_wasm.contexts import LocalContext


class Call:
    """One call of a handler or of the hooks of one kind."""

    __slots__ = ("_outer", "local", "over")

    number = 0
    """The number of the task at the host; 0 if it has not been asked for."""

    def __init__(self, outer: Call | None) -> None:
        self._outer = outer
        self.local: LocalContext | None = None
        """The context of the request, once it has been used."""
        self.over = False
        """Whether the handler or hook is done, so that the objects of the request are invalid."""

    def end(self) -> None:
        """Ends the call. Its objects raise an error from now on."""
        self.over = True
        self.leave()

    def leave(self) -> None:
        """Ends the export call. An asynchronous handler can continue in a later one."""
        global _current
        _current = self._outer


class AsyncCall(Call):
    """A call whose handler or hooks can wait, and start asyncio tasks."""

    # Most calls do not wait and set none of these, so they are defaults of the class.
    number = 0
    operations = 0
    """Number of operations in progress."""
    root: asyncio.Task[Any] | None = None
    """The task of the handler, while the host waits for its answer."""
    finish: Callable[[Any, Any], Any] | None = None
    status: Any = None
    """`finish(result, status)` converts the result of the handler for the host."""
    tasks: Sequence[asyncio.Task[Any]] = ()
    """The tasks that the handler has started. A reference keeps them alive."""
    idle = 0
    """The operation that keeps this task alive while it waits for another request."""
    stuck = ""
    """Why the handler can never finish."""
    cancelled = False
    ended = False

    def add(self, task: asyncio.Task[Any]) -> None:
        """Adds a task, and forgets finished ones now and then."""
        tasks = self.tasks
        if type(tasks) is not list:
            tasks = self.tasks = []
        tasks.append(task)
        count = len(tasks)
        if count >= 32 and not count & (count - 1):  # a power of two
            # A failed task stays, so that its exception is logged at the end.
            self.tasks = [task for task in self.tasks if not task.done() or task._log_traceback]

    def unfinished(self) -> list[asyncio.Task[Any]]:
        """Returns the tasks that are not done."""
        unfinished = [task for task in self.tasks if not task.done()]
        if self.root is not None and not self.root.done():
            unfinished.append(self.root)
        return unfinished


CALL: ContextVar[AsyncCall | None] = ContextVar("spikard_wasm_call", default=None)
"""The call that the running asyncio task belongs to."""

_current: Call | None = None


def _nothing() -> None:
    pass


before_select: Callable[[], None] = _nothing
"""Asks the host for the number of the call in progress, if that has not been done."""


def begin() -> Call:
    """Begins a call. A test can call an app inside a handler, so calls can be nested."""
    global _current
    _current = Call(_current)
    return _current


def begin_async() -> AsyncCall:
    """Begins a call whose handler or hooks can wait."""
    global _current
    call = _current = AsyncCall(_current)
    return call


def current() -> Call | None:
    """Returns the call whose request the host answers for, if it is known."""
    return _current


def resume(call: Call | None) -> None:
    """Notes whose request the host answers for in the export call that begins or ends."""
    global _current
    _current = call


def is_over(call: Call | None) -> bool:
    """Returns whether the handler or hook of a call is done; selects its request if not."""
    return call is None or call.over or (call is not _current and not _select(call))


def check(call: Call | None, what: str) -> None:
    """Raises `RuntimeError` if `call` is over. `what` names the object in the error."""
    if call is None:
        raise RuntimeError(
            f"`{what}` was used while no request is in progress; use it in a handler"
        )
    if call.over or (call is not _current and not _select(call)):
        raise RuntimeError(
            f"`{what}` was used after its handler or hook returned; "
            "copy the values that you need before it returns"
        )


def _select(call: Call) -> bool:
    """Makes the host answer for the request of a call, in an instance with several of them."""
    global _current
    if not call.number:
        return False
    before_select()  # `io.task` returns the selected task
    if not _boundary.io.select(call.number):
        return False
    _current = call
    return True
