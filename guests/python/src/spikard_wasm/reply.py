"""Replies with a status or headers, and the conversion of replies for the host."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum
from http import HTTPStatus
from typing import Any

from spikard_wasm._boundary import Content, ContentBytes, ContentEmpty, ContentJson, ContentText
from spikard_wasm._invalid import ValidationError
from spikard_wasm._json import dumps, dumps_ascii, utf8
from spikard_wasm.errors import Headers, HttpError, check_status

Crossing = tuple[int, str, Content]
"""A reply for the host, which `handle` returns: status, headers as JSON, body."""

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_EMPTY = ContentEmpty()
_PROBLEM = [("content-type", "application/problem+json")]


class Reply:
    """A reply with a status, headers and a body.

    The body is anything that a handler can return; `None` is an empty body. The status
    defaults to that of the route.
    """

    __slots__ = ("body", "headers", "status")

    def __init__(
        self,
        body: Any = None,
        *,
        status: int | None = None,
        headers: Headers | None = None,
    ) -> None:
        self.body = body
        self.status = None if status is None else check_status(status)
        self.headers = headers


def html(text: str, *, status: int | None = None, headers: Headers | None = None) -> Reply:
    """Returns a reply with HTML."""
    pairs = [("content-type", "text/html; charset=utf-8"), *_pairs(headers)]
    return Reply(text, status=status, headers=pairs)


def redirect(location: str, *, status: int = 303, headers: Headers | None = None) -> Reply:
    """Returns a redirect. Status 303 makes the client use GET; 307 keeps the method and body."""
    return Reply(status=status, headers=[("location", location), *_pairs(headers)])


# The content of every plain JSON reply. The host reads it before the next call begins, so it
# can be reused, which is faster than a new object.
_JSON = ContentJson("")


def encode(result: object, status: int | None) -> Crossing:
    """Converts the return value of a handler to a reply. `status` is the route's, if set."""
    kind = type(result)
    if kind is dict or kind is list:
        _JSON.value = dumps(result)
        return status or 200, "", _JSON
    if kind is Reply:
        return _encode_reply(result, status)  # type: ignore[arg-type]
    if result is None:
        return status or 204, "", _EMPTY
    return status or 200, "", content(result)


def problem(error: HttpError) -> Crossing:
    """Returns the problem document of an `HttpError`."""
    document = error.document() if isinstance(error, ValidationError) else _document(error)
    headers = header_text([*_PROBLEM, *_pairs(error.headers)])
    return error.status, headers, ContentJson(dumps(document))


def _document(error: HttpError) -> dict[str, Any]:
    title = error.title
    if title is None:
        try:
            title = HTTPStatus(error.status).phrase
        except ValueError:
            title = "Error"
    document = {
        "type": error.type,
        "title": title,
        "status": error.status,
        "detail": error.detail,
    }
    if error.instance is not None:
        document["instance"] = error.instance
    return {**document, **error.extensions}


def parts(result: object) -> tuple[int, list[tuple[str, str]], Content]:
    """Returns the status, the headers and the body of a hook's return value."""
    reply = result if isinstance(result, Reply) else Reply(result)
    status = reply.status or (204 if reply.body is None else 200)
    pairs = _pairs(reply.headers)
    for name, value in pairs:
        check_header(name, value)
    return status, pairs, content(reply.body)


def _encode_reply(reply: Reply, status: int | None) -> Crossing:
    status = reply.status or status or (204 if reply.body is None else 200)
    headers = header_text(_pairs(reply.headers)) if reply.headers else ""
    return status, headers, content(reply.body)


def content(body: object) -> Content:
    """Converts a value to the body of a reply."""
    if body is None:
        return _EMPTY
    if isinstance(body, str) and not isinstance(body, Enum):
        return ContentText(utf8(body))
    if isinstance(body, bytes | bytearray | memoryview):
        return ContentBytes(bytes(body))
    if isinstance(body, Reply):
        raise TypeError("the body of a `Reply` is another `Reply`; return one of them")
    return ContentJson(dumps(body))


def _pairs(headers: Headers | None) -> list[tuple[str, str]]:
    if headers is None:
        return []
    return list(headers.items() if isinstance(headers, Mapping) else headers)


_STRINGS = [str, str]

# The texts of headers: most replies of an app have the same few headers.
_known: dict[tuple[tuple[str, str], ...], str] = {}


def header_text(pairs: list[tuple[str, str]]) -> str:
    """Returns headers as JSON. An error names a header that cannot be sent."""
    if not pairs:
        return ""
    for pair in pairs:
        if type(pair) is not tuple or [type(part) for part in pair] != _STRINGS:
            return _checked_text(pairs)
    key = tuple(pairs)
    found = _known.get(key)
    if found is None:
        found = _checked_text(pairs)
        if len(found) <= 256:
            if len(_known) >= 64:  # values that differ in each reply must not fill the memory
                _known.clear()
            _known[key] = found
    return found


def _checked_text(pairs: list[tuple[str, str]]) -> str:
    for name, value in pairs:
        check_header(name, value)
    return dumps_ascii(pairs)


def check_header(name: str, value: str) -> None:
    """Raises `ValueError` or `TypeError` for a header that HTTP does not allow."""
    if not isinstance(name, str) or not _TOKEN.fullmatch(name):
        raise ValueError(f"header name `{name}` is not a token of RFC 9110")
    if not isinstance(value, str):
        raise TypeError(f"header `{name}` is a `{type(value).__name__}`; give it a string")
    if _CONTROL.search(value):
        raise ValueError(f"header `{name}` has a control character in its value {value!r}")
