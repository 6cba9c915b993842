"""The services of the test client."""

from __future__ import annotations

import json
import sys
import time
from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from spikard_wasm._local import Content, ContentBytes, ContentEmpty, ContentText, Result

Perform = Callable[[int, dict[str, Any], Content], Result]
"""Performs an operation: the task's number, its arguments and its data."""


class OperationFailed(Exception):  # noqa: N818 - it becomes an `OperationError`
    """An operation failed."""

    def __init__(self, code: str, message: str, **details: Any) -> None:
        super().__init__(message)
        self.code = code
        self.details = {key: value for key, value in details.items() if value is not None}


class Busy(Exception):  # noqa: N818 - it is not an error of the app
    """A transaction of another connection is in the way; try again later."""


class Service(Protocol):
    """A group of operations."""

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""

    def end(self, task: int) -> None:
        """Releases the resources of a task."""


class Services:
    """All operations of the host."""

    def __init__(self, *services: Service, slow: frozenset[str]) -> None:
        self._services = services
        self._kinds: dict[str, Perform] = {}
        for service in services:
            self._kinds.update(service.kinds())
        self.immediate = frozenset({"config.get", "secret.get", "log"})
        """The kinds that are always ready at once."""
        self._slow = slow

    def is_slow(self, kind: str) -> bool:
        """Returns whether operations of a kind run in a thread, several at once."""
        return kind in self._slow

    def perform(self, task: int, kind: str, head: dict[str, Any], body: Content) -> Result:
        """Performs an operation. Raises `OperationFailed` or `Busy`."""
        perform = self._kinds.get(kind)
        if perform is None:
            raise OperationFailed("unknown-kind", f"the test client does not know `{kind}`")
        return perform(task, head, body)

    def end(self, task: int) -> None:
        """Releases the resources of a task, such as transactions."""
        for service in self._services:
            service.end(task)


def data(body: Content) -> bytes:
    """Returns the bytes of an operation's data."""
    if isinstance(body, ContentEmpty):
        return b""
    return body.value if isinstance(body, ContentBytes) else body.value.encode()


class Log:
    """The log, which goes to standard error."""

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""
        return {"log": self._write}

    def _write(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        print(f"{head.get('level', 'info').upper()} {data(body).decode()}", file=sys.stderr)
        return 200, "", ContentEmpty()

    def end(self, task: int) -> None:
        """Does nothing."""


class Settings:
    """Settings and secrets."""

    def __init__(self, config: Mapping[str, str], secrets: Mapping[str, str]) -> None:
        self.config = config
        """The settings, with the defaults of those that the app declares."""
        self._secrets = secrets

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""
        return {
            "config.get": lambda _task, head, _body: _found(self.config.get(head["name"])),
            "secret.get": lambda _task, head, _body: _found(self._secrets.get(head["name"])),
        }

    def end(self, task: int) -> None:
        """Does nothing."""


def _found(value: str | None) -> Result:
    return (404, "", ContentEmpty()) if value is None else (200, "", ContentText(value))


class Stores:
    """Key-value stores in memory."""

    def __init__(self, stores: Mapping[str, dict[str, bytes]]) -> None:
        self.stores = stores
        self._ends: dict[tuple[str, str], float] = {}

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""
        return {
            "kv.get": self._get,
            "kv.set": self._set,
            "kv.delete": self._delete,
            "kv.exists": self._exists,
            "kv.increment": self._increment,
            "kv.swap": self._swap,
            "kv.list": self._list,
        }

    def end(self, task: int) -> None:
        """Does nothing."""

    def _store(self, head: dict[str, Any]) -> dict[str, bytes]:
        name = head["store"]
        if name not in self.stores:
            raise OperationFailed(
                "denied",
                f"the test client has no store `{name}`; "
                f"add it with `TestClient(app, stores=[{name!r}])`",
            )
        if "key" in head and not 1 <= len(head["key"].encode()) <= 1024:
            raise OperationFailed("invalid", "a key has 1 to 1,024 bytes")
        return self.stores[name]

    def _value(self, head: dict[str, Any]) -> bytes | None:
        store, key = self._store(head), head["key"]
        end = self._ends.get((head["store"], key))
        if end is not None and end <= time.monotonic():
            store.pop(key, None)
            del self._ends[head["store"], key]
        return store.get(key)

    def _get(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        value = self._value(head)
        return (404, "", ContentEmpty()) if value is None else (200, "", ContentBytes(value))

    def _write(self, head: dict[str, Any], value: bytes) -> None:
        self._store(head)[head["key"]] = value
        self._ends.pop((head["store"], head["key"]), None)
        if (ttl := head.get("ttl_ms")) is not None:
            self._ends[head["store"], head["key"]] = time.monotonic() + ttl / 1000

    def _set(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        self._write(head, data(body))
        return 200, "", ContentEmpty()

    def _delete(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        self._store(head).pop(head["key"], None)
        return 200, "", ContentEmpty()

    def _exists(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        return (404 if self._value(head) is None else 200), "", ContentEmpty()

    def _increment(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        try:
            total = int(self._value(head) or b"0") + head.get("by", 1)
        except ValueError:
            raise OperationFailed(
                "failed", f"the value of `{head['key']}` is not an integer"
            ) from None
        self._store(head)[head["key"]] = b"%d" % total
        return 200, f'{{"value":{total}}}', ContentEmpty()

    def _swap(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        expected = head.get("expected")
        if self._value(head) != (None if expected is None else b64decode(expected)):
            return 409, "", ContentEmpty()
        self._write(head, data(body))
        return 200, "", ContentEmpty()

    def _list(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        store = self._store(head)
        keys = [key for key in sorted(store) if self._value({**head, "key": key}) is not None]
        begin = int(head.get("cursor") or 0)
        page: dict[str, Any] = {"keys": keys[begin : begin + 100]}
        if begin + 100 < len(keys):
            page["cursor"] = str(begin + 100)
        return 200, json.dumps(page), ContentEmpty()
