"""What the SDK adapts in a component."""

import hashlib
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import Any

import pytest

from spikard_wasm import DefinitionError, Spikard, _started, _stdlib
from spikard_wasm.testing import TestClient


def run(handler: Any) -> Any:
    app = Spikard()
    app.get("/")(handler)
    reply = TestClient(app).get("/")
    assert reply.failure is None
    return reply.json()


def test_keys_are_derived_by_the_host() -> None:
    def handler() -> Any:
        mine = [
            _stdlib.pbkdf2_hmac("SHA256", b"a", b"b", 3),
            _stdlib.pbkdf2_hmac("sha1", b"a", b"b", 3, 7),
            _stdlib.scrypt(b"a", salt=b"b", n=16, r=8, p=1),
            _stdlib.scrypt(bytearray(b"a"), salt=b"b", n=16, r=8, p=1, dklen=9),
        ]
        theirs = [
            hashlib.pbkdf2_hmac("sha256", b"a", b"b", 3),
            hashlib.pbkdf2_hmac("sha1", b"a", b"b", 3, 7),
            hashlib.scrypt(b"a", salt=b"b", n=16, r=8, p=1),
            hashlib.scrypt(b"a", salt=b"b", n=16, r=8, p=1, dklen=9),
        ]
        with pytest.raises(ValueError, match="the hash `md5` is none of"):
            _stdlib.pbkdf2_hmac("md5", b"a", b"b", 3)
        return mine == theirs

    assert run(handler) is True


def test_a_native_module_says_what_to_use_instead(tmp_path: Path) -> None:
    finder = _stdlib.NativeFinder()
    (tmp_path / "_pydantic_core.cpython-39-x86_64-linux-gnu.so").touch()
    (tmp_path / "_pydantic_core").mkdir()  # with stubs
    (tmp_path / "fast.abi4.so").touch()
    (tmp_path / "both.abi4.so").touch()
    (tmp_path / "both.py").touch()
    (tmp_path / f"wasi{EXTENSION_SUFFIXES[0]}").touch()
    with pytest.raises(ModuleNotFoundError, match=r"native code.*pydantic needs it; use data"):
        finder.find_spec("pydantic_core._pydantic_core", [str(tmp_path)])
    with pytest.raises(ModuleNotFoundError, match=r"`numbers.fast` is native code.*in pure Python"):
        finder.find_spec("numbers.fast", [str(tmp_path)])
    for name in ("pydantic_core.absent", "fast.both", "fast.wasi"):
        assert finder.find_spec(name, [str(tmp_path)]) is None


def test_a_model_of_pydantic_says_what_to_use_instead() -> None:
    class User:  # as pydantic makes it
        __pydantic_core_schema__ = None

    def handler(body: User) -> None: ...

    handler.__annotations__ = {"body": User, "return": None}
    with pytest.raises(DefinitionError, match=r"model of pydantic.*use a dataclass or TypedDict"):
        Spikard().post("/")(handler)


def test_the_host_answers_nothing_while_the_app_is_built(monkeypatch: pytest.MonkeyPatch) -> None:
    from spikard_wasm import config, secret
    from spikard_wasm.contexts import GLOBALS

    monkeypatch.setattr(_started, "started", False)
    for use in (lambda: config("a"), lambda: secret("a"), lambda: GLOBALS.set("a", 1)):
        with pytest.raises(RuntimeError, match="while the app is built"):
            use()
