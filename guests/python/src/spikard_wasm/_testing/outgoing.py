"""Outgoing requests of the test client: a function of the test, or the network."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urljoin

from spikard_wasm._local import Content, ContentBytes, ContentEmpty, Result
from spikard_wasm._testing.services import Busy, OperationFailed, Perform, data
from spikard_wasm.http import Request, Response

Fetch = Callable[[Request], Response] | Literal["network"] | None
"""Answers outgoing requests: a function, or `"network"` for real ones."""

_CHUNK = 65_536
_MAX_REDIRECTS = 20
_UPLOAD_SECONDS = 30.0


@dataclass
class _Upload:
    """A body that the app sends piece by piece."""

    body: bytes = b""
    ended: threading.Event = field(default_factory=threading.Event)


class Outgoing:
    """Outgoing requests."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._bodies: dict[int, tuple[int, bytes]] = {}
        self._number = 0
        self._uploads: dict[tuple[int, int], _Upload] = {}

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""
        return {
            "fetch": self._send,
            "fetch.write": self._write,
            "fetch.read": self._read,
            "fetch.close": self._close,
        }

    @property
    def slow(self) -> frozenset[str]:
        """The kinds that run in a thread."""
        return frozenset({"fetch"}) if self._fetch == "network" else frozenset()

    def end(self, task: int) -> None:
        """Drops the bodies that a task has not read or written."""
        self._uploads = {key: upload for key, upload in self._uploads.items() if key[0] != task}
        self._bodies = {n: body for n, body in self._bodies.items() if body[0] != task}

    def _send(self, task: int, head: dict[str, Any], body: Content) -> Result:
        method, url = head.get("method", "GET"), head["url"]
        headers = [(name, value) for name, value in head.get("headers", ())]
        content, redirected = self._uploaded(task, head, body), False
        for _ in range(_MAX_REDIRECTS + 1):
            status, fields, received = self._once(method, url, headers, content, head)
            location = next((v for n, v in fields if n.lower() == "location"), None)
            mode = head.get("redirect", "follow")
            if status not in (301, 302, 303, 307, 308) or not location or mode == "manual":
                return self._result(task, status, url, redirected, fields, received)
            if mode == "error":
                raise OperationFailed("failed", f"`{url}` redirects, and redirects are an error")
            if status == 303 or (status in (301, 302) and method == "POST"):
                method, content = "GET", b""
            url, redirected = urljoin(url, location), True
        raise OperationFailed("failed", f"`{url}` redirects more than {_MAX_REDIRECTS} times")

    def _uploaded(self, task: int, head: dict[str, Any], body: Content) -> bytes:
        """Returns the body of a request. `Busy` if the app is still sending it."""
        if "upload" not in head:
            return data(body)
        key = task, head["upload"]
        upload = self._uploads.setdefault(key, _Upload(data(body)))
        if self._fetch == "network":  # in a thread
            upload.ended.wait(_UPLOAD_SECONDS)
        if not upload.ended.is_set():
            raise Busy("the app has not sent the whole body")
        del self._uploads[key]
        return upload.body

    def _write(self, task: int, head: dict[str, Any], body: Content) -> Result:
        upload = self._uploads.setdefault((task, head["upload"]), _Upload())
        if upload.ended.is_set():
            raise OperationFailed("invalid", f"the upload `{head['upload']}` has ended")
        upload.body += data(body)
        if head.get("end", False):
            upload.ended.set()
        return 200, "", ContentEmpty()

    def _once(
        self,
        method: str,
        url: str,
        headers: list[tuple[str, str]],
        content: bytes,
        head: dict[str, Any],
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        if self._fetch is None:
            raise OperationFailed(
                "denied",
                f"the test client sends no requests, such as this one to `{url}`; give it a "
                'function with `TestClient(app, fetch=...)`, or `fetch="network"`',
            )
        if self._fetch == "network":
            return _over_network(method, url, headers, content, head.get("timeout_ms"))
        response = self._fetch(Request(method, url, headers=headers, content=content))
        if not isinstance(response, Response):
            raise TypeError(
                f"the `fetch` of the test client returned `{response!r}`; "
                "it must return `spikard_wasm.http.Response`"
            )
        return response.status_code, response.headers.multi_items(), response.content

    def _result(
        self,
        task: int,
        status: int,
        url: str,
        redirected: bool,
        headers: list[tuple[str, str]],
        body: bytes,
    ) -> Result:
        result = {"url": url, "redirected": redirected, "headers": headers}
        first, rest = body[:_CHUNK], body[_CHUNK:]
        if rest:
            self._number += 1
            self._bodies[self._number] = (task, rest)
            result["body"] = self._number
        return status, json.dumps(result), ContentBytes(first) if first else ContentEmpty()

    def _read(self, task: int, head: dict[str, Any], _body: Content) -> Result:
        owner, rest = self._bodies.pop(head["body"], (0, b""))
        if owner != task:
            raise OperationFailed("invalid", "the body has ended")
        first, rest = rest[:_CHUNK], rest[_CHUNK:]
        if rest:
            self._bodies[head["body"]] = (task, rest)
        return 200, "" if rest else '{"end":true}', ContentBytes(first)

    def _close(self, _task: int, head: dict[str, Any], _body: Content) -> Result:
        self._bodies.pop(head["body"], None)
        return 200, "", ContentEmpty()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _over_network(
    method: str, url: str, headers: list[tuple[str, str]], content: bytes, timeout_ms: float | None
) -> tuple[int, list[tuple[str, str]], bytes]:
    request = urllib.request.Request(
        url, data=content or None, headers=dict(headers), method=method
    )
    opener = urllib.request.build_opener(_NoRedirects)
    try:
        with opener.open(request, timeout=(timeout_ms or 30_000) / 1000) as response:
            return response.status, response.getheaders(), response.read()
    except urllib.error.HTTPError as error:  # a status from 300 on
        with error:
            return error.code, list(error.headers.items()), error.read()
    except TimeoutError:
        raise OperationFailed("timeout", f"`{url}` did not answer in time") from None
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise OperationFailed("timeout", f"`{url}` did not answer in time") from None
        raise OperationFailed("unavailable", f"`{url}` cannot be reached: {error.reason}") from None
    except OSError as error:
        raise OperationFailed("unavailable", f"`{url}` closed the connection: {error}") from None
