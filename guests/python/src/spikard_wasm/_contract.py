"""Runs the host's contract code, a core WebAssembly module, for the test client.

Each call passes an operation, the number of a request, and bytes. The result is the length of a
JSON text (four bytes, little-endian), the text, and further bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

_FILE = "contract.wasm"


@cache
def _module() -> tuple[Any, Any]:
    """Returns the engine and the compiled module, which all clients of the process share."""
    try:
        import wasmtime
    except ImportError:
        raise ImportError(
            "the test client needs the package `wasmtime`; "
            'install it with `pip install "spikard-wasm[testing]"`'
        ) from None
    file = resources.files("spikard_wasm").joinpath(_FILE)
    if not file.is_file():
        raise FileNotFoundError(
            f"`{file}`, the host's contract code, is missing; reinstall spikard-wasm, "
            "or run scripts/contract-module in its repository"
        )
    config = wasmtime.Config()
    config.cache = True
    engine = wasmtime.Engine(config)
    return engine, wasmtime.Module(engine, file.read_bytes())


class Contract:
    """The contract of an app: its routes, schemas and policies."""

    def __init__(self, description: Mapping[str, Any], secrets: Mapping[str, str] | None) -> None:
        engine, module = _module()
        import wasmtime

        self._store = wasmtime.Store(engine)
        # WASI provides the clock and random numbers. The module has no files and no network.
        self._store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        self._exports: Any = linker.instantiate(self._store, module).exports(self._store)
        loaded, _ = self._send(0, 0, {"description": description, "secrets": secrets})
        self.failed = loaded["failed"]
        """The reply to a request whose handler failed."""

    def begin(self, head: Mapping[str, Any]) -> dict[str, Any]:
        """Finds the route of a request and applies its policies."""
        return self._send(1, 0, head)[0]

    def read(self, exchange: int, body: bytes) -> tuple[dict[str, Any], bytes, list[bytes]]:
        """Validates parameters and body. Returns the result, the raw body and the files."""
        value, data = self._send(2, exchange, body)
        at = value.get("raw", 0)
        files = []
        for length in value.get("files", ()):
            files.append(data[at : at + length])
            at += length
        return value, data[: value.get("raw", 0)], files

    def finish(self, exchange: int, status: int, headers: list[tuple[str, str]]) -> dict[str, Any]:
        """Ends a request. Returns the headers of its reply, and whether HTTP forbids content."""
        return self._send(3, exchange, {"status": status, "headers": headers})[0]

    def _send(
        self, operation: int, exchange: int, given: Mapping[str, Any] | bytes
    ) -> tuple[dict[str, Any], bytes]:
        data = given if isinstance(given, bytes) else json.dumps(given).encode()
        store, exports = self._store, self._exports
        memory = exports["memory"]
        address = exports["contract_alloc"](store, len(data)) & 0xFFFF_FFFF
        memory.write(store, data, address)
        packed = exports["contract_call"](store, operation, exchange, address, len(data))
        at, length = packed >> 32 & 0xFFFF_FFFF, packed & 0xFFFF_FFFF
        frame = bytes(memory.read(store, at, at + length))
        exports["contract_free"](store, at, length)
        end = 4 + int.from_bytes(frame[:4], "little")
        value = json.loads(frame[4:end])
        if "error" in value:
            raise ValueError(value["error"])
        return value, frame[end:]
