"""Converts parameters of statements to JSON, and rows from JSON."""

from __future__ import annotations

import dataclasses
import math
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from spikard_wasm._boundary import ContentJson
from spikard_wasm._json import dumps, loads, loads_exact, plain
from spikard_wasm._operations import Result, text

_MAX_SAFE = 2**53 - 1
_UNCHANGED = frozenset({str, bool, type(None)})

Row = dict[str, Any]
"""A row: its values by the names of the columns."""


def parameters(values: tuple[Any, ...]) -> ContentJson:
    """Returns the parameters of a statement as the body of its operation."""
    for value in values:
        kind = type(value)
        if kind in _UNCHANGED or (kind is int and -_MAX_SAFE <= value <= _MAX_SAFE):
            continue
        return ContentJson(dumps([_parameter(value) for value in values]))
    return ContentJson(dumps(list(values)))


def _parameter(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Enum):
        return _parameter(value.value)
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if -_MAX_SAFE <= value <= _MAX_SAFE else {"int": str(value)}
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return {"float": "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"}
    for kind, (name, convert) in _KINDS.items():
        if isinstance(value, kind):
            return {name: convert(value)}
    if isinstance(value, list | tuple | set | frozenset):
        return {"array": [_parameter(item) for item in value]}
    if isinstance(value, Mapping) or dataclasses.is_dataclass(value):
        return {"json": plain(value)}
    raise TypeError(
        f"a parameter is a `{type(value).__name__}`; give strings, numbers, booleans, bytes, "
        "decimals, dates, UUIDs, enums, lists, or dicts for JSON columns"
    )


def _timestamp(value: datetime) -> str:
    if value.tzinfo is None:
        return value.isoformat()
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_KINDS: dict[Any, tuple[str, Callable[[Any], Any]]] = {
    Decimal: ("decimal", str),
    bytes: ("bytes", lambda value: b64encode(value).decode()),
    bytearray: ("bytes", lambda value: b64encode(value).decode()),
    memoryview: ("bytes", lambda value: b64encode(value).decode()),
    datetime: ("timestamp", _timestamp),  # before `date`, its base class
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    UUID: ("uuid", str),
}

_READ: dict[str, Callable[[Any], Any]] = {
    "int": int,
    "decimal": lambda value: Decimal(getattr(value, "text", None) or str(value)),
    "bytes": b64decode,
    "timestamp": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "uuid": UUID,
    "float": float,
}


@dataclasses.dataclass(frozen=True)
class Executed:
    """The result of a statement that changes rows."""

    changes: int
    """Number of rows that an INSERT, UPDATE or DELETE has changed."""
    last_id: int | None = None
    """The id of the row that was inserted last, in SQLite."""


def executed(result: Result) -> Executed:
    """Reads the result of a statement."""
    head = loads(result[1]) if result[1] else {}
    last = head.get("last_id")
    return Executed(head.get("changes", 0), int(last) if isinstance(last, str) else last)


_Converters = tuple[tuple[str, Callable[[Any], Any]], ...]

# What the heads of results ask for. The results of a statement have the same head each time.
_known: dict[str, tuple[Callable[[str], Any], _Converters]] = {}


def _conversion(head: str) -> tuple[Callable[[str], Any], _Converters]:
    """Returns the function that reads the rows of a result, and those that convert columns."""
    known = _known.get(head)
    if known is None:
        types: dict[str, str] = loads(head).get("types", {})
        read = loads_exact if "decimal" in types.values() else loads
        converters = ((name, _READ.get(kind)) for name, kind in types.items())
        known = read, tuple((name, convert) for name, convert in converters if convert is not None)
        if len(head) <= 4096 and len(_known) < 256:
            _known[head] = known
    return known


def rows(result: Result) -> list[Row]:
    """Reads the rows of a result."""
    head = result[1]
    body = text(result[2]) or "[]"
    if '"types"' not in head:
        read: list[Row] = loads(body)
        return read
    read_rows, converters = _conversion(head)
    found: list[Row] = read_rows(body)
    for name, convert in converters:
        for row in found:
            value = row[name]
            # Most values are integers, which are only converted if they come as a text.
            if value is None or (convert is int and type(value) is int):
                continue
            row[name] = _each(convert, value) if type(value) is list else convert(value)
    return found


def _each(convert: Callable[[Any], Any], values: list[Any]) -> list[Any]:
    return [
        None if value is None else _each(convert, value) if type(value) is list else convert(value)
        for value in values
    ]
