"""Runs the cases of `host/tests/contract/cases`, which also run against the host."""

from __future__ import annotations

import base64
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spikard_wasm import Spikard
from spikard_wasm.testing import TestClient, TestReply

ROOT = Path(__file__).parents[3]
FOLDERS = {
    "contract": ROOT / "examples/contract-python",
    "faulty": ROOT / "guests/conformance/faulty/python",
    "target": ROOT / "examples/spikard-target/python",
}
FILES = sorted((ROOT / "host/tests/contract/cases").glob("*.json"))


def slashes() -> Spikard:
    app = Spikard("slashes", trailing_slash="redirect")
    app.get("/a")(lambda: "fine")
    app.post("/items/{id}")(lambda: "fine")
    app.get("/folder/")(lambda: "fine")
    return app


@pytest.fixture
def load(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Returns a function that imports an app, and removes its modules afterwards.

    The modules of two apps have the same names.
    """
    before = set(sys.modules)

    def of(name: str) -> Spikard:
        if name == "slashes":
            return slashes()
        monkeypatch.syspath_prepend(FOLDERS[name])
        app: Spikard = importlib.import_module("app").app
        return app

    yield of
    for name in set(sys.modules) - before:
        if not name.startswith("spikard_wasm") and name != "wasmtime":
            del sys.modules[name]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_client_answers_as_the_host(path: Path, load: Any) -> None:
    file = json.loads(path.read_text())
    name, cases = file["app"], file["cases"]
    client = TestClient(load(name), secrets=file["secrets"])
    ran, failed = 0, []
    for case in cases:
        reply = send(client, **case["request"])
        ran += 1
        if difference := check(f"{name}-python", case["reply"], reply):
            failed.append(f"{case['name']}: {difference}")
    assert ran == len(cases) > 0
    assert not failed, "\n".join(failed)


def test_there_are_cases() -> None:
    assert {json.loads(path.read_text())["app"] for path in FILES} == {*FOLDERS, "slashes"}


def send(
    client: TestClient, method: str, target: str, headers: Any = (), body: Any = None
) -> TestReply:
    fields = [(name, value) for name, value in headers]
    options: dict[str, Any] = {}
    match body:
        case None:
            pass
        case {"parts": parts}:
            files = [part for part in parts if "filename" in part]
            options["form"] = [(p["name"], p["text"]) for p in parts if "filename" not in p]
            options["files"] = [(f["name"], (f["filename"], data(f), f["type"])) for f in files]
        case {"json": value, **rest}:
            options["json"] = value
            fields += [("content-type", kind) for kind in rest.values()]
        case _:
            options["content"] = data(body)
            fields.append(("content-type", body["type"]))
    return client.request(method, target, headers=fields, **options)


def data(given: dict[str, Any]) -> bytes:
    match given:
        case {"text": text}:
            return str(text).encode()
        case {"base64": text}:
            return base64.b64decode(text)
        case _:
            return bytes(given["repeat"] * given["times"], "utf-8")


def check(app: str, expected: dict[str, Any], reply: TestReply) -> str | None:
    if reply.status != expected["status"]:
        return f"expected {expected['status']}, got {reply!r}"
    for name, wanted in expected.get("headers", {}).items():
        values = [] if wanted is None else wanted if isinstance(wanted, list) else [wanted]
        values = [value.replace("{app}", app) for value in values]
        if (sent := [value for key, value in reply.headers if key == name]) != values:
            return f"expected `{name}` {values}, got {sent}"
    match expected:
        case {"json": value}:
            got = reply.json()
            if isinstance(got, dict):
                got = {k: v for k, v in got.items() if k not in expected.get("ignore", ())}
            same = equal(value, got)
        case {"text": text}:
            same = reply.body == text.encode()
        case {"base64": text}:
            same = reply.body == base64.b64decode(text)
        case {"length": length}:
            same = len(reply.body) == length
        case _:
            same = "unchecked" in expected
    return None if same else f"got {reply!r}"


def equal(left: Any, right: Any) -> bool:
    """Returns whether two JSON values are equal. Unlike in Python, `True` does not equal 1."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[k], right[k]) for k in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    return isinstance(left, bool) == isinstance(right, bool) and bool(left == right)
