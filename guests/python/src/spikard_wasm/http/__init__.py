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
keeps no cookies, and a URL is a string.
"""

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
