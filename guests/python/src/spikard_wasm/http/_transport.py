"""A transport with which `httpx` itself sends its requests through the host."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from spikard_wasm._handles import Result
from spikard_wasm.errors import OperationError
from spikard_wasm.http._exchange import fetch, fetch_now, milliseconds
from spikard_wasm.http._messages import Request, Response

_ERRORS: dict[str, type[httpx.TransportError]] = {
    "timeout": httpx.ReadTimeout,
    "unavailable": httpx.ConnectError,
    "denied": httpx.ConnectError,
    "too-large": httpx.ReadError,
}


class Transport(httpx.AsyncBaseTransport, httpx.BaseTransport):
    """Sends the requests of `httpx.AsyncClient` and `httpx.Client` through the host.

        client = httpx.AsyncClient(transport=Transport())

    The host pools connections, does TLS and decompresses. The time limit until the head of the
    response is the sum of `connect` and `read`.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request of `httpx.AsyncClient`."""
        with _errors(request):
            result = await fetch(_members(request), _body(request))
        return _response(result, request)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request of `httpx.Client`, which blocks the instance."""
        with _errors(request):
            result = fetch_now(_members(request), request.read())
        return _response(result, request)


def _members(request: httpx.Request) -> dict[str, Any]:
    # The host asks for the encodings that it decodes.
    headers = [
        (name.decode("latin-1"), value.decode("latin-1"))
        for name, value in request.headers.raw
        if name.lower() != b"accept-encoding"
    ]
    limits = request.extensions.get("timeout", {})
    parts = limits.get("connect"), limits.get("read")
    seconds = None if None in parts else sum(parts)
    return {
        "method": request.method,
        "url": str(request.url),
        "headers": headers,
        "redirect": "manual",
        "timeout_ms": milliseconds(seconds),
    }


def _body(request: httpx.Request) -> Any:
    try:
        return request.content
    except httpx.RequestNotRead:
        return request.stream


def _response(result: Result, request: httpx.Request) -> httpx.Response:
    own = Response.read_result(*result, Request(request.method, str(request.url)))
    return httpx.Response(
        own.status_code, headers=own.headers.multi_items(), stream=_Stream(own, request)
    )


class _Stream(httpx.AsyncByteStream, httpx.SyncByteStream):
    """The body of a response."""

    def __init__(self, response: Response, request: httpx.Request) -> None:
        self._response = response
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _errors(self._request):
            async for chunk in self._response.aiter_bytes():
                yield chunk

    def __iter__(self) -> Iterator[bytes]:
        with _errors(self._request):
            yield from self._response.iter_bytes()

    async def aclose(self) -> None:
        """Drops the rest of the body."""
        await self._response.aclose()

    def close(self) -> None:
        """Drops the rest of the body."""
        self._response.close()


@contextmanager
def _errors(request: httpx.Request) -> Iterator[None]:
    """Raises the exception of `httpx` for a failed operation."""
    try:
        yield
    except OperationError as error:
        kind = _ERRORS.get(error.code, httpx.NetworkError)
        raise kind(error.message, request=request) from error
