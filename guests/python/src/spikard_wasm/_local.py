"""Stands in for the bindings outside a component, so that tests can import and run an app.

The records mirror those that `componentize-py` generates from the WIT. `exchange` holds the
request in progress, which `spikard_wasm.testing` fills in. The contexts enforce the limits of
the WIT.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


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
    """Any other body, as bytes."""

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

Result = tuple[int, str, Content]
"""The result of an operation: status, head and body."""


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
    """One method of one path. The last four members are JSON documents or empty."""

    method: Method
    path: str
    name: str
    parameters: str
    body: str
    replies: str
    settings: str


@dataclass
class Description:
    """The description of an app."""

    name: str
    version: str
    routes: list[Route]
    settings: str


@dataclass(frozen=True)
class Err(Exception):  # noqa: N818 - its name in the bindings
    """The failure case of a `result`."""

    value: str


@dataclass
class Exchange:
    """A request in progress, its local context, and the failures that the app reported."""

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
    local: dict[str, str] = field(default_factory=dict)
    reply: Content = field(default_factory=ContentEmpty)
    """The body of the reply in progress, for the hooks after the handler."""


class LocalRequest:
    """The imported interface `request`, answered from the exchange in progress."""

    def __init__(self) -> None:
        self.idle = self.exchange = Exchange()
        """The exchange outside of a request."""

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
        """The value of a header; repeated headers are joined."""
        wanted = name.lower()
        values = [value.decode("latin-1") for key, value in self.exchange.headers if key == wanted]
        return ("; " if wanted == "cookie" else ", ").join(values) if values else None

    def headers(self) -> list[tuple[str, bytes]]:
        """All headers, names in lower case."""
        return list(self.exchange.headers)

    def cookie(self, name: str) -> str | None:
        """The value of a cookie."""
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
        """The body as sent."""
        return self.exchange.raw_body

    def file(self, part: int) -> bytes | None:
        """The content of a file in a multipart form."""
        files = self.exchange.files
        return files[part] if part < len(files) else None


class LocalFailure:
    """The imported interface `failure`, which stores failures in the exchange in progress."""

    def report(self, message: str, detail: str) -> None:
        """Fails the call in progress."""
        request.exchange.failures.append((message, detail))


class LocalReply:
    """The imported interface `reply`, answered from the exchange in progress."""

    def body(self) -> Content:
        """The body of the reply."""
        return request.exchange.reply


def _store(values: dict[str, str], key: str, value: str | None, limit: int) -> None:
    """Sets or removes a value within the limits of a context."""
    if not 1 <= len(key.encode()) <= _KEY_LIMIT:
        raise Err(f"a key has 1 to {_KEY_LIMIT} bytes, and this one has {len(key.encode())}")
    if value is None:
        values.pop(key, None)
        return
    after = {**values, key: value}
    if sum(len(k.encode()) + len(v.encode()) for k, v in after.items()) > limit:
        raise Err(
            f"with `{key}` the context would hold more than {limit} bytes: "
            "remove entries that are no longer needed"
        )
    values[key] = value


class LocalLocalContext:
    """The imported interface `local-context`, which uses the exchange in progress."""

    def get(self, key: str) -> str | None:
        """The value of a key."""
        return request.exchange.local.get(key)

    def set(self, key: str, value: str | None) -> None:
        """Sets the value of a key; `None` removes it."""
        if request.exchange is request.idle:
            raise Err("no request is in progress")
        if key.startswith("spikard."):
            raise Err(
                f"the key `{key}` is reserved for the host: "
                "choose one that does not begin with `spikard.`"
            )
        _store(request.exchange.local, key, value, _LOCAL_LIMIT)


class LocalGlobalContext:
    """The imported interface `global-context`, in the memory of this process."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """The value of a key."""
        return self.values.get(key)

    def set(self, key: str, value: str | None) -> None:
        """Sets the value of a key; `None` removes it."""
        _store(self.values, key, value, _GLOBAL_LIMIT)

    def swap(self, key: str, expected: str | None, value: str | None) -> bool:
        """Sets a key to `value` if its value is `expected`, and returns whether it did."""
        if self.values.get(key) != expected:
            return False
        self.set(key, value)
        return True

    def add(self, key: str, delta: int) -> int:
        """Adds to the integer of a key, 0 if it is missing, and returns the sum."""
        try:
            total = int(self.values.get(key, "0")) + delta
        except ValueError:
            raise Err(f"the value of `{key}` is not an integer of 64 bits") from None
        if not -(1 << 63) <= total < 1 << 63:
            raise Err(f"the sum for `{key}` has more than 64 bits")
        self.set(key, str(total))
        return total


class Host(Protocol):
    """Runs operations in place of the host."""

    def task(self) -> int: ...
    def submit(self, task: int, op: int, kind: str, head: str, body: Content) -> Result: ...
    def call(self, kind: str, head: str, body: Content) -> Result: ...
    def abandon(self, op: int) -> None: ...
    def reply(self, task: int, status: int, headers: str, body: Content | None) -> None: ...
    def fail(self, task: int, message: str, detail: str) -> None: ...
    def select(self, task: int) -> bool: ...


class LocalIo:
    """The imported interface `io`, answered by the host of the test client in progress."""

    def __init__(self) -> None:
        self.host: Host | None = None

    def task(self) -> int:
        """The number of the task in progress."""
        return 0 if self.host is None else self.host.task()

    def submit(self, task: int, op: int, kind: str, head: str, body: Content) -> Result:
        """Starts an operation."""
        return _NO_HOST if self.host is None else self.host.submit(task, op, kind, head, body)

    def call(self, kind: str, head: str, body: Content) -> Result:
        """Runs an operation."""
        return _NO_HOST if self.host is None else self.host.call(kind, head, body)

    def abandon(self, op: int) -> None:
        """Stops an operation."""
        if self.host is not None:
            self.host.abandon(op)

    def reply(self, task: int, status: int, headers: str, body: Content | None) -> None:
        """Answers a task."""
        if self.host is not None:
            self.host.reply(task, status, headers, body)

    def fail(self, task: int, message: str, detail: str) -> None:
        """Fails a task."""
        if self.host is not None:
            self.host.fail(task, message, detail)

    def select(self, task: int) -> bool:
        """Makes the interfaces refer to a task."""
        return self.host is not None and self.host.select(task)


_NO_HOST: Result = (
    1,
    '{"code":"failed","message":"no request is in progress: do this in a handler or hook, '
    'or in a test through `TestClient`"}',
    ContentEmpty(),
)
_KEY_LIMIT, _LOCAL_LIMIT, _GLOBAL_LIMIT = 256, 1 << 20, 16 << 20  # bytes

request = LocalRequest()
failure = LocalFailure()
reply = LocalReply()
local_context = LocalLocalContext()
global_context = LocalGlobalContext()
io = LocalIo()
