"""The event loop of a component: a queue of callbacks, and timers that are operations of the host.

The host calls an export, the loop runs until nothing is ready, and the export returns. The host
calls `resume` when an operation is done. So the loop never waits itself, and `_run` starts it.
Every callback runs in the context of a call (`_call.CALL`), also in the export of another one.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import time
import weakref
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextvars import ContextVar
from typing import Any

from spikard_wasm import _boundary
from spikard_wasm._boundary import Content, ContentText
from spikard_wasm._call import CALL, AsyncCall
from spikard_wasm._failing import describe
from spikard_wasm._handles import (
    EMPTY,
    SLEEP,
    Answer,
    Handle,
    Operation,
    Result,
    Timer,
    Waiter,
    Wake,
)
from spikard_wasm._limited import LimitedLoop
from spikard_wasm.errors import OperationError

# Rounds of callbacks in one export call, after which the host can do other work.
_ROUNDS = 1_000
_TURN_MS = 1

LASTING: ContextVar[bool] = ContextVar("spikard_wasm_lasting", default=False)
"""Whether the running code belongs to the instance, so that no request ends its generators."""


class Generator(weakref.ref[AsyncGenerator[Any, Any]]):
    """An asynchronous generator that has begun, and the context that it began in."""

    __slots__ = ("context", "key")
    context: contextvars.Context
    key: int


class Loop(LimitedLoop):
    """An event loop without sockets and threads. `running` is set while an export runs it."""

    def __init__(self) -> None:
        self.ready: deque[Handle] = deque()
        self.running = False
        self.exporting: AsyncCall | None = None
        """The call whose number `io.task` returns."""
        self.adopted: contextvars.Token[AsyncCall | None] | None = None
        self.operations: dict[int, Waiter] = {}
        self.calls: dict[int, AsyncCall] = {}
        """The calls that can continue, by the numbers of their tasks."""
        self.idle: set[AsyncCall] = set()
        """The calls that wait for another call, each with an operation that keeps it alive."""
        self.touched: set[AsyncCall] = set()
        """The calls that may have ended in the export call of another one."""
        self.any_dead = False
        """Whether a call ended while it had tasks, whose callbacks must not run."""
        self._last = 0
        self._waking = False
        self.generators: dict[int, Generator] = {}
        self._dying: Generator | None = None
        self._factory: Any = None
        self._handler: Callable[..., Any] | None = None

    def clear(self) -> None:
        """Forgets all tasks and operations."""
        for collection in (self.ready, self.operations, self.calls, self.idle, self.touched):
            collection.clear()
        self.generators.clear()

    # Operations

    def submit(
        self, call: AsyncCall, waiter: Waiter | None, kind: str, head: str, body: Content
    ) -> Result | int:
        """Starts an operation. Returns its result, or its number if it is in progress."""
        if call.ended:
            raise RuntimeError("the request of this task has ended; nothing can continue it")
        number = call.number or self.identify(call)
        op = self._last = self._last % 0xFFFF_FFFF + 1
        while op in self.operations:
            op = self._last = self._last % 0xFFFF_FFFF + 1
        result: Result = _boundary.io.submit(number, op, kind, head, body)
        if result[0]:
            return result
        if waiter is None:
            waiter = Operation(loop=self)
        waiter.op = op
        waiter.call = call
        self.operations[op] = waiter
        call.operations += 1
        return op

    def abandon(self, waiter: Waiter) -> None:
        """Stops an operation."""
        op, waiter.op = waiter.op, 0
        if self.operations.pop(op, None) is not None:
            call = waiter.call
            call.operations -= 1
            if call.operations == 0:
                self.touched.add(call)
            _boundary.io.abandon(op)

    def identify(self, call: AsyncCall) -> int:
        """Asks the host for the number of a call, which is in progress."""
        if call is not self.exporting:
            raise RuntimeError("no request is in progress; do this in a handler or hook")
        number: int = _boundary.io.task()
        call.number = number
        self.calls[number] = call
        return number

    def adopt(self) -> AsyncCall:
        """Returns a call for a handler without `await`, which has none until it starts a task."""
        if not self.running or self.exporting is not None:
            raise RuntimeError("no request is in progress in this context")
        call = self.exporting = AsyncCall(None)
        self.adopted = CALL.set(call)
        return call

    def defer(self, call: AsyncCall, ms: float) -> bool:
        """Lets the host call again later. Returns whether it will."""
        return isinstance(self.submit(call, Wake(), SLEEP, f'{{"ms":{ms}}}', EMPTY), int)

    # Callbacks

    def call_soon(  # type: ignore[override]
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Handle:
        """Queues a callback."""
        handle = Handle(callback, args, context)
        if callback.__class__ is Answer:  # the reply comes before the tasks that are left
            self.ready.appendleft(handle)
        else:
            self.ready.append(handle)
        if not self.running and not self._waking:
            self._wake(handle._context)
        return handle

    call_soon_threadsafe = call_soon  # type: ignore[assignment]

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Timer:
        """Calls a function after a delay in seconds."""
        return self.call_at(time.monotonic() + delay, callback, *args, context=context)

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> Timer:
        """Calls a function at a time of `loop.time()`."""
        timer = Timer(when, callback, args, context, self)
        call = timer._context.get(CALL) or self.adopt()
        ms = (when - time.monotonic()) * 1000
        if ms <= 0:
            self.ready.append(timer)
            return timer
        result = self.submit(call, timer, SLEEP, f'{{"ms":{ms:.3f}}}', EMPTY)
        if not isinstance(result, int):
            if result[0] == 1:
                raise OperationError.read(SLEEP, result[1])
            self.ready.append(timer)
        return timer

    def turn(self, until: asyncio.Future[Any] | None = None) -> None:
        """Runs callbacks until none is ready or `until` is done."""
        ready = self.ready
        self._waking = False
        for _ in range(_ROUNDS):
            for _ in range(len(ready)):
                handle = ready.popleft()
                if handle._cancelled or (self.any_dead and self._is_dead(handle)):
                    continue
                try:
                    handle._context.run(handle._callback, *handle._args)
                except (SystemExit, KeyboardInterrupt):
                    pass  # the task has the exception too
                except BaseException as error:
                    message = f"the callback `{handle!r}` failed"
                    self.call_exception_handler({"message": message, "exception": error})
            if not ready or (until is not None and until.done()):
                return
        for handle in list(ready):
            call = handle._context.get(CALL)
            if call is None or call.ended:
                continue
            if not call.cancelled:
                self.defer(call, _TURN_MS)
                return
            self.end(call)  # it goes on after the host has cancelled it

    def end(self, call: AsyncCall) -> None:
        """Ends a call. The callbacks of tasks that it still has do not run."""
        for task in call.unfinished():
            task._log_destroy_pending = False  # type: ignore[attr-defined]
            self.any_dead = True
        for task in call.tasks:
            if task.done() and task._log_traceback:
                error = task.exception()
                message = "a task failed, and nothing awaits it"
                self.call_exception_handler({"message": message, "exception": error, "task": task})
        call.ended = True
        call.root = None
        call.tasks = ()
        self.calls.pop(call.number, None)

    @staticmethod
    def _is_dead(handle: Handle) -> bool:
        call = handle._context.get(CALL)
        return call is not None and call.ended

    def _wake(self, context: contextvars.Context) -> None:
        """Makes the host call: code that the loop does not run has woken a task."""
        call = context.get(CALL)
        if call is not None and call.number and not call.ended:
            self._waking = self.defer(call, _TURN_MS)

    # Tasks and futures

    def create_future(self) -> asyncio.Future[Any]:
        """Creates a future."""
        return asyncio.Future(loop=self)

    def create_task(  # type: ignore[override]
        self,
        coro: Coroutine[Any, Any, Any],
        *,
        name: str | None = None,
        context: contextvars.Context | None = None,
        **options: Any,
    ) -> asyncio.Task[Any]:
        """Creates a task of the running call. It can continue after the reply."""
        call = CALL.get() or self.adopt()
        if self._factory is not None:
            if context is not None:
                options["context"] = context
            task: asyncio.Task[Any] = self._factory(self, coro, name=name, **options)
        else:
            task = asyncio.Task(coro, loop=self, name=name, context=context, **options)
        call.add(task)
        return task

    def set_task_factory(self, factory: Any) -> None:
        """Sets the function that creates tasks."""
        self._factory = factory

    def get_task_factory(self) -> Any:
        """Returns the function that creates tasks, if one is set."""
        return self._factory

    def time(self) -> float:
        """Returns the time of a clock that only advances, in seconds."""
        return time.monotonic()

    def is_running(self) -> bool:
        """Returns whether the loop is running."""
        return self.running

    def is_closed(self) -> bool:
        """Returns false: the loop lasts as long as the instance."""
        return False

    def get_debug(self) -> bool:
        """Returns false: the loop has no debug mode."""
        return False

    def set_debug(self, enabled: bool) -> None:
        """Does nothing: the loop has no debug mode."""

    # Asynchronous generators

    def begin_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Notes the context of a generator when it begins."""
        if LASTING.get():
            return
        if CALL.get() is None:
            self.adopt()
        entry = Generator(generator, self._forget_generator)
        entry.key = id(generator)
        entry.context = contextvars.copy_context()
        self.generators[entry.key] = entry

    def _forget_generator(self, entry: Any) -> None:
        self.generators.pop(entry.key, None)
        self._dying = entry  # the interpreter calls `end_generator` next, if it has not finished

    def end_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        """Closes a generator that is discarded before its end."""
        entry = self._dying or self.generators.pop(id(generator), None)
        self._dying = None
        if entry is None or entry.key != id(generator):
            return
        call = entry.context.get(CALL)
        if call is not None and not call.ended:
            self.call_soon(
                self.create_task, close_generator(generator), context=entry.context.copy()
            )

    def open_generators(self, call: AsyncCall) -> list[AsyncGenerator[Any, Any]]:
        """Takes the generators of a call that have begun and not ended."""
        entries = [e for e in self.generators.values() if e.context.get(CALL) is call]
        for entry in entries:
            del self.generators[entry.key]
        return [generator for entry in entries if (generator := entry()) is not None]

    async def shutdown_asyncgens(self) -> None:
        """Does nothing: generators are closed at the end of their request."""

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Does nothing: there are no threads."""

    # Exceptions

    def set_exception_handler(self, handler: Callable[..., Any] | None) -> None:
        """Sets the function that gets exceptions that no code handles."""
        self._handler = handler

    def get_exception_handler(self) -> Callable[..., Any] | None:
        """Returns the function that gets exceptions that no code handles."""
        return self._handler

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Handles an exception that no code handles."""
        if self._handler is not None:
            try:
                self._handler(self, context)
            except Exception as error:
                self.default_exception_handler(
                    {"message": "the exception handler failed", "exception": error}
                )
        else:
            self.default_exception_handler(context)

    def default_exception_handler(self, context: dict[str, Any]) -> None:
        """Writes an exception to the log, with the id of its request."""
        task = context.get("task") or context.get("future")
        get_context = getattr(task, "get_context", None)  # Python 3.12
        call = get_context().get(CALL) if get_context else CALL.get()
        message = context.get("message") or "an exception was not handled"
        if task is not None:
            message += f" (task `{getattr(task, 'get_name', lambda: task)()}`)"
        error = context.get("exception")
        detail = ""
        if error is not None:
            reason, detail = describe(error)
            message = f"{reason}: {message}"
        if call is not None and call.over and call.number:
            # The request has its reply, so the host logs this with the id of the request.
            _boundary.io.fail(call.number, message, detail)
        else:
            text = f"{message}\n{detail}".rstrip()
            if not self.log('{"level":"error"}', text, call):
                print(text, file=sys.stderr)

    def log(self, head: str, text: str, call: AsyncCall | None) -> bool:
        """Writes to the log, as part of a call if it is known. Returns whether the host did."""
        body = ContentText(text)
        if call is not None and call.number and not call.ended:
            result: Any = self.submit(call, None, "log", head, body)
        else:
            result = _boundary.io.call("log", head, body)
        return not isinstance(result, int) and result[0] != 1


async def close_generator(generator: AsyncGenerator[Any, Any]) -> None:
    """Closes an asynchronous generator."""
    await generator.aclose()
