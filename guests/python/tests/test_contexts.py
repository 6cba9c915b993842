"""Contexts: values that hooks and handlers share, for one request or for the whole app."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import pytest

from spikard_wasm import MISSING, ContextError, GlobalContext, LocalContext, Request, Spikard
from spikard_wasm.testing import TestClient


@dataclass
class Point:
    x: int


class Key(StrEnum):
    A = "a"


def test_the_local_context_is_a_mapping_of_one_request() -> None:
    app = Spikard()

    @app.on_request
    def fill(request: Request) -> None:
        assert "n" not in request.local
        request.local["n"] = {"a": None}
        request.local.set("point", Point(3))
        request.local[Key.A] = None

    @app.get("/")
    def handler(local: LocalContext, request: Request) -> Any:
        assert local is request.local
        got = [local["n"], local["point"], local["a"], local.get("b"), local.get("b", 1)]
        del local["n"]
        local.delete("n")
        with pytest.raises(KeyError, match="n"):
            del local["n"]
        with pytest.raises(KeyError, match="n"):
            local["n"]
        with pytest.raises(TypeError):
            iter(local)  # type: ignore[call-overload]
        with pytest.raises(TypeError, match="a key is a string, not a `int`"):
            local.get(1)  # type: ignore[arg-type]
        return got

    client = TestClient(app)
    expected = [{"a": None}, {"x": 3}, None, None, 1]
    assert client.get("/").json() == client.get("/").json() == expected


def test_the_hosts_keys_can_be_read_only() -> None:
    app = Spikard()

    @app.get("/")
    def handler(local: LocalContext) -> Any:
        with pytest.raises(ContextError, match=r"the key `spikard\.jwt` is reserved for the host"):
            local["spikard.jwt"] = {}
        return local["spikard.jwt"]["sub"]

    assert TestClient(app).get("/", local={"spikard.jwt": {"sub": "ada"}}).text == "ada"


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("", 1, "a key has 1 to 256 bytes, and this one has 0"),
        ("ä" * 129, 1, "a key has 1 to 256 bytes, and this one has 258"),
        ("a", "x" * (1 << 20), "with `a` the context would hold more than 1048576 bytes"),
        ("\ud800", 1, "has a lone surrogate, which has no UTF-8"),
    ],
)
def test_limits(key: str, value: Any, sentence: str) -> None:
    app = Spikard()

    @app.get("/")
    def handler(local: LocalContext) -> None:
        local[key] = value

    failure = TestClient(app).get("/").failure
    assert failure is not None
    assert sentence in failure.splitlines()[0]
    assert failure.startswith("spikard_wasm.errors.ContextError: ")


def test_outside_of_a_request_there_is_no_local_context() -> None:
    with pytest.raises(RuntimeError, match=r"`request\.local` was used while no request"):
        _ = Request(None).local
    with pytest.raises(RuntimeError, match="`local` was used while no request"):
        LocalContext(None).get("a")


def test_the_global_context_is_shared_by_requests() -> None:
    app = Spikard()

    @app.get("/")
    def handler(everyone: GlobalContext) -> Any:
        assert everyone is app.globals
        return [everyone.add("visits"), everyone.add("sum", -5), everyone.get("last")]

    @app.get("/set")
    def store() -> Any:
        app.globals["last"] = {"by": "set"}

    client = TestClient(app)
    assert client.get("/").json() == [1, -5, None]
    client.get("/set")
    assert client.get("/").json() == [2, -10, {"by": "set"}]
    assert client.globals["visits"] == 2
    assert "visits" not in app.globals
    other = TestClient(app)
    other.globals["visits"] = 7
    assert other.get("/").json()[0] == 8


def test_swap_and_add() -> None:
    app = Spikard()
    app.get("/")(lambda: None)
    store = TestClient(app).globals
    assert store.swap("a", MISSING, None)
    assert not store.swap("a", MISSING, 1)
    assert store.swap("a", None, {"x": [1]})
    assert store["a"] == {"x": [1]}
    assert not store.swap("a", {"x": [2]}, 1)
    assert store.swap("a", {"x": [1]}, MISSING)
    assert "a" not in store
    assert repr(MISSING) == "MISSING"
    store["n"] = (1 << 63) - 2
    assert store.add("n") == (1 << 63) - 1
    with pytest.raises(ContextError, match="the sum for `n` has more than 64 bits"):
        store.add("n")
    store["t"] = "text"
    with pytest.raises(ContextError, match="the value of `t` is not an integer of 64 bits"):
        store.add("t")
    for delta in (1 << 63, 1.5, True):
        with pytest.raises(ContextError, match="is not an integer of 64 bits"):
            store.add("n", delta)  # type: ignore[arg-type]
    with pytest.raises(ContextError, match="a key has 1 to 256 bytes"):
        store.swap("", MISSING, 1)
    with pytest.raises(TypeError, match="a reply holds a `object`"):
        store["o"] = object()
