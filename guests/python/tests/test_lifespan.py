"""Functions that run at the start and stop of the host, and in each instance."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from spikard_wasm import (
    DefinitionError,
    HookReply,
    HttpError,
    Spikard,
    Store,
    _local,
    _run,
)
from spikard_wasm._testing.host import Host, Task
from spikard_wasm._testing.services import Services
from spikard_wasm.testing import TestClient


def test_the_host_runs_the_start_and_the_stop_once() -> None:
    app, ran = Spikard(), list[str]()

    @app.on_start
    async def migrate() -> None:
        await asyncio.sleep(0.001)
        app.globals["version"] = 3
        ran.append("migrate")

    @app.on_start
    def warm() -> None:
        ran.append("warm")

    @app.on_stop
    async def flush() -> None:
        await Store().set("flushed", "yes")
        ran.append("flush")

    @app.get("/")
    def version() -> Any:
        ran.append("request")
        return app.globals["version"]

    with TestClient(app) as client:
        assert ran == ["migrate", "warm"]
        assert [client.get("/").json() for _ in range(2)] == [3, 3]
    client.close()
    assert ran == ["migrate", "warm", "request", "request", "flush"]
    assert client.store()["flushed"] == b"yes"
    with pytest.raises(RuntimeError, match="the test client is closed"):
        client.get("/")


def test_the_numbers_of_the_lifespan_follow_those_of_the_routes() -> None:
    app = Spikard()
    app.get("/a")(lambda: 1)
    app.get("/b")(lambda: 1)
    app.on_stop(lambda: None)
    assert '"lifespan":{"stop":2}' in app.describe().settings
    app.on_start(lambda: None)
    assert '"lifespan":{"start":2,"stop":3}' in app.describe().settings


def test_a_failed_start_names_the_error() -> None:
    app = Spikard()

    @app.on_start
    async def migrate() -> None:
        await asyncio.sleep(0)
        raise HttpError(404, "no table `users`")

    app.get("/")(lambda: "served")
    client = TestClient(app)
    with pytest.raises(RuntimeError, match="`on_start`: `migrate` failed: 404 no table `users`"):
        client.get("/")


def test_a_function_of_the_lifespan_takes_no_argument() -> None:
    app = Spikard()
    for decorate in (app.on_start, app.on_stop, app.on_instance):
        with pytest.raises(DefinitionError, match=r"`f` takes the argument `request`.*`f\(\)`"):

            @decorate
            def f(request: Any) -> None: ...

    with pytest.raises(DefinitionError, match="is not a function"):
        app.on_start(3)  # type: ignore[type-var]


class Instance:
    """An instance that serves several requests at once."""

    def __init__(self, app: Spikard) -> None:
        handler, _, hooks, resumable = app.exports().classes
        self.handler, self.hooks = handler(), hooks()
        self.host = Host(Services(slow=frozenset()), resumable())
        self.host.reset()

    def start(self, route: int = 0) -> Task:
        sent = _local.Exchange()
        return self.host.start(sent, lambda: self.handler.handle(route, "", _local.BodyEmpty()))

    def finish(self) -> None:
        while self.host.step():
            pass
        assert (_run.loop.operations, list(_run.loop.ready)) == ({}, [])


def of(task: Task) -> Any:
    return task.exchange.failures[-1][0] if task.exchange.failures else task.answer[2].value


def test_an_instance_begins_once_for_all_that_wait() -> None:
    app, ran = Spikard(), list[str]()

    @app.on_instance
    async def load() -> None:
        ran.append("begun")
        await asyncio.sleep(0.01)
        ran.append("loaded")

    app.get("/sync")(lambda: f"{len(ran)}")

    @app.get("/async")
    async def waiting() -> str:
        await asyncio.sleep(0)
        return f"{len(ran)} waited"

    instance = Instance(app)
    tasks = [instance.start(route) for route in (0, 1, 0)]
    assert [task.answered for task in tasks] == [False] * 3
    instance.finish()
    assert [of(task) for task in tasks] == ["2", "2 waited", "2"]
    later = instance.start(0)
    assert later.answered  # without a task
    assert (of(later), ran) == ("2", ["begun", "loaded"])


def test_a_failed_instance_fails_the_requests_that_wait_and_is_tried_again() -> None:
    app, ran = Spikard(), list[int]()

    @app.on_instance
    async def load() -> None:
        ran.append(1)
        await asyncio.sleep(0.001)
        if len(ran) < 2:
            raise ConnectionError("no cache")

    app.get("/")(lambda: "served")
    instance = Instance(app)
    tasks = [instance.start(), instance.start()]
    instance.finish()
    assert [of(task) for task in tasks] == ["ConnectionError: no cache"] * 2
    again = instance.start()
    instance.finish()
    assert (of(again), len(ran)) == ("served", 2)


def test_a_request_goes_on_with_an_instance_that_another_one_left() -> None:
    app, ran = Spikard(), list[int]()

    @app.on_instance
    async def load() -> None:
        ran.append(1)
        await asyncio.sleep(0.001)

    app.get("/")(lambda: "served")
    instance = Instance(app)
    first, second = instance.start(), instance.start()
    instance.host.cancel(first)
    instance.finish()
    assert (of(second), len(ran)) == ("served", 2)


def test_hooks_run_after_the_instance_has_begun() -> None:
    app, ran = Spikard(), list[str]()
    app.on_instance(lambda: ran.append("instance"))
    app.on_request(lambda: ran.append("request"))
    app.get("/")(lambda: ran.append("handler"))
    client = TestClient(app)
    assert [client.get("/").status for _ in range(2)] == [204, 204]
    assert ran == ["instance", "request", "handler", "request", "handler"]


def test_the_functions_of_the_instance_run_after_those_of_the_start() -> None:
    app, ran = Spikard(), list[str]()
    app.on_instance(lambda: ran.append("instance"))
    app.on_start(lambda: ran.append("start"))
    app.on_stop(lambda: ran.append("stop"))
    app.get("/")(lambda: ran.append("handler"))
    with TestClient(app) as client:
        client.get("/")
    assert ran == ["start", "instance", "handler", "stop"]


def test_an_error_without_a_route_runs_the_hooks_of_the_app() -> None:
    app = Spikard()

    @app.on_error
    def shape(reply: HookReply, request: Any, message: str) -> None:
        reply.headers["x-shaped"] = message

    hooks = Instance(app).hooks
    status, headers, _ = hooks.on_error(0xFFFF_FFFF, 404, "[]", "no route")
    assert (status, headers) == (404, '[["x-shaped","no route"]]')


def test_a_lifespan_is_entered_by_each_instance() -> None:
    ran = list[str]()

    @asynccontextmanager
    async def lifespan(app: Spikard) -> AsyncIterator[None]:
        ran.append(f"enter {app.name}")
        async for number in numbers():
            ran.append(f"number {number}")
            break
        await asyncio.sleep(0.001)
        yield
        await asyncio.sleep(0.001)
        ran.append("leave")

    async def numbers() -> AsyncIterator[int]:
        yield 1
        yield 2

    app = Spikard("shop", lifespan=lifespan)
    app.on_instance(lambda: ran.append("instance"))
    app.on_stop(lambda: ran.append("stop"))

    @app.get("/")
    async def waiting() -> None:
        await asyncio.sleep(0.001)
        ran.append("request")

    with TestClient(app) as client:
        assert [client.get("/").status for _ in range(2)] == [204, 204]
    begun = ["enter shop", "number 1", "instance"]
    assert ran == [*begun, "request", "request", "stop", "leave"]


def test_a_lifespan_that_fails_fails_the_request() -> None:
    tries = list[int]()

    @asynccontextmanager
    async def lifespan(_: Spikard) -> AsyncIterator[int | None]:
        tries.append(1)
        if len(tries) == 1:
            raise ConnectionError("no cache")
        yield 7 if len(tries) == 2 else None

    app = Spikard(lifespan=lifespan)
    app.get("/")(lambda: "served")
    client = TestClient(app)
    replies = [client.get("/") for _ in range(3)]
    assert [reply.status for reply in replies] == [500, 500, 200]
    assert "ConnectionError: no cache" in (replies[0].failure or "")
    assert "yields `7`, and requests have no state" in (replies[1].failure or "")


def test_a_lifespan_that_waits_forever_is_an_error() -> None:
    @asynccontextmanager
    async def lifespan(_: Spikard) -> AsyncIterator[None]:
        await asyncio.get_running_loop().create_future()
        yield

    app = Spikard(lifespan=lifespan)
    app.get("/")(lambda: "served")
    failure = TestClient(app).get("/").failure or ""
    assert "awaits something that can never finish" in failure
