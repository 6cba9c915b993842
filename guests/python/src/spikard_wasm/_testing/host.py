"""Runs tasks and operations as the host does, in one thread, for the test client."""

from __future__ import annotations

import asyncio.tasks
import copy
import heapq
import itertools
import json
import queue
import sys
import threading
import time
from asyncio.events import _get_running_loop, _set_running_loop
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from spikard_wasm import _local, _run
from spikard_wasm._call import CALL
from spikard_wasm._local import Content, ContentEmpty, Exchange, Result
from spikard_wasm._loop import Loop
from spikard_wasm._testing.services import Busy, OperationFailed, Services

LIMIT = 1_024
"""Number of operations that an instance can have in progress."""

# All clients use one event loop, so that locks and queues of a module work with each of them.
_numbers = itertools.count(1)
_BUSY_SECONDS, _RETRY_SECONDS = 5.0, 0.002


@dataclass
class Task:
    """One call of the app. `answer` is its result, or `None` if it has failed."""

    number: int
    exchange: Exchange
    operations: set[int] = field(default_factory=set)
    answered: bool = False
    answer: Any = None


@dataclass
class _Operation:
    task: Task
    kind: str
    head: dict[str, Any]
    body: Content
    until: float
    """The time at which a busy database fails."""


class Host:
    """The host of one app. Its tasks run in one instance, also several at once."""

    def __init__(self, services: Services, resumable: Any) -> None:
        self.services = services
        self._resumable = resumable
        self._tasks: dict[int, Task] = {}
        self._current: Task | None = None
        self._touched: list[Task] = []
        self._operations: dict[int, _Operation] = {}
        self._due: list[tuple[float, int, int]] = []
        self._threads = 0
        self._arrived: queue.SimpleQueue[tuple[int, Result]] = queue.SimpleQueue()
        self._sequence = 0
        self._nested: Loop | None = None

    # What tests and the test client do

    def reset(self) -> None:
        """Forgets what tests that failed have left in the event loop."""
        if not _run.loop.running and not self._tasks:
            _run.loop.clear()

    def start(self, exchange: Exchange, export: Callable[[], Any]) -> Task:
        """Calls an export of the app as a new task."""
        number = next(_numbers)
        task = self._tasks[number] = Task(number, exchange)
        result = self._export(task, export)
        if result is None or result[0]:
            task.answered, task.answer = True, _copy(result)
        self._settle(task)
        return task

    def run(self, exchange: Exchange, export: Callable[[], Any]) -> Any:
        """Calls an export of the app and returns its result once it has answered."""
        task = self.start(exchange, export)
        while not task.answered:
            self.step()
        return task.answer

    def step(self) -> bool:
        """Waits for the next operation and delivers its result. Returns whether there is one."""
        while self._due or self._threads:
            while self._due and self._due[0][2] not in self._operations:
                heapq.heappop(self._due)
            wait = self._due[0][0] - time.monotonic() if self._due else None
            if self._threads and (wait is None or wait > 0):
                try:
                    op, result = self._arrived.get(timeout=wait)
                except queue.Empty:
                    continue
                self._threads -= 1
            elif self._due:
                if wait is not None and wait > 0:
                    time.sleep(wait)
                op = heapq.heappop(self._due)[2]
                if not (performed := self._perform(op)):
                    continue
                result = performed
            else:
                break
            if operation := self._operations.pop(op, None):
                self._resume(operation.task, op, result)
                return True
        return False

    def finish(self, seconds: float) -> None:
        """Lets tasks work after their reply. Cancels those that need more time than `seconds`."""
        until = time.monotonic() + seconds
        while self._operations and time.monotonic() < until:
            self.step()
        for task in list(self._tasks.values()):
            self.cancel(task)

    def cancel(self, task: Task) -> None:
        """Cancels a task, as the host does when the client disconnects."""
        for op in task.operations:
            self._operations.pop(op, None)
        task.operations.clear()
        task.answered = True
        self._export(task, lambda: self._resumable.cancel(task.number))
        self._settle(task)

    # The interface `io`

    def task(self) -> int:
        """Returns the number of the task in progress."""
        return self._current.number if self._current else 0

    def submit(self, task: int, op: int, kind: str, head: str, body: Content) -> Result:
        """Starts an operation."""
        owner = self._tasks.get(task)
        if owner is None:
            return failed("invalid", f"task {task} has ended")
        if len(self._operations) >= LIMIT:
            return failed("too-many", f"the instance has {LIMIT} operations in progress")
        arguments = json.loads(head) if head else {}
        if kind in self.services.immediate:
            return self._result(owner, kind, arguments, body)
        now = time.monotonic()
        self._operations[op] = _Operation(owner, kind, arguments, body, now + _BUSY_SECONDS)
        owner.operations.add(op)
        if self.services.is_slow(kind):
            self._threads += 1
            threading.Thread(
                target=lambda: self._arrived.put((op, self._result(owner, kind, arguments, body))),
                daemon=True,
            ).start()
        else:
            delay = arguments["ms"] / 1000 if kind == "sleep" else 0
            self._schedule(op, now + delay)
        return 0, "", ContentEmpty()

    def call(self, kind: str, head: str, body: Content) -> Result:
        """Runs an operation."""
        task = self._current
        if task is None:
            return failed("failed", "no request is in progress")
        arguments = json.loads(head) if head else {}
        if kind == "sleep":
            time.sleep(arguments["ms"] / 1000)
            return 200, "", ContentEmpty()
        try:
            return self._result(task, kind, arguments, body)
        except Busy as busy:  # nothing else runs that could end the other transaction
            return failed("busy", str(busy))

    def abandon(self, op: int) -> None:
        """Stops an operation."""
        if operation := self._operations.pop(op, None):
            operation.task.operations.discard(op)
            self._touched.append(operation.task)

    def reply(self, task: int, status: int, headers: str, body: Content | None) -> None:
        """Answers a task."""
        answering = self._tasks.get(task)
        if answering is not None and not answering.answered:
            answering.answered = True
            answering.answer = _copy((status, headers, body)) if status else None
            self._touched.append(answering)

    def fail(self, task: int, message: str, detail: str) -> None:
        """Fails a task."""
        answering = self._tasks.get(task)
        if answering is None or answering.answered:
            request = answering.exchange.id if answering else ""
            print(f"request `{request}`: {message}\n{detail}", file=sys.stderr)  # as the host logs
            return
        answering.answered = True
        answering.exchange.failures.append((message, detail))
        self._touched.append(answering)

    def select(self, task: int) -> bool:
        """Makes the interfaces refer to a task."""
        selected = self._tasks.get(task)
        _local.request.exchange = selected.exchange if selected else _local.request.idle
        return selected is not None

    # Tasks

    def _export(self, task: Task, export: Callable[[], Any]) -> Any:
        """Calls an export for a task."""
        outer = _local.request.exchange, _local.io.host, self._current, _run.loop
        running = _get_running_loop()  # the loop of an asynchronous test
        swap = getattr(asyncio.tasks, "_swap_current_task", None)
        suspended = swap(running, None) if swap and running else None
        _set_running_loop(None)
        token = CALL.set(None)
        _local.request.exchange, _local.io.host, self._current = task.exchange, self, task
        if _run.loop.running:  # a handler calls another app
            if self._nested is None:
                self._nested = Loop()  # type: ignore[abstract]
            _run.loop = self._nested
        try:
            return export()
        finally:
            _local.request.exchange, _local.io.host, self._current, _run.loop = outer
            CALL.reset(token)
            _set_running_loop(running)
            if swap and running:
                swap(running, suspended)

    def _resume(self, task: Task, op: int, result: Result) -> None:
        task.operations.discard(op)
        self._export(task, lambda: self._resumable.resume(op, *result))
        self._settle(task)

    def _settle(self, task: Task) -> None:
        """Ends the tasks that an export has answered, and fails those that nothing continues."""
        self._touched.append(task)
        while self._touched:
            touched = self._touched.pop()
            if touched.operations or touched.number not in self._tasks:
                continue
            if not touched.answered:
                message = "the task has not answered and has no operation in progress"
                self.fail(touched.number, message, "")
            del self._tasks[touched.number]
            self.services.end(touched.number)

    # Operations

    def _schedule(self, op: int, due: float) -> None:
        self._sequence += 1
        heapq.heappush(self._due, (due, self._sequence, op))

    def _perform(self, op: int) -> Result | None:
        """Performs an operation. Returns nothing if it must be tried again later."""
        operation = self._operations.get(op)
        if operation is None:
            return None
        if operation.kind == "sleep":
            return 200, "", ContentEmpty()
        try:
            return self._result(operation.task, operation.kind, operation.head, operation.body)
        except Busy as busy:
            now = time.monotonic()
            if now < operation.until:
                self._schedule(op, now + _RETRY_SECONDS)
                return None
            return failed("busy", str(busy))

    def _result(self, task: Task, kind: str, head: dict[str, Any], body: Content) -> Result:
        try:
            return self.services.perform(task.number, kind, head, body)
        except OperationFailed as error:
            return failed(error.code, str(error), **error.details)


def _copy(answer: Any) -> Any:
    """Copies an answer, whose content the app uses again."""
    return answer and (answer[0], answer[1], copy.copy(answer[2]))


def failed(code: str, message: str, **details: Any) -> Result:
    """Returns the result of a failed operation."""
    return 1, json.dumps({"code": code, "message": message, **details}), ContentEmpty()
