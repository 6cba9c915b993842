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
    """The decoder of a class that contains itself. It is set once the class has been read."""

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
    """The state that the types of one route share."""

    closed: bool
    """Whether objects reject members that their type does not have."""
    from_text: bool = False
    """Whether the host converts each value from text, so that Python reads an integer as `int`."""
    has_decimal: bool = False
    """Whether a type needs the digits of a number."""
    decoding: bool = True
    """Whether values are also read from JSON; types that are only written can be ambiguous."""
    active: list[type] = field(default_factory=list)
    """The classes being read, outermost first."""
    forward: dict[type, Later] = field(default_factory=dict)
    """The decoders of classes that contain themselves."""
    defs: dict[str, Schema] = field(default_factory=dict)
    """The schemas of those classes by name."""


def default(value: Any) -> Json:
    """Returns a default value as JSON. `TypeError` if it has no JSON form."""
    if value is None or (isinstance(value, str | int | float) and not isinstance(value, Enum)):
        return value
    if isinstance(value, dict):
        return {key: default(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [default(item) for item in value]
    return default(plain(value))
