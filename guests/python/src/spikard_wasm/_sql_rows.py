"""Converts rows to the class of `into`: a dataclass, TypedDict, attrs class or scalar."""

from __future__ import annotations

import dataclasses
import types
import typing
from base64 import b64decode
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Union
from uuid import UUID

from spikard_wasm import _codec
from spikard_wasm._objects import hints
from spikard_wasm._schema import Context
from spikard_wasm._sql_values import Row

Convert = Callable[[Any], Any]

_ANY: tuple[Any, ...] = (Any, object)
# Types that a database can store as another one, such as SQLite dates as text.
_SCALARS: dict[Any, Convert] = {
    bool: lambda value: value if isinstance(value, bool) else bool(int(value)),
    int: lambda value: value if isinstance(value, int) else int(value),
    float: lambda value: value if isinstance(value, float) else float(value),
    str: lambda value: value if isinstance(value, str) else str(value),
    bytes: lambda value: value if isinstance(value, bytes) else b64decode(value),
    Decimal: lambda value: value if isinstance(value, Decimal) else Decimal(str(value)),
    datetime: lambda value: value if isinstance(value, datetime) else datetime.fromisoformat(value),
    date: lambda value: value if isinstance(value, date) else date.fromisoformat(value),
    time: lambda value: value if isinstance(value, time) else time.fromisoformat(value),
    UUID: lambda value: value if isinstance(value, UUID) else UUID(value),
}

_converters: dict[Any, Callable[[Row], Any]] = {}


def converter(into: Any) -> Callable[[Row], Any]:
    """Returns the function that converts a row to `into`. `TypeError` if there is none."""
    try:
        known = _converters.get(into)
    except TypeError:  # not hashable
        known = None
    if known is None:
        known = _converters[into] = _converter(into)
    return known


def _converter(into: Any) -> Callable[[Row], Any]:
    if into is dict:
        return lambda row: row
    if dataclasses.is_dataclass(into):
        fields = {f.name: _has_default(f) for f in dataclasses.fields(into) if f.init}
        return _object(into, into, fields)  # type: ignore[arg-type]
    if (attributes := getattr(into, "__attrs_attrs__", None)) is not None:
        fields = {a.alias: repr(a.default) != "NOTHING" for a in attributes if a.init}
        return _object(into, into, fields)
    if typing.is_typeddict(into):
        fields = {name: name not in into.__required_keys__ for name in hints(into)}
        return _object(into, dict, fields)
    if into in _SCALARS or isinstance(into, types.UnionType) or typing.get_origin(into) is Union:
        return _scalar(into)
    if isinstance(into, type) and issubclass(into, Enum):
        return _scalar(into)
    raise TypeError(
        f"`into` is `{_codec.name(into)}`; give a dataclass, a TypedDict, an attrs class, or "
        "for a single column a type such as `int`"
    )


def _has_default(field: dataclasses.Field[Any]) -> bool:
    missing = dataclasses.MISSING
    return field.default is not missing or field.default_factory is not missing


def _object(cls: Any, make: Callable[..., Any], fields: dict[str, bool]) -> Callable[[Row], Any]:
    """Returns the converter of a class. `fields` tells which can be absent."""
    types = hints(cls)
    converts = [
        (name, _convert(types.get(name.lstrip("_"), types.get(name, Any))), optional)
        for name, optional in fields.items()
    ]

    def convert_row(row: Row) -> Any:
        values: dict[str, Any] = {}
        for name, convert, optional in converts:
            if name not in row:
                if optional:
                    continue
                raise TypeError(
                    f"a row has no column `{name}`, which `{cls.__name__}` needs; its columns "
                    f"are {', '.join(f'`{column}`' for column in row)}; name it with `as`"
                )
            value = row[name]
            try:
                values[name] = value if convert is None else convert(value)
            except (TypeError, ValueError) as error:
                raise TypeError(
                    f"column `{name}` is {value!r}, which is no value of "
                    f"`{cls.__name__}.{name}`: {error}"
                ) from error
        return make(**values)

    return convert_row


def _scalar(into: Any) -> Callable[[Row], Any]:
    convert = _convert(into)

    def convert_row(row: Row) -> Any:
        if len(row) != 1:
            raise TypeError(
                f"the statement returns {len(row)} columns; `into={_codec.name(into)}` takes one"
            )
        (value,) = row.values()
        return value if convert is None else convert(value)

    return convert_row


def _convert(hint: Any) -> Convert | None:
    """Returns the function that converts a value of a column, if it must be converted."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in _ANY:
        return None
    if origin in (Annotated, typing.Required, typing.NotRequired):
        return _convert(args[0])
    if origin is Union or origin is types.UnionType:
        members = [arg for arg in args if arg is not type(None)]
        convert = _convert(members[0]) if len(members) == 1 else None
        if convert is None or len(members) == len(args):
            return convert
        return lambda value: None if value is None else convert(value)
    if (scalar := _SCALARS.get(hint)) is not None:
        return lambda value: _not_null(value, scalar)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    if origin is list and args and (item := _convert(args[0])) is not None:
        return lambda value: [item(entry) for entry in _json_of(value)]
    if hint is list or hint is dict or origin in (list, dict):
        return _json_of
    try:
        decode = _codec.codec(hint, Context(closed=False)).decode
    except TypeError:
        return None  # a class that the app creates itself, for example with a converter
    return _json_of if decode is None else lambda value: decode(_json_of(value))


def _not_null(value: Any, convert: Convert) -> Any:
    if value is None:
        raise TypeError("it is NULL; declare the type as optional, such as `str | None`")
    return convert(value)


def _json_of(value: Any) -> Any:
    """Returns a JSON value, which SQLite stores as text."""
    if isinstance(value, str):
        from spikard_wasm._json import loads

        return loads(value)
    return value
