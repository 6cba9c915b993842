"""Asynchronous handlers: waiting, tasks after the reply, and cleanup."""

import asyncio
import inspect
import sys
import time
from collections.abc import AsyncIterator
from contextvars import ContextVar
from typing import Any

import pytest

from spikard_wasm import HttpError, Request, Spikard, _bind
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
    assert not _bind.suspends(immediate)
    assert _bind.suspends(nested)
    assert _bind.suspends(streaming)
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
def test_tasks_continue_after_the_reply(waits: bool) -> None:
    log: list[str] = []

    async def background(request: Request) -> None:
        log.append("started")
        with pytest.raises(RuntimeError, match="after its handler or hook returned"):
            _ = request.path
        await asyncio.sleep(0.005)
        log.append("done")

    async def leave(request: Request) -> Any:
        asyncio.create_task(background(request))
        return list(log)

    async def leave_late(request: Request) -> Any:
        await asyncio.sleep(0.002)
        asyncio.create_task(background(request))
        return list(log)

    assert answer(leave_late if waits else leave).json() == []
    assert log == ["started", "done"]


def test_a_task_that_nothing_can_wake_is_cancelled() -> None:
    log: list[str] = []

    async def background() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            log.append("cleaned up")

    async def leave() -> Any:
        task = asyncio.create_task(background())
        await asyncio.sleep(0)
        return {"left": not task.done()}

    assert answer(leave).json() == {"left": True}
    assert log == ["cleaned up"]


def test_background_work_has_a_time_limit() -> None:
    log: list[str] = []

    async def background() -> None:
        try:
            while True:
                await asyncio.sleep(0.001)
        finally:
            log.append("cleaned up")

    async def leave() -> Any:
        asyncio.create_task(background())

    app = Spikard()
    app.get("/")(leave)
    assert TestClient(app, background=0.01).get("/").status == 204
    assert log == ["cleaned up"]


@pytest.mark.parametrize("spins", [True, False])
def test_a_task_that_refuses_to_end_stays_behind(spins: bool) -> None:
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

    app = Spikard()
    app.get("/")(leave)
    app.get("/next")(sleeping)
    client = TestClient(app, background=0.01)
    assert client.get("/").json() == {"left": True}
    before = len(steps)
    assert before >= 1
    assert client.get("/next").json() is True
    assert len(steps) == before


def test_timers_fire_after_the_reply() -> None:
    fired: list[int] = []

    async def leave() -> Any:
        asyncio.get_running_loop().call_later(0.001, fired.append, 1)
        return list(fired)

    assert answer(leave).json() == []
    assert fired == [1]


def test_an_exception_in_the_background_is_logged(capsys: pytest.CaptureFixture[str]) -> None:
    async def background() -> None:
        await asyncio.sleep(0.001)
        raise KeyError("late")

    async def leave(request: Request) -> Any:
        asyncio.create_task(background(), name="mailer")
        return request.id

    reply = answer(leave)
    assert (reply.status, reply.failure) == (200, None)
    logged = capsys.readouterr().err
    assert "mailer" in logged
    assert "KeyError: 'late'" in logged
    if sys.version_info >= (3, 12):
        assert f"request `{reply.text}`" in logged


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
    log: list[str] = []

    async def stuck() -> Any:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            log.append("cleaned up")

    async def stuck_late() -> Any:
        await asyncio.sleep(0.001)
        await asyncio.Event().wait()

    failure = answer(stuck).failure
    assert failure is not None
    assert "awaits something that can never finish" in failure
    assert log == ["cleaned up"]
    assert "can never finish" in (answer(stuck_late).failure or "")
    assert answer(sleeping).json() is True


def test_what_a_component_lacks_is_refused() -> None:
    async def threaded() -> Any:
        return await asyncio.to_thread(len, "a")

    async def connected() -> Any:
        return await asyncio.open_connection("127.0.0.1", 80)

    async def controlled() -> Any:
        await asyncio.sleep(0)
        asyncio.get_running_loop().stop()

    for handler, words in [
        (threaded, "RuntimeError: a component has no threads"),
        (connected, "send requests with `spikard_wasm.http`"),
        (controlled, "the host runs the event loop"),
    ]:
        assert words in (answer(handler).failure or "")


@pytest.mark.parametrize("waits", [True, False])
def test_the_context_follows_the_task(waits: bool) -> None:
    user: ContextVar[str] = ContextVar("user", default="anonymous")

    async def who() -> str:
        if waits:
            await asyncio.sleep(0.001)
        return user.get()

    async def handler(name: str) -> Any:
        user.set(name)
        return await asyncio.gather(who(), asyncio.create_task(who()))

    assert answer(handler, "/?name=ada").json() == ["ada", "ada"]
    assert user.get() == "anonymous"


def test_a_group_cancels_its_other_tasks() -> None:
    log: list[str] = []

    async def fail() -> None:
        await asyncio.sleep(0.001)
        raise KeyError("x")

    async def wait() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            log.append("cancelled")

    async def handler() -> Any:
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(wait())
                group.create_task(fail())
        except* KeyError as error:
            log.append(repr(error.exceptions))
        return log

    assert answer(handler).json() == ["cancelled", "(KeyError('x'),)"]


def test_locks_events_and_semaphores_work() -> None:
    async def handler() -> Any:
        log: list[int] = []
        lock, event, two = asyncio.Lock(), asyncio.Event(), asyncio.Semaphore(2)

        async def work(n: int) -> None:
            await event.wait()
            async with two, lock:
                await asyncio.sleep(0.001)
                log.append(n)

        async with asyncio.TaskGroup() as group:
            for n in range(4):
                group.create_task(work(n))
            await asyncio.sleep(0.001)
            event.set()
        return log

    assert answer(handler).json() == [0, 1, 2, 3]


def test_a_handler_can_call_another_app() -> None:
    async def outer(request: Request) -> Any:
        await asyncio.sleep(0.001)
        inner = await asyncio.gather(asyncio.to_thread(len, "a"), return_exceptions=True)
        return [type(inner[0]).__name__, answer(sleeping).json(), request.path]

    assert answer(outer).json() == ["RuntimeError", True, "/"]


def test_a_lock_of_a_module_works_with_every_client() -> None:
    lock = asyncio.Lock()

    async def handler() -> Any:
        async def work() -> None:
            async with lock:
                await asyncio.sleep(0.001)

        await asyncio.gather(work(), work())
        return True

    assert [answer(handler).json() for _ in range(2)] == [True, True]


def test_many_turns_let_the_host_work() -> None:
    async def handler() -> Any:
        for _ in range(2_500):
            await asyncio.sleep(0)
        return "done"

    assert answer(handler).text == "done"


def test_too_many_timers_are_an_error_of_the_handler() -> None:
    async def handler() -> Any:
        await asyncio.gather(*(asyncio.sleep(0.01) for _ in range(2_000)))

    reply = answer(handler)
    assert reply.status == 500
    assert "operations in progress" in (reply.failure or "")


def test_the_client_works_within_an_asynchronous_test() -> None:
    async def test() -> Any:
        loop = asyncio.get_running_loop()
        reply = answer(sleeping)
        assert asyncio.get_running_loop() is loop
        return reply.json()

    assert asyncio.run(test()) is True
