"""The exceptions of this package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

Headers = Mapping[str, str] | Iterable[tuple[str, str]]
"""Headers of a reply. Pairs may repeat a name, as `set-cookie` does."""


def check_status(status: int) -> int:
    """Returns a status a reply may have."""
    if type(status) is not int or not 200 <= status <= 599:
        raise ValueError(f"status `{status}` is not a whole number from 200 to 599")
    return status


class DefinitionError(Exception):
    """The app is defined in a way that cannot work. The message names the route."""


class HttpError(Exception):
    """Raised by a handler to answer with a problem document (RFC 9457).

    The client sees `detail`, so it must not hold secrets. Any other exception is
    logged by the host, and the client sees a status 500 that tells nothing.
    """

    def __init__(self, status: int, detail: str = "", headers: Headers | None = None) -> None:
        super().__init__(status, detail)
        self.status = check_status(status)
        self.detail = detail
        self.headers = headers

    def __str__(self) -> str:
        return f"{self.status} {self.detail}".rstrip()


class ContextError(ValueError):
    """A context refused a value. The message names the key and the limit."""
