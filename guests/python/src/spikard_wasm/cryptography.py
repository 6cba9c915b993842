"""Passwords and JSON Web Tokens. The host computes them in native code.

    stored = await password.hash("correct horse")
    if not await password.verify("correct horse", stored): ...

    token = await jwt.sign({"sub": "ada"}, secret="jwt", expires_in=3600)
    claims = await jwt.verify(token, secret="jwt")

`password.blocking` and `jwt.blocking` have the same methods without `await`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, Literal, TypedDict, Unpack

from spikard_wasm._boundary import ContentJson, ContentText
from spikard_wasm._json import dumps, loads
from spikard_wasm._operations import Result, arguments, operate, operate_now, text

__all__ = [
    "HashOptions",
    "KeyOptions",
    "SignOptions",
    "Verification",
    "VerifyOptions",
    "jwt",
    "password",
]

Algorithm = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512",
    "ES256", "ES384", "EdDSA",
]  # fmt: skip


class HashOptions(TypedDict, total=False):
    """The cost of a hash; the default is the recommendation of OWASP for Argon2id."""

    algorithm: Literal["argon2id"]
    memory_kib: int
    iterations: int
    parallelism: int


class KeyOptions(TypedDict, total=False):
    """The key of a token: either `secret` or `key`."""

    secret: str
    """The name of a secret that the operator has granted."""
    key: str
    """The key itself, in PEM for asymmetric algorithms."""
    algorithm: Algorithm
    """`HS256` by default."""


class SignOptions(KeyOptions, total=False):
    """How a token is signed."""

    expires_in: float | timedelta | None
    """Seconds until the token expires; adds the claims `iat` and `exp`."""


class VerifyOptions(KeyOptions, total=False):
    """How a token is verified."""

    issuer: str | None
    audience: str | None
    leeway: int | None
    """Allowed clock difference, in seconds."""


class Verification:
    """Whether a password is valid. Use it as a condition."""

    __slots__ = ("outdated", "valid")

    def __init__(self, valid: bool, outdated: bool) -> None:
        self.valid = valid
        """Whether the password has the hash."""
        self.outdated = outdated
        """Whether the hash is weaker than those of today; hash the password again."""

    def __bool__(self) -> bool:
        return self.valid

    def __repr__(self) -> str:
        return f"Verification(valid={self.valid}, outdated={self.outdated})"


def _hash_head(
    algorithm: str | None = None,
    memory_kib: int | None = None,
    iterations: int | None = None,
    parallelism: int | None = None,
) -> str:
    return arguments(
        algorithm=algorithm, memory_kib=memory_kib, iterations=iterations, parallelism=parallelism
    )


def _verification(result: Result) -> Verification:
    head = loads(result[1])
    return Verification(head["valid"], head.get("outdated", False))


class BlockingPassword:
    """Passwords for `def` handlers: `password.blocking`."""

    __slots__ = ()

    def hash(self, password: str, **options: Unpack[HashOptions]) -> str:
        """Returns the hash of a password, as `password.hash` does."""
        head = _hash_head(**options)
        return text(operate_now("password.hash", head, ContentText(password))[2])

    def verify(self, password: str, hash: str) -> Verification:
        """Checks a password against a hash, as `password.verify` does."""
        body = ContentText(password)
        return _verification(operate_now("password.verify", arguments(hash=hash), body))


class Password:
    """Hashes passwords and verifies them."""

    __slots__ = ("blocking",)

    def __init__(self) -> None:
        self.blocking = BlockingPassword()
        """The same methods without `await`, for `def` handlers."""

    async def hash(self, password: str, **options: Unpack[HashOptions]) -> str:
        """Returns the hash of a password with a new salt, in the PHC format.

        The default is Argon2id with the parameters that OWASP recommends.
        """
        head = _hash_head(**options)
        return text((await operate("password.hash", head, ContentText(password)))[2])

    async def verify(self, password: str, hash: str) -> Verification:
        """Checks a password against a hash: Argon2, bcrypt, PBKDF2-SHA256 or scrypt.

        The result is true or false in a condition; its `outdated` tells whether to hash the
        password again.
        """
        body = ContentText(password)
        return _verification(await operate("password.verify", arguments(hash=hash), body))


def _key(secret: str | None, key: str | None) -> dict[str, str]:
    """Returns the member that names the key of a token."""
    if (secret is None) == (key is None):
        raise TypeError(
            "give `secret`, the name of a secret that the operator has granted, or `key`, the key"
        )
    return {"secret": secret} if secret is not None else {"key": key or ""}


def _sign_head(
    algorithm: str = "HS256",
    secret: str | None = None,
    key: str | None = None,
    expires_in: float | timedelta | None = None,
) -> str:
    seconds = expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in
    whole = None if seconds is None else int(seconds)
    return arguments(algorithm=algorithm, expires_in=whole, **_key(secret, key))


def _verify_head(
    algorithm: str = "HS256",
    secret: str | None = None,
    key: str | None = None,
    issuer: str | None = None,
    audience: str | None = None,
    leeway: int | None = None,
) -> str:
    members = _key(secret, key)
    return arguments(
        algorithm=algorithm, issuer=issuer, audience=audience, leeway=leeway, **members
    )


class BlockingJwt:
    """JSON Web Tokens for `def` handlers: `jwt.blocking`."""

    __slots__ = ()

    def sign(self, claims: Mapping[str, Any], **options: Unpack[SignOptions]) -> str:
        """Returns a signed token, as `jwt.sign` does."""
        head = _sign_head(**options)
        return text(operate_now("jwt.sign", head, ContentJson(dumps(dict(claims))))[2])

    def verify(self, token: str, **options: Unpack[VerifyOptions]) -> dict[str, Any]:
        """Returns the claims of a valid token, as `jwt.verify` does."""
        head = _verify_head(**options)
        claims: dict[str, Any] = loads(text(operate_now("jwt.verify", head, ContentText(token))[2]))
        return claims


class JsonWebTokens:
    """Signs and verifies JSON Web Tokens."""

    __slots__ = ("blocking",)

    def __init__(self) -> None:
        self.blocking = BlockingJwt()
        """The same methods without `await`, for `def` handlers."""

    async def sign(self, claims: Mapping[str, Any], **options: Unpack[SignOptions]) -> str:
        """Returns a token with these claims."""
        head = _sign_head(**options)
        body = ContentJson(dumps(dict(claims)))
        return text((await operate("jwt.sign", head, body))[2])

    async def verify(self, token: str, **options: Unpack[VerifyOptions]) -> dict[str, Any]:
        """Returns the claims of a token. `InvalidTokenError` with the reason if it is invalid."""
        head = _verify_head(**options)
        result = await operate("jwt.verify", head, ContentText(token))
        claims: dict[str, Any] = loads(text(result[2]))
        return claims


password: Final = Password()
"""Hashes passwords and verifies them."""

jwt: Final = JsonWebTokens()
"""Signs and verifies JSON Web Tokens."""
