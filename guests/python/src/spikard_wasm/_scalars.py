"""Decoders of scalars that Python's JSON reader does not return in their own type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from spikard_wasm._invalid import InvalidValueError
from spikard_wasm._json import Digits

BOOLEANS = {"true": True, "1": True, "yes": True, "on": True}
BOOLEANS |= {"false": False, "0": False, "no": False, "off": False}


def read_text(text: str, takes: frozenset[type]) -> Any:
    """Converts a text to a value of one of some JSON types, as the host reads parameters."""
    if str in takes:
        return text
    if bool in takes and text.lower() in BOOLEANS:
        return BOOLEANS[text.lower()]
    return float(text) if float in takes else int(text)


def integer(value: Any) -> Any:
    """Converts an integer with a fraction or exponent, such as `2.0`, to `int`.

    JSON Schema treats such a number as an integer. Any other value is returned unchanged.
    """
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(value.text)) if type(value) is Digits else int(value)
    return value


def decimal(value: Any) -> Decimal:
    """Returns a number with the digits as sent."""
    return Decimal(value.text if type(value) is Digits else str(value))


def _rfc3339(read: Callable[[str], Any], kind: str, noun: str) -> Callable[[str], Any]:
    """Reads a date or time of RFC 3339, whose `t` and `z` may be in lower case.

    A leap second and the year 0 have no value in Python and are rejected.
    """

    def decode(text: str) -> Any:
        try:
            return read(text)
        except ValueError:
            pass
        try:
            return read(text.upper())
        except ValueError:
            raise InvalidValueError(kind, f"Input should be a valid {noun}", text) from None

    return decode


to_date = _rfc3339(date.fromisoformat, "date_parsing", "date")
to_datetime = _rfc3339(datetime.fromisoformat, "datetime_parsing", "datetime")
to_time = _rfc3339(time.fromisoformat, "time_parsing", "time")
