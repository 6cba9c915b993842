"""The exceptions of this package."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from spikard_wasm._json import loads

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

    def __init__(
        self,
        status: int,
        detail: str = "",
        headers: Headers | None = None,
        *,
        type: str = "about:blank",
        title: str | None = None,
        instance: str | None = None,
        **extensions: Any,
    ) -> None:
        """Creates the error. `extensions` are further members of its document.

        `type` is a URI that identifies the kind of problem, `title` its summary, by default the
        phrase of the status, and `instance` a URI of this occurrence.
        """
        super().__init__(status, detail)
        self.status = check_status(status)
        self.detail = detail
        self.headers = headers
        self.type = type
        self.title = title
        self.instance = instance
        self.extensions = extensions

    def __str__(self) -> str:
        return f"{self.status} {self.detail}".rstrip()


class HTTPException(HttpError):  # noqa: N818 - its name in FastAPI
    """An `HttpError` with the name and the arguments that it has in FastAPI."""

    def __init__(
        self,
        status_code: int,
        detail: str = "",
        headers: Headers | None = None,
        **members: Any,
    ) -> None:
        super().__init__(status_code, detail, headers, **members)

    @property
    def status_code(self) -> int:
        """The status."""
        return self.status


class ContextError(ValueError):
    """The host rejected a key or value of a context. The message has the reason."""


class OperationError(Exception):
    """An operation of the host failed: of a database, a store, a request, and so on.

    The message has the reason. `code` is one word, the same for all kinds of operations:
    `denied` (the operator has not granted it; the message names the line for `spikard.toml`),
    `timeout`, `unavailable`, `too-many`, `too-large`, `invalid`, `unknown-kind`, `would-block`
    or `failed`. Some kinds have more.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str = "failed",
        kind: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.kind = kind
        """The kind of operation, such as `sql.query`."""
        self.details: Mapping[str, Any] = details or {}
        """Further members of the host's error."""

    @staticmethod
    def read(kind: str, head: str) -> OperationError:
        """Returns the error of a failed operation, whose head is a JSON object."""
        details: dict[str, Any] = loads(head) if head else {}
        code, message = details.pop("code", "failed"), details.pop("message", "")
        cls: type[OperationError] = OperationError
        if kind.startswith("sql."):
            cls = SqlTimeoutError if code == "timeout" else SqlError
        elif code == "timeout":
            cls = OperationTimeoutError
        elif code == "invalid-token":
            cls = InvalidTokenError
        text = message or f"operation `{kind}` failed"
        return cls(text, code=code, kind=kind, details=details)


class OperationTimeoutError(OperationError, TimeoutError):
    """The time limit of an operation has passed."""


class SqlError(OperationError):
    """A statement failed.

    `code` is `unique`, `foreign-key`, `not-null`, `check`, `serialization` (repeat the
    transaction), `busy`, `read-only`, `syntax`, `sql` (any other error of the database), or one
    of the codes of `OperationError`.
    """

    @property
    def constraint(self) -> str | None:
        """The name of the violated constraint, if the database reports it."""
        return self.details.get("constraint")

    @property
    def table(self) -> str | None:
        """The table of the violated constraint, if the database reports it."""
        return self.details.get("table")

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the violated constraint, if the database reports them."""
        return tuple(self.details.get("columns") or ())

    @property
    def sqlstate(self) -> str | None:
        """The database's own code, such as `23505`."""
        return self.details.get("sqlstate")


class SqlTimeoutError(SqlError, OperationTimeoutError):
    """The time limit of a statement has passed."""


class InvalidTokenError(OperationError):
    """A JSON Web Token is not valid: expired, for someone else, or with a wrong signature."""


class MissingSettingError(LookupError):
    """A setting or secret has no value. The message names the line for `spikard.toml`."""

    @staticmethod
    def of(name: str) -> MissingSettingError:
        """Returns the error for a setting that the operator has not set."""
        return MissingSettingError(
            f'the setting `{name}` is not set; add `{name} = "..."` to `[grants.config]` '
            "in spikard.toml, or give it a default"
        )
