"""Converts the parts of a request to the headers and bytes that a client sends."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]
TestFile = tuple[str, bytes] | tuple[str, bytes, str]
"""A file's name, its content, and its content type (`application/octet-stream`)."""

JSON, TEXT, BYTES = "application/json", "text/plain; charset=utf-8", "application/octet-stream"
_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_BOUNDARY = "spikard-test-boundary"


@dataclass
class Sending:
    """The body of a request before encoding. At most one kind of body is set."""

    json: Any = ...
    text: str | None = None
    content: bytes | None = None
    form: Pairs = ()
    files: Iterable[tuple[str, TestFile]] = ()


def pairs(given: Pairs) -> list[tuple[str, str]]:
    """Converts names and values to strings. A list of values repeats its name."""
    items = given.items() if isinstance(given, Mapping) else given
    out: list[tuple[str, str]] = []
    for name, value in items:
        values = value if isinstance(value, list | tuple) else [value]
        out.extend((name, _word(item)) for item in values)
    return out


def body(sending: Sending) -> tuple[str | None, bytes]:
    """Returns the content type and the bytes of a body."""
    if sending.json is not ...:
        return JSON, jsonlib.dumps(sending.json).encode()
    if sending.text is not None:
        return TEXT, sending.text.encode()
    if sending.content is not None:
        return BYTES, sending.content
    fields, files = pairs(sending.form), list(sending.files)
    if files:
        return f"{_MULTIPART}; boundary={_BOUNDARY}", multipart(fields, files, _BOUNDARY)
    return (_URLENCODED, urlencode(fields).encode()) if fields else (None, b"")


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def multipart(
    fields: list[tuple[str, str]], files: Iterable[tuple[str, TestFile]], boundary: str
) -> bytes:
    """Encodes a form as browsers do (HTML standard, "multipart form data")."""
    parts: list[bytes] = []
    for name, text in fields:
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_escape(name)}"'
        parts.append(f"{head}\r\n\r\n{text}\r\n".encode())
    for name, file in files:
        kind = file[2] if len(file) == 3 else BYTES
        head = f'--{boundary}\r\ncontent-disposition: form-data; name="{_escape(name)}"'
        head += f'; filename="{_escape(file[0])}"\r\ncontent-type: {kind}\r\n\r\n'
        parts.append(head.encode() + file[1] + b"\r\n")
    return b"".join([*parts, f"--{boundary}--\r\n".encode()])


def _escape(name: str) -> str:
    return name.replace("\r", "%0D").replace("\n", "%0A").replace('"', "%22")
