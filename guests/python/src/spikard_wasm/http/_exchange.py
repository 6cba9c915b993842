"""Sends a request through the operation `fetch`, whole or as a stream."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterable, Iterable
from typing import Any

from spikard_wasm._boundary import ContentBytes, ContentEmpty
from spikard_wasm._handles import Result
from spikard_wasm._operations import arguments, operate, operate_now
from spikard_wasm.errors import OperationError

Stream = AsyncIterable[bytes] | Iterable[bytes]
"""A body that is sent while it is produced."""

_numbers = itertools.count(1)


async def fetch(members: dict[str, Any], body: bytes | Stream) -> Result:
    """Sends a request and returns the head of its response. `members` are its arguments."""
    if isinstance(body, bytes):
        return await operate("fetch", arguments(**members), _content(body))
    number = next(_numbers)
    response = asyncio.ensure_future(operate("fetch", arguments(**members, upload=number)))
    upload = asyncio.ensure_future(_upload(number, body))
    try:
        await asyncio.wait({response, upload}, return_when=asyncio.FIRST_COMPLETED)
        if not response.done():
            error = upload.exception()
            if error is not None and not isinstance(error, OperationError):
                raise error
        # An upload fails if its request has ended, whose error or early response says why.
        return await response
    finally:
        response.cancel()
        upload.cancel()
        await asyncio.gather(response, upload, return_exceptions=True)


def fetch_now(members: dict[str, Any], body: bytes) -> Result:
    """Sends a request and blocks until the head of its response has arrived."""
    return operate_now("fetch", arguments(**members), _content(body))


async def _upload(number: int, body: Stream) -> None:
    chunks = body if isinstance(body, AsyncIterable) else _asynchronous(body)
    try:
        async for chunk in chunks:
            # Waits until the connection has room for more.
            await operate("fetch.write", arguments(upload=number), _content(_checked(chunk)))
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
    await operate("fetch.write", arguments(upload=number, end=True))


async def _asynchronous(chunks: Iterable[bytes]) -> Any:
    for chunk in chunks:
        yield chunk


def _checked(chunk: Any) -> bytes:
    if not isinstance(chunk, bytes | bytearray | memoryview):
        raise TypeError(
            f"the body of a request yields a `{type(chunk).__name__}`; yield bytes, such as "
            "`text.encode()`"
        )
    return bytes(chunk)


def milliseconds(seconds: float | None) -> int | None:
    """Returns a time limit as the operation takes it."""
    return None if seconds is None else max(1, round(seconds * 1000))


def _content(body: bytes) -> ContentBytes | ContentEmpty:
    return ContentBytes(body) if body else ContentEmpty()
