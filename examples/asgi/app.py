"""Notes: a service of Starlette that does not import spikard-wasm.

Any ASGI server can run it too: `uvicorn app:app`.
"""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

import anyio
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

logger = logging.getLogger("notes")


class State(TypedDict):
    """The state from the lifespan, which all requests of an instance share."""

    notes: dict[int, str]
    log: list[str]


@asynccontextmanager
async def lifespan(_app: Starlette) -> AsyncIterator[State]:
    await anyio.sleep(0.01)  # such as a connection to a database
    yield {"notes": {1: "Buy milk"}, "log": []}


class Stamp(BaseHTTPMiddleware):
    """Adds a header to each response."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        response = await call_next(request)
        response.headers["x-served-by"] = "starlette"
        return response


async def list_notes(request: Request) -> Response:
    return JSONResponse(request.state.notes)


async def add_note(request: Request) -> Response:
    text = (await request.json())["text"]
    number = max(request.state.notes) + 1
    request.state.notes[number] = text

    async def announce() -> None:
        await anyio.sleep(0.01)
        request.state.log.append(f"added {number}")
        logger.warning("added %d", number)

    return JSONResponse({"id": number}, status_code=201, background=BackgroundTask(announce))


def read_note(request: Request) -> Response:
    """A `def` handler, which Starlette would run in a thread."""
    number = request.path_params["number"]
    if number not in request.state.notes:
        raise HTTPException(404, f"no note {number}")
    return PlainTextResponse(request.state.notes[number])


async def export(request: Request) -> Response:
    async def lines() -> AsyncIterator[str]:
        for number, text in request.state.notes.items():
            await anyio.sleep(0.001)
            yield json.dumps({"id": number, "text": text}) + "\n"

    return StreamingResponse(lines(), media_type="application/jsonl")


async def upload(request: Request) -> Response:
    async with request.form() as form:
        files = {name: part for name, part in form.items() if isinstance(part, UploadFile)}
        return JSONResponse({name: len(await file.read()) for name, file in files.items()})


async def log(request: Request) -> Response:
    async with anyio.create_task_group() as group:  # to show that anyio works
        group.start_soon(anyio.sleep, 0.001)
    return JSONResponse(request.state.log)


async def fail(_request: Request) -> Response:
    raise ValueError("an error of the app")


async def not_found(_request: Request, error: Exception) -> Response:
    detail: Any = getattr(error, "detail", "")
    return JSONResponse({"error": detail}, status_code=404)


app = Starlette(
    routes=[
        Mount(
            "/notes",
            routes=[
                Route("/", list_notes),
                Route("/", add_note, methods=["POST"]),
                Route("/export", export),
                Route("/{number:int}", read_note),
            ],
        ),
        Route("/upload", upload, methods=["POST"]),
        Route("/log", log),
        Route("/fail", fail),
    ],
    middleware=[
        Middleware(CORSMiddleware, allow_origins=["https://notes.example"]),
        Middleware(Stamp),
        Middleware(GZipMiddleware, minimum_size=500),
    ],
    exception_handlers={404: not_found},
    lifespan=lifespan,
)
