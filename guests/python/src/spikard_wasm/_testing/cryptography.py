"""Cryptography of the test client, through the standard library."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import time
from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any

from spikard_wasm._local import (
    Content,
    ContentBytes,
    ContentEmpty,
    ContentJson,
    ContentText,
    Result,
)
from spikard_wasm._testing.services import OperationFailed, Perform, data

_HASHES = {"sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_JWT = {"HS256": "sha256", "HS384": "sha384", "HS512": "sha512"}


class Cryptography:
    """Passwords, tokens and keys. `secrets` are those of the app."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self._secrets = given

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""
        return {
            "password.hash": self._hash,
            "password.verify": self._verify,
            "crypto.derive": self._derive,
            "crypto.digest": self._digest,
            "crypto.hmac": self._hmac,
            "crypto.equal": self._equal,
            "crypto.random": self._random,
            "jwt.sign": self._sign,
            "jwt.verify": self._verify_token,
        }

    def end(self, task: int) -> None:
        """Does nothing."""

    def _hash(self, _task: int, _head: dict[str, Any], body: Content) -> Result:
        # The standard library has no Argon2, which the host uses. Few rounds keep tests fast.
        salt = secrets.token_bytes(16)
        key = hashlib.scrypt(data(body), salt=salt, n=1 << 10, r=8, p=1, dklen=32)
        return 200, "", ContentText(f"$scrypt$ln=10,r=8,p=1${_b64(salt)}${_b64(key)}")

    def _verify(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        algorithm, *parts = head["hash"].split("$")[1:] or [""]
        if algorithm == "scrypt" and len(parts) == 3:
            options = dict(item.split("=") for item in parts[0].split(","))
            n, r, p = 1 << int(options["ln"]), int(options["r"]), int(options["p"])
            salt, wanted = _bytes(parts[1]), _bytes(parts[2])
            key = hashlib.scrypt(
                data(body), salt=salt, n=n, r=r, p=p, dklen=len(wanted), maxmem=1 << 28
            )
        elif algorithm == "pbkdf2-sha256" and len(parts) == 3:
            rounds = dict(item.split("=") for item in parts[0].split(",")).get("i", "0")
            salt, wanted = _bytes(parts[1]), _bytes(parts[2])
            key = hashlib.pbkdf2_hmac("sha256", data(body), salt, int(rounds), len(wanted))
        else:
            raise OperationFailed(
                "invalid",
                f"the test client cannot verify a hash of `{algorithm}`, which Python's standard "
                "library lacks; make the hash with `password.hash` in the test",
            )
        valid = hmac.compare_digest(key, wanted)
        return 200, json.dumps({"valid": valid, "outdated": False}), ContentEmpty()

    def _derive(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        salt, length = b64decode(head["salt"]), head["length"]
        if head["algorithm"] == "scrypt":
            key = hashlib.scrypt(
                data(body), salt=salt, n=head["n"], r=head["r"], p=head["p"], dklen=length,
                maxmem=1 << 28,
            )  # fmt: skip
        else:
            name = _hash_name(head)
            key = hashlib.pbkdf2_hmac(name, data(body), salt, head["iterations"], length)
        return 200, "", ContentBytes(key)

    def _digest(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        return 200, "", ContentBytes(hashlib.new(_hash_name(head), data(body)).digest())

    def _hmac(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        key = b64decode(head["key"]) if "key" in head else self._secret(head).encode()
        return 200, "", ContentBytes(hmac.digest(key, data(body), _hash_name(head)))

    def _equal(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        equal = hmac.compare_digest(b64decode(head["other"]), data(body))
        return 200, json.dumps({"equal": equal}), ContentEmpty()

    def _random(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        return 200, "", ContentBytes(secrets.token_bytes(head["length"]))

    def _sign(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        claims = json.loads(data(body))
        if (seconds := head.get("expires_in")) is not None:
            now = int(time.time())
            claims = {**claims, "iat": now, "exp": now + seconds}
        header = {"alg": head["algorithm"], "typ": "JWT"}
        text = ".".join(_segment(json.dumps(part).encode()) for part in (header, claims))
        return 200, "", ContentText(f"{text}.{_segment(self._signature(head, text))}")

    def _verify_token(self, _task: int, head: dict[str, Any], body: Content) -> Result:
        text, _, signature = data(body).decode(errors="replace").rpartition(".")
        expected = self._signature(head, text)
        try:
            header, claims = (json.loads(_unsegment(part)) for part in text.split("."))
            given = _unsegment(signature)
        except ValueError:
            raise OperationFailed("invalid-token", "the token is malformed") from None
        if header.get("alg") != head["algorithm"]:
            raise OperationFailed("invalid-token", "the token has another algorithm")
        if not hmac.compare_digest(expected, given):
            raise OperationFailed("invalid-token", "the signature is wrong")
        if reason := _reason(claims, head):
            raise OperationFailed("invalid-token", reason)
        return 200, "", ContentJson(json.dumps(claims))

    def _signature(self, head: dict[str, Any], text: str) -> bytes:
        digest = _JWT.get(head["algorithm"])
        if digest is None:
            raise OperationFailed(
                "invalid",
                f"the test client has no algorithm `{head['algorithm']}`, which needs keys that "
                "Python's standard library cannot read; use HS256 in tests",
            )
        key = head["key"] if "key" in head else self._secret(head)
        return hmac.digest(key.encode(), text.encode(), digest)

    def _secret(self, head: dict[str, Any]) -> str:
        name = head["secret"]
        if name not in self._secrets:
            raise OperationFailed(
                "denied",
                f"the test client has no secret `{name}`; "
                f"add it with `TestClient(app, secrets={{{name!r}: ...}})`",
            )
        return self._secrets[name]


def _hash_name(head: dict[str, Any]) -> str:
    name = _HASHES.get(head["hash"])
    if name is None:
        raise OperationFailed("invalid", f"`{head['hash']}` is not one of {', '.join(_HASHES)}")
    return name


def _reason(claims: Any, head: dict[str, Any]) -> str | None:
    """Returns why claims are not valid."""
    now, leeway = time.time(), head.get("leeway", 0)
    audience = claims.get("aud")
    if "exp" in claims and claims["exp"] + leeway <= now:
        return "the token has expired"
    if "nbf" in claims and claims["nbf"] - leeway > now:
        return "the token is not valid yet"
    if "issuer" in head and claims.get("iss") != head["issuer"]:
        return "the token has another issuer"
    if "audience" in head and head["audience"] not in (
        audience if isinstance(audience, list) else [audience]
    ):
        return "the token is for another audience"
    return None


def _segment(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()


def _unsegment(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _b64(value: bytes) -> str:
    return b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    return b64decode(text + "=" * (-len(text) % 4))
