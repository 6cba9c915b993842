"""The clients, and the functions that use one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from types import EllipsisType, TracebackType
from typing import Any, TypedDict, Unpack

from spikard_wasm._sending import pairs
from spikard_wasm.errors import OperationError
from spikard_wasm.http._errors import RequestError
from spikard_wasm.http._exchange import fetch, fetch_now, milliseconds
from spikard_wasm.http._headers import Headers, HeaderTypes
from spikard_wasm.http._messages import (
    AuthTypes,
    BasicAuth,
    ContentTypes,
    FilesTypes,
    ParamTypes,
    Request,
    Response,
)

DEFAULT_TIMEOUT = 5.0
"""Seconds that a request can take until the head of its response."""


class Sending(TypedDict, total=False):
    """How a request is sent."""

    params: ParamTypes
    """Query parameters. A list of values repeats its name."""
    headers: HeaderTypes
    cookies: Mapping[str, str] | None
    auth: AuthTypes
    """A pair of user name and password, or a function that changes the request."""
    follow_redirects: bool
    """Whether the host follows redirects; false by default, as in `httpx`."""
    timeout: float | None
    """Seconds until the head of the response; `None` for the operator's limit."""


class Options(Sending, total=False):
    """The options of a request."""

    content: ContentTypes
    """The body as bytes or text, or an iterable of bytes. `AsyncClient` sends an iterable, also an
    asynchronous one, while it produces the bytes, and waits while the connection is full."""
    data: Mapping[str, Any] | None
    """The fields of a form."""
    files: FilesTypes
    """The files of a form."""
    json: Any
    """The body as JSON."""


class _Base:
    """The common part of both clients."""

    def __init__(
        self,
        *,
        base_url: str = "",
        params: ParamTypes = None,
        headers: HeaderTypes = None,
        cookies: Mapping[str, str] | None = None,
        auth: AuthTypes = None,
        follow_redirects: bool = False,
        timeout: float | None = DEFAULT_TIMEOUT,
    ) -> None:
        self.base_url = base_url
        self.params = pairs(params or ())
        self.headers = Headers(headers)
        self.cookies = dict(cookies or {})
        self.auth = auth
        self.follow_redirects = follow_redirects
        self.timeout = timeout

    def build_request(self, method: str, url: str, **options: Unpack[Options]) -> Request:
        """Returns a request with the defaults of the client, which `send` sends."""
        if "://" not in url and self.base_url:
            url = f"{self.base_url.rstrip('/')}/{url.lstrip('/')}" if url else self.base_url
        headers = Headers(self.headers)
        for name, value in Headers(options.pop("headers", None)).multi_items():
            headers[name] = value
        params = [*self.params, *pairs(options.pop("params", None) or ())]
        cookies = {**self.cookies, **(options.pop("cookies", None) or {})}
        auth = options.pop("auth", self.auth)
        for name in ("follow_redirects", "timeout"):
            options.pop(name, None)  # type: ignore[misc]
        request = Request(
            method,
            url,
            params=params or None,
            headers=headers,
            cookies=cookies,
            **options,  # type: ignore[misc]
        )
        if auth is not None:
            request = BasicAuth(*auth)(request) if isinstance(auth, tuple) else auth(request)
        return request

    def _members(
        self, request: Request, follow: bool | None, timeout: float | EllipsisType | None
    ) -> dict[str, Any]:
        """Returns the arguments of the operation."""
        seconds = self.timeout if timeout is ... else timeout
        return {
            "method": request.method,
            "url": request.url,
            "headers": request.headers.multi_items(),
            "redirect": None if (self.follow_redirects if follow is None else follow) else "manual",
            "timeout_ms": milliseconds(seconds),
        }


class AsyncClient(_Base):
    """Sends requests from `async def` handlers. Create it once, at the top of a module."""

    async def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        follow_redirects: bool | None = None,
        timeout: float | EllipsisType | None = ...,
    ) -> Response:
        """Sends a request. With `stream`, close the response with `aclose`."""
        members = self._members(request, follow_redirects, timeout)
        try:
            result = await fetch(members, request.stream)
        except OperationError as error:
            raise RequestError.of(error, request) from error
        response = Response.read_result(*result, request)
        if not stream:
            await response.aread()
        return response

    async def request(self, method: str, url: str, **options: Unpack[Options]) -> Response:
        """Sends a request and reads its response."""
        how = _how(options)
        return await self.send(self.build_request(method, url, **options), **how)

    @asynccontextmanager
    async def stream(
        self, method: str, url: str, **options: Unpack[Options]
    ) -> AsyncIterator[Response]:
        """Sends a request whose response is read piece by piece.

        async with client.stream("GET", url) as response:
            async for chunk in response.aiter_bytes(): ...
        """
        how = _how(options)
        response = await self.send(self.build_request(method, url, **options), stream=True, **how)
        try:
            yield response
        finally:
            await response.aclose()

    async def get(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends a GET request."""
        return await self.request("GET", url, **options)

    async def options(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends an OPTIONS request."""
        return await self.request("OPTIONS", url, **options)

    async def head(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends a HEAD request."""
        return await self.request("HEAD", url, **options)

    async def post(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a POST request."""
        return await self.request("POST", url, **options)

    async def put(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a PUT request."""
        return await self.request("PUT", url, **options)

    async def patch(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a PATCH request."""
        return await self.request("PATCH", url, **options)

    async def delete(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends a DELETE request."""
        return await self.request("DELETE", url, **options)

    async def aclose(self) -> None:
        """Does nothing: the host owns the connections."""

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        """Does nothing: the host owns the connections."""


class Client(_Base):
    """Sends requests from `def` handlers. Each one blocks the instance until it is done."""

    def send(
        self,
        request: Request,
        *,
        stream: bool = False,
        follow_redirects: bool | None = None,
        timeout: float | EllipsisType | None = ...,
    ) -> Response:
        """Sends a request. With `stream`, close the response with `close`."""
        members = self._members(request, follow_redirects, timeout)
        try:
            result = fetch_now(members, request.content)
        except OperationError as error:
            raise RequestError.of(error, request) from error
        response = Response.read_result(*result, request)
        if not stream:
            response.read()
        return response

    def request(self, method: str, url: str, **options: Unpack[Options]) -> Response:
        """Sends a request and reads its response."""
        how = _how(options)
        return self.send(self.build_request(method, url, **options), **how)

    @contextmanager
    def stream(self, method: str, url: str, **options: Unpack[Options]) -> Iterator[Response]:
        """Sends a request whose response is read piece by piece."""
        how = _how(options)
        response = self.send(self.build_request(method, url, **options), stream=True, **how)
        try:
            yield response
        finally:
            response.close()

    def get(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends a GET request."""
        return self.request("GET", url, **options)

    def options(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends an OPTIONS request."""
        return self.request("OPTIONS", url, **options)

    def head(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends a HEAD request."""
        return self.request("HEAD", url, **options)

    def post(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a POST request."""
        return self.request("POST", url, **options)

    def put(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a PUT request."""
        return self.request("PUT", url, **options)

    def patch(self, url: str, **options: Unpack[Options]) -> Response:
        """Sends a PATCH request."""
        return self.request("PATCH", url, **options)

    def delete(self, url: str, **options: Unpack[Sending]) -> Response:
        """Sends a DELETE request."""
        return self.request("DELETE", url, **options)

    def close(self) -> None:
        """Does nothing: the host owns the connections."""

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        """Does nothing: the host owns the connections."""


def _how(options: Options) -> dict[str, Any]:
    """Returns the options that say how a request is sent."""
    return {name: options[name] for name in ("follow_redirects", "timeout") if name in options}


_client = Client()


# The functions are those of a client, which has no state.
request, stream = _client.request, _client.stream
get, options, head = _client.get, _client.options, _client.head
post, put, patch, delete = _client.post, _client.put, _client.patch, _client.delete
