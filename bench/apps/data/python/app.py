"""The handlers of the suites with databases, other services and timers.

bench/workloads defines their replies.
"""

import asyncio
from random import randint
from typing import Any

from fortunes import page
from spikard_wasm import Database, Reply, Spikard, config, http
from worlds import World, random_ids, read, read_all, write

app = Spikard("bench-data")
db = Database()
client = http.AsyncClient()


def named(body: Any, **headers: str) -> Reply:
    return Reply(body, headers={"server": "spikard-wasm", **headers})


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/json")
def json() -> Reply:
    return named({"message": "Hello, World!"})


@app.get("/plaintext")
def plaintext() -> Reply:
    return named("Hello, World!")


@app.get("/db")
async def one_row() -> Reply:
    return named(await read(db, randint(1, 10_000)))


@app.get("/queries")
async def queries(queries: str = "") -> Reply:
    return named(await asyncio.gather(*(read(db, one) for one in random_ids(queries))))


@app.get("/updates")
async def updates(queries: str = "") -> Reply:
    worlds = await asyncio.gather(*(read(db, one) for one in random_ids(queries)))
    return named(await write(db, worlds))


cache: dict[int, World] = {}


@app.get("/cached-queries")
async def cached_queries(count: str = "") -> Reply:
    if not cache:
        cache.update(await read_all(db))
    return named([cache[one] for one in random_ids(count)])


@app.get("/fortunes")
async def fortunes() -> Reply:
    found = await db.query("select id, message from fortune")
    return named(page(found), **{"content-type": "text/html; charset=utf-8"})


async def call(upstream: str, number: int) -> int:
    reply = await client.get(f"{upstream}/numbers/{number}")
    found: int = reply.json()["number"]
    return found


@app.get("/fetch")
async def fetch(calls: int) -> dict[str, int]:
    upstream = config("upstream")
    numbers = await asyncio.gather(*(call(upstream, number) for number in range(calls)))
    return {"calls": calls, "sum": sum(numbers)}


@app.get("/wait")
async def wait(ms: int) -> dict[str, int]:
    await asyncio.sleep(ms / 1000)
    return {"waited": ms}


# One operation that is ready at once, and the same handler without it.
@app.get("/operation")
def operation() -> dict[str, str]:
    return {"greeting": config("greeting")}


@app.get("/no-operation")
def no_operation() -> dict[str, str]:
    return {"greeting": "hello"}


Handler, Definition, Hooks = app.component()
