"""ASGI applications as apps. `examples/asgi` tests one of Starlette."""

import asyncio
import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

from spikard_wasm import DefinitionError, _late, _run, _started, asgi, entry
from spikard_wasm.testing import TestClient


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Replies with what it has received."""
    if scope["type"] != "http":
        raise ValueError("this application knows no lifespan")
    message = await receive()
    scope = {key: value for key, value in scope.items() if key != "asgi"}
    body = repr({**scope, "body": message["body"]}).encode()
    headers = [(b"content-type", b"text/plain"), (b"x-name", "é".encode("latin-1"))]
    await send({"type": "http.response.start", "status": 201, "headers": headers})
    await send({"type": "http.response.body", "body": body[:5], "more_body": True})
    await asyncio.sleep(0.001)
    await send({"type": "http.response.body", "body": body[5:]})


def test_a_request_becomes_a_scope() -> None:
    client = TestClient(asgi.service(echo))
    reply = client.post("/a%20b/%C3%A9?x=%201", content=b"\xff", headers={"host": "h:81"})
    assert (reply.status, reply.header("x-name")) == (201, "é")
    assert eval(reply.text) == {
        "type": "http",
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/a b/é",
        "raw_path": b"/a%20b/%C3%A9",
        "query_string": b"x=%201",
        "root_path": "",
        "headers": [(b"host", b"h:81"), (b"content-type", b"application/octet-stream")],
        "client": ("127.0.0.1", 50122),
        "server": ("h", 81),
        "state": {},
        "extensions": {},
        "body": b"\xff",
    }
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert client.request(method, "/").status == 201
    parts = client.post("/", files=[("f", ("a.txt", b"abc"))]).text
    assert "multipart/form-data" in parts
    assert "abc" in parts
    assert _run.loop.calls == {}


def service(*messages: Any, then: Any = None) -> TestClient:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        for message in messages if scope["type"] == "http" else ():
            await send(message)
        if then is not None and scope["type"] == "http":
            await then(receive)

    return TestClient(asgi.service(application))


START = {"type": "http.response.start", "status": 200}
BODY = {"type": "http.response.body", "body": b"ok"}


def test_the_application_works_after_the_response(capsys: pytest.CaptureFixture[str]) -> None:
    done = list[str]()

    async def then(receive: Any) -> None:
        assert (await receive())["type"] == "http.request"
        done.append((await receive())["type"])
        await asyncio.sleep(0.001)
        done.append("slept")

    assert service(START, BODY, then=then).get("/").text == "ok"
    assert done == ["http.disconnect", "slept"]

    async def fail(_receive: Any) -> None:
        raise KeyError("late")

    assert service(START, BODY, then=fail).get("/").text == "ok"
    assert "KeyError: 'late': a task failed" in capsys.readouterr().err


def test_faults_of_an_application_are_status_500() -> None:
    async def fail(_receive: Any) -> None:
        raise KeyError("x")

    async def wait(receive: Any) -> None:
        await receive()
        await receive()

    cases = {
        "KeyError: 'x'": service(START, then=fail),
        "without a complete response": service(START),
        "started its response twice": service(START, START),
        "before `http.response.start`": service(BODY),
        "sends `http.response.trailers`": service(START, {"type": "http.response.trailers"}),
        "can never finish": service(then=wait),
    }
    for reason, client in cases.items():
        reply = client.get("/")
        assert reply.status == 500
        assert reason in (reply.failure or "")


def test_a_response_without_end_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "MAX_RESPONSE", 100)
    more = {**BODY, "body": b"x" * 60, "more_body": True}
    failure = service(START, more, more).get("/").failure or ""
    assert "the response is larger than 100 bytes" in failure


def lifespan(events: list[str], failure: str | None = None) -> Any:
    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            events.append(scope["state"]["name"])
            await send(START)
            await send(BODY)
            return
        events.append((await receive())["type"])
        await asyncio.sleep(0.001)
        if failure is not None:
            await send({"type": "lifespan.startup.failed", "message": failure})
            raise ValueError(failure)
        scope["state"]["name"] = "state"
        await send({"type": "lifespan.startup.complete"})
        events.append((await receive())["type"])
        await send({"type": "lifespan.shutdown.complete"})

    return application


def test_the_lifespan_runs_in_each_instance() -> None:
    events = list[str]()
    with TestClient(asgi.service(lifespan(events))) as client:
        assert [client.get("/").text for _ in range(2)] == ["ok", "ok"]
        assert events == ["lifespan.startup", "state", "state"]
    assert events[3:] == ["lifespan.shutdown"]


def test_a_failed_lifespan_fails_the_request() -> None:
    reply = TestClient(asgi.service(lifespan([], "no database"))).get("/")
    assert reply.status == 500
    assert "the application did not start: no database" in (reply.failure or "")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A folder of an app, whose modules are removed after the test."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        del sys.modules[name]
    importlib.invalidate_caches()


def test_an_entry_finds_the_app(folder: Path) -> None:
    (folder / "plain.py").write_text("async def app(scope, receive, send): ...\nx = 3\n")
    (folder / "own.py").write_text(
        "from spikard_wasm import Spikard\nservice = Spikard('own')\nservice.get('/')(lambda: 1)\n"
    )
    _, definition, _, _ = entry.load("plain")
    assert definition().describe().routes[0].name == "asgi"
    _, definition, _, _ = entry.load("own:service")
    assert definition().describe().name == "own"
    (folder / "pyproject.toml").write_text('[tool.spikard-wasm]\nmodule = "own:service"')
    assert entry.load()[1]().describe().name == "own"
    with pytest.raises(DefinitionError, match="the module `own` has no variable `app`"):
        entry.load("own")
    with pytest.raises(DefinitionError, match="`x` of `plain` is `3`"):
        entry.load("plain:x")


def test_late_imports_are_collected(folder: Path) -> None:
    (folder / "main.py").write_text(
        "def f():\n    import one.two\n    from absent import x\n    from . import y\n"
        "async def g():\n    from one import three\n"
    )
    (folder / "one").mkdir()
    for name in ("__init__", "two", "three", "four", "five"):
        (folder / f"one/{name}.py").touch()
    (folder / "one/three.py").write_text("h = lambda: __import__('one.five')\n")
    (folder / "pyproject.toml").write_text('[tool.spikard-wasm]\ninclude = ["one.four"]')
    _late.collect(vars(importlib.import_module("main")))
    assert {"one.two", "one.three", "one.four"} <= sys.modules.keys()
    assert "one.five" not in sys.modules
    _late.include(["one.*"])
    assert "one.five" in sys.modules
    with pytest.raises(DefinitionError, match="names `absent`, which cannot be imported"):
        _late.include(["absent"])
    with pytest.raises(DefinitionError, match="give it a list of modules"):
        _late.include("one")
    (folder / "pyproject.toml").write_text('[tool.spikard-wasm]\nincludes = ["one.four"]')
    with pytest.raises(DefinitionError, match="the unknown member `includes`"):
        _late.options(folder)


def test_a_late_import_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [*sys.meta_path, _late.LateFinder()])
    with pytest.raises(ModuleNotFoundError, match=r"`absent.*`include = \[\"absent\"\]`") as error:
        importlib.import_module("absent")
    assert error.value.name == "absent"
    monkeypatch.setattr(_started, "started", False)
    with pytest.raises(ModuleNotFoundError, match="No module named 'absent'"):
        importlib.import_module("absent")
