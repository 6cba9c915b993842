"""The settings that an app declares as a class: their schema for the host, and their values."""

from __future__ import annotations

import dataclasses
import inspect
import typing
from collections.abc import Iterator
from typing import Any

from spikard_wasm import _boundary, _objects
from spikard_wasm._operations import arguments, operate_now, text
from spikard_wasm._scalars import read_text
from spikard_wasm._schema import Context, Decoder, Schema
from spikard_wasm._signature import take_apart
from spikard_wasm.errors import DefinitionError, MissingSettingError

_ABSENT = inspect.Parameter.empty
_SCALARS = frozenset({str, int, float, bool})


@dataclasses.dataclass(frozen=True)
class _Setting:
    name: str
    required: bool
    omitted: bool
    """Whether the object of the class is made without a value that the operator has not set."""
    takes: frozenset[type]
    """The JSON types of its value."""
    decode: Decoder | None

    def read(self) -> Any:
        """Returns the value that the host has. `_ABSENT` if the object of the class needs none."""
        status, _, body = operate_now("config.get", arguments(name=self.name))
        if status != 404:
            value = read_text(text(body), self.takes)
            return value if self.decode is None else self.decode(value)
        if self.required:
            raise MissingSettingError.of(self.name)
        return _ABSENT if self.omitted else None


class Declared:
    """The settings of a class: a dataclass, a TypedDict, an attrs class or one with hints only."""

    def __init__(self, cls: type[Any]) -> None:
        if not isinstance(cls, type):
            raise DefinitionError(
                f"`config` is `{cls!r}`; give it a class with the settings, such as a dataclass"
            )
        self.cls = cls
        self._settings: list[_Setting] = []
        self._values: Any = None
        properties: dict[str, Schema] = {}
        name = ""
        try:
            for name, hint, default, omitted in _members(cls):
                setting, properties[name] = _setting(name, hint, default, omitted)
                self._settings.append(setting)
        except (TypeError, ValueError) as error:
            raise DefinitionError(f"`config`: `{cls.__name__}.{name}`: {error}") from None
        self.schema: Schema = {"type": "object", "properties": properties}
        if required := [setting.name for setting in self._settings if setting.required]:
            self.schema["required"] = required

    def values(self) -> Any:
        """Returns an object of the class with the values that the operator has set."""
        # An instance of a component belongs to one host, and a test to several.
        if self._values is None or not _boundary.IN_COMPONENT:
            self._values = self._read()
        return self._values

    def _read(self) -> Any:
        read = {setting.name: setting.read() for setting in self._settings}
        values = {name: value for name, value in read.items() if value is not _ABSENT}
        if typing.is_typeddict(self.cls):
            return values
        if dataclasses.is_dataclass(self.cls) or hasattr(self.cls, "__attrs_attrs__"):
            return self.cls(**values)
        made = self.cls()
        for name, value in values.items():
            setattr(made, name, value)
        return made


def _members(cls: type[Any]) -> Iterator[tuple[str, Any, Any, bool]]:
    """Yields the name, type and default of each setting, and whether the class can omit it."""
    hints = _objects.hints(cls)
    if typing.is_typeddict(cls):  # its attributes are methods of `dict`, not defaults
        required = _objects.required(cls, hints)
        for name, hint in hints.items():
            is_marked = typing.get_origin(hint) in (typing.Required, typing.NotRequired)
            inner = typing.get_args(hint)[0] if is_marked else hint
            yield name, inner, _ABSENT, name not in required
        return
    yield from _fields(cls, hints)


def _fields(cls: Any, hints: dict[str, Any]) -> Iterator[tuple[str, Any, Any, bool]]:
    if dataclasses.is_dataclass(cls):
        for field in dataclasses.fields(cls):
            default = field.default
            if field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            if field.init:
                absent = default is dataclasses.MISSING
                yield field.name, hints[field.name], _ABSENT if absent else default, not absent
    elif (attributes := getattr(cls, "__attrs_attrs__", None)) is not None:
        for attribute in attributes:
            if attribute.init:
                given: Any = attribute.default
                absent = repr(given) == "NOTHING"
                if hasattr(given, "takes_self"):  # a factory; one of the object is not known yet
                    given = _ABSENT if given.takes_self else given.factory()
                yield (
                    attribute.alias,
                    hints[attribute.name],
                    _ABSENT if absent else given,
                    not absent,
                )
    else:
        for name, hint in hints.items():
            default = getattr(cls, name, _ABSENT)
            yield name, hint, default, default is not _ABSENT


def _setting(name: str, hint: Any, default: Any, omitted: bool) -> tuple[_Setting, Schema]:
    parameter = inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default)
    part = take_apart(parameter, {name: hint})
    context = Context(closed=False, from_text=True)
    codec = part.codec(context)
    if not codec.takes <= _SCALARS:
        raise TypeError(
            "a setting is a text; use `str`, `int`, `float`, `bool`, an Enum, a Literal, or "
            "another type that is a string in JSON"
        )
    setting = _Setting(name, part.required and not omitted, omitted, codec.takes, codec.decode)
    return setting, part.schema(context)
