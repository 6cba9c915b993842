"""Key-value stores that the operator has granted.

    sessions = Store("sessions")

    @app.get("/visits")
    async def visits() -> int:
        return await sessions.increment("visits")

Values are bytes; `get_text` and `get_json` decode them. `store.blocking` has the same methods
without `await`, for `def` handlers.
"""

from __future__ import annotations

import builtins
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

from spikard_wasm._boundary import ContentBytes
from spikard_wasm._json import dumps, loads
from spikard_wasm._operations import Result, arguments, data, operate, operate_now

__all__ = ["BlockingStore", "Store"]

Value = bytes | bytearray | memoryview | str
"""A value that can be stored. A string is stored as UTF-8."""
Ttl = float | timedelta | None
"""A time to live: seconds or a `timedelta`; `None` for ever."""


def _bytes(value: Value) -> bytes:
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value)
    raise TypeError(
        f"the value is a `{type(value).__name__}`; give it bytes or a string, or use `set_json`"
    )


def _ttl_ms(ttl: Ttl) -> int | None:
    if ttl is None:
        return None
    seconds = ttl.total_seconds() if isinstance(ttl, timedelta) else ttl
    if not seconds > 0:
        raise ValueError(f"ttl `{ttl}` is not a positive number of seconds")
    return max(1, round(seconds * 1000))


def _found(result: Result) -> bytes | None:
    return None if result[0] == 404 else data(result[2])


def _swap_head(name: str, key: str, expected: Value | None) -> str:
    # `None` is a value of `expected`, so `arguments` must not drop it.
    before = None if expected is None else b64encode(_bytes(expected)).decode()
    return dumps({"store": name, "key": key, "expected": before})


class BlockingStore:
    """A store for `def` handlers: `Store.blocking`."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name
        """The name of the store in the operator's grants."""

    def get(self, key: str) -> bytes | None:
        """Returns the value of a key, or `None` if it is absent."""
        return _found(operate_now("kv.get", arguments(store=self.name, key=key)))

    def get_text(self, key: str) -> str | None:
        """Returns the value of a key as text, or `None` if it is absent."""
        value = self.get(key)
        return None if value is None else value.decode()

    def get_json(self, key: str) -> Any:
        """Returns the value of a key as JSON, or `None` if it is absent."""
        value = self.get(key)
        return None if value is None else loads(value.decode())

    def set(self, key: str, value: Value, *, ttl: Ttl = None) -> None:
        """Sets the value of a key, for `ttl` seconds or for ever."""
        head = arguments(store=self.name, key=key, ttl_ms=_ttl_ms(ttl))
        operate_now("kv.set", head, ContentBytes(_bytes(value)))

    def set_json(self, key: str, value: Any, *, ttl: Ttl = None) -> None:
        """Sets the value of a key to JSON."""
        self.set(key, dumps(value), ttl=ttl)

    def delete(self, key: str) -> None:
        """Removes a key if it exists."""
        operate_now("kv.delete", arguments(store=self.name, key=key))

    def exists(self, key: str) -> bool:
        """Returns whether a key exists."""
        return operate_now("kv.exists", arguments(store=self.name, key=key))[0] != 404

    def increment(self, key: str, by: int = 1) -> int:
        """Adds to the integer of a key, 0 if it is absent, and returns the sum. Atomic."""
        result = operate_now("kv.increment", arguments(store=self.name, key=key, by=by))
        return int(loads(result[1])["value"])

    def swap(self, key: str, expected: Value | None, value: Value) -> bool:
        """Sets a key if its value is `expected` (`None`: absent); returns whether it did."""
        head = _swap_head(self.name, key, expected)
        return operate_now("kv.swap", head, ContentBytes(_bytes(value)))[0] != 409

    def list(self) -> Iterator[str]:
        """Iterates over all keys."""
        cursor = None
        while True:
            page = loads(operate_now("kv.list", arguments(store=self.name, cursor=cursor))[1])
            keys: builtins.list[str] = page["keys"]
            yield from keys
            cursor = page.get("cursor")
            if cursor is None:
                return


class Store:
    """A key-value store. The operator grants it under a name: `[grants.keyvalue]`."""

    __slots__ = ("blocking", "name")

    def __init__(self, name: str = "default") -> None:
        self.name = name
        """The name of the store in the operator's grants."""
        self.blocking = BlockingStore(name)
        """The same methods without `await`, for `def` handlers."""

    async def get(self, key: str) -> bytes | None:
        """Returns the value of a key, or `None` if it is absent."""
        return _found(await operate("kv.get", arguments(store=self.name, key=key)))

    async def get_text(self, key: str) -> str | None:
        """Returns the value of a key as text, or `None` if it is absent."""
        value = await self.get(key)
        return None if value is None else value.decode()

    async def get_json(self, key: str) -> Any:
        """Returns the value of a key as JSON, or `None` if it is absent."""
        value = await self.get(key)
        return None if value is None else loads(value.decode())

    async def set(self, key: str, value: Value, *, ttl: Ttl = None) -> None:
        """Sets the value of a key, for `ttl` seconds or for ever."""
        head = arguments(store=self.name, key=key, ttl_ms=_ttl_ms(ttl))
        await operate("kv.set", head, ContentBytes(_bytes(value)))

    async def set_json(self, key: str, value: Any, *, ttl: Ttl = None) -> None:
        """Sets the value of a key to JSON."""
        await self.set(key, dumps(value), ttl=ttl)

    async def delete(self, key: str) -> None:
        """Removes a key if it exists."""
        await operate("kv.delete", arguments(store=self.name, key=key))

    async def exists(self, key: str) -> bool:
        """Returns whether a key exists."""
        return (await operate("kv.exists", arguments(store=self.name, key=key)))[0] != 404

    async def increment(self, key: str, by: int = 1) -> int:
        """Adds to the integer of a key, 0 if it is absent, and returns the sum. Atomic."""
        result = await operate("kv.increment", arguments(store=self.name, key=key, by=by))
        return int(loads(result[1])["value"])

    async def swap(self, key: str, expected: Value | None, value: Value) -> bool:
        """Sets a key if its value is `expected` (`None`: absent); returns whether it did."""
        head = _swap_head(self.name, key, expected)
        return (await operate("kv.swap", head, ContentBytes(_bytes(value))))[0] != 409

    async def list(self) -> AsyncIterator[str]:
        """Iterates over all keys: `async for key in store.list()`."""
        cursor = None
        while True:
            head = arguments(store=self.name, cursor=cursor)
            page = loads((await operate("kv.list", head))[1])
            for key in page["keys"]:
                yield key
            cursor = page.get("cursor")
            if cursor is None:
                return

    def __repr__(self) -> str:
        return f"Store({self.name!r})"
