"""The contract of `../README.md`, in the style of componentize-py's HTTP examples."""

import asyncio
import os
import sys
from typing import cast
from urllib.parse import parse_qs, urlsplit

import poll_loop
from componentize_py_types import Err, Ok
from poll_loop import PollLoop, Sink, Stream
from wit_world import exports
from wit_world.imports import monotonic_clock
from wit_world.imports.types import (
    Fields,
    IncomingRequest,
    OutgoingRequest,
    OutgoingResponse,
    ResponseOutparam,
    Scheme_Http,
    Scheme_Https,
    Scheme_Other,
)

# The size of a piece in bytes.
PIECE = 64 << 10

# A pause between two pieces of a reply, in nanoseconds.
PAUSE = 300_000_000

PLAIN = [("content-type", b"text/plain")]

requests = 0


class IncomingHandler(exports.IncomingHandler):
    """The handler that the host calls."""

    def handle(self, request: IncomingRequest, response_out: ResponseOutparam) -> None:
        loop = PollLoop()
        asyncio.set_event_loop(loop)
        loop.run_until_complete(Exchange(request, response_out).run())


class Exchange:
    """One request and its reply."""

    def __init__(self, request: IncomingRequest, out: ResponseOutparam) -> None:
        self.request = request
        self.out = out
        self.url = urlsplit(request.path_with_query() or "/")

    async def run(self) -> None:
        global requests
        requests += 1
        method = type(self.request.method()).__name__.removeprefix("Method_").upper()
        match method, self.url.path:
            case "GET" | "HEAD", "/hello":
                await self.text("hello")
            case "POST", "/echo":
                await self.echo()
            case "POST", "/count":
                await self.count()
            case "GET", "/stream":
                await self.stream()
            case "GET", "/big":
                await self.big(int(self.query("bytes") or 0))
            case "GET", "/headers":
                await self.headers()
            case "GET", "/outgoing":
                await self.outgoing(self.query("url"))
            case "GET", "/trap":
                raise RuntimeError("asked to trap")
            case "GET", "/spin":
                while True:
                    pass
            case "GET", "/state":
                await self.text(str(requests))
            case "GET", "/env":
                await self.text("".join(f"{n}={v}\n" for n, v in os.environ.items()))
            case "GET", "/print":
                print("a line on standard output", flush=True)
                print("a line on standard error", file=sys.stderr, flush=True)
                await self.text("printed")
            case _:
                await self.text("not found", 404)

    def query(self, name: str) -> str:
        """Returns a value of the query, or an empty string."""
        return parse_qs(self.url.query).get(name, [""])[0]

    def begin(self, status: int, headers: list[tuple[str, bytes]]) -> Sink:
        """Sends the head of the reply and returns the sink for its body."""
        response = OutgoingResponse(Fields.from_list(headers))
        response.set_status_code(status)
        body = response.body()
        ResponseOutparam.set(self.out, Ok(response))
        return Sink(body)

    async def text(self, body: str, status: int = 200) -> None:
        sink = self.begin(status, PLAIN)
        await sink.send(body.encode())
        sink.close()

    async def echo(self) -> None:
        kind = self.request.headers().get("content-type")
        stream = Stream(self.request.consume())
        sink = self.begin(200, [("content-type", value) for value in kind])
        while (piece := await stream.next()) is not None:
            await sink.send(piece)
        sink.close()

    async def count(self) -> None:
        stream, size = Stream(self.request.consume()), 0
        while (piece := await stream.next()) is not None:
            size += len(piece)
        await self.text(str(size))

    async def stream(self) -> None:
        sink = self.begin(200, PLAIN)
        await sink.send(b"first\n")
        loop = cast(PollLoop, asyncio.get_event_loop())
        await poll_loop.register(loop, monotonic_clock.subscribe_duration(PAUSE))
        await sink.send(b"second\n")
        sink.close()

    async def big(self, left: int) -> None:
        sink, piece = self.begin(200, PLAIN), b"x" * PIECE
        while left > 0:
            await sink.send(piece[:left])
            left -= PIECE
        sink.close()

    async def headers(self) -> None:
        seen = b"|".join(self.request.headers().get("x-in"))
        multi = [("x-multi", b"one"), ("x-multi", b"two"), ("x-seen", seen)]
        sink = self.begin(200, [*PLAIN, *multi])
        await sink.send(b"headers")
        sink.close()

    async def outgoing(self, text: str) -> None:
        url = urlsplit(text)
        request = OutgoingRequest(Fields())
        known = {"http": Scheme_Http(), "https": Scheme_Https()}
        request.set_scheme(known.get(url.scheme, Scheme_Other(url.scheme)))
        request.set_authority(url.netloc)
        request.set_path_with_query(f"{url.path}?{url.query}" if url.query else url.path)
        try:
            response = await poll_loop.send(request)
        except Err as error:
            name = type(error.value).__name__.removeprefix("ErrorCode_")
            await self.text(name, 502)
            return
        sink, stream = self.begin(response.status(), PLAIN), Stream(response.consume())
        while (piece := await stream.next()) is not None:
            await sink.send(piece)
        sink.close()
