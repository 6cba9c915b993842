"""The app that the benchmarks call: a constant, JSON read and written, a text echoed,
and a request that keeps the CPU busy."""

import time
from typing import Any

from spikard_wasm import Spikard

app = Spikard("bench-boundary")


@app.get("/hello")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.post("/echo")
def echo(body: Any) -> Any:
    return body


@app.post("/text")
def text(body: str) -> str:
    return body


@app.get("/spin")
def spin(ms: int) -> dict[str, int]:
    until = time.monotonic() + ms / 1000
    while time.monotonic() < until:
        pass
    return {"spun": ms}


Handler, Definition, Hooks = app.component()
