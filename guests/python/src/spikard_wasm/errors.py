"""The exceptions of this package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
"""Headers of a reply. Pairs can repeat a name, such as `set-cookie`."""


def check_status(status: int) -> int:
    """Returns the status of a reply. `ValueError` if it is invalid."""
    if type(status) is not int or not 200 <= status <= 599:
        raise ValueError(f"status `{status}` is not a whole number from 200 to 599")
    return status


class DefinitionError(Exception):
    """The definition of the app is invalid. The message names the route."""


class HttpError(Exception):
    """Raise it in a handler or hook to reply with a problem document (RFC 9457).

    The client sees `detail`, so keep secrets out of it. The host logs any other exception
    and replies with status 500 without details.
    """

    def __init__(self, status: int, detail: str = "", headers: Headers | None = None) -> None:
        super().__init__(status, detail)
        self.status = check_status(status)
        self.detail = detail
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status} {self.detail}".rstrip()


class ContextError(ValueError):
    """The host rejected a key or value of a context. The message has the reason."""
