"""Requests and responses."""

from __future__ import annotations

import codecs
import json as jsonlib
import re
import secrets
from base64 import b64encode
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlencode

from spikard_wasm._boundary import Content
from spikard_wasm._json import dumps, loads
from spikard_wasm._operations import arguments, data, operate, operate_now
from spikard_wasm._sending import multipart, pairs
from spikard_wasm.errors import OperationError
from spikard_wasm.http._errors import (
    HTTPStatusError,
    InvalidURL,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    StreamConsumed,
)
from spikard_wasm.http._exchange import Stream
from spikard_wasm.http._headers import Headers, HeaderTypes
from spikard_wasm.http._pieces import Cutter, Decoder, Lines, pieces

ParamTypes = Mapping[str, Any] | Iterable[tuple[str, Any]] | None
ContentTypes = bytes | str | Stream | None
FileTypes = bytes | tuple[str, bytes] | tuple[str, bytes, str]
"""A file: its content, or its name, content and content type."""
FilesTypes = Mapping[str, FileTypes] | Iterable[tuple[str, FileTypes]] | None

_NO_JSON: Any = ...
_CHARSET = re.compile(r';\s*charset="?([^\s;"]+)', re.IGNORECASE)


class BasicAuth:
    """Basic authentication (RFC 7617)."""

    def __init__(self, username: str, password: str) -> None:
        self._value = f"Basic {b64encode(f'{username}:{password}'.encode()).decode()}"

    def __call__(self, request: Request) -> Request:
        """Adds the header to a request."""
        request.headers["authorization"] = self._value
        return request


AuthTypes = tuple[str, str] | Callable[["Request"], "Request"] | None


class Request:
    """A request."""

    def __init__(
        self,
        method: str,
        url: str,
        *,
        params: ParamTypes = None,
        headers: HeaderTypes = None,
        cookies: Mapping[str, str] | None = None,
        content: ContentTypes = None,
        data: Mapping[str, Any] | None = None,
        files: FilesTypes = None,
        json: Any = _NO_JSON,
    ) -> None:
        self.method = method.upper()
        self.url = _with_params(url, params)
        self.headers = Headers(headers)
        if cookies:
            self.headers["cookie"] = "; ".join(f"{name}={value}" for name, value in cookies.items())
        kind, self.stream = _encode(content, data, files, json)
        """The body: bytes, or an iterable that produces it while it is sent."""
        if kind and "content-type" not in self.headers:
            self.headers["content-type"] = kind

    @property
    def content(self) -> bytes:
        """The body as bytes. It reads an iterable, which must not be asynchronous."""
        if isinstance(self.stream, AsyncIterable):
            raise RequestNotRead(
                "the body of the request is an asynchronous stream, which `AsyncClient` sends"
            )
        if not isinstance(self.stream, bytes):
            self.stream = b"".join(self.stream)
        return self.stream

    def __repr__(self) -> str:
        return f"<Request({self.method!r}, {self.url!r})>"


class Response:
    """A response. `stream` gives one whose body is read piece by piece."""

    def __init__(
        self,
        status_code: int,
        *,
        headers: HeaderTypes = None,
        content: bytes | str | None = None,
        text: str | None = None,
        html: str | None = None,
        json: Any = _NO_JSON,
        request: Request | None = None,
    ) -> None:
        self.status_code = status_code
        self.headers = Headers(headers)
        self.request = request
        self.url = request.url if request else ""
        """The URL of the response, after redirects."""
        self.redirected = False
        """Whether the response is that of another URL."""
        self.is_closed = True
        self._number: int | None = None
        kind, body = None, content if content is not None else b""
        if json is not _NO_JSON:
            kind, body = "application/json", dumps(json)
        elif text is not None or html is not None:
            kind = "text/plain" if html is None else "text/html"
            kind, body = f"{kind}; charset=utf-8", text if html is None else html  # type: ignore[assignment]
        self._first = body.encode() if isinstance(body, str) else body
        self._content: bytes | None = self._first
        if kind and "content-type" not in self.headers:
            self.headers["content-type"] = kind

    @classmethod
    def read_result(cls, status: int, head: str, body: Content, request: Request) -> Response:
        """Reads the result of the operation `fetch`."""
        members = loads(head)
        response = cls(status, headers=members["headers"], request=request)
        response.url = members.get("url", request.url)
        response.redirected = members.get("redirected", False)
        response._first = data(body)
        response._number = members.get("body")
        response._content = None
        response.is_closed = response._number is None
        return response

    @property
    def content(self) -> bytes:
        """The body."""
        if self._content is None:
            raise ResponseNotRead("the body has not been read; call `read()` or `aread()` before")
        return self._content

    @property
    def encoding(self) -> str:
        """The charset of the content type, or UTF-8."""
        found = _CHARSET.search(self.headers.get("content-type", ""))
        charset = found[1] if found else "utf-8"
        try:
            codecs.lookup(charset)
        except LookupError:
            return "utf-8"
        return charset

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode(self.encoding, errors="replace")

    def json(self, **options: Any) -> Any:
        """Returns the body as JSON. `options` are those of `json.loads`."""
        return jsonlib.loads(self.content, **options)

    @property
    def reason_phrase(self) -> str:
        """The phrase of the status, such as `Not Found`."""
        try:
            return HTTPStatus(self.status_code).phrase
        except ValueError:
            return ""

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status_code <= 299

    @property
    def is_redirect(self) -> bool:
        """Whether the status is 3xx."""
        return 300 <= self.status_code <= 399

    @property
    def is_client_error(self) -> bool:
        """Whether the status is 4xx."""
        return 400 <= self.status_code <= 499

    @property
    def is_server_error(self) -> bool:
        """Whether the status is 5xx."""
        return 500 <= self.status_code <= 599

    @property
    def is_error(self) -> bool:
        """Whether the status is 4xx or 5xx."""
        return 400 <= self.status_code <= 599

    @property
    def cookies(self) -> dict[str, str]:
        """The cookies that the response sets."""
        found: dict[str, str] = {}
        for text in self.headers.get_list("set-cookie"):
            try:
                found.update((name, item.value) for name, item in SimpleCookie(text).items())
            except CookieError:
                continue
        return found

    def raise_for_status(self) -> Response:
        """Raises `HTTPStatusError` if the status is 4xx or 5xx; returns the response otherwise."""
        if self.is_error:
            kind = "client" if self.is_client_error else "server"
            phrase = f"{self.status_code} {self.reason_phrase}".rstrip()
            message = f"{kind} error `{phrase}` for url `{self.url}`"
            raise HTTPStatusError(message, request=self.request, response=self)
        return self

    # Asynchronous

    async def aread(self) -> bytes:
        """Reads the rest of the body and returns all of it."""
        if self._content is None:
            if self._number is None and self._first is not None:
                self._content, self._first = self._first, None  # type: ignore[assignment]
            else:
                self._content = b"".join([chunk async for chunk in self.aiter_bytes()])
        return self._content

    async def aiter_bytes(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        """Iterates over the body as it arrives, in pieces of `chunk_size` bytes if it is given."""
        if self._content is not None:
            for piece in pieces(self._content, chunk_size):
                yield piece
            return
        cut = Cutter(chunk_size)
        arrived = self._take_first()
        try:
            while True:
                for piece in cut(arrived):
                    yield piece
                if self._number is None:
                    break
                arrived = await self._read_next()
            if cut.rest:
                yield cut.rest
        finally:
            await self.aclose()

    async def aiter_text(self, chunk_size: int | None = None) -> AsyncIterator[str]:
        """Iterates over the body as text."""
        decode = Decoder(self.encoding)
        async for chunk in self.aiter_bytes(chunk_size):
            for piece in decode(chunk):
                yield piece
        for piece in decode.end():
            yield piece

    async def aiter_lines(self) -> AsyncIterator[str]:
        """Iterates over the lines of the body, without their ends."""
        lines = Lines()
        async for chunk in self.aiter_text():
            for line in lines(chunk):
                yield line
        if lines.rest:
            yield lines.rest

    async def aclose(self) -> None:
        """Drops the rest of the body."""
        number, self._number = self._number, None
        self.is_closed = True
        if number is not None:
            await operate("fetch.close", arguments(body=number))

    async def _read_next(self) -> bytes:
        try:
            result = await operate("fetch.read", arguments(body=self._number))
        except OperationError as error:
            raise self._failed(error) from error
        return self._arrived(result[1], result[2])

    # Blocking

    def read(self) -> bytes:
        """Reads the rest of the body and returns all of it."""
        if self._content is None:
            self._content = b"".join(self.iter_bytes())
        return self._content

    def iter_bytes(self, chunk_size: int | None = None) -> Iterator[bytes]:
        """Iterates over the body as it arrives, in pieces of `chunk_size` bytes if it is given."""
        if self._content is not None:
            yield from pieces(self._content, chunk_size)
            return
        cut = Cutter(chunk_size)
        arrived = self._take_first()
        try:
            while True:
                yield from cut(arrived)
                if self._number is None:
                    break
                try:
                    result = operate_now("fetch.read", arguments(body=self._number))
                except OperationError as error:
                    raise self._failed(error) from error
                arrived = self._arrived(result[1], result[2])
            if cut.rest:
                yield cut.rest
        finally:
            self.close()

    def iter_text(self, chunk_size: int | None = None) -> Iterator[str]:
        """Iterates over the body as text."""
        decode = Decoder(self.encoding)
        for chunk in self.iter_bytes(chunk_size):
            yield from decode(chunk)
        yield from decode.end()

    def iter_lines(self) -> Iterator[str]:
        """Iterates over the lines of the body, without their ends."""
        lines = Lines()
        for chunk in self.iter_text():
            yield from lines(chunk)
        if lines.rest:
            yield lines.rest

    def close(self) -> None:
        """Drops the rest of the body."""
        number, self._number = self._number, None
        self.is_closed = True
        if number is not None:
            operate_now("fetch.close", arguments(body=number))

    # Both

    def _take_first(self) -> bytes:
        first, self._first = self._first, None  # type: ignore[assignment]
        if first is None:
            raise StreamConsumed(
                "the body has been read before; store its bytes if you need them again"
            )
        return first

    def _arrived(self, head: str, body: Content) -> bytes:
        if head and loads(head).get("end"):
            self._number = None
        return data(body)

    def _failed(self, error: OperationError) -> RequestError:
        self._number = None
        return RequestError.of(error, self.request or Request("GET", self.url))

    def __repr__(self) -> str:
        return f"<Response [{self.status_code} {self.reason_phrase}]>"


def _with_params(url: str, params: ParamTypes) -> str:
    """Returns a URL with further query parameters."""
    if not isinstance(url, str):
        url = str(url)
    if not url.lower().startswith(("http://", "https://", "app://")):
        raise InvalidURL(
            f"the URL `{url}` has no scheme; begin it with `https://` or `http://`, "
            "or give the client a `base_url`"
        )
    if params is None or not (query := urlencode(pairs(params))):
        return url
    url, mark, fragment = url.partition("#")
    return f"{url}{'&' if '?' in url else '?'}{query}{mark}{fragment}"


def _encode(
    content: ContentTypes, form: Mapping[str, Any] | None, files: FilesTypes, json: Any
) -> tuple[str | None, bytes | Stream]:
    """Returns the content type and the body."""
    if sum([content is not None, form is not None or files is not None, json is not _NO_JSON]) > 1:
        raise TypeError("give only one of `content`, `json`, and `data` with `files`")
    if json is not _NO_JSON:
        return "application/json", dumps(json).encode()
    if isinstance(content, str):
        return "text/plain; charset=utf-8", content.encode()
    if content is not None:
        return None, b"".join(content) if isinstance(content, list | tuple) else content
    if files is not None:
        named = files.items() if isinstance(files, Mapping) else files
        parts = [(name, (name, file) if isinstance(file, bytes) else file) for name, file in named]
        boundary = secrets.token_hex(16)
        body = multipart(pairs(form or {}), parts, boundary)
        return f"multipart/form-data; boundary={boundary}", body
    if form is not None:
        return "application/x-www-form-urlencoded", urlencode(pairs(form)).encode()
    return None, b""
