"""A module `ssl` that only names things: CPython for WASI has none, and the host does TLS.

Libraries such as `httpx`, `anyio` and PyJWT import `ssl` for its types even if they never open a
connection. Whatever would need a connection raises an error that says what to use instead.
"""

from __future__ import annotations

import enum
from types import ModuleType
from typing import Any, NoReturn

_MESSAGE = (
    "a component has no TLS of its own, because the host opens connections; "
    "send requests with `spikard_wasm.http`, or give `httpx` its `Transport`"
)


class SSLError(OSError):
    """An error of TLS, which this module never raises."""


class SSLWantReadError(SSLError):
    """Names the class of the standard library."""


class SSLWantWriteError(SSLError):
    """Names the class of the standard library."""


class SSLSyscallError(SSLError):
    """Names the class of the standard library."""


class SSLEOFError(SSLError):
    """Names the class of the standard library."""


class SSLZeroReturnError(SSLError):
    """Names the class of the standard library."""


class SSLCertVerificationError(SSLError, ValueError):
    """Names the class of the standard library."""


class _Unavailable:
    def __init__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError(_MESSAGE)


class SSLContext(_Unavailable):
    """Cannot be created."""


class SSLObject(_Unavailable):
    """Cannot be created."""


class SSLSocket(_Unavailable):
    """Cannot be created."""


class MemoryBIO(_Unavailable):
    """Cannot be created."""


class Purpose(enum.Enum):
    """What a certificate is for."""

    SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


class VerifyMode(enum.IntEnum):
    """How a certificate is checked."""

    CERT_NONE = 0
    CERT_OPTIONAL = 1
    CERT_REQUIRED = 2


def create_default_context(*_: Any, **__: Any) -> NoReturn:
    """Raises an error: a component has no TLS."""
    raise RuntimeError(_MESSAGE)


_NAMES = {
    item.__name__: item
    for item in (
        SSLError,
        SSLWantReadError,
        SSLWantWriteError,
        SSLSyscallError,
        SSLEOFError,
        SSLZeroReturnError,
        SSLCertVerificationError,
        SSLContext,
        SSLObject,
        SSLSocket,
        MemoryBIO,
        Purpose,
        VerifyMode,
        create_default_context,
    )
}


def module() -> ModuleType:
    """Returns the module `ssl`."""
    made = ModuleType("ssl", _MESSAGE)
    vars(made).update(_NAMES)
    vars(made).update({mode.name: mode for mode in VerifyMode})
    vars(made).update(CertificateError=SSLCertVerificationError, HAS_ALPN=False, HAS_SNI=False)
    vars(made)["_create_default_https_context"] = create_default_context
    return made
