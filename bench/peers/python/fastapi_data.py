"""The workloads with databases, other services and timers, on FastAPI.

`DATABASE_URL` is `postgres://...` or `sqlite:PATH`, `UPSTREAM_URL` the address of the upstream.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from html import escape
from random import randint
from typing import Any

import httpx
from data_postgres import Postgres
from data_sqlite import Sqlite
from fastapi import FastAPI
from fastapi.responses import HTMLResponse, PlainTextResponse

URL = os.environ.get("DATABASE_URL", "")
database: Postgres | Sqlite = Sqlite(URL) if URL.startswith("sqlite:") else Postgres(URL)
upstream = httpx.AsyncClient(
    base_url=os.environ.get("UPSTREAM_URL", ""),
    limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    if URL:
        await database.open()
    yield


app = FastAPI(openapi_url=None, lifespan=lifespan)


def random_ids(text: str) -> list[int]:
    try:
        number = int(text)
    except ValueError:
        number = 1
    return [randint(1, 10_000) for _ in range(min(max(number, 1), 500))]


def world(id: int, number: int) -> dict[str, int]:
    return {"id": id, "randomNumber": number}


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/json")
async def json() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/plaintext", response_class=PlainTextResponse)
async def plaintext() -> str:
    return "Hello, World!"


@app.get("/db")
async def db() -> dict[str, int]:
    [row] = await database.worlds([randint(1, 10_000)])
    return world(*row)


@app.get("/queries")
async def queries(queries: str = "") -> list[dict[str, int]]:
    return [world(*row) for row in await database.worlds(random_ids(queries))]


@app.get("/updates")
async def updates(queries: str = "") -> list[dict[str, int]]:
    rows = await database.update(random_ids(queries))
    return [world(*row) for row in rows]


@app.get("/fortunes", response_class=HTMLResponse)
async def fortunes() -> str:
    found = await database.fortunes()
    found.append((0, "Additional fortune added at request time."))
    found.sort(key=lambda fortune: fortune[1])
    rows = [f"<tr><td>{number}</td><td>{escape(message)}</td></tr>" for number, message in found]
    head = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>"
    return f"{head}<tr><th>id</th><th>message</th></tr>{''.join(rows)}</table></body></html>"


cache: dict[int, int] = {}


@app.get("/cached-queries")
async def cached_queries(count: str = "") -> list[dict[str, int]]:
    if not cache:
        cache.update(await database.all())
    return [world(one, cache[one]) for one in random_ids(count)]


async def call(number: int) -> int:
    reply = await upstream.get(f"/numbers/{number}")
    found: int = reply.json()["number"]
    return found


@app.get("/fetch")
async def fetch(calls: int) -> dict[str, int]:
    numbers = await asyncio.gather(*(call(number) for number in range(calls)))
    return {"calls": calls, "sum": sum(numbers)}


@app.get("/wait")
async def wait(ms: int) -> dict[str, Any]:
    await asyncio.sleep(ms / 1000)
    return {"waited": ms}
