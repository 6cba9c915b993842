"""Asynchronous handlers: waiting, and the cleanup of tasks and timers."""

import asyncio
import inspect
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from spikard_wasm import HttpError, Spikard, _loop
from spikard_wasm.testing import TestClient, TestReply


def answer(handler: Any, path: str = "/") -> TestReply:
    app = Spikard()
    app.get("/")(handler)
    return TestClient(app).get(path)


async def immediate() -> Any:
    return {"running": asyncio.get_running_loop() is not None}


async def nested() -> Any:
    async def inner() -> int:
        return 7

    return [await inner()]


async def sleeping(ms: int = 5) -> Any:
    before = time.monotonic()
    await asyncio.sleep(ms / 1000)
    return time.monotonic() - before >= ms / 1000


async def together() -> Any:
    async def one(n: int) -> int:
        await asyncio.sleep(0.03)
        return n

    before = time.monotonic()
    got = await asyncio.gather(*(one(n) for n in range(5)))
    return [got, time.monotonic() - before < 0.1]


async def queued() -> Any:
    queue: asyncio.Queue[int] = asyncio.Queue(1)

    async def produce() -> None:
        for n in range(3):
            await queue.put(n)
            await asyncio.sleep(0.001)

    task = asyncio.create_task(produce())
    got = [await asyncio.wait_for(queue.get(), 1) for _ in range(3)]
    await task
    return got


async def timing_out() -> Any:
    try:
        await asyncio.wait_for(asyncio.sleep(10), 0.005)
    except TimeoutError:
        pass
    else:
        return "no timeout"
    async with asyncio.timeout(1), asyncio.TaskGroup() as group:
        task = group.create_task(nested())
    return task.result()


async def streaming() -> Any:
    async def numbers() -> AsyncIterator[int]:
        for n in range(3):
            await asyncio.sleep(0)
            yield n

    return [n async for n in numbers()]


@pytest.mark.parametrize(
    ("handler", "expected"),
    [
        (immediate, {"running": True}),
        (nested, [7]),
        (sleeping, True),
        (together, [[0, 1, 2, 3, 4], True]),
        (queued, [0, 1, 2]),
        (timing_out, [7]),
        (streaming, [0, 1, 2]),
    ],
)
def test_handlers_run_to_their_end(handler: Any, expected: Any) -> None:
    reply = answer(handler)
    assert (reply.failure, reply.status) == (None, 200)
    assert reply.json() == expected


def test_arguments_arrive() -> None:
    assert answer(sleeping, "/?ms=1").json() is True


def test_only_what_awaits_gets_a_task() -> None:
    assert not _loop._suspends(immediate)
    assert _loop._suspends(nested)
    assert _loop._suspends(streaming)
    assert inspect.iscoroutinefunction(immediate)


@pytest.mark.parametrize("waits", [True, False])
def test_errors_leave_as_from_a_sync_handler(waits: bool) -> None:
    async def refuse() -> Any:
        raise HttpError(409, "taken")

    async def refuse_late() -> Any:
        await asyncio.sleep(0)
        raise HttpError(409, "taken")

    reply = answer(refuse_late if waits else refuse)
    assert (reply.status, reply.json()["detail"]) == (409, "taken")


@pytest.mark.parametrize("waits", [True, False])
def test_no_task_meets_the_next_request(waits: bool) -> None:
    log: list[str] = []

    async def background() -> None:
        log.append("started")
        try:
            while True:
                await asyncio.sleep(0.001)
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def leave() -> Any:
        task = asyncio.create_task(background())
        return {"made": not task.done()}

    async def leave_late() -> Any:
        task = asyncio.create_task(background())
        await asyncio.sleep(0.003)
        return {"made": not task.done()}

    reply = answer(leave_late if waits else leave)
    assert reply.json() == {"made": True}
    # A task that has not started yet is canceled before its first step.
    assert log == (["started", "cancelled"] if waits else [])
    assert not asyncio.all_tasks(_loop._loop)
    assert not _loop._loop._is_busy() or _loop._loop.spawned


@pytest.mark.parametrize("spins", [True, False])
def test_a_task_that_refuses_to_end_stays_behind(spins: bool) -> None:
    before = _loop._loop
    steps: list[int] = []

    async def stubborn() -> None:
        while True:
            try:
                await (asyncio.sleep(0) if spins else asyncio.Event().wait())
            except asyncio.CancelledError:
                steps.append(1)

    async def leave() -> Any:
        task = asyncio.create_task(stubborn())
        await asyncio.sleep(0)
        return {"left": not task.done()}

    assert answer(leave).json() == {"left": True}
    assert _loop._loop is not before
    assert len(steps) == _loop._ROUNDS
    assert answer(sleeping).json() is True
    assert len(steps) == _loop._ROUNDS


def test_timers_do_not_outlive_the_request() -> None:
    fired: list[int] = []

    async def leave() -> Any:
        asyncio.get_running_loop().call_later(0.001, fired.append, 1)
        return "ok"

    assert answer(leave).text == "ok"
    assert answer(sleeping).json() is True
    assert fired == []


@pytest.mark.parametrize("first", [0.0, 0.001])
def test_a_generator_left_open_is_closed(first: float) -> None:
    log: list[str] = []
    kept: list[AsyncIterator[int]] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            await asyncio.sleep(0)
            log.append("closed")

    async def leave() -> Any:
        if first:
            await asyncio.sleep(first)
        kept.append(numbers())
        return [await anext(kept[0])]

    reply = answer(leave)
    assert (reply.failure, reply.json()) == (None, [1])
    assert log == ["closed"]
    assert answer(streaming).json() == [0, 1, 2]


def test_waiting_for_nothing_is_an_error() -> None:
    async def stuck() -> Any:
        await asyncio.get_running_loop().create_future()

    async def threaded() -> Any:
        return await asyncio.to_thread(len, "a")

    failure = answer(stuck).failure
    assert failure is not None
    assert "awaits something that can never finish" in failure
    assert answer(sleeping).json() is True
    failure = answer(threaded).failure
    assert failure is not None
    assert failure.startswith("RuntimeError: a component has no threads")


def test_the_client_works_within_an_asynchronous_test() -> None:
    async def test() -> Any:
        loop = asyncio.get_running_loop()
        reply = answer(sleeping)
        assert asyncio.get_running_loop() is loop
        return reply.json()

    assert asyncio.run(test()) is True
