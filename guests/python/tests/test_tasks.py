"""Several tasks of the host in one instance: cancellation, and awaiting one another's futures."""

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

import pytest

from spikard_wasm import (
    HookReply,
    HttpError,
    LocalContext,
    Request,
    Spikard,
    _local,
    _operations,
    _run,
)
from spikard_wasm._testing.host import Host, Task
from spikard_wasm._testing.services import Log, Services


class Instance:
    """An instance of an app, whose requests can be in progress at once."""

    def __init__(self, **handlers: Callable[..., Any]) -> None:
        app = Spikard()
        self._routes = list(handlers)
        for name, handler in handlers.items():
            app.get(f"/{name}")(handler)
        handler_class, _, hooks, resumable = app.exports().classes
        self.handler, self.hooks = handler_class(), hooks()
        self.host = Host(Services(slow=frozenset()), resumable())
        self.host.reset()

    def start(self, name: str, user: str = "") -> Task:
        exchange = _local.Exchange(path=f"/{name}", id=user, headers=[("x-user", user.encode())])
        route = self._routes.index(name)
        return self.host.start(exchange, lambda: self.handler.handle(route, "", _local.BodyEmpty()))

    def finish(self) -> None:
        while self.host.step():
            pass
        loop = _run.loop
        assert (loop.operations, loop.calls, loop.idle, list(loop.ready)) == ({}, {}, set(), [])
        assert not self.host._tasks


def value(task: Task) -> Any:
    assert task.exchange.failures == []
    return task.answer[2].value


async def nap(seconds: float = 0.01) -> None:
    await asyncio.sleep(seconds)


def test_a_handler_that_does_not_wait_asks_for_no_task() -> None:
    async def inner() -> str:
        return "done"

    async def handler() -> str:
        return await inner()

    instance = Instance(handler=handler)
    asked: list[int] = []
    task = instance.host.task

    def ask() -> int:
        asked.append(1)
        return task()

    setattr(instance.host, "task", ask)  # noqa: B010
    assert value(instance.start("handler")) == "done"
    assert asked == []


def test_requests_keep_apart_while_they_wait() -> None:
    async def handler(request: Request, local: LocalContext) -> Any:
        local["user"] = request.id
        await nap(0.3 if request.id == "ada" else 0.1)
        return f"{request.id} {request.header('x-user')} {local['user']}"

    instance = Instance(handler=handler)
    tasks = [instance.start("handler", name) for name in ("ada", "bob", "eve")]
    assert [task.answered for task in tasks] == [False] * 3
    instance.finish()
    assert [value(task) for task in tasks] == [f"{n} {n} {n}" for n in ("ada", "bob", "eve")]


def test_two_requests_await_one_future() -> None:
    shared: list[asyncio.Task[str]] = []

    async def load() -> str:
        await nap(0.03)
        return "loaded"

    async def handler(request: Request) -> str:
        if not shared:
            shared.append(asyncio.create_task(load()))
        found = await asyncio.shield(shared[0])
        return f"{found} {request.id}"

    instance = Instance(handler=handler)
    first, second = instance.start("handler", "ada"), instance.start("handler", "bob")
    assert not first.answered
    assert not second.answered
    instance.finish()
    assert (value(first), value(second)) == ("loaded ada", "loaded bob")


def test_a_request_whose_shared_future_is_cancelled_fails() -> None:
    shared: list[asyncio.Task[None]] = []

    async def handler() -> str:
        if not shared:
            shared.append(asyncio.create_task(nap(60)))
        await asyncio.shield(shared[0])
        return "unreachable"

    instance = Instance(handler=handler)
    first, second = instance.start("handler"), instance.start("handler")
    instance.host.cancel(first)
    assert first.exchange.failures == []
    assert second.answered
    assert second.exchange.failures[0][0].startswith("asyncio.exceptions.CancelledError")
    instance.finish()


def test_a_request_that_waits_for_another_fails_when_that_one_forgets_it() -> None:
    event = asyncio.Event()

    async def owner() -> str:
        await nap(0.03)
        return "done, without setting the event"

    async def waiter() -> str:
        await event.wait()
        return "unreachable"

    instance = Instance(owner=owner, waiter=waiter)
    first, second = instance.start("owner"), instance.start("waiter")
    instance.finish()
    assert value(first).startswith("done")
    message = second.exchange.failures[0][0]
    assert "can never finish" in message
    assert "test_tasks.py" in message


@pytest.mark.parametrize("sync", [True, False])
def test_a_handler_without_await_wakes_another(sync: bool) -> None:
    events: list[asyncio.Event] = []

    async def waiter(request: Request) -> str:
        events.append(asyncio.Event())
        async with asyncio.timeout(1):
            await events[0].wait()
        return request.id

    async def setter_async() -> str:
        events[0].set()
        return "set"

    def setter() -> str:
        events[0].set()
        return "set"

    instance = Instance(waiter=waiter, setter=setter if sync else setter_async)
    waiting = instance.start("waiter", "ada")
    assert not waiting.answered
    assert value(instance.start("setter")) == "set"
    before = time.monotonic()
    instance.finish()
    assert time.monotonic() - before < 0.5
    assert value(waiting) == "ada"


@pytest.mark.parametrize("sync", [True, False])
def test_a_request_is_selected_anew_in_each_call(sync: bool) -> None:
    events: list[asyncio.Event] = []

    async def waiter(request: Request) -> str:
        events.extend([asyncio.Event(), asyncio.Event()])
        log = []
        for event in events:
            async with asyncio.timeout(1):
                await event.wait()
            log.append(request.id)
        return " ".join(log)

    async def setter_async() -> None:
        events[len([event for event in events if event.is_set()])].set()

    def setter() -> None:
        events[len([event for event in events if event.is_set()])].set()

    instance = Instance(waiter=waiter, setter=setter if sync else setter_async)
    waiting = instance.start("waiter", "ada")
    for user in ("bob", "eve"):
        instance.start("setter", user)
        if sync:
            instance.host.step()
    instance.finish()
    assert value(waiting) == "ada ada"


def test_cancelling_runs_the_cleanup_code() -> None:
    log: list[str] = []

    class Resource:
        async def __aenter__(self) -> None:
            log.append("opened")

        async def __aexit__(self, *_: object) -> None:
            await nap()
            log.append("closed")

    async def child() -> None:
        try:
            await nap(60)
        finally:
            log.append("child")

    async def handler() -> str:
        async with Resource(), asyncio.timeout(90):
            task = asyncio.create_task(child())
            try:
                await task
            finally:
                log.append("finally")
        return "unreachable"

    instance = Instance(handler=handler)
    task = instance.start("handler")
    assert log == ["opened"]
    instance.host.cancel(task)
    instance.finish()
    assert sorted(log) == ["child", "closed", "finally", "opened"]
    assert task.answer is None
    assert task.exchange.failures == []


def test_cancelling_one_of_many_leaves_the_others() -> None:
    log: list[str] = []

    async def handler(request: Request) -> str:
        try:
            await nap(0.05)
        except asyncio.CancelledError:
            log.append(request.id)
            raise
        return request.id

    instance = Instance(handler=handler)
    tasks = [instance.start("handler", str(n)) for n in range(110)]
    for task in tasks[:100]:
        instance.host.cancel(task)
    instance.finish()
    assert log == [str(n) for n in range(100)]
    assert [value(task) for task in tasks[100:]] == [str(n) for n in range(100, 110)]


def test_an_unknown_operation_or_task_is_ignored() -> None:
    _run.resume(4_000_000_000, 200, "", _local.ContentEmpty())
    _run.cancel(4_000_000_000)


def test_an_exception_after_a_wait_fails_its_request_only() -> None:
    async def fail(request: Request) -> str:
        await nap()
        raise KeyError(request.id)

    async def refuse() -> str:
        await nap()
        raise HttpError(409, "taken")

    async def work() -> str:
        await nap(0.03)
        return "worked"

    instance = Instance(fail=fail, refuse=refuse, work=work)
    tasks = [instance.start("fail", "ada"), instance.start("refuse"), instance.start("work")]
    instance.finish()
    ((message, detail),) = tasks[0].exchange.failures
    assert message == "KeyError: 'ada'"
    assert "in fail" in detail
    assert "_run.py" not in detail
    assert tasks[1].answer[0] == 409
    assert value(tasks[2]) == "worked"


@pytest.mark.parametrize("kind", ["KeyboardInterrupt", "SystemExit", "CancelledError"])
def test_an_exception_that_ends_programs_fails_the_request(kind: str) -> None:
    errors = {"KeyboardInterrupt": KeyboardInterrupt, "SystemExit": SystemExit}

    async def handler() -> str:
        await nap()
        raise errors.get(kind, asyncio.CancelledError)

    instance = Instance(handler=handler)
    task = instance.start("handler")
    instance.finish()
    assert kind in task.exchange.failures[0][0]


def test_hooks_can_wait() -> None:
    app = Spikard()
    log: list[str] = []

    @app.on_request
    async def before(request: Request) -> Any:
        await nap()
        log.append(f"before {request.path}")
        return {"early": True} if request.path == "/early" else None

    @app.on_response
    async def after(reply: HookReply, request: Request) -> None:
        await nap()
        log.append(f"after {request.path} {reply.body}")
        reply.headers["x-hooked"] = "yes"

    @app.on_response
    def unchanged() -> None:
        log.append("sync")

    @app.get("/{name}")
    async def handler(name: str) -> str:
        await nap()
        return name

    from spikard_wasm.testing import TestClient

    client = TestClient(app)
    reply = client.get("/late")
    assert (reply.text, reply.header("x-hooked")) == ("late", "yes")
    assert client.get("/early").json() == {"early": True}
    assert log == [
        *("before /late", "after /late late", "sync"),
        *("before /early", "after /early {'early': True}", "sync"),
    ]


def test_a_hook_that_fails_after_a_wait_fails_the_request() -> None:
    app = Spikard()

    @app.on_request
    async def before(request: Request) -> Any:
        await nap()
        raise HttpError(403) if request.path == "/refused" else KeyError("x")

    @app.get("/{name}")
    def handler(name: str) -> str:
        return name

    from spikard_wasm.testing import TestClient

    client = TestClient(app)
    assert client.get("/refused").status == 403
    reply = client.get("/failed")
    assert reply.status == 500
    assert (reply.failure or "").startswith("KeyError: 'x'")


def test_a_generator_is_closed_in_the_context_of_its_request() -> None:
    log: list[str] = []

    user: ContextVar[str] = ContextVar("user")

    async def numbers() -> Any:
        try:
            yield 1
            yield 2
        finally:
            await nap()
            log.append(user.get())

    async def handler(request: Request) -> str:
        user.set(request.id)
        async for number in numbers():
            await nap(0.3 if request.id == "ada" else 0.1)
            return str(number)
        return ""

    instance = Instance(handler=handler)
    tasks = [instance.start("handler", name) for name in ("ada", "bob")]
    instance.finish()
    assert [value(task) for task in tasks] == ["1", "1"]
    assert sorted(log) == ["ada", "bob"]


def test_an_operation_that_the_handler_gives_up_is_abandoned() -> None:
    async def handler() -> str:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(60), 0.001)
        pending = asyncio.create_task(nap(60))
        await asyncio.wait([pending], timeout=0.001)
        pending.cancel()
        return "done"

    instance = Instance(handler=handler)
    task = instance.start("handler")
    instance.finish()
    assert value(task) == "done"


def test_a_thousand_requests_wait_at_once() -> None:
    async def handler(request: Request) -> str:
        await nap(0.02)
        return request.id

    instance = Instance(handler=handler)
    tasks = [instance.start("handler", str(n)) for n in range(1_000)]
    instance.finish()
    assert [value(task) for task in tasks] == [str(n) for n in range(1_000)]


def test_an_operation_that_is_ready_at_once_leaves_no_task() -> None:
    async def handler() -> str:
        await _operations.operate("log", '{"level":"info"}')
        return "done"

    instance = Instance(handler=handler)
    instance.host.services = Services(Log(), slow=frozenset())
    assert value(instance.start("handler")) == "done"
    instance.finish()
