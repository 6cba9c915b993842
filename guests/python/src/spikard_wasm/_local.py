"""What the bindings are outside a component, so that an app imports and runs in tests.

The records mirror the ones `componentize-py` generates from the WIT; `exchange` holds
the request in progress, which `spikard_wasm.testing` fills in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


@dataclass
class BodyEmpty:
    """The request has no body."""


@dataclass
class BodyJson:
    """A JSON text."""

    value: str


@dataclass
class BodyText:
    """Text."""

    value: str


@dataclass
class BodyForm:
    """A form, as a JSON object of its fields."""

    value: str


@dataclass
class BodyBytes:
    """Anything else, byte for byte."""

    value: bytes


Body = BodyEmpty | BodyJson | BodyText | BodyForm | BodyBytes


@dataclass
class ContentEmpty:
    """No body."""


@dataclass
class ContentJson:
    """A JSON text."""

    value: str


@dataclass
class ContentText:
    """Plain text."""

    value: str


@dataclass
class ContentBytes:
    """Bytes."""

    value: bytes


Content = ContentEmpty | ContentJson | ContentText | ContentBytes


class Method(Enum):
    """A request method, numbered as in the WIT."""

    GET = 0
    HEAD = 1
    POST = 2
    PUT = 3
    PATCH = 4
    DELETE = 5
    OPTIONS = 6
    TRACE = 7


@dataclass
class Route:
    """One method of one path; the last four are JSON documents or empty."""

    method: Method
    path: str
    name: str
    parameters: str
    body: str
    replies: str
    settings: str


@dataclass
class Description:
    """An app."""

    name: str
    version: str
    routes: list[Route]
    settings: str


@dataclass
class Exchange:
    """A request in progress and the failures its handler reported."""

    method: str = ""
    path: str = ""
    query: str = ""
    headers: list[tuple[str, bytes]] = field(default_factory=list)
    cookies: list[tuple[str, str]] = field(default_factory=list)
    peer: str = ""
    id: str = ""
    raw_body: bytes = b""
    files: list[bytes] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


class LocalRequest:
    """The imported interface `request`, answered from the exchange in progress."""

    def __init__(self) -> None:
        self.exchange = Exchange()

    def method(self) -> str:
        """The method in upper case."""
        return self.exchange.method

    def path(self) -> str:
        """The path, still percent-encoded."""
        return self.exchange.path

    def query(self) -> str:
        """The query, still percent-encoded."""
        return self.exchange.query

    def header(self, name: str) -> str | None:
        """One header's value; several fields of that name are joined."""
        wanted = name.lower()
        values = [value.decode("latin-1") for key, value in self.exchange.headers if key == wanted]
        return ", ".join(values) if values else None

    def headers(self) -> list[tuple[str, bytes]]:
        """All headers, names in lower case."""
        return list(self.exchange.headers)

    def cookie(self, name: str) -> str | None:
        """One cookie's value."""
        return next((value for key, value in self.exchange.cookies if key == name), None)

    def cookies(self) -> list[tuple[str, str]]:
        """All cookies."""
        return list(self.exchange.cookies)

    def peer(self) -> str:
        """The client's address and port."""
        return self.exchange.peer

    def id(self) -> str:
        """The request's id."""
        return self.exchange.id

    def raw_body(self) -> bytes:
        """The body as it was sent."""
        return self.exchange.raw_body

    def file(self, part: int) -> bytes | None:
        """The bytes of one file of a multipart form."""
        files = self.exchange.files
        return files[part] if part < len(files) else None


class LocalFailure:
    """The imported interface `failure`, kept with the exchange in progress."""

    def report(self, message: str, detail: str) -> None:
        """Fails the call in progress."""
        request.exchange.failures.append((message, detail))


request = LocalRequest()
failure = LocalFailure()
