"""Checks the options that an app declares in code against their type hints."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, Union

from spikard_wasm._objects import hints

_SCALARS: dict[Any, tuple[str, str]] = {
    int: ("a whole number", "whole numbers"),
    str: ("a string", "strings"),
    bool: ("a boolean", "booleans"),
}


class TypeMismatchError(Exception):
    """A value does not match its type hint. `path` is the path to the invalid part."""

    def __init__(self, problem: str, path: tuple[str, ...] = ()) -> None:
        self.problem = problem
        self.path = path

    def within(self, part: str) -> TypeMismatchError:
        """Returns the same error for the value that contains this one."""
        return TypeMismatchError(self.problem, (part, *self.path))

    def __str__(self) -> str:
        return "".join(f", {part}" for part in self.path) + self.problem


def to_json(value: Any, hint: Any) -> Any:
    """Returns the value as JSON. A dict can replace a dataclass.

    `TypeMismatchError` if the value is invalid.
    """
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if hint is type(None) and value is None:
        return None
    if origin is Union or origin is types.UnionType:
        return _union(value, hint, args)
    if origin is Literal:
        matches = any(type(value) is type(arg) and value == arg for arg in args)
    elif dataclasses.is_dataclass(hint):
        return _members(value, hint)
    elif origin is Mapping:
        if isinstance(value, Mapping):
            return dict(_entries(value, *args))
        matches = False
    elif origin in (Sequence, list):
        if isinstance(value, list | tuple):
            return [_part(f"item {at}", item, args[0]) for at, item in enumerate(value)]
        matches = False
    else:
        matches = isinstance(value, hint) and not (hint is int and isinstance(value, bool))
    if not matches:
        raise _mismatch(value, hint)
    return value


def _union(value: Any, hint: Any, args: tuple[Any, ...]) -> Any:
    # The type of a value selects one member, so that an error can name the invalid part.
    for arg in args:
        if dataclasses.is_dataclass(arg):
            selected = isinstance(value, Mapping) or type(value) is arg
        else:
            origin = typing.get_origin(arg)
            selected = (origin is Mapping and isinstance(value, Mapping)) or (
                origin is Sequence and isinstance(value, list | tuple)
            )
        if selected:
            return to_json(value, arg)
    for arg in args:
        try:
            return to_json(value, arg)
        except TypeMismatchError:
            continue
    raise _mismatch(value, hint)


def _members(value: Any, cls: Any) -> dict[str, Any]:
    """Returns the members of a dataclass, or of a dict that replaces it, except its defaults."""
    known = {member.name: member for member in dataclasses.fields(cls)}
    if type(value) is cls:
        value = {name: getattr(value, name) for name in known}
    if not isinstance(value, Mapping):
        raise _mismatch(value, cls)
    for name in value:
        if name not in known:
            raise TypeMismatchError(f" has no member `{name}`; the members are {', '.join(known)}")
    types = hints(cls)
    members: dict[str, Any] = {}
    for name, member in known.items():
        if name in value:
            converted = _part(f"member `{name}`", value[name], types[name])
            if value[name] != member.default:
                members[name] = converted
        elif member.default is dataclasses.MISSING:
            raise TypeMismatchError(
                f" lacks the member `{name}`, which must be {words(types[name])}"
            )
    return members


def _entries(value: Mapping[Any, Any], key: Any, item: Any) -> Iterable[tuple[Any, Any]]:
    for name, entry in value.items():
        try:
            to_json(name, key)
        except TypeMismatchError:
            raise TypeMismatchError(f" has the key `{name}`; a key must be {words(key)}") from None
        yield name, _part(f"member `{name}`", entry, item)


def _part(part: str, value: Any, hint: Any) -> Any:
    try:
        return to_json(value, hint)
    except TypeMismatchError as mismatch:
        raise mismatch.within(part) from None


def _mismatch(value: Any, hint: Any) -> TypeMismatchError:
    return TypeMismatchError(f" is `{value}`; it must be {words(hint)}")


def words(hint: Any, *, many: bool = False) -> str:
    """Describes the values that a hint allows, for an error."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union or origin is types.UnionType:
        given = [arg for arg in args if arg is not type(None)]
        if any(dataclasses.is_dataclass(arg) for arg in given):  # a dict can replace it
            given = [arg for arg in given if typing.get_origin(arg) is not Mapping]
        return _either([words(arg, many=many) for arg in given])
    if origin is Literal:
        return _either([f"`{arg}`" for arg in args])
    if origin in (Sequence, list):
        return f"a list of {words(args[0], many=True)}"
    if origin is Mapping:
        return "dicts" if many else "a dict"
    if hint in _SCALARS:
        return _SCALARS[hint][many]
    return f"`{hint.__name__}`"


def _either(choices: list[str]) -> str:
    *most, last = dict.fromkeys(choices)
    return f"{', '.join(most)} or {last}" if most else last
