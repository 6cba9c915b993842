"""Serves ASGI applications, such as those of Starlette, without changes.

    from spikard_wasm import asgi
    from service import application  # Starlette(routes=[...])

    app = asgi.service(application)
    app.component()

`spikard_wasm.entry` does the same for a module `app` whose variable `app` is an ASGI application.
The lifespan of the application runs once in each instance. A reply is sent when it is complete, so
an endless stream never arrives. There are no WebSockets.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Unpack
from urllib.parse import unquote_to_bytes

from spikard_wasm import _lifespan
from spikard_wasm._options import AppOptions
from spikard_wasm._run import EAGER
from spikard_wasm.app import Spikard
from spikard_wasm.reply import Reply
from spikard_wasm.request import Request

__all__ = ["MAX_RESPONSE", "service"]

Message = MutableMapping[str, Any]
Application = Callable[
    [
        MutableMapping[str, Any],
        Callable[[], Awaitable[Message]],
        Callable[[Message], Awaitable[None]],
    ],
    Awaitable[None],
]

MAX_RESPONSE = 64 << 20
"""Maximum size of the body of a response, in bytes."""

_ASGI = {"version": "3.0", "spec_version": "2.4"}
_METHODS = ("get", "post", "put", "patch", "delete", "options")


def service(
    application: Application,
    name: str = "app",
    version: str = "0.0.0",
    **options: Unpack[AppOptions],
) -> Spikard:
    """Returns an app whose requests an ASGI application handles.

    `options` are those of `Spikard`, such as policies of the host. The application serves its own
    OpenAPI document, if it has one.
    """
    adapt_anyio()
    options.setdefault("openapi", False)
    app = Spikard(name, version, **options)
    state: dict[str, Any] = {}
    app._hold = _lifespan_of(application, state)

    async def serve(request: Request, body: bytes) -> Reply:
        scope = _scope(request, state)
        exchange = _Exchange(body)
        loop = asyncio.get_running_loop()
        # Its own task, because the application can work after the response.
        task: asyncio.Task[None] = loop.create_task(_run(application, scope, exchange), **EAGER)
        if not exchange.complete.done():
            task.add_done_callback(exchange.ended)
            await exchange.complete
        if not exchange.is_whole:
            task.result()
            raise RuntimeError("the ASGI application returned without a complete response")
        return exchange.reply()

    for method in _METHODS:
        for path in ("/", "/{*path}"):
            getattr(app, method)(path, name="asgi")(serve)
    return app


async def _run(application: Application, scope: Message, exchange: _Exchange) -> None:
    await application(scope, exchange.receive, exchange.send)


class _Exchange:
    """A request of the application and its response."""

    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._chunks: list[bytes] = []
        self._size = 0
        self.is_whole = False
        self.complete: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when the response is whole, or when the application has returned."""

    async def receive(self) -> Message:
        """Returns the body, then waits for the end of the response."""
        body, self._body = self._body, None
        if body is not None:
            return {"type": "http.request", "body": body, "more_body": False}
        if not self.complete.done():
            await asyncio.shield(self.complete)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        """Takes a part of the response."""
        kind = message["type"]
        if kind == "http.response.start":
            if self._status:
                raise RuntimeError("the ASGI application has started its response twice")
            self._status = message["status"]
            self._headers = [(_text(n), _text(v)) for n, v in message.get("headers", ())]
        elif kind != "http.response.body":
            raise RuntimeError(f"the ASGI application sends `{kind}`, which the SDK does not know")
        elif not self._status:
            raise RuntimeError("the ASGI application sends a body before `http.response.start`")
        elif not self.is_whole:
            self._add(message.get("body", b""))
            if not message.get("more_body", False):
                self.is_whole = True
                self._end()

    def _add(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > MAX_RESPONSE:
            raise RuntimeError(
                f"the response is larger than {MAX_RESPONSE} bytes, and is sent in one piece; "
                "serve large files with the option `static`"
            )
        self._chunks.append(chunk)

    def ended(self, _task: asyncio.Task[None]) -> None:
        """Ends the wait for a response that does not come."""
        self._end()

    def _end(self) -> None:
        if not self.complete.done():
            self.complete.set_result(None)

    def reply(self) -> Reply:
        """Returns the response."""
        body = b"".join(self._chunks)
        return Reply(body or None, status=self._status, headers=self._headers)


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _scope(request: Request, state: dict[str, Any]) -> Message:
    path, headers = request.path, request.headers
    host, _, port = request.peer.rpartition(":")
    named = next((value.decode("latin-1") for name, value in headers if name == "host"), "")
    return {
        "type": "http",
        "asgi": _ASGI,
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": unquote_to_bytes(path).decode(errors="replace"),
        "raw_path": path.encode(),
        "query_string": request.query_string.encode(),
        "root_path": "",
        "headers": [(name.encode(), value) for name, value in headers],
        "client": (host.strip("[]"), int(port)) if port.isdigit() else None,
        "server": _server(named),
        "state": state.copy(),
        "extensions": {},
    }


def _server(named: str) -> tuple[str, int] | None:
    host, colon, port = named.rpartition(":")
    if colon and port.isdigit():
        return host.strip("[]"), int(port)
    return (named.strip("[]"), 80) if named else None


def _lifespan_of(application: Application, state: dict[str, Any]) -> _lifespan.Hold:
    """Returns the function that runs the lifespan of an application in an instance."""

    async def hold(started: asyncio.Future[None], leaving: asyncio.Future[None]) -> None:
        asked = False

        async def receive() -> Message:
            nonlocal asked
            if not asked:
                asked = True
                return {"type": "lifespan.startup"}
            await leaving
            return {"type": "lifespan.shutdown"}

        async def send(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                started.set_result(None)
            elif message["type"] == "lifespan.startup.failed":
                reason = message.get("message") or "it gives no reason"
                started.set_exception(RuntimeError(f"the application did not start: {reason}"))
            elif message["type"] == "lifespan.shutdown.failed":
                raise RuntimeError(f"the application did not stop: {message.get('message', '')}")

        state.clear()
        scope: Message = {"type": "lifespan", "asgi": _ASGI, "state": state}
        try:
            await application(scope, receive, send)
        except Exception:
            if started.done():
                raise
        # An application without a lifespan raises an exception or returns (ASGI, "Lifespan").
        if not started.done():
            started.set_result(None)

    return hold


def adapt_anyio() -> None:
    """Makes libraries work that use threads and files of anyio and Starlette.

    A component has no threads, so `anyio.to_thread.run_sync`, with which Starlette runs `def`
    handlers, calls the function at once. Uploads stay in memory, within the body limit.
    """
    if "anyio" in sys.modules:
        # Import it now: anyio does so at its first use, when there are no files any more.
        backend: Any = importlib.import_module("anyio._backends._asyncio").AsyncIOBackend
        backend.run_sync_in_worker_thread = classmethod(_call_at_once)
    if "starlette" in sys.modules:
        parsers: Any = importlib.import_module("starlette.formparsers")
        parsers.MultiPartParser.spool_max_size = sys.maxsize


async def _call_at_once(_cls: Any, function: Any, args: Any, *_: Any, **__: Any) -> Any:
    return function(*args)
