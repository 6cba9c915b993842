"""Dataclasses and TypedDicts as JSON objects."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable
from dataclasses import MISSING
from typing import Any

from spikard_wasm._invalid import InvalidValueError
from spikard_wasm._scalars import integer
from spikard_wasm._schema import Codec, Context, Decoder, Later, Schema, default

CodecOf = Callable[[Any, Context], Codec]
"""Returns the codec of a type hint."""


def codec(cls: Any, context: Context, codec_of: CodecOf) -> Codec:
    """Returns the codec of a dataclass or TypedDict, which can contain itself.

    `codec_of` returns the codecs of the members.
    """
    key: str = cls.__name__
    reference = {"$ref": f"#/$defs/{key}"}
    takes = frozenset({dict})
    later = context.forward.get(cls)
    if later is None and cls in context.active:
        if any(other.__name__ == key for other in context.forward):
            raise TypeError(f"two classes named `{key}` contain themselves; rename one")
        later = context.forward[cls] = Later()
    if later is not None:
        return Codec(reference, later, takes)
    context.active.append(cls)
    schema, decode = _read(cls, context, codec_of)
    context.active.pop()
    later = context.forward.get(cls)
    if later is None:
        return Codec(schema, decode, takes)
    later.decode = decode
    context.defs[key] = schema
    return Codec(reference, later, takes)


def hints(owner: Any) -> dict[str, Any]:
    """Returns the type hints of a class or function. `TypeError` names an undefined one."""
    try:
        return typing.get_type_hints(owner, include_extras=True)
    except NameError as error:
        raise TypeError(
            f"a type hint of `{owner.__name__}` names `{error.name}`, which is not defined there; "
            "define it above, at the top level of its module"
        ) from None


def _read(cls: Any, context: Context, codec_of: CodecOf) -> tuple[Schema, Decoder | None]:
    properties: dict[str, Schema] = {}
    decoders: dict[str, Decoder] = {}
    types = hints(cls)
    necessary = required(cls, types)
    defaults = _defaults(cls)
    for member in _members(cls, types):
        try:
            codec = codec_of(types[member], context)
            properties[member] = codec.schema
            if member in defaults:
                properties[member] = {**codec.schema, "default": default(defaults[member])}
        except (TypeError, ValueError) as error:
            raise TypeError(f"field `{member}` of `{cls.__name__}`: {error}") from None
        if codec.decode is not None:
            decoders[member] = codec.decode
    schema: Schema = {"type": "object", "title": cls.__name__, "properties": properties}
    if necessary:
        schema["required"] = necessary
    if context.closed:
        schema["additionalProperties"] = False
    if dataclasses.is_dataclass(cls):
        return schema, _dataclass_decoder(cls, frozenset(properties), decoders)
    return schema, _dict_decoder(decoders) if decoders else None


def _members(cls: Any, types: dict[str, Any]) -> list[str]:
    if dataclasses.is_dataclass(cls):
        return [f.name for f in dataclasses.fields(cls) if f.init]
    return list(types)


def required(cls: Any, types: dict[str, Any]) -> list[str]:
    """Returns the required members of a dataclass or TypedDict."""
    if dataclasses.is_dataclass(cls):
        return [
            f.name
            for f in dataclasses.fields(cls)
            if f.init and f.default is MISSING and f.default_factory is MISSING
        ]
    # `__required_keys__` does not see through hints that are written as strings.
    origins = {key: typing.get_origin(hint) for key, hint in types.items()}
    return [
        key
        for key in types
        if origins[key] is typing.Required
        or (origins[key] is not typing.NotRequired and key in cls.__required_keys__)
    ]


def _defaults(cls: Any) -> dict[str, Any]:
    if not dataclasses.is_dataclass(cls):
        return {}
    return {
        f.name: f.default for f in dataclasses.fields(cls) if f.init and f.default is not MISSING
    }


def _dataclass_decoder(cls: Any, names: frozenset[str], decoders: dict[str, Decoder]) -> Decoder:
    items = tuple((key, item) for key, item in decoders.items() if item is not integer)
    integers = tuple(key for key, item in decoders.items() if item is integer)

    def decode(value: dict[str, Any]) -> Any:
        if not value.keys() <= names:  # an open schema allows unknown members
            value = {key: item for key, item in value.items() if key in names}
        for key in integers:
            if isinstance(value.get(key), float):
                value[key] = integer(value[key])
        return cls(**value)

    def decode_nested(value: dict[str, Any]) -> Any:
        value = {key: item for key, item in value.items() if key in names}
        for key, decode_item in items:
            if key in value:
                try:
                    value[key] = decode_item(value[key])
                except InvalidValueError as error:
                    raise error.within(key) from None
        return decode(value)

    return decode_nested if items else decode


def _dict_decoder(decoders: dict[str, Decoder]) -> Decoder:
    items = tuple(decoders.items())

    def decode(value: dict[str, Any]) -> dict[str, Any]:
        for key, decode_item in items:
            if key in value:
                try:
                    value[key] = decode_item(value[key])
                except InvalidValueError as error:
                    raise error.within(key) from None
        return value

    return decode
