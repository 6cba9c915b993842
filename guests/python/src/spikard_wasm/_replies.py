"""Derives the OpenAPI 3.1 Responses Object of a route from type hints."""

from __future__ import annotations

import types
import typing
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, Literal, Never, NewType, NoReturn, Union

from spikard_wasm import _codec, _objects
from spikard_wasm._json import Json
from spikard_wasm._schema import Context, Schema
from spikard_wasm.errors import HttpError, check_status
from spikard_wasm.reply import Reply

_RANGES = ("1XX", "2XX", "3XX", "4XX", "5XX", "default")
_PROBLEM: Schema = {
    "type": "object",
    "title": "Problem",
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
    },
    "required": ["type", "title", "status"],
}
_BYTES = (bytes, bytearray, memoryview)


def read(
    handler: Callable[..., Any], status: int | None, responses: Mapping[int | str, Any]
) -> dict[str, Json]:
    """Returns the Responses Object of a handler; empty if its replies are unknown.

    `TypeError` or `ValueError` names a fault of `responses`. A return type without a schema,
    such as `Any` or `Reply`, declares no replies.
    """
    replies = _returned(_objects.hints(handler).get("return", Any), status)
    for key, hint in responses.items():
        name = _status(key)
        try:
            replies[name] = _given(hint, name)
        except (TypeError, ValueError) as error:
            raise TypeError(f"`responses`, status `{name}`: {error}") from None
    return replies


def _returned(hint: Any, status: int | None) -> dict[str, Json]:
    members = _members(hint)
    if any(member in (Any, object, Reply, NoReturn, Never) for member in members):
        return {}
    bodies = [member for member in members if member is not type(None)]
    try:
        content = _content(bodies)
    except (TypeError, ValueError):
        return {}
    replies: dict[str, Json] = {}
    if bodies:
        name = str(status or 200)
        replies[name] = _described(name, content)
    if len(bodies) < len(members):
        replies.setdefault(str(status or 204), _described(str(status or 204), {}))
    return replies


def _given(hint: Any, name: str) -> Json:
    if isinstance(hint, Mapping):
        return {"description": _phrase(name), **hint}
    if hint is HttpError:
        return _described(name, {"application/problem+json": {"schema": _PROBLEM}})
    members = _members(type(None) if hint is None else hint)
    return _described(name, _content([m for m in members if m is not type(None)]))


def _members(hint: Any) -> list[Any]:
    """Returns the members of a union, or the hint itself. Resolves type aliases."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is Union or origin is types.UnionType:
        return [member for arg in args for member in _members(arg)]
    if isinstance(hint, NewType):
        return _members(hint.__supertype__)
    if isinstance(hint, _codec.ALIAS):
        return _members(hint.__value__)
    if origin is Annotated and _members(args[0]) != [args[0]]:
        return _members(args[0])
    return [hint]


def _content(members: list[Any]) -> dict[str, Json]:
    """Returns the content types of a body with their schemas."""
    context = Context(closed=False, decoding=False)
    schemas: dict[str, list[Schema]] = {}
    for member in members:
        schema = {} if _bare(member) in _BYTES else _codec.codec(member, context).schema
        schemas.setdefault(_media_type(member), []).append(schema)
    content: dict[str, Json] = {}
    for media_type, several in schemas.items():
        schema = several[0] if len(several) == 1 else {"anyOf": several}
        if context.defs and media_type == "application/json":
            schema = {**schema, "$defs": context.defs}
        content[media_type] = {"schema": schema} if schema else {}
    return content


def _media_type(hint: Any) -> str:
    bare = _bare(hint)
    if bare in _BYTES:
        return "application/octet-stream"
    words = typing.get_args(bare) if typing.get_origin(bare) is Literal else ()
    if bare is str or (words and all(type(word) is str for word in words)):
        return "text/plain"
    return "application/json"


def _bare(hint: Any) -> Any:
    return typing.get_args(hint)[0] if typing.get_origin(hint) is Annotated else hint


def _described(name: str, content: dict[str, Json]) -> Json:
    return {"description": _phrase(name), **({"content": content} if content else {})}


def _phrase(name: str) -> str:
    """Returns the reason phrase of a status."""
    try:
        return HTTPStatus(int(name)).phrase
    except ValueError:
        return "Another reply" if name == "default" else f"Status {name}"


def _status(key: int | str) -> str:
    if isinstance(key, str) and key in _RANGES:
        return key
    try:
        return str(check_status(int(key)))
    except ValueError:
        raise ValueError(
            f"`responses` has the status `{key}`; give a number from 200 to 599, "
            "a range such as `4XX`, or `default`"
        ) from None
