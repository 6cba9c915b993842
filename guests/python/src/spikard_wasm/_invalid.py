"""Errors for values that match their schema but not their Python type, in the host's format."""

from __future__ import annotations

from typing import Any

from spikard_wasm._json import dumps
from spikard_wasm.errors import HttpError

_MAX_ECHO = 1024


class InvalidValueError(ValueError):
    """A decoder rejects a value: the kind of error, its message, the input and its place."""

    def __init__(
        self,
        kind: str,
        message: str,
        value: Any,
        place: tuple[str | int, ...] = (),
        limits: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.value = value
        self.place = place
        self.limits = limits

    def within(self, part: str | int) -> InvalidValueError:
        """Returns the same error for the value that contains this one."""
        self.place = (part, *self.place)
        return self


class ValidationError(HttpError):
    """The error for an invalid value: status 422 and one item in `errors`."""

    def __init__(self, error: InvalidValueError, place: tuple[str, ...]) -> None:
        super().__init__(422, "1 validation error in request")
        self.error: dict[str, Any] = {
            "type": error.kind,
            "loc": [*place, *error.place],
            "msg": error.message,
            "input": _echo(error.value),
        }
        if error.limits is not None:
            self.error["ctx"] = error.limits

    def document(self) -> dict[str, Any]:
        """Returns the problem document."""
        return {
            "type": "https://spikard.dev/errors/validation-error",
            "title": "Request Validation Failed",
            "status": self.status,
            "detail": self.detail,
            "errors": [self.error],
        }


def _echo(value: Any) -> Any:
    """Returns the value, shortened to about 1 KiB as in the host's errors."""
    if isinstance(value, str):
        if len(value.encode(errors="replace")) <= _MAX_ECHO:
            return value
        return value.encode(errors="replace")[:_MAX_ECHO].decode(errors="ignore") + "\u2026"
    if isinstance(value, dict | list) and len(dumps(value)) > _MAX_ECHO:
        kind = "an object" if isinstance(value, dict) else "an array"
        parts = "members" if isinstance(value, dict) else "items"
        return f"({kind} of {len(value)} {parts})"
    return value
