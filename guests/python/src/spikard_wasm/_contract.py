"""The host's contract code, a core WebAssembly module, for the test client.

A message to it is an operation, the number of a request, and bytes. A message from it is the
length of a JSON text (four bytes, little-endian), the text, and bytes after it.
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
    """The engine and the compiled module, for all clients of this process."""
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
    """An app's contract."""

    def __init__(self, description: Mapping[str, Any], secrets: Mapping[str, str] | None) -> None:
        engine, module = _module()
        import wasmtime

        self._store = wasmtime.Store(engine)
        # WASI has the clock and the random numbers; the module gets no file and no network.
        self._store.set_wasi(wasmtime.WasiConfig())
        linker = wasmtime.Linker(engine)
        linker.define_wasi()
        self._exports: Any = linker.instantiate(self._store, module).exports(self._store)
        loaded, _ = self._send(0, 0, {"description": description, "secrets": secrets})
        self.failed = loaded["failed"]
        """The reply of a handler that failed."""

    def begin(self, head: Mapping[str, Any]) -> dict[str, Any]:
        """Finds the route of a request, and lets its policies admit it."""
        return self._send(1, 0, head)[0]

    def read(self, exchange: int, body: bytes) -> tuple[dict[str, Any], bytes, list[bytes]]:
        """Checks parameters and body; returns the result, the raw body and the files."""
        value, data = self._send(2, exchange, body)
        at = value.get("raw", 0)
        files = []
        for length in value.get("files", ()):
            files.append(data[at : at + length])
            at += length
        return value, data[: value.get("raw", 0)], files

    def finish(self, exchange: int, status: int, headers: list[tuple[str, str]]) -> dict[str, Any]:
        """Ends a request; returns its reply's headers, and whether HTTP allows no content."""
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
