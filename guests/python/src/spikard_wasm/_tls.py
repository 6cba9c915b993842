"""A stub of the module `ssl`, which CPython for WASI does not have. The host does TLS.

Libraries such as `httpx`, `anyio` and PyJWT import `ssl` for its types even if they never open a
connection. Creating a context raises an error that names the alternatives.
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
    """The base class of TLS errors. The SDK never raises it."""


class SSLWantReadError(SSLError):
    """An error that the SDK never raises."""


class SSLWantWriteError(SSLError):
    """An error that the SDK never raises."""


class SSLSyscallError(SSLError):
    """An error that the SDK never raises."""


class SSLEOFError(SSLError):
    """An error that the SDK never raises."""


class SSLZeroReturnError(SSLError):
    """An error that the SDK never raises."""


class SSLCertVerificationError(SSLError, ValueError):
    """An error that the SDK never raises."""


class _Unavailable:
    def __init__(self, *_: Any, **__: Any) -> None:
        raise RuntimeError(_MESSAGE)


class SSLContext(_Unavailable):
    """Raises an error when it is created."""


class SSLObject(_Unavailable):
    """Raises an error when it is created."""


class SSLSocket(_Unavailable):
    """Raises an error when it is created."""


class MemoryBIO(_Unavailable):
    """Raises an error when it is created."""


class Purpose(enum.Enum):
    """The purpose of a certificate."""

    SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
    CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


class VerifyMode(enum.IntEnum):
    """The verification of a certificate."""

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
