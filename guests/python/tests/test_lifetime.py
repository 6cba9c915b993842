"""Objects of a request end with it, so that they cannot read a later request."""

from collections.abc import Callable
from typing import Any

import pytest

from spikard_wasm import HookReply, LocalContext, Request, Spikard, UploadFile
from spikard_wasm.testing import TestClient

ENDED = "after its handler or hook returned"
USES: dict[str, Callable[[Request], Any]] = {
    "local": lambda request: request.local,
    "params": lambda request: request.params,
    "method": lambda request: request.method,
    "path": lambda request: request.path,
    "query_string": lambda request: request.query_string,
    "query": lambda request: request.query,
    "header": lambda request: request.header("x-user"),
    "headers": lambda request: request.headers,
    "cookie": lambda request: request.cookie("a"),
    "cookies": lambda request: request.cookies,
    "peer": lambda request: request.peer,
    "id": lambda request: request.id,
    "raw_body": lambda request: request.raw_body(),
    "json": lambda request: request.json(),
    "text": lambda request: request.text(),
    "form": lambda request: request.form(),
}


def later(use: Callable[[], Any]) -> str:
    """Uses an object within the next request and returns the outcome."""
    app = Spikard()

    @app.get("/")
    def bob(request: Request, local: LocalContext) -> str:
        local["user"] = request.header("x-user")
        with pytest.raises(RuntimeError) as raised:
            use()
        return str(raised.value)

    return TestClient(app).get("/", headers={"x-user": "bob"}).text


@pytest.mark.parametrize("member", USES)
def test_a_request_ends_with_its_handler(member: str) -> None:
    app = Spikard()
    kept: list[Request] = []

    @app.get("/")
    def alice(request: Request) -> None:
        kept.append(request)

    TestClient(app).get("/", headers={"x-user": "alice"})
    said = later(lambda: USES[member](kept[0]))
    assert said.startswith(f"`request.{member}` was used")
    assert ENDED in said


def test_a_local_context_ends_with_its_handler() -> None:
    app = Spikard()
    kept: list[LocalContext] = []

    @app.get("/")
    def alice(local: LocalContext, request: Request) -> None:
        kept.extend((local, request.local))

    TestClient(app).get("/")
    assert ENDED in later(lambda: kept[1].get("user"))
    assert ENDED in later(lambda: kept[0].get("user"))
    assert ENDED in later(lambda: kept[0].set("user", "eve"))
    assert ENDED in later(lambda: "user" in kept[0])
    assert ENDED in later(lambda: kept[0]["user"])


def test_what_a_hook_got_ends_with_the_hook() -> None:
    app = Spikard()
    kept: list[Request] = []
    replies: list[HookReply] = []

    @app.on_request
    def before(request: Request) -> None:
        kept.append(request)

    @app.on_response
    def after(reply: HookReply, request: Request) -> None:
        replies.append(reply)
        kept.append(request)

    @app.get("/")
    async def handler() -> str:
        with pytest.raises(RuntimeError, match=ENDED):
            kept[0].header("x-user")
        return "mine"

    assert TestClient(app).get("/").text == "mine"
    assert ENDED in later(lambda: kept[1].path)
    assert ENDED in later(lambda: replies[0].body)


def test_a_file_of_one_request_is_not_read_from_the_next() -> None:
    app = Spikard()
    kept: list[UploadFile] = []

    @app.post("/")
    def handler(file: UploadFile) -> str:
        kept.append(file)
        return kept[0].bytes().decode()

    client = TestClient(app)
    assert client.post("/", files=[("file", ("a.txt", b"alice"))]).text == "alice"
    second = client.post("/", files=[("file", ("b.txt", b"bob"))])
    assert second.status == 500
    assert "`a.txt` was used after its handler returned" in (second.failure or "")


def test_files_of_an_undeclared_form_end_too() -> None:
    app = Spikard()
    kept: list[Any] = []

    @app.post("/")
    def handler(request: Request) -> str:
        kept.append(request.form()["file"])
        return str(kept[0].bytes().decode())

    client = TestClient(app)
    assert client.post("/", files=[("file", ("a.txt", b"alice"))]).text == "alice"
    assert client.post("/", files=[("file", ("b.txt", b"bob"))]).status == 500


def test_a_call_within_a_call_gives_the_outer_one_back() -> None:
    inner, outer = Spikard(), Spikard()

    @inner.get("/inner")
    def inside(request: Request) -> str:
        return request.path

    @outer.get("/outer")
    def outside(request: Request) -> list[str]:
        return [TestClient(inner).get("/inner").text, request.path]

    assert TestClient(outer).get("/outer").json() == ["/inner", "/outer"]


def test_a_failing_handler_ends_its_request() -> None:
    app = Spikard()
    kept: list[Request] = []

    @app.get("/")
    def alice(request: Request) -> None:
        kept.append(request)
        raise KeyError("x")

    assert TestClient(app).get("/").status == 500
    assert ENDED in later(lambda: kept[0].path)
