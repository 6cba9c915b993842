"""Adapts Python to a component: key derivation, TLS, the log, and errors of native packages.

CPython for WASI is built without OpenSSL, so `hashlib` lacks `pbkdf2_hmac` and `scrypt`, which
the host provides, and there is no `ssl`. Records of `logging` go to the log of the host with their
level. The import of a package with native code for another machine raises an error with the remedy.
"""

from __future__ import annotations

import hashlib
import sys
from base64 import b64encode
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import EXTENSION_SUFFIXES, ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from spikard_wasm import _logging, _tls
from spikard_wasm._boundary import ContentBytes
from spikard_wasm._late import LateFinder
from spikard_wasm._operations import arguments, data, operate_now
from spikard_wasm.errors import OperationError

_HASHES = {"sha1": "sha-1", "sha256": "sha-256", "sha384": "sha-384", "sha512": "sha-512"}

# Alternatives to packages with native code.
_INSTEAD = {
    "pydantic_core": "pydantic needs it; use dataclasses or TypedDicts, which the host validates",
    "msgspec": "use dataclasses or TypedDicts, which the host validates",
    "orjson": "use `json`, or return the value itself",
    "ujson": "use `json`, or return the value itself",
    "bcrypt": "use `spikard_wasm.password`, which also verifies bcrypt",
    "argon2": "use `spikard_wasm.password`",
    "_argon2_cffi_bindings": "use `spikard_wasm.password`",
    "cryptography": "use `spikard_wasm.password` and `spikard_wasm.jwt`",
    "nacl": "use `spikard_wasm.password` and `spikard_wasm.jwt`",
    "asyncpg": "use `spikard_wasm.Database`",
    "psycopg_c": "use `spikard_wasm.Database`",
    "psycopg_binary": "use `spikard_wasm.Database`",
    "psycopg2": "use `spikard_wasm.Database`",
    "aiohttp": "use `spikard_wasm.http`",
}


def pbkdf2_hmac(
    hash_name: str, password: Any, salt: Any, iterations: int, dklen: int | None = None
) -> bytes:
    """Derives a key with PBKDF2, as `hashlib.pbkdf2_hmac` does."""
    name = _HASHES.get(hash_name.lower().replace("-", ""))
    if name is None:
        raise ValueError(f"the hash `{hash_name}` is none of {', '.join(_HASHES)}")
    length = hashlib.new(hash_name).digest_size if dklen is None else dklen
    return _derive(
        password, algorithm="pbkdf2", hash=name, salt=_text(salt), iterations=iterations,
        length=length,
    )  # fmt: skip


def scrypt(
    password: Any,
    *,
    salt: Any,
    n: int,
    r: int,
    p: int,
    maxmem: int = 0,  # noqa: ARG001 - the host has its own limit
    dklen: int = 64,
) -> bytes:
    """Derives a key with scrypt, as `hashlib.scrypt` does."""
    return _derive(password, algorithm="scrypt", salt=_text(salt), n=n, r=r, p=p, length=dklen)


def _derive(password: Any, **members: Any) -> bytes:
    try:
        result = operate_now("crypto.derive", arguments(**members), ContentBytes(bytes(password)))
    except OperationError as error:
        if error.code == "invalid":
            raise ValueError(error.message) from None
        raise
    return data(result[2])


def _text(value: Any) -> str:
    return b64encode(bytes(value)).decode()


class NativeFinder(MetaPathFinder):
    """Explains why a module was not found: it is native code for another machine."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: Any = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Raises `ModuleNotFoundError` for a native module, and finds nothing."""
        package, _, name = fullname.rpartition(".")
        for folder in map(Path, sys.path if path is None else path):
            if (folder / f"{name}.py").is_file() or (folder / name / "__init__.py").is_file():
                return None
            native = [*folder.glob(f"{name}.*so"), *folder.glob(f"{name}.*pyd")]
            if any(file.name == name + suffix for file in native for suffix in EXTENSION_SUFFIXES):
                return None  # built for WASI
            if native:
                raise ModuleNotFoundError(_reason(fullname, package), name=fullname)
        return None


def _reason(fullname: str, package: str) -> str:
    top = (package or fullname).partition(".")[0]
    instead = _INSTEAD.get(top, "use a package in pure Python, or call a service that has it")
    return (
        f"`{fullname}` is native code, which is built for another machine and does not run in a "
        f"component; {instead}"
    )


def install() -> None:
    """Adapts the modules of this interpreter."""
    if not hasattr(hashlib, "pbkdf2_hmac"):
        hashlib.pbkdf2_hmac = pbkdf2_hmac
    if not hasattr(hashlib, "scrypt"):
        hashlib.scrypt = scrypt
    if find_spec("_ssl") is None:
        sys.modules["ssl"] = _tls.module()
    _logging.install()
    # First, because a folder with stubs would be found as a package.
    sys.meta_path.insert(0, NativeFinder())
    sys.meta_path.append(LateFinder())
