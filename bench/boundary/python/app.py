"""The app of the boundary benchmarks: a constant, a JSON round trip, a text echo, a busy loop,
and a route with hooks."""

import time
from typing import Any

from spikard_wasm import HookReply, Request, RouteHooks, Spikard

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


def count(request: Request) -> None:
    request.local["hooks"] = request.local.get("hooks", 0) + 1


def mark(reply: HookReply) -> None:
    reply.headers["x-hooked"] = "1"


@app.get("/hooked", hooks=RouteHooks(pre_handler=[count], on_response=[mark]))
def hooked(request: Request) -> dict[str, int]:
    return {"hooks": request.local.get("hooks", 0)}


Handler, Definition, Hooks = app.component()
