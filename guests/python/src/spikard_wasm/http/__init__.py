"""An HTTP client with the names of `httpx`. The host sends the requests.

    from spikard_wasm import http

    client = http.AsyncClient(base_url="https://api.example.com", timeout=2)

    @app.get("/weather/{city}")
    async def weather(city: str) -> Any:
        response = await client.get("/weather", params={"city": city})
        response.raise_for_status()
        return response.json()

`AsyncClient` is for `async def` handlers; `Client` and the functions `get`, `post` and so on block,
for `def` handlers. The operator grants the origins: `[grants.outgoing]` in `spikard.toml`. The
host resolves names, pools connections, decompresses and follows redirects. Unlike `httpx`, a client
keeps no cookies, and a URL is a string. `Transport` lets `httpx` itself send through the host.
"""

from __future__ import annotations

from typing import Any

from spikard_wasm.http._client import (
    AsyncClient,
    Client,
    delete,
    get,
    head,
    options,
    patch,
    post,
    put,
    request,
    stream,
)
from spikard_wasm.http._errors import (
    ConnectError,
    HTTPError,
    HTTPStatusError,
    InvalidURL,
    RequestDenied,
    RequestError,
    RequestNotRead,
    ResponseNotRead,
    StreamConsumed,
    TimeoutException,
    TooManyRedirects,
)
from spikard_wasm.http._headers import Headers
from spikard_wasm.http._messages import BasicAuth, Request, Response

__all__ = [
    "AsyncClient",
    "BasicAuth",
    "Client",
    "ConnectError",
    "HTTPError",
    "HTTPStatusError",
    "Headers",
    "InvalidURL",
    "Request",
    "RequestDenied",
    "RequestError",
    "RequestNotRead",
    "Response",
    "ResponseNotRead",
    "StreamConsumed",
    "TimeoutException",
    "TooManyRedirects",
    "delete",
    "get",
    "head",
    "options",
    "patch",
    "post",
    "put",
    "request",
    "stream",
]


def __getattr__(name: str) -> Any:
    """Imports `Transport` on demand, because it needs `httpx`; so it is not in `__all__`."""
    if name != "Transport":
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    from spikard_wasm.http._transport import Transport

    return Transport
