"""Stores, settings, secrets, passwords and tokens."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from spikard_wasm import (
    InvalidTokenError,
    MissingSettingError,
    OperationError,
    Spikard,
    Store,
    config,
    jwt,
    password,
    secret,
)
from spikard_wasm.testing import TestClient, TestReply

store = Store()
SECRETS = {"jwt": "a secret of the operator", "api": "xyz"}
CONFIG = {"greeting": "hello", "size": "3", "debug": "True", "rate": "fast"}


def answer(handler: Callable[..., Any]) -> TestReply:
    app = Spikard()
    app.get("/")(handler)
    return TestClient(app, secrets=SECRETS, config=CONFIG).get("/")


def result(handler: Callable[..., Any]) -> Any:
    reply = answer(handler)
    assert (reply.status, reply.failure) == (200, None)
    return reply.json()


def test_a_store_holds_values() -> None:
    async def handler() -> Any:
        absent = [await store.get("a"), await store.get_json("a"), await store.exists("a")]
        await store.set("a", b"\xff")
        await store.set("b", "text")
        await store.set_json("c", {"d": [1]})
        present = [
            (await store.get("a") or b"").hex(),
            await store.get_text("b"),
            await store.get_json("c"),
            await store.exists("a"),
        ]
        keys = [key async for key in store.list()]
        await store.delete("a")
        return [absent, present, keys, await store.exists("a")]

    assert result(handler) == [
        [None, None, False],
        ["ff", "text", {"d": [1]}, True],
        ["a", "b", "c"],
        False,
    ]


def test_the_blocking_twin_does_the_same() -> None:
    def handler() -> Any:
        now = store.blocking
        now.set("a", "1")
        now.set_json("j", [1])
        swapped = [now.swap("a", "1", "2"), now.swap("a", "1", "3"), now.swap("b", None, "x")]
        return [
            now.increment("a", 40), now.get("b") == b"x", now.get_text("a"), now.get_json("j"),
            now.exists("zz"), swapped, list(now.list()),
        ]  # fmt: skip

    assert result(handler) == [
        *(42, True, "42", [1], False, [True, False, True], ["a", "b", "j"]),
    ]


def test_values_expire() -> None:
    async def handler() -> Any:
        await store.set("a", "x", ttl=0.1)
        await store.set("b", "x", ttl=timedelta(minutes=1))
        first = await store.exists("a")
        await asyncio.sleep(0.15)
        return [first, await store.exists("a"), await store.exists("b")]

    assert result(handler) == [True, False, True]


def test_counters_and_swaps_are_atomic() -> None:
    async def handler() -> Any:
        sums = await asyncio.gather(*(store.increment("n") for _ in range(5)))
        swapped = [await store.swap("lock", None, "me"), await store.swap("lock", None, "you")]
        return [sorted(sums), swapped, await store.swap("lock", "me", "you")]

    assert result(handler) == [[1, 2, 3, 4, 5], [True, False], True]


def test_many_keys_come_in_pages() -> None:
    async def handler() -> Any:
        for n in range(250):
            await store.set(f"{n:03}", "")
        keys = [key async for key in store.list()]
        return [len(keys), keys == sorted(keys)]

    assert result(handler) == [250, True]


@pytest.mark.parametrize(
    ("use", "words"),
    [
        (
            lambda: store.set("a", 1),  # type: ignore[arg-type]
            "the value is a `int`; give it bytes or a string",
        ),
        (lambda: store.set("a", "", ttl=0), "ttl `0` is not a positive number of seconds"),
        (lambda: Store("other").get("a"), "no store `other`"),
        (lambda: store.get(""), "a key has 1 to 1,024 bytes"),
    ],
)
def test_errors_of_stores_are_sentences(use: Any, words: str) -> None:
    async def handler() -> Any:
        await use()

    assert words in (answer(handler).failure or "")


def test_settings_have_types_and_defaults() -> None:
    async def handler() -> Any:
        return [
            config("greeting"), config("size", into=int), config("debug", into=bool),
            config("absent", "default"), config("absent", None), config("absent", 7, into=int),
        ]  # fmt: skip

    assert result(handler) == ["hello", 3, True, "default", None, 7]


def test_settings_that_are_missing_or_wrong_are_named() -> None:
    def missing() -> Any:
        with pytest.raises(MissingSettingError, match=r'add `absent = "\.\.\."` to `\[grants'):
            config("absent")
        with pytest.raises(MissingSettingError, match="secret `absent` is not granted"):
            secret("absent")
        with pytest.raises(ValueError, match="`rate` is `fast`, which is not a valid `int`"):
            config("rate", into=int)
        with pytest.raises(ValueError, match="`rate` is `fast`, which is not a valid `bool`"):
            config("rate", into=bool)
        return secret("api")

    assert answer(missing).text == "xyz"


def test_outside_of_a_request_there_is_no_host() -> None:
    with pytest.raises(OperationError, match="no request is in progress"):
        config("greeting")


def test_passwords() -> None:
    async def handler() -> Any:
        stored = await password.hash("correct horse")
        again = await password.hash("correct horse")
        good = await password.verify("correct horse", stored)
        bad = await password.verify("wrong", stored)
        blocking = password.blocking.verify("correct horse", password.blocking.hash("other"))
        return [stored != again, bool(good), good.outdated, bool(bad), bool(blocking)]

    assert result(handler) == [True, True, False, False, False]


def test_a_hash_that_the_client_cannot_verify_is_named() -> None:
    async def handler() -> Any:
        await password.verify("x", "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA")

    assert "cannot verify a hash of `argon2id`" in (answer(handler).failure or "")


def test_tokens() -> None:
    async def handler() -> Any:
        token = await jwt.sign({"sub": "ada"}, secret="jwt", expires_in=timedelta(hours=1))
        claims = await jwt.verify(token, secret="jwt")
        other = jwt.blocking.sign({"sub": "eve", "aud": "b"}, key="k", algorithm="HS512")
        read = jwt.blocking.verify(other, key="k", algorithm="HS512", audience="b")
        return [claims["sub"], claims["exp"] - claims["iat"], token.count("."), read]

    assert result(handler) == ["ada", 3600, 2, {"sub": "eve", "aud": "b"}]


def test_invalid_tokens_have_a_reason() -> None:
    async def handler() -> Any:
        reasons: list[str] = []

        async def check(token: str, **options: Any) -> None:
            with pytest.raises(InvalidTokenError) as raised:
                await jwt.verify(token, **{"secret": "jwt", **options})
            reasons.append(raised.value.message)

        await check(await jwt.sign({"exp": 1}, secret="jwt"))
        await check(await jwt.sign({"nbf": 10**11}, secret="jwt"))
        await check(await jwt.sign({"iss": "a"}, secret="jwt"), issuer="b")
        await check(await jwt.sign({"aud": ["a"]}, secret="jwt"), audience="b")
        await check(await jwt.sign({}, secret="api"))
        await check(await jwt.sign({}, secret="jwt"), algorithm="HS384")
        await check("nonsense")
        return reasons

    assert result(handler) == [
        "the token has expired",
        "the token is not valid yet",
        "the token has another issuer",
        "the token is for another audience",
        "the signature is wrong",
        "the token has another algorithm",
        "the token is malformed",
    ]


def test_the_key_of_a_token_is_a_secret_or_given() -> None:
    async def handler() -> Any:
        with pytest.raises(TypeError, match="give `secret`, the name of a secret"):
            await jwt.sign({})
        with pytest.raises(TypeError, match="give `secret`, the name of a secret"):
            await jwt.sign({}, secret="jwt", key="k")
        with pytest.raises(OperationError, match="no secret `absent`"):
            await jwt.sign({}, secret="absent")
        return True

    assert result(handler) is True
