"""The HTTP client: requests, responses, streams, errors."""

import asyncio
import contextlib
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from spikard_wasm import Spikard, http
from spikard_wasm._testing.outgoing import Outgoing
from spikard_wasm.testing import TestClient, TestReply

FORM = "application/x-www-form-urlencoded"
BIG = bytes(range(256)) * 1_000
client = http.AsyncClient(base_url="https://api.test/v1/", headers={"x-app": "shop"})
seen: list[http.Request] = []


def upstream(request: http.Request) -> http.Response:
    """Answers as the service that the app calls."""
    seen.append(request)
    path = request.url.removeprefix("https://api.test").partition("?")[0]
    match path:
        case "/v1/json":
            return http.Response(200, json={"name": "Ada"}, headers=[("a", "1"), ("a", "2")])
        case "/v1/missing":
            return http.Response(404, text="no such thing")
        case "/v1/old":
            return http.Response(302, headers={"location": "/v1/json"})
        case "/v1/latin":
            kind = "text/plain; charset=latin-1"
            return http.Response(200, content="é".encode("latin-1"), headers={"content-type": kind})
        case "/v1/big":
            return http.Response(200, content=BIG)
        case "/v1/cookies":
            cookies = [("set-cookie", "a=1; Path=/"), ("set-cookie", "b=2")]
            return http.Response(204, headers=cookies)
    return http.Response(200, content=request.content)


def answer(handler: Callable[..., Any], **options: Any) -> TestReply:
    seen.clear()
    app = Spikard()
    app.get("/")(handler)
    return TestClient(app, **{"fetch": upstream, **options}).get("/")


def result(handler: Callable[..., Any], **options: Any) -> Any:
    reply = answer(handler, **options)
    assert (reply.status, reply.failure) == (200, None)
    return reply.json()


def test_a_request_and_its_response() -> None:
    async def handler() -> Any:
        response = await client.get("json", params={"q": ["a b", "c"], "ok": True})
        response.raise_for_status()
        return [
            response.status_code, response.reason_phrase, response.json(), response.is_success,
            response.headers["A"], response.headers.get_list("a"), response.url, response.text,
            response.redirected, response.is_closed,
        ]  # fmt: skip

    url = "https://api.test/v1/json?q=a+b&q=c&ok=true"
    assert result(handler) == [
        *(200, "OK", {"name": "Ada"}, True, "1, 2", ["1", "2"], url, '{"name":"Ada"}', False, True),
    ]
    assert (seen[0].method, seen[0].headers["x-app"]) == ("GET", "shop")


@pytest.mark.parametrize(
    ("options", "kind", "body"),
    [
        ({"json": {"a": [1]}}, "application/json", b'{"a":[1]}'),
        ({"json": None}, "application/json", b"null"),
        ({"data": {"a": "ä b", "c": [1, 2]}}, FORM, b"a=%C3%A4+b&c=1&c=2"),
        ({"content": "text"}, "text/plain; charset=utf-8", b"text"),
        ({"content": b"\xff"}, None, b"\xff"),
        ({"content": [b"a", b"b"]}, None, b"ab"),
        ({"content": b"<a/>", "headers": {"Content-Type": "text/xml"}}, "text/xml", b"<a/>"),
        ({}, None, b""),
    ],
)  # fmt: skip
def test_bodies(options: Any, kind: str | None, body: bytes) -> None:
    async def handler() -> Any:
        return (await client.post("/echo", **options)).content

    assert answer(handler).body == body
    assert seen[0].headers.get("content-type") == kind
    assert seen[0].method == "POST"


def test_files_are_a_multipart_form() -> None:
    async def handler() -> Any:
        files: dict[str, Any] = {"photo": ("a.png", b"\x89PNG", "image/png"), "raw": b"x"}
        return (await client.put("/echo", data={"title": "Me"}, files=files)).content

    body = answer(handler).body
    kind, _, boundary = seen[0].headers["content-type"].partition("; boundary=")
    assert kind == "multipart/form-data"
    assert body.count(boundary.encode()) == 4
    assert b'name="title"\r\n\r\nMe\r\n' in body
    assert b'name="photo"; filename="a.png"\r\ncontent-type: image/png\r\n\r\n\x89PNG' in body


def test_credentials_cookies_and_request_options() -> None:
    def mark(request: http.Request) -> http.Request:
        request.headers["authorization"] = "Bearer t"
        return request

    async def handler() -> Any:
        await client.get("/a", auth=("ada", "pass word"), cookies={"a": "1", "b": "2"})
        own = http.AsyncClient(auth=mark, params={"key": "k"})
        await own.delete("https://api.test/b?x=1#part")

    assert answer(handler).failure is None
    assert seen[0].headers["authorization"] == "Basic YWRhOnBhc3Mgd29yZA=="
    assert seen[0].headers["cookie"] == "a=1; b=2"
    assert (seen[1].url, seen[1].method) == ("https://api.test/b?x=1&key=k#part", "DELETE")
    assert seen[1].headers["authorization"] == "Bearer t"


def test_a_body_is_sent_while_it_is_produced() -> None:
    sent = list[int]()

    async def produce() -> AsyncIterator[bytes]:
        for number in range(3):
            sent.append(number)
            yield b"%d," % number
            await asyncio.sleep(0.001)

    async def handler() -> Any:
        replies = [
            await client.post("echo", content=produce()),
            await client.post("echo", content=(b"%d" % n for n in range(4))),
            await client.post("echo", content=[b"a", b"b"]),
        ]
        blocking = http.Client(base_url="https://api.test/v1/")
        replies.append(blocking.post("echo", content=iter([b"x", b"y"])))
        return [reply.text for reply in replies]

    assert result(handler) == ["0,1,2,", "0123", "ab", "xy"]
    assert sent == [0, 1, 2]


def test_a_body_that_fails_ends_its_request() -> None:
    async def produce() -> AsyncIterator[bytes]:
        yield b"a"
        raise KeyError("no more")

    async def words() -> AsyncIterator[Any]:
        yield "text"

    async def handler() -> Any:
        with pytest.raises(KeyError, match="no more"):
            await client.post("echo", content=produce())
        with pytest.raises(TypeError, match="yields a `str`; yield bytes"):
            await client.post("echo", content=words())
        with pytest.raises(http.RequestNotRead, match="asynchronous stream"):
            http.Client().post("https://api.test/", content=produce())
        return "done"

    assert answer(handler).text == "done"
    assert seen == []


def test_an_early_response_ends_the_upload(monkeypatch: pytest.MonkeyPatch) -> None:
    closed = list[bool]()

    async def produce() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x"
                await asyncio.sleep(0.001)
        finally:
            closed.append(True)

    def early(self: Outgoing, task: int, head: Any, body: Any) -> bytes:
        return b"early"

    monkeypatch.setattr(Outgoing, "_uploaded", early)

    async def handler() -> Any:
        return (await client.post("echo", content=produce())).text

    assert answer(handler).text == "early"
    assert closed == [True]


def test_the_blocking_client() -> None:
    def handler() -> Any:
        first = http.get("https://api.test/v1/json").json()
        with http.Client(base_url="https://api.test/v1") as own:
            second = own.post("/echo", json=[1]).json()
            with own.stream("GET", "/big") as response:
                sizes = [len(chunk) for chunk in response.iter_bytes()]
                with pytest.raises(http.StreamConsumed):
                    response.read()
            with own.stream("GET", "/json") as response:
                lines = list(response.iter_lines())
        return [first, second, sum(sizes), len(sizes) > 1, lines]

    assert result(handler) == [{"name": "Ada"}, [1], len(BIG), True, ['{"name":"Ada"}']]


def test_a_streamed_response() -> None:
    async def handler() -> Any:
        async with client.stream("GET", "/big") as response:
            with pytest.raises(http.ResponseNotRead):
                _ = response.content
            chunks = [chunk async for chunk in response.aiter_bytes(100_000)]
        async with client.stream("GET", "/big") as response:
            async for chunk in response.aiter_bytes():
                first = len(chunk)
                break
        async with client.stream("GET", "/json") as response:
            whole = (await response.aread()).decode()
            again = response.text
        return [[len(chunk) for chunk in chunks], b"".join(chunks) == BIG, first, whole == again]

    assert result(handler) == [[100_000, 100_000, 56_000], True, 65_536, True]


def test_text_and_lines() -> None:
    async def handler() -> Any:
        async with client.stream("POST", "/echo", content="one\r\ntwo\n\nlast é") as response:
            lines = [line async for line in response.aiter_lines()]
        return [lines, (await client.get("/latin")).text, (await client.get("/cookies")).cookies]

    assert result(handler) == [["one", "two", "", "last é"], "é", {"a": "1", "b": "2"}]


def test_redirects_are_followed_on_demand() -> None:
    async def handler() -> Any:
        manual = await client.get("/old")
        followed = await client.get("/old", follow_redirects=True)
        return [manual.status_code, manual.is_redirect, followed.status_code, followed.url]

    assert result(handler) == [302, True, 200, "https://api.test/v1/json"]


def test_a_status_can_be_raised() -> None:
    async def handler() -> Any:
        response = await client.get("/missing")
        with pytest.raises(http.HTTPStatusError) as raised:
            response.raise_for_status()
        assert raised.value.response is response
        return [str(raised.value), response.is_client_error, response.is_error]

    message = "client error `404 Not Found` for url `https://api.test/v1/missing`"
    assert result(handler) == [message, True, True]


def test_wrong_requests_are_sentences() -> None:
    async def handler() -> Any:
        with pytest.raises(http.InvalidURL, match="`/users` has no scheme"):
            await http.AsyncClient().get("/users")
        with pytest.raises(TypeError, match="give only one of"):
            await client.post("/a", json=1, content=b"")
        return True

    assert result(handler) is True


def test_a_request_that_is_not_granted() -> None:
    async def handler() -> Any:
        with pytest.raises(http.RequestDenied) as raised:
            await client.get("/json")
        error = raised.value
        return [error.code, error.request.url, "fetch=" in str(error)]

    assert result(handler, fetch=None) == ["denied", "https://api.test/v1/json", True]


together = threading.Barrier(8)


class Server(BaseHTTPRequestHandler):
    """A real server."""

    def do_GET(self) -> None:
        if self.path == "/together":
            together.wait(timeout=5)  # until eight requests have arrived
        if self.path == "/slow":
            time.sleep(0.5)
        self.send_response(302 if self.path == "/old" else 404 if self.path == "/missing" else 200)
        if self.path == "/old":
            self.send_header("location", "/new")
        self.end_headers()
        with contextlib.suppress(OSError):  # the client has given up
            self.wfile.write(self.path.encode())

    def log_message(self, format: str, *args: Any) -> None:
        """Logs nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_requests_over_the_network_run_at_once(address: str) -> None:
    async def handler() -> Any:
        own = http.AsyncClient(base_url=address)
        responses = await asyncio.gather(*(own.get("/together") for _ in range(8)))
        rest = [await own.get("/missing"), await own.get("/old", follow_redirects=True)]
        with pytest.raises(http.TimeoutException):
            await own.get("/slow", timeout=0.01)
        with pytest.raises(http.ConnectError):
            await own.get("http://127.0.0.1:1/")
        return [{r.text for r in responses} == {"/together"}, [r.text for r in rest]]

    reply = answer(handler, fetch="network")
    assert reply.failure is None
    assert reply.json() == [True, ["/missing", "/new"]]


def test_a_cancelled_request_is_abandoned(address: str) -> None:
    async def handler() -> Any:
        own = http.AsyncClient(base_url=address)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(own.get("/slow"), 0.01)
        return (await own.get("/fast")).text

    assert answer(handler, fetch="network").text == "/fast"
