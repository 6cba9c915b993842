"""The types that describe a type hint: its schema, its decoder, and their shared context."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from spikard_wasm._json import Json, plain

Schema = dict[str, Any]
Decoder = Callable[[Any], Any]


class Later:
    """Stands for the decoder of a class that contains itself, known once it is read."""

    decode: Decoder | None = None

    def __call__(self, value: Any) -> Any:
        return value if self.decode is None else self.decode(value)


@dataclass(frozen=True)
class Codec:
    """A type's schema, its decoder if it needs one, and the JSON types it takes."""

    schema: Schema
    decode: Decoder | None
    takes: frozenset[type]


@dataclass
class Context:
    """What one route's types share."""

    closed: bool
    """Whether objects refuse members that their type does not have."""
    from_text: bool = False
    """Whether the host makes each value of a text, so that an integer is read as `int`."""
    has_decimal: bool = False
    """Whether a type needs the digits of a number."""
    decoding: bool = True
    """Whether values are read from JSON too; what is only written may be ambiguous."""
    active: list[type] = field(default_factory=list)
    """The classes being read, outermost first."""
    forward: dict[type, Later] = field(default_factory=dict)
    """The decoders of classes that contain themselves."""
    defs: dict[str, Schema] = field(default_factory=dict)
    """The schemas of those classes by name."""


def default(value: Any) -> Json:
    """A default value as JSON; `TypeError` if it has no JSON form."""
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value
    if isinstance(value, dict):
        return {key: default(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [default(item) for item in value]
    return default(plain(value))
