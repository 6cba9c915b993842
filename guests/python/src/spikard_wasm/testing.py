"""Calls an app's routes without a host, for unit tests.

    client = TestClient(app)
    reply = client.get("/users/7", query={"full": "true"})
    assert reply.status == 200 and reply.json() == {"id": 7}

The client finds the route, coerces parameters, reads the body and runs hooks as the host does.
It does not validate schemas or enforce policies: a request that the host would reject with
status 422 reaches the handler here.
"""

from __future__ import annotations

import asyncio.events
import json as jsonlib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from spikard_wasm import _local, _sending
from spikard_wasm._boundary import IN_COMPONENT, Route
from spikard_wasm._json import dumps
from spikard_wasm._sending import File, Pairs, Sending
from spikard_wasm.app import Spikard
from spikard_wasm.contexts import Globals
from spikard_wasm.reply import Crossing

_PARAMETER = re.compile(r"\{(\*?)([^{}:]*):?([^{}]*)\}")
_Read = tuple[str, _local.Body]
_FAILED = {
    "type": "https://spikard.dev/errors/internal-server-error",
    "title": "Internal Server Error",
    "status": 500,
    "detail": "the handler failed; the server's log says why",
}


class TestReply:
    """The reply of a route."""

    __test__ = False  # pytest would collect it by its name

    def __init__(
        self, status: int, headers: list[tuple[str, str]], body: bytes, failure: str | None
    ) -> None:
        self.status = status
        self.headers = headers
        """The headers in order, with names in lower case."""
        self.body = body
        self.failure = failure
        """The error of a failed handler or hook; the host replies with 500 and logs this."""

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    def json(self) -> Any:
        """The body as JSON."""
        return jsonlib.loads(self.body)

    def header(self, name: str) -> str | None:
        """Returns the value of a header, or `None`. Several values are joined with `, `."""
        values = [value for key, value in self.headers if key == name.lower()]
        return ", ".join(values) if values else None

    def __repr__(self) -> str:
        return f"TestReply({self.status}, {self.body!r}, failure={self.failure!r})"


class TestClient:
    """Calls an app in process. `get`, `post` and so on take the options of `request`.

    The requests of one client share `app.globals`; each client starts with empty ones.
    """

    __test__ = False

    def __init__(self, app: Spikard) -> None:
        if IN_COMPONENT:
            raise RuntimeError("the test client works outside a component only")
        handler, definition, hooks = app.component()
        self._handler, self._hooks = handler(), hooks()
        described = definition().describe()
        self._routes: list[Route] = described.routes
        self._kinds = _kinds(described.settings)
        self._store = _local.LocalGlobalContext()
        self.globals = Globals(self._store)
        """The global context of this client's requests."""

    def get(self, path: str, **options: Any) -> TestReply:
        """Sends GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestReply:
        """Sends POST."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestReply:
        """Sends PUT."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestReply:
        """Sends PATCH."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestReply:
        """Sends DELETE."""
        return self.request("DELETE", path, **options)

    def head(self, path: str, **options: Any) -> TestReply:
        """Sends HEAD."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Any) -> TestReply:
        """Sends OPTIONS."""
        return self.request("OPTIONS", path, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Pairs = (),
        headers: Pairs = (),
        cookies: Pairs = (),
        json: Any = ...,
        text: str | None = None,
        content: bytes | None = None,
        form: Pairs = (),
        files: Iterable[tuple[str, File]] = (),
        local: Mapping[str, Any] | None = None,
    ) -> TestReply:
        """Sends a request. `LookupError` if no route matches.

        The body is one of `json`, `text`, `content` (bytes), or `form` with `files`. Each of the
        files is a pair of field name and file: `("photo", ("a.png", b"...", "image/png"))`.
        `local` is the initial local context, such as `{"spikard.jwt": {...}}`.
        """
        split = urlsplit(path)
        in_query = [*parse_qsl(split.query, keep_blank_values=True), *_sending.pairs(query)]
        sent = _local.Exchange(
            method=method,
            path=quote(unquote(split.path), safe="/"),
            query=urlencode(in_query),
            headers=[(name.lower(), value.encode()) for name, value in _sending.pairs(headers)],
            cookies=_sending.pairs(cookies),
            peer="127.0.0.1:50122",
            id="test",
            local={key: dumps(value) for key, value in (local or {}).items()},
        )
        index, in_path = self._match(method, unquote(split.path))
        route = self._routes[index]
        sending = Sending(json, text, content, form, files)

        def read() -> tuple[str, _local.Body]:
            body = _sending.body(route, sent, sending)
            types = {name: kind for _, name, kind in _PARAMETER.findall(route.path)}
            return _sending.params(route, in_path, types, in_query, sent), body

        loop = asyncio.events._get_running_loop()  # that of an asynchronous test
        before = _local.request.exchange, _local.global_context.values
        _local.request.exchange, _local.global_context.values = sent, self._store.values
        asyncio.events._set_running_loop(None)
        try:
            return self._call(index, read, sent)
        finally:
            asyncio.events._set_running_loop(loop)
            _local.request.exchange, _local.global_context.values = before

    def _match(self, method: str, path: str) -> tuple[int, dict[str, str]]:
        # Literal segments win over parameters, as in the host's router.
        order = sorted(range(len(self._routes)), key=lambda at: _rank(self._routes[at].path))
        for wanted in (method, "GET" if method == "HEAD" else method):
            for index in order:
                route = self._routes[index]
                match = _pattern(route.path).fullmatch(path)
                if match and route.method.name == wanted:
                    names = [name for _, name, _ in _PARAMETER.findall(route.path)]
                    return index, dict(zip(names, match.groups()))
        raise LookupError(f"no route answers `{method} {path}`")

    def _call(self, index: int, read: Callable[[], _Read], sent: _local.Exchange) -> TestReply:
        """Takes a request through its hooks and its handler, in the host's order."""
        kinds = self._kinds | _kinds(self._routes[index].settings)
        status, headers, content = self._answer(index, kinds, read)
        kind, about = "on-response", list[str]()
        if sent.failures:
            status, headers, content = _failed()
            kind, about = "on-error", [sent.failures[-1][0]]
        if kind in kinds:
            sent.reply = content
            known = len(sent.failures)
            hook = getattr(self._hooks, kind.replace("-", "_"))
            change = hook(index, status, headers, *about)
            if len(sent.failures) > known:
                status, headers, content = _failed()
            elif change is not None:
                status, headers, changed = change
                content = content if changed is None else changed
        named = [(name.lower(), value) for name, value in jsonlib.loads(headers or "[]")]
        media_type, data = _content(content)
        if media_type and not any(name == "content-type" for name, _ in named):
            named.insert(0, ("content-type", media_type))
        failure = "\n".join(sent.failures[-1]) if sent.failures else None
        return TestReply(status, named, data, failure)

    def _answer(
        self,
        index: int,
        kinds: frozenset[str],
        read: Callable[[], _Read],
    ) -> Crossing:
        """What the handler answers, or the first hook before it that does."""
        reply: Crossing | None = None
        if "on-request" in kinds:
            reply = self._hooks.on_request(index)
        if reply is None and "pre-validation" in kinds:
            reply = self._hooks.pre_validation(index)
        if reply is not None:
            return reply
        params, body = read()
        if "pre-handler" in kinds:
            reply = self._hooks.pre_handler(index, params)
        return self._handler.handle(index, params, body) if reply is None else reply


def _kinds(settings: str) -> frozenset[str]:
    """The kinds of hooks that settings declare."""
    return frozenset(jsonlib.loads(settings).get("hooks", ()) if settings else ())


def _failed() -> Crossing:
    """The problem document of the host for what failed."""
    headers = '[["content-type","application/problem+json"]]'
    return 500, headers, _local.ContentJson(jsonlib.dumps(_FAILED))


def _pattern(path: str) -> re.Pattern[str]:
    literals = [re.escape(text) for text in _PARAMETER.split(path)[::4]]
    groups = [
        "(.+)" if star or kind == "path" else "([^/]+)"
        for star, _, kind in _PARAMETER.findall(path)
    ]
    return re.compile("".join(a + b for a, b in zip(literals, [*groups, ""])))


def _rank(path: str) -> list[int]:
    return [_segment_rank(segment) for segment in path.split("/")]


def _segment_rank(segment: str) -> int:
    if not segment.startswith("{"):
        return 0
    return 2 if segment.startswith("{*") or segment.endswith(":path}") else 1


def _content(content: _local.Content) -> tuple[str | None, bytes]:
    if isinstance(content, _local.ContentJson):
        return _sending.JSON, content.value.encode()
    if isinstance(content, _local.ContentText):
        return _sending.TEXT, content.value.encode()
    if isinstance(content, _local.ContentBytes):
        return _sending.BYTES, content.value
    return None, b""
