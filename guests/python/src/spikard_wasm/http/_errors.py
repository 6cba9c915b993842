"""The exceptions of the client, with the names of `httpx`."""
# ruff: noqa: N818 - the names are those of httpx

from __future__ import annotations

from typing import TYPE_CHECKING

from spikard_wasm.errors import OperationError

if TYPE_CHECKING:
    from spikard_wasm.http._messages import Request, Response


class HTTPError(Exception):
    """The base class of `RequestError` and `HTTPStatusError`."""


class InvalidURL(Exception):
    """A URL is not one that a request can be sent to."""


class RequestError(HTTPError, OperationError):
    """A request got no response. `code` is that of `OperationError`."""

    request: Request

    @classmethod
    def of(cls, error: OperationError, request: Request) -> RequestError:
        """Returns the exception for a failed operation."""
        kind = _KINDS.get(error.code, RequestError)
        if "redirects more than" in error.message or "too many redirects" in error.message:
            kind = TooManyRedirects
        made = kind(error.message, code=error.code, kind=error.kind, details=error.details)
        made.request = request
        return made


class TimeoutException(RequestError, TimeoutError):
    """No response, or no further part of it, has arrived in time."""


class ConnectError(RequestError):
    """The server cannot be reached, or has closed the connection."""


class RequestDenied(RequestError):
    """The operator has not granted the origin. The message names the line."""


class TooManyRedirects(RequestError):
    """The response was a redirect too often."""


class HTTPStatusError(HTTPError):
    """`raise_for_status` found a status from 400 on."""

    def __init__(self, message: str, *, request: Request | None, response: Response) -> None:
        super().__init__(message)
        self.request = request
        self.response = response


class StreamConsumed(RuntimeError):
    """The body of a streamed response has been read before."""


class RequestNotRead(RuntimeError):
    """The body of a request was used as bytes, but it is a stream."""


class ResponseNotRead(RuntimeError):
    """The body of a streamed response was used before it has been read."""


_KINDS: dict[str, type[RequestError]] = {
    "timeout": TimeoutException,
    "unavailable": ConnectError,
    "denied": RequestDenied,
}
