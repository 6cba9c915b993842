"""Contexts: values that hooks and handlers share, for one request or for the whole app.

A value is anything that a reply can hold. It is stored as JSON, so a dataclass comes back as
a dict.
"""

from __future__ import annotations

from enum import Enum
from typing import Any, Final, Literal, Protocol

from spikard_wasm import _boundary, _call
from spikard_wasm._json import Json, dumps, loads
from spikard_wasm._started import check_started
from spikard_wasm.errors import ContextError


class _Missing(Enum):
    MISSING = "MISSING"

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing.MISSING
"""Stands for a missing key, which differs from the value `None`, in `GlobalContext.swap`."""


class _Store(Protocol):
    def get(self, key: str, /) -> str | None: ...
    def set(self, key: str, value: str | None, /) -> None: ...


class _GlobalStore(_Store, Protocol):
    def swap(self, key: str, expected: str | None, value: str | None, /) -> bool: ...
    def add(self, key: str, delta: int, /) -> int: ...


class _Context:
    """The base class of both contexts: a mapping whose keys cannot be listed."""

    __slots__ = ()

    @property
    def _store(self) -> _Store:
        raise NotImplementedError

    def get(self, key: str, default: Any = None) -> Any:
        """Returns the value of a key, or `default` if it is missing."""
        text = self._store.get(_key(key))
        return default if text is None else loads(text)

    def set(self, key: str, value: Any) -> None:
        """Sets the value of a key. `ContextError` if the host rejects the key or value."""
        self._write(key, dumps(value))

    def delete(self, key: str) -> None:
        """Removes a key if it exists."""
        self._write(key, None)

    def __getitem__(self, key: str) -> Any:
        text = self._store.get(_key(key))
        if text is None:
            raise KeyError(key)
        return loads(text)

    def __setitem__(self, key: str, value: Any) -> None:
        self.set(key, value)

    def __delitem__(self, key: str) -> None:
        if key not in self:
            raise KeyError(key)
        self.delete(key)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self._store.get(_key(key)) is not None

    # Without these, Python would iterate over the keys 0, 1, 2 and so on.
    __iter__ = None
    __len__ = None

    def _write(self, key: str, text: str | None) -> None:
        try:
            self._store.set(_key(key), text)
        except _boundary.Err as error:
            raise ContextError(error.value) from None


class LocalContext(_Context):
    """Values of one request, shared by its hooks and its handler: `request.local`.

    Keys that begin with `spikard.` are read-only and set by the host: `spikard.jwt` has the
    claims of a valid token, `spikard.api-key` the name of the matching key.

    The context ends when the handler or hook that got it returns. Used later, it raises
    `RuntimeError`.
    """

    __slots__ = ("_call",)

    def __init__(self, call: _call.Call | None) -> None:
        self._call = call

    @property
    def _store(self) -> _Store:
        _call.check(self._call, "local")
        return _boundary.local_context


def local_of(call: _call.Call | None) -> LocalContext:
    """Returns the local context of a call's request."""
    if call is None:
        return LocalContext(None)
    if call.local is None:
        call.local = LocalContext(call)
    return call.local


class GlobalContext(_Context):
    """Values of the app, shared by all of its instances, in memory: `app.globals`.

    Each method is atomic. Use `add` and `swap` for changes that depend on the current value.
    """

    __slots__ = ("_values",)

    def __init__(self, values: _GlobalStore) -> None:
        self._values = values

    @property
    def _store(self) -> _GlobalStore:
        check_started("app.globals")
        return self._values

    def add(self, key: str, delta: int = 1) -> int:
        """Adds to the integer of a key, 0 if it is missing, and returns the sum."""
        if type(delta) is not int or not -(1 << 63) <= delta < 1 << 63:
            raise ContextError(f"`{delta}` is not an integer of 64 bits")
        try:
            return self._store.add(_key(key), delta)
        except _boundary.Err as error:
            raise ContextError(error.value) from None

    def swap(
        self,
        key: str,
        expected: Json | Literal[_Missing.MISSING],
        value: Json | Literal[_Missing.MISSING],
    ) -> bool:
        """Sets a key to `value` if its value is `expected`, and returns whether it did.

        `MISSING` stands for a missing key. Values are equal if their JSON is, member by member.
        """
        before = None if expected is MISSING else dumps(expected)
        after = None if value is MISSING else dumps(value)
        try:
            return self._store.swap(_key(key), before, after)
        except _boundary.Err as error:
            raise ContextError(error.value) from None


def _key(key: str) -> str:
    if not isinstance(key, str):
        raise TypeError(f"a key is a string, not a `{type(key).__name__}`")
    if not key.isascii():
        try:
            key.encode()
        except UnicodeEncodeError:
            raise ContextError(f"key {key!r} has a lone surrogate, which has no UTF-8") from None
    return str.__str__(key)  # the value of a string enum


GLOBALS: Final = GlobalContext(_boundary.global_context)
