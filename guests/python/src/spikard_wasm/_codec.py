"""Converts type hints to JSON Schema, and to decoders from validated JSON to Python values.

The host validates a value against the schema first, so a decoder does not check it again.
A type whose JSON values Python can use unchanged has no decoder.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import types
import typing
from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NewType, TypeVar, Union
from uuid import UUID

from spikard_wasm import _objects
from spikard_wasm._invalid import InvalidValueError
from spikard_wasm._json import Digits
from spikard_wasm._scalars import decimal, integer, to_date, to_datetime, to_time
from spikard_wasm._schema import Codec, Context, Decoder, Schema
from spikard_wasm.markers import Field
from spikard_wasm.request import UploadFile

ALL: frozenset[type] = frozenset({str, int, float, bool, dict, list, type(None)})
ALIAS = getattr(typing, "TypeAliasType", ())  # the `type` statement of Python 3.12
_NAMES: dict[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    type(None): "null",
    dict: "object",
    list: "array",
}


def _scalar(kind: type, schema: Schema, decode: Decoder | None = None) -> Codec:
    return Codec(schema, decode, frozenset({kind}))


# A text field can hold JSON too. The schema rejects a value that is not the host's description
# of a file.
_FILE: Schema = {
    "type": "object",
    "properties": {"part": {"type": "integer"}, "size": {"type": "integer"}},
    "required": ["part", "size"],
}

_SCALARS: dict[Any, Codec] = {
    Any: Codec({}, None, ALL),
    object: Codec({}, None, ALL),
    str: _scalar(str, {"type": "string"}),
    int: _scalar(int, {"type": "integer"}, integer),
    float: Codec({"type": "number"}, None, frozenset({int, float})),
    bool: _scalar(bool, {"type": "boolean"}),
    type(None): _scalar(type(None), {"type": "null"}),
    UUID: _scalar(str, {"type": "string", "format": "uuid"}, UUID),
    date: _scalar(str, {"type": "string", "format": "date"}, to_date),
    datetime: _scalar(str, {"type": "string", "format": "date-time"}, to_datetime),
    time: _scalar(str, {"type": "string", "format": "time"}, to_time),
    # The string comes first, so that the host keeps the digits of a parameter.
    Decimal: Codec(
        {"anyOf": [{"type": "string", "pattern": r"^[+-]?\d+(\.\d+)?$"}, {"type": "number"}]},
        decimal,
        frozenset({str, int, float}),
    ),
    UploadFile: _scalar(dict, _FILE, UploadFile.decode),
}

_TEXT_INTEGER = _scalar(int, {"type": "integer"})

_LISTS: dict[Any, Callable[[Any], Any] | None] = {
    list: None,
    collections.abc.Sequence: None,
    collections.abc.Iterable: None,
    set: set,
    collections.abc.Set: set,
    frozenset: frozenset,
    tuple: tuple,
}
_DICTS = (dict, collections.abc.Mapping, collections.abc.MutableMapping)


def codec(hint: Any, context: Context) -> Codec:
    """Returns the codec of a type hint. `TypeError` names a type without one."""
    try:
        known = _SCALARS.get(hint)
    except TypeError:  # a hint that cannot be a key, such as `Literal[[]]`
        known = None
    if known is not None:
        if hint is Decimal:
            context.has_decimal = True
        return _TEXT_INTEGER if hint is int and context.from_text else known
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        return constrained(codec(args[0], context), args[1:])
    if origin in (typing.Required, typing.NotRequired):
        return codec(args[0], context)
    if origin is Union or origin is types.UnionType:
        return _union([codec(arg, context) for arg in args], hint, context)
    if origin is Literal:
        return _enum(list(args), None)
    if isinstance(hint, NewType):
        return codec(hint.__supertype__, context)
    if isinstance(hint, ALIAS):
        return codec(hint.__value__, context)
    container = origin or hint
    if container in _LISTS:
        return _list(container, args, context)
    if container in _DICTS:
        return _dict(args, context)
    if isinstance(hint, type):
        if issubclass(hint, Enum):
            return _enum([member.value for member in hint], hint)
        if dataclasses.is_dataclass(hint) or typing.is_typeddict(hint):
            return _objects.codec(hint, context, codec)
    if isinstance(hint, TypeVar) or dataclasses.is_dataclass(origin):
        raise TypeError(f"type `{name(hint)}` is generic; write a class for this case")
    if hasattr(hint, "__pydantic_core_schema__"):
        raise TypeError(
            f"type `{name(hint)}` is a model of pydantic, whose core is native code that does not "
            "run in a component; use a dataclass or TypedDict with "
            "`Annotated[..., Field(...)]`, which the host validates"
        )
    raise TypeError(
        f"type `{name(hint)}` has no JSON form; use a scalar, UUID, date, Enum, Literal, "
        "list, dict, dataclass or TypedDict"
    )


def constrained(codec: Codec, markers: Iterable[Any]) -> Codec:
    """Returns a codec with the constraints of markers."""
    for marker in markers:
        if isinstance(marker, Field):
            codec = dataclasses.replace(codec, schema=marker.constrain(codec.schema))
    return codec


def name(hint: Any) -> str:
    """Returns the name of a type hint for an error."""
    return hint.__name__ if isinstance(hint, type) and not typing.get_args(hint) else str(hint)


def is_object(hint: Any) -> bool:
    """Returns whether a type hint is a JSON object."""
    container = typing.get_origin(hint) or hint
    return container in _DICTS or dataclasses.is_dataclass(hint) or typing.is_typeddict(hint)


def is_list(hint: Any) -> bool:
    """Returns whether a type hint is a JSON array."""
    return (typing.get_origin(hint) or hint) in _LISTS


def _union(members: list[Codec], hint: Any, context: Context) -> Codec:
    scalars = [member.schema.get("type") for member in members]
    if all(len(member.schema) == 1 and isinstance(t, str) for member, t in zip(members, scalars)):
        schema: Schema = {"type": scalars}
    else:
        schema = {"anyOf": [member.schema for member in members]}
    takes = frozenset[type]().union(*(member.takes for member in members))
    table: dict[type, Decoder] = {}
    for member in members:
        if member.decode in (None, integer) or not context.decoding:
            continue
        others = [other for other in members if other is not member and other.takes & member.takes]
        if others:
            raise TypeError(f"the members of `{name(hint)}` have the same JSON type; use only one")
        table.update(dict.fromkeys(member.takes, member.decode))
    if not table:
        whole = any(member.decode is integer for member in members) and float not in takes
        return Codec(schema, integer if whole else None, takes)
    if int in takes and float not in takes:  # an integer such as `2.0`
        table[float] = table.get(int, integer)
    if float in table:
        table[Digits] = table[float]

    def decode(value: Any) -> Any:
        decode_member = table.get(type(value))
        return value if decode_member is None else decode_member(value)

    return Codec(schema, decode, takes)


def _enum(values: list[Any], kind: Decoder | None) -> Codec:
    takes = frozenset(type(value) for value in values)
    if not takes <= ALL or takes & {dict, list}:
        raise TypeError(f"the values {values} are not all strings, numbers or booleans")
    schema: Schema = {"enum": values}
    if len(takes) == 1:
        schema = {"type": _NAMES[next(iter(takes))], **schema}
    if kind is None and int in takes:
        kind = integer
    return Codec(schema, kind, takes)


def _list(container: Any, args: tuple[Any, ...], context: Context) -> Codec:
    make = _LISTS[container]
    schema: Schema = {"type": "array"}
    if container is tuple and args and args[-1] is not Ellipsis:
        items = [codec(arg, context) for arg in args]
        schema |= {"prefixItems": [i.schema for i in items], "items": False, "minItems": len(items)}
        decoders = [item.decode for item in items]

        def decode_tuple(values: list[Any]) -> tuple[Any, ...]:
            made: list[Any] = []
            try:
                for decode, value in zip(decoders, values):
                    made.append(value if decode is None else decode(value))
            except InvalidValueError as error:
                raise error.within(len(made)) from None
            return tuple(made)

        return Codec(schema, decode_tuple, frozenset({list}))
    item = codec(args[0], context) if args else _SCALARS[Any]
    if item.schema:
        schema["items"] = item.schema
    if make in (set, frozenset):
        schema["uniqueItems"] = True
    decode_item = item.decode
    if decode_item is None:
        return Codec(schema, make, frozenset({list}))
    if decode_item is integer:

        def decode_integers(values: list[Any]) -> Any:
            made = [value if type(value) is int else integer(value) for value in values]
            return made if make is None else make(made)

        return Codec(schema, decode_integers, frozenset({list}))

    def decode_list(values: list[Any]) -> Any:
        made: list[Any] = []
        try:
            for value in values:
                made.append(decode_item(value))
        except InvalidValueError as error:
            raise error.within(len(made)) from None
        return made if make is None else make(made)

    return Codec(schema, decode_list, frozenset({list}))


def _dict(args: tuple[Any, ...], context: Context) -> Codec:
    schema: Schema = {"type": "object"}
    if not args:
        return Codec(schema, None, frozenset({dict}))
    # A type that is only written can have numbers as keys, which become strings.
    if args[0] not in ((str, Any) if context.decoding else (str, Any, int, float, bool)):
        raise TypeError(f"the keys of a JSON object are strings, not `{name(args[0])}`")
    item = codec(args[1], context)
    if item.schema:
        schema["additionalProperties"] = item.schema
    decode_item = item.decode
    if decode_item is None:
        return Codec(schema, None, frozenset({dict}))

    def decode_dict(values: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in values.items():
            try:
                made[key] = decode_item(value)
            except InvalidValueError as error:
                raise error.within(key) from None
        return made

    return Codec(schema, decode_dict, frozenset({dict}))
