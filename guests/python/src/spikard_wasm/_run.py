"""Runs the coroutines of handlers and hooks, and continues them when the host calls `resume`.

`run` starts a coroutine in the export call. If it finishes there, its result is the result of
the export, and the host need not know of a task: a handler that does not wait costs one task of
asyncio. Otherwise the export returns `PENDING`, and `_answer` sends the result later.
"""

from __future__ import annotations

import asyncio
import io
import sys
from asyncio.events import _set_running_loop
from collections.abc import Callable, Coroutine
from typing import Any

from spikard_wasm import _boundary, _call
from spikard_wasm._boundary import Content, ContentEmpty
from spikard_wasm._call import CALL, AsyncCall
from spikard_wasm._failing import describe
from spikard_wasm._handles import SLEEP, Answer, Wake
from spikard_wasm._loop import Loop, close_generator
from spikard_wasm.errors import HttpError
from spikard_wasm.reply import encode, problem

# Python 3.12 can run a new task immediately until it first waits.
EAGER: dict[str, Any] = {"eager_start": True} if sys.version_info >= (3, 12) else {}

# Number of times that an unfinished task is cancelled before it is given up.
_ROUNDS = 4
_DAY_MS = 86_400_000

PENDING = (0, "", ContentEmpty())
"""The result of an export whose task answers later."""

_STUCK = (
    "the handler awaits something that can never finish: no operation is in progress that "
    "could wake it"
)

loop = Loop()  # type: ignore[abstract]


def _identify_exporting() -> None:
    if loop.exporting is not None and not loop.exporting.number:
        loop.identify(loop.exporting)


_call.before_select = _identify_exporting

# A component has no other event loop, so the hooks are set once, when it is built.
_SETS_HOOKS = not _boundary.IN_COMPONENT
if _boundary.IN_COMPONENT:
    sys.set_asyncgen_hooks(loop.begin_generator, loop.end_generator)


def run(
    coroutine: Coroutine[Any, Any, Any],
    status: Any,
    finish: Callable[[Any, Any], Any] = encode,
) -> Any:
    """Runs a coroutine of the call in progress. Returns `finish(result, status)` or `PENDING`."""
    call: AsyncCall = _call.current()  # type: ignore[assignment]
    hooks = _set_generator_hooks() if _SETS_HOOKS else None
    _set_running_loop(loop)
    loop.running = True
    loop.exporting = call
    token = CALL.set(call)
    try:
        task: asyncio.Task[Any] = asyncio.Task(coroutine, loop=loop, **EAGER)
        if not task.done() or loop.ready or call.tasks or loop.generators:
            call.root = task
            if not _settle(call, finish, status):
                return PENDING
            call.root = None
        elif call.number:  # its operations were ready at once
            loop.end(call)
    finally:
        call.over = call.root is None
        CALL.reset(token)
        loop.exporting = None
        loop.running = False
        _set_running_loop(None)
        if hooks is not None:
            sys.set_asyncgen_hooks(*hooks)
    if call.stuck:
        raise RuntimeError(call.stuck)
    return finish(task.result(), status)


def run_unsuspended(coroutine: Coroutine[Any, Any, Any]) -> Any:
    """Runs a coroutine without `await`, which needs no task."""
    _set_running_loop(loop)
    loop.running = True
    try:
        coroutine.send(None)
    except StopIteration as done:
        return done.value
    finally:
        if loop.adopted is not None or loop.ready:
            _leave_unsuspended()
        loop.running = False
        _set_running_loop(None)
    raise RuntimeError("a coroutine without `await` has waited")


def resume(op: int, status: int, head: str, body: Content) -> None:
    """Continues what waits for an operation."""
    waiter = loop.operations.pop(op, None)
    if waiter is None:
        return
    waiter.op = 0
    call = waiter.call
    if op == call.idle:
        call.idle = 0
        loop.idle.discard(call)
    else:
        call.operations -= 1
    outer = _call.current()
    hooks = _enter(call)
    _call.resume(call)
    try:
        waiter.settle((status, head, body))
        loop.turn()
        _check(call)
    finally:
        _leave(hooks)
        _call.resume(outer)


def cancel(number: int) -> None:
    """Cancels the tasks of a call whose operations the host has abandoned."""
    call = loop.calls.get(number)
    if call is None:
        return
    call.cancelled = True
    waiters = [(op, w) for op, w in loop.operations.items() if w.call is call]
    for op, waiter in waiters:
        del loop.operations[op]
        waiter.op = 0
    call.operations = call.idle = 0
    loop.idle.discard(call)
    outer = _call.current()
    hooks = _enter(call)
    _call.resume(call)
    try:
        for task in call.unfinished():
            task.cancel()
        for _, waiter in waiters:
            waiter.drop()
        loop.turn()
        _check(call)
    finally:
        _leave(hooks)
        _call.resume(outer)


def _enter(call: AsyncCall) -> Any:
    """Begins an export call that continues a call."""
    hooks = _set_generator_hooks() if _SETS_HOOKS else None
    _set_running_loop(loop)
    loop.running = True
    loop.exporting = call
    return hooks


def _leave(hooks: Any) -> None:
    loop.exporting = None
    loop.running = False
    _set_running_loop(None)
    if hooks is not None:
        sys.set_asyncgen_hooks(*hooks)


def _set_generator_hooks() -> Any:
    """Sets the functions that get asynchronous generators, and returns those before."""
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(loop.begin_generator, loop.end_generator)
    return hooks


def _leave_unsuspended() -> None:
    """Runs the tasks that a handler without `await` has started or woken."""
    token, loop.adopted = loop.adopted, None
    call, selected = loop.exporting, _call.current()
    if token is None or call is None:
        loop.turn()
        _check_touched()
    else:
        CALL.reset(token)
        _leave_tasks(call)
        call.over = True
    loop.exporting = None
    _call.resume(selected)


def _settle(call: AsyncCall, finish: Callable[[Any, Any], Any], status: Any) -> bool:
    """Runs the loop in the export call that started a task. Returns whether the task is done."""
    task = call.root
    if task is None:
        return True
    loop.turn(task)
    if not task.done() and not call.operations and not loop.ready and not _others():
        call.stuck = _STUCK + _place(task)
        _cancel_rounds(call)
        if not task.done() and not call.operations:  # it refuses to end
            loop.end(call)
            return True
    if task.done():
        _leave_tasks(call)
        return True
    if not call.number:
        loop.identify(call)
    call.finish, call.status = finish, status
    task.add_done_callback(Answer(call, _answer))
    _check(call)
    return False


def _leave_tasks(call: AsyncCall) -> None:
    """Lets the tasks that a handler has left continue after the reply."""
    call.root = None
    if loop.ready and (not call.unfinished() or not loop.defer(call, 0)):
        loop.turn()
    _check(call)


def _answer(call: AsyncCall, task: asyncio.Task[Any]) -> None:
    """Sends the result of a task whose export returned `PENDING`."""
    call.over = True
    call.root = None
    loop.touched.add(call)
    finish, call.finish = call.finish, None
    if call.idle:
        _release(call)
    if call.cancelled or finish is None:
        if not task.cancelled():
            task.exception()  # asyncio would log it otherwise
        return
    answer: Any
    try:
        if call.stuck:
            raise RuntimeError(call.stuck)
        try:
            answer = finish(task.result(), call.status)
        except HttpError as error:
            answer = problem(error)
    except BaseException as error:
        _boundary.io.fail(call.number, *describe(error))
    else:
        _boundary.io.reply(call.number, *(answer or (0, "", None)))


def _check(call: AsyncCall) -> None:
    """Ends the calls that nothing will continue, at the end of an export call."""
    loop.touched.add(call)
    _check_touched()


def _check_touched() -> None:
    while loop.touched and not loop.ready:  # the next export call checks the rest
        _check_one(loop.touched.pop())
    if loop.idle and len(loop.operations) <= len(loop.idle) and not loop.ready:
        for idle in list(loop.idle):  # the calls that they waited for have ended
            _release(idle)
            _fail_stuck(idle)


def _check_one(call: AsyncCall) -> None:
    if call.operations == 0 and not call.ended:
        if call.root is None or call.cancelled:
            _end(call)
        elif _others():
            _wait_for_others(call)
        else:
            _fail_stuck(call)


def _others() -> bool:
    """Returns whether an operation of a call is in progress, which could wake a call without."""
    return len(loop.operations) > len(loop.idle)


def _wait_for_others(call: AsyncCall) -> None:
    """Keeps a task alive at the host while it waits for the task of another request."""
    if call in loop.idle:
        return
    waiter = Wake()
    op = loop.submit(call, waiter, SLEEP, f'{{"ms":{_DAY_MS}}}', ContentEmpty())
    if isinstance(op, int):
        call.operations -= 1
        call.idle = op
        loop.idle.add(call)


def _release(call: AsyncCall) -> None:
    op, call.idle = call.idle, 0
    loop.idle.discard(call)
    if loop.operations.pop(op, None) is not None:
        _boundary.io.abandon(op)


def _fail_stuck(call: AsyncCall) -> None:
    call.stuck = _STUCK if call.root is None else _STUCK + _place(call.root)
    _cancel_rounds(call)
    if not call.operations:
        if call.root is not None:
            _boundary.io.fail(call.number, f"RuntimeError: {call.stuck}", "")
        loop.end(call) if call.unfinished() else _end(call)


def _end(call: AsyncCall) -> None:
    """Ends a call: cancels what it left and closes its generators."""
    if call.tasks or call.root is not None:
        _cancel_rounds(call)
        if call.operations:
            return  # cleanup code waits for an operation
    generators = loop.open_generators(call) if loop.generators else ()
    if generators:
        token = CALL.set(call)
        try:
            for generator in generators:
                loop.create_task(close_generator(generator))
        finally:
            CALL.reset(token)
        loop.turn()
        if call.operations:
            return
    loop.end(call)


def _cancel_rounds(call: AsyncCall) -> None:
    for _ in range(_ROUNDS):
        unfinished = call.unfinished()
        if not unfinished:
            return
        for task in unfinished:
            task.cancel()
        loop.turn()
        if call.operations:
            return


def _place(task: asyncio.Task[Any]) -> str:
    """Returns the line at which a task waits, for an error."""
    text = io.StringIO()
    task.print_stack(limit=1, file=text)
    lines = [
        line.strip() for line in text.getvalue().splitlines() if line.strip().startswith("File")
    ]
    return f" ({lines[-1]})" if lines else ""
