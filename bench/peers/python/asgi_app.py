"""Workloads on bare ASGI: the cost of a Python server without a framework."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qsl

from work import allocate, cpu, spin

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

HELLO = {"message": "Hello, World!"}


async def read(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def value_of(scope: Scope, receive: Receive) -> Any:
    path = scope["path"]
    if scope["method"] == "POST":
        return json.loads(await read(receive))
    if path == "/hello":
        return HELLO
    query = {name: int(value) for name, value in parse_qsl(scope["query_string"].decode())}
    if path == "/cpu":
        return cpu(**query)
    if path == "/allocate":
        return allocate(**query)
    if path == "/spin":
        return spin(**query)
    if path == "/slow":
        await asyncio.sleep(query["ms"] / 1000)
        return {"slept": query["ms"]}
    if path == "/hooks/0":
        return {"hooks": 0}
    return {"status": "ok"}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] != "http":
        return
    body = json.dumps(await value_of(scope, receive)).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
