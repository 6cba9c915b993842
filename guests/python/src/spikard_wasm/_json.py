"""Reads and writes JSON through the C functions of the standard library.

`json.dumps` and `json.loads` build an encoder or check the input's type on every call; this
module builds both once. The host has already validated the texts.
"""

from __future__ import annotations

import dataclasses
import json
import json.encoder
from collections.abc import Awaitable, Callable, Mapping
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

Json = Any
"""A JSON value: dict, list, str, int, float, bool or None."""

_decoder = json.JSONDecoder()
_scan: Callable[[str, int], tuple[Json, int]] = _decoder.scan_once  # type: ignore[attr-defined]


class Digits(float):
    """A number with a fraction or exponent that keeps its text, for `Decimal`."""

    __slots__ = ("text",)
    text: str


def _digits(text: str) -> Digits:
    number = Digits(text)
    number.text = text
    return number


_exact_decoder = json.JSONDecoder(parse_float=_digits)

_fields: dict[type, tuple[str, ...]] = {}
_plain: dict[type, Callable[[Any], Json]] = {
    date: date.isoformat,
    datetime: datetime.isoformat,
    time: time.isoformat,
    Decimal: str,
    UUID: str,
}


def loads(text: str) -> Json:
    """Reads a valid JSON text."""
    try:
        return _scan(text, 0)[0]
    except StopIteration:  # it starts with white space
        return _decoder.decode(text)


def loads_exact(text: str) -> Json:
    """Reads a JSON text and keeps the digits of numbers with a fraction or exponent."""
    return _exact_decoder.decode(text)


def plain(value: object) -> Json:
    """Converts dataclasses, dates, enums and sets to JSON values."""
    kind = type(value)
    convert = _plain.get(kind)
    if convert is not None:
        return convert(value)
    if dataclasses.is_dataclass(kind):
        names = _fields.get(kind)
        if names is None:
            names = _fields[kind] = tuple(f.name for f in dataclasses.fields(kind))
        return {name: getattr(value, name) for name in names}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, AbstractSet):
        return list(value)
    for base, convert in _plain.items():
        if isinstance(value, base):
            return convert(value)
    if isinstance(value, Awaitable):
        raise TypeError(
            f"a reply holds a `{kind.__name__}`: an `await` is missing before the call "
            f"of `{getattr(value, '__qualname__', kind.__name__)}`"
        )
    raise TypeError(
        f"a reply holds a `{kind.__name__}`, which has no JSON form; "
        "return dicts, lists, strings, numbers, dataclasses, dates, UUIDs or enums"
    )


# The objects that the encoder is writing, to detect circular references. A failed call leaves
# its entries behind and Python can reuse an id, so `dumps` clears them after a failure.
_entered: dict[int, object] = {}


def _encoder(text: Callable[[str], str]) -> Callable[[Json], str]:
    make = json.encoder.c_make_encoder  # type: ignore[attr-defined]
    if make is None:  # a build of Python without the accelerator
        ascii_only = text is json.encoder.encode_basestring_ascii
        return json.JSONEncoder(
            ensure_ascii=ascii_only, allow_nan=False, separators=(",", ":"), default=plain
        ).encode
    encode = make(_entered, plain, text, None, ":", ",", False, False, False)
    join = "".join

    def dumps(value: Json) -> str:
        try:
            return join(encode(value, 0))
        except BaseException:
            _entered.clear()
            raise

    return dumps


_dumps_utf8 = _encoder(json.encoder.encode_basestring)
dumps_ascii = _encoder(json.encoder.encode_basestring_ascii)
"""Writes a value as JSON in ASCII: for the documents of the description and for headers."""


def dumps(value: object) -> str:
    """Writes a value as JSON. NaN and infinities are a `ValueError`."""
    text = _dumps_utf8(value)
    # A lone surrogate, which a client can send as `\ud800`, has no UTF-8 form, so escape it.
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            return dumps_ascii(value)
    return text


def utf8(text: str) -> str:
    """Escapes lone surrogates, which cannot cross the boundary."""
    return text if text.isascii() else text.encode(errors="backslashreplace").decode()
