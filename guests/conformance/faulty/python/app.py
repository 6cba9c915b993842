"""Faulty handlers, and handlers that return what they see of a request.

The Rust and JavaScript apps in the sibling directories are equivalent; `host/tests` serves all
three.
"""

import asyncio
import os
from typing import NoReturn

import replies
import requests
from spikard_wasm import HttpError, Spikard

app = Spikard("faulty-python", version="0.1.0")
calls = 0


def in_the_stack() -> NoReturn:
    raise KeyError("the secret is 4711")


@app.get("/count")
def count() -> dict[str, int]:
    """Returns the number of calls that this instance has received."""
    global calls
    calls += 1
    return {"calls": calls}


@app.get("/throw")
def throw() -> None:
    in_the_stack()


@app.get("/throw-async")
async def throw_async() -> None:
    await asyncio.sleep(0.001)
    in_the_stack()


@app.get("/refuse")
def refuse() -> None:
    raise HttpError(409, "there is one already", {"x-reason": "twice"})


@app.get("/end")
def end() -> None:
    """Ends the instance."""
    os.abort()


@app.get("/spin")
def spin() -> None:
    while True:
        pass


@app.get("/sleep")
async def sleep(ms: int) -> str:
    await asyncio.sleep(ms / 1000)
    return "slept"


replies.define(app)
requests.define(app)

Handler, Definition, Hooks = app.component()
