"""`httpx` itself, with the transport of the SDK."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx

from spikard_wasm import Spikard, http
from spikard_wasm.testing import TestClient, TestReply

BIG = bytes(range(256)) * 1_000
client = httpx.AsyncClient(transport=http.Transport(), base_url="https://api.test/v1/")
seen: list[http.Request] = []


def upstream(request: http.Request) -> http.Response:
    seen.append(request)
    match request.url.removeprefix("https://api.test/v1/"):
        case "json?q=a+b":
            headers = [("set-cookie", "a=1"), ("set-cookie", "b=2")]
            return http.Response(200, json={"name": "Ada"}, headers=headers)
        case "old":
            return http.Response(302, headers={"location": "/v1/big"})
        case "big":
            return http.Response(200, content=BIG)
    return http.Response(200, content=request.content)


def answer(handler: Callable[..., Any], **options: Any) -> TestReply:
    seen.clear()
    app = Spikard()
    app.get("/")(handler)
    reply = TestClient(app, **{"fetch": upstream, **options}).get("/")
    assert (reply.status, reply.failure) == (200, None)
    return reply


def test_a_request_and_its_response() -> None:
    async def handler() -> Any:
        response = await client.get("json", params={"q": "a b"}, headers={"x-a": "1"})
        return [response.status_code, response.json(), dict(response.cookies)]

    assert answer(handler).json() == [200, {"name": "Ada"}, {"a": "1", "b": "2"}]
    assert seen[0].headers["x-a"] == "1"
    assert seen[0].headers["user-agent"].startswith("python-httpx/")
    assert "accept-encoding" not in seen[0].headers


def test_bodies_streams_and_redirects() -> None:
    async def produce() -> AsyncIterator[bytes]:
        yield b"a"
        yield b"b"

    async def handler() -> Any:
        posted = await client.post("echo", json={"n": 1})
        streamed = await client.post("echo", content=produce())
        followed = await client.get("old", follow_redirects=True)
        size = 0
        async with client.stream("GET", "big") as response:
            async for chunk in response.aiter_bytes():
                size += len(chunk)
        return [posted.json(), streamed.text, len(followed.content), size]

    assert answer(handler).json() == [{"n": 1}, "ab", len(BIG), len(BIG)]


def test_the_blocking_client() -> None:
    def handler() -> Any:
        with httpx.Client(transport=http.Transport()) as blocking:
            posted = blocking.post("https://api.test/v1/echo", content=iter([b"a", b"b"]))
            return [posted.text, len(blocking.get("https://api.test/v1/big").content)]

    assert answer(handler).json() == ["ab", len(BIG)]


def test_failures_are_exceptions_of_httpx() -> None:
    async def handler() -> Any:
        try:
            await client.get("json")
        except httpx.ConnectError as error:
            return [str(error), str(error.request.url)]

    message, url = answer(handler, fetch=None).json()
    assert "the test client sends no requests" in message
    assert url == "https://api.test/v1/json"
