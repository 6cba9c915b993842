"""Hooks: their order, their arguments, and their effect on requests and replies."""

import asyncio
import json
from typing import Any

import pytest

from spikard_wasm import (
    ApiKey,
    DefinitionError,
    HookReply,
    HttpError,
    RateLimit,
    Reply,
    Request,
    RouteHooks,
    Spikard,
)
from spikard_wasm.testing import TestClient, TestReply


def note(word: str) -> Any:
    """Returns a hook that records a word in the local context."""

    def hook(*given: Any) -> None:
        request = next(item for item in given if isinstance(item, Request))
        request.local["log"] = [*request.local.get("log", []), word]

    return hook


def settings(app: Spikard) -> tuple[Any, Any]:
    described = app.describe()
    own = described.routes[0].settings
    return json.loads(described.settings or "{}"), json.loads(own or "{}")


def test_hooks_run_in_the_order_of_the_host_the_apps_first() -> None:
    app = Spikard()
    kinds = ("pre_handler", "on_request", "pre_validation")
    own = {kind: [note(f"{kind} 3"), note(f"{kind} 4")] for kind in kinds}

    @app.get("/", hooks=RouteHooks(**own))
    def handler(request: Request) -> Any:
        return request.local["log"]

    for kind in kinds:  # hooks of the app can be added after its routes
        getattr(app, kind)(note(f"{kind} 1"))
        getattr(app, kind)(note(f"{kind} 2"))
    order = ("on_request", "pre_validation", "pre_handler")
    assert TestClient(app).get("/").json() == [f"{kind} {n}" for kind in order for n in "1234"]


def test_the_description_names_the_kinds() -> None:
    app = Spikard()
    app.get("/", hooks=RouteHooks(on_error=[note("x")], pre_handler=(note("x"),)))(lambda: None)
    assert settings(app) == ({}, {"hooks": ["pre-handler", "on-error"]})
    app.on_response(note("x"))
    app.on_request(note("x"))
    app.pre_validation(note("x"))
    assert settings(app)[0] == {"hooks": ["on-request", "pre-validation", "on-response"]}
    assert settings(without_hooks()) == ({}, {})


def without_hooks() -> Spikard:
    app = Spikard()
    app.get("/", hooks=RouteHooks())(lambda: None)
    return app


@pytest.mark.parametrize("kind", ["on_request", "pre_validation", "pre_handler"])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (lambda: {"a": 1}, (200, b'{"a":1}')),
        (lambda: "text", (200, b"text")),
        (lambda: Reply(status=204), (204, b"")),
        (lambda: Reply(b"x", status=418), (418, b"x")),
        (lambda: False, (200, b"false")),
    ],
)
def test_a_hook_may_answer(kind: str, answer: Any, expected: Any) -> None:
    app = Spikard()
    called: list[str] = []

    @app.get("/")
    def handler() -> None:
        called.append("handler")

    getattr(app, kind)(answer)
    getattr(app, kind)(lambda: called.append("later"))
    reply = TestClient(app).get("/")
    assert (reply.status, reply.body) == expected
    assert called == []


def test_what_hooks_see_of_the_request() -> None:
    app = Spikard()
    seen: list[Any] = []

    @app.on_request
    def early(request: Request) -> None:
        seen.append([request.path, request.header("x-a"), request.raw_body(), request.params])

    @app.pre_handler
    async def late(request: Request) -> None:
        await asyncio.sleep(0)
        seen.append([request.params, request.json(), request.text()])
        with pytest.raises(RuntimeError, match="call `raw_body\\(\\)` in a hook"):
            request.form()

    @app.post("/{n}")
    def handler(n: int, body: dict[str, int], request: Request) -> Any:
        return request.params

    reply = TestClient(app).post("/7", json={"a": 1}, headers={"x-a": "b"})
    assert reply.json() == {"n": 7}
    assert seen == [["/7", "b", b"", {}], [{"n": 7}, {"a": 1}, '{"a": 1}']]


def test_a_body_that_a_hook_cannot_read_is_the_clients_error() -> None:
    app = Spikard()
    reads = {"/json": Request.json, "/text": Request.text}
    for path, read in reads.items():
        app.post(path, hooks=RouteHooks(pre_handler=[read]))(lambda: None)
    client = TestClient(app)
    kind = {"content-type": "application/problem+json; charset=utf-8"}
    assert client.post("/json", content=b"{", headers=kind).status == 400
    assert client.post("/json", content=b"{}", headers=kind).json() == {}
    assert client.post("/json", text="{}").status == 415
    assert client.post("/text", content=b"\xff", headers={"Content-Type": "text/a"}).status == 400
    assert client.post("/text", content=b"{}").status == 415


def changed(hook: Any, body: Any = ...) -> TestReply:
    app = Spikard()
    app.on_response(hook)

    @app.get("/")
    def handler() -> Any:
        return Reply({"a": [1]} if body is ... else body, headers=[("X-A", "1"), ("x-b", "2")])

    return TestClient(app).get("/")


def test_a_reply_may_be_changed() -> None:
    def hook(reply: HookReply, request: Request) -> None:
        assert (reply.status, reply.body) == (200, {"a": [1]})
        reply.status = 203
        reply.headers.set("X-B", request.method)
        reply.headers.append("set-cookie", "a=1")
        reply.headers.append("set-cookie", "b=2")
        reply.headers.remove("x-a")
        reply.body["a"].append(2)

    reply = changed(hook)
    assert (reply.status, reply.json()) == (203, {"a": [1, 2]})
    assert reply.headers[1:] == [("x-b", "GET"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]


@pytest.mark.parametrize(
    ("before", "seen"),
    [({"a": True}, {"a": True}), ("text", "text"), (b"\x00", b"\x00"), (None, None)],
)
@pytest.mark.parametrize(
    ("after", "expected"), [("t", b"t"), ([1], b"[1]"), (b"b", b"b"), (None, b"")]
)
def test_a_body_may_be_set(before: Any, seen: Any, after: Any, expected: bytes) -> None:
    def hook(reply: HookReply) -> None:
        assert reply.body == seen
        reply.body = after
        assert reply.body == after

    reply = changed(hook, before)
    # A handler that returns `None` replies with 204, which has no body.
    assert (reply.failure, reply.body) == (None, b"" if reply.status == 204 else expected)


def test_a_reply_that_is_only_looked_at_stays() -> None:
    app = Spikard()
    app.get("/")(lambda: None)

    @app.on_response
    def look(reply: HookReply) -> Any:
        assert (reply.body, dict(reply.headers), repr(reply)) == (None, {}, "HookReply(204, [])")
        return reply

    _, _, hooks = app.component()
    assert hooks().on_response(0, 204, "") is None


def test_a_change_in_place_is_not_missed() -> None:
    def hook(reply: HookReply) -> None:
        reply.body["a"] = [True]  # equal to `[1]`

    assert changed(hook).body == b'{"a":[true]}'


def test_a_reply_may_be_replaced_and_later_hooks_see_it() -> None:
    app = Spikard()
    app.get("/")(lambda: Reply("old", headers={"x-old": "1"}))

    @app.on_response
    def replace() -> Reply:
        return Reply({"new": 1}, status=201, headers=[("x-new", "1")])

    @app.on_response
    def add(reply: HookReply) -> None:
        reply.headers["x-seen"] = json.dumps([reply.status, reply.body, list(reply.headers)])

    reply = TestClient(app).get("/")
    assert (reply.status, reply.json(), reply.header("x-old")) == (201, {"new": 1}, None)
    assert reply.header("x-seen") == '[201, {"new": 1}, ["x-new"]]'


def test_the_headers_are_a_mapping_by_names_in_any_case() -> None:
    def hook(reply: HookReply) -> None:
        headers = reply.headers
        assert headers["X-a"] == headers.get("x-A") == "1"
        assert (headers.get("none"), "none" in headers, "X-B" in headers) == (None, False, True)
        headers.append("x-A", "3")
        assert (headers["x-a"], headers.get_all("x-a"), len(headers)) == ("1, 3", ["1", "3"], 2)
        headers["x-a"] = "4"
        assert headers.pairs() == [("x-a", "4"), ("x-b", "2")]
        assert repr(headers) == "ReplyHeaders([('x-a', '4'), ('x-b', '2')])"
        del headers["X-B"]
        headers.remove("x-b")
        with pytest.raises(KeyError):
            del headers["x-b"]
        with pytest.raises(KeyError):
            headers["x-b"]
        with pytest.raises(ValueError, match="control character"):
            headers["x-c"] = "a\r\nb: c"
        with pytest.raises(ValueError, match="not a token"):
            headers.append("a b", "c")
        with pytest.raises(ValueError, match="status `99` is not"):
            reply.status = 99

    reply = changed(hook)
    assert (reply.failure, reply.headers[1:]) == (None, [("x-a", "4")])


def test_errors_come_with_their_message() -> None:
    app = Spikard()
    seen: list[Any] = []

    @app.on_error
    def answer(reply: HookReply, request: Request, message: str) -> Reply:
        seen.append([reply.status, reply.body["title"], dict(reply.headers), message])
        return Reply({"error": "internal", "request": request.id}, status=500)

    @app.on_response
    def never() -> Any:
        raise AssertionError

    @app.get("/")
    def handler() -> None:
        raise KeyError("secret")

    reply = TestClient(app).get("/")
    assert (reply.status, reply.json()) == (500, {"error": "internal", "request": "test"})
    assert reply.header("content-type") == "application/json"
    problem = {"content-type": "application/problem+json"}
    assert seen == [[500, "Internal Server Error", problem, "KeyError: 'secret'"]]
    assert reply.failure is not None
    assert reply.failure.startswith("KeyError: 'secret'")


@pytest.mark.parametrize("kind", ["on_request", "pre_validation", "pre_handler", "on_response"])
@pytest.mark.parametrize("waits", [True, False])
def test_hooks_fail_as_handlers_do(kind: str, waits: bool) -> None:
    app = Spikard()
    app.get("/refuse")(lambda: None)
    app.get("/fail")(lambda: None)

    def fail(request: Request) -> None:
        if request.path == "/refuse":
            raise HttpError(403, "not you", {"x-why": "1"})
        raise KeyError("secret")

    async def fail_late(request: Request) -> None:
        await asyncio.sleep(0)
        fail(request)

    hook = fail_late if waits else fail
    late = (lambda _, request: hook(request)) if not waits else late_of(fail_late)
    getattr(app, kind)(late if kind == "on_response" else hook)
    refused = TestClient(app).get("/refuse")
    assert (refused.status, refused.json()["detail"]) == (403, "not you")
    assert (refused.header("x-why"), refused.failure) == ("1", None)
    failed = TestClient(app).get("/fail")
    assert (failed.status, failed.json()["title"]) == (500, "Internal Server Error")
    assert failed.failure is not None
    assert failed.failure.startswith("KeyError: 'secret'")
    assert "in fail" in failed.failure
    assert "spikard_wasm/_hooks.py" not in failed.failure


def late_of(hook: Any) -> Any:
    async def on_response(_reply: HookReply, request: Request) -> None:
        await hook(request)

    return on_response


def test_a_reply_that_cannot_be_sent_fails_the_hook() -> None:
    def hook(reply: HookReply) -> None:
        reply.body["a"] = object()

    failure = changed(hook).failure
    assert failure is not None
    assert failure.startswith("TypeError: a reply holds a `object`")


def test_mistakes_are_found_at_definition() -> None:
    def too_many(request: Request, reply: HookReply) -> None: ...
    def named(*, request: Request) -> None: ...

    def default(request: Request, n: int = 1, *, key: int = 2, **more: int) -> None:
        assert (type(request), n, key, more) == (Request, 1, 2, {})

    app = Spikard()
    with pytest.raises(DefinitionError) as caught:
        app.on_request(too_many)
    assert str(caught.value) == (
        "hook `on_request`: `too_many` takes too many arguments; declare it as `too_many(request)`"
    )
    with pytest.raises(DefinitionError, match=r"`named\(reply, request, message\)`"):
        app.on_error(named)
    with pytest.raises(DefinitionError, match="`7` is not a function"):
        RouteHooks(on_error=[7])  # type: ignore[list-item]
    with pytest.raises(DefinitionError, match=r"`on_error` is .*; give it a list of functions"):
        RouteHooks(on_error=too_many)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"option `hooks` is `.*`; it must be `RouteHooks`"):
        app.get("/", hooks=[too_many])  # type: ignore[arg-type]
    assert app.on_request(default) is default

    @app.on_response
    def bound(reply: HookReply, n: int = 1) -> None:
        reply.headers["x-n"] = str(n)

    app.get("/")(lambda: None)
    assert TestClient(app).get("/").headers == [("x-n", "1")]


def test_an_error_hook_sees_what_the_policies_reject() -> None:
    app = Spikard(api_key=ApiKey(["key"]), rate_limit=RateLimit(2, per="hour"))

    @app.on_error
    def shape(reply: HookReply, request: Request, message: str) -> Reply:
        return Reply({"error": reply.status, "at": request.path}, status=reply.status)

    app.get("/a")(lambda: "served")
    client = TestClient(app)
    known = {"x-api-key": "key"}
    assert client.get("/nowhere").json() == {"error": 404, "at": "/nowhere"}
    assert client.post("/a").json() == {"error": 405, "at": "/a"}
    rejected = client.get("/a", headers={"x-api-key": "no"})
    assert (rejected.status, rejected.json()) == (401, {"error": 401, "at": "/a"})
    assert client.get("/a", headers=known).text == "served"
    assert client.get("/a", headers=known).json() == {"error": 429, "at": "/a"}
