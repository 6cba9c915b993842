"""The methods of an event loop that a component cannot offer, each with a remedy in its error."""

from __future__ import annotations

import asyncio
from typing import Any, NoReturn


class LimitedLoop(asyncio.AbstractEventLoop):
    """An event loop without threads, sockets or processes, which the host runs."""

    def run_in_executor(self, *_: Any) -> NoReturn:  # type: ignore[override]
        """Raises an error: a component has no threads."""
        raise RuntimeError(
            "a component has no threads, so `to_thread` and `run_in_executor` do not work; "
            "call the function directly, or use an asynchronous one"
        )

    def _no_sockets(self, *_: Any, **__: Any) -> NoReturn:
        raise RuntimeError(
            "a component has no sockets or processes; "
            "send requests with `spikard_wasm.http`, and use `Database` and `Store` for data"
        )

    create_connection = create_server = create_datagram_endpoint = _no_sockets
    create_unix_connection = create_unix_server = getaddrinfo = getnameinfo = _no_sockets
    subprocess_exec = subprocess_shell = add_reader = add_writer = _no_sockets  # type: ignore[assignment]
    sock_connect = sock_recv = sock_sendall = sock_accept = _no_sockets

    def _no_control(self, *_: Any) -> NoReturn:
        raise RuntimeError(
            "the host runs the event loop; make the handler `async def` and use `await`"
        )

    run_forever = run_until_complete = stop = close = _no_control  # type: ignore[assignment]
