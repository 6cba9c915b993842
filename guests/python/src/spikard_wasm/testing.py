"""A test client that calls an app without a host, for unit tests.

    client = TestClient(app)
    reply = client.get("/users/7", query={"full": "true"})
    assert reply.status == 200 and reply.json() == {"id": 7}

Routing, parameters, bodies, schemas, problem documents and policies are the host's own code, a
WebAssembly module that the package `wasmtime` runs (`pip install "spikard-wasm[testing]"`). Hooks
and handlers run in this process, in the host's order. The client does not support compression,
static files, OpenAPI documents or timeouts, and sets no `content-length`.

Functions of `on_start` run before the first request, and those of `on_stop` in `close`:

    with TestClient(app) as client:
        ...

Operations work as at the host: databases are SQLite files, stores are in memory, `fetch` is a
function of the test, and passwords and tokens use the standard library.
"""

from __future__ import annotations

import json as jsonlib
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from spikard_wasm import _lifespan, _local, _sending
from spikard_wasm._bind import Call
from spikard_wasm._boundary import IN_COMPONENT
from spikard_wasm._contract import Contract
from spikard_wasm._json import dumps
from spikard_wasm._sending import Pairs, Sending, TestFile
from spikard_wasm._testing import declared
from spikard_wasm._testing.cryptography import Cryptography
from spikard_wasm._testing.databases import Databases
from spikard_wasm._testing.host import Host
from spikard_wasm._testing.outgoing import Fetch, Outgoing
from spikard_wasm._testing.services import Log, Services, Settings, Stores
from spikard_wasm.app import Spikard
from spikard_wasm.contexts import GlobalContext
from spikard_wasm.reply import Crossing

if TYPE_CHECKING:
    from typing import Self

_NO_ROUTE = 0xFFFF_FFFF  # in hooks, as in the WIT
_Read = tuple[str, _local.Body]
_Answer = tuple[Crossing, str | None]


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
        """Returns the value of a JSON body."""
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

    def __init__(
        self,
        app: Spikard,
        *,
        secrets: Mapping[str, str] | None = None,
        config: Mapping[str, str] | None = None,
        databases: Mapping[str, str | Path | None] | Iterable[str] = ("main",),
        stores: Iterable[str] = ("default",),
        fetch: Fetch = None,
        background: float = 5.0,
    ) -> None:
        """Creates a client. `ValueError` with the host's message if it would not load the app.

        - `secrets`, `config`: the values of secrets and settings.
        - `databases`: the names of databases, each a new SQLite file, or a dict of names and
          paths. `client.database(name)` is a connection of `sqlite3`, to create tables.
        - `stores`: the names of key-value stores.
        - `fetch`: a function that takes each outgoing `spikard_wasm.http.Request` and returns a
          `spikard_wasm.http.Response`; or `"network"`, for real requests.
        - `background`: seconds that tasks can work after their reply, which the client waits for.
        """
        if IN_COMPONENT:
            raise RuntimeError("the test client works outside a component only")
        self._app, self._secrets = app, secrets
        self._settings = Settings(config or {}, secrets or {})
        self._given = dict(config or {})
        self._overrides: dict[Any, Any] = {}
        self._started = self._closed = False
        resumable = self._load()
        named = databases if isinstance(databases, Mapping) else dict.fromkeys(databases)
        self._databases = Databases(named)
        self._stores = Stores({name: {} for name in stores})
        outgoing = Outgoing(fetch)
        services = Services(
            self._databases,
            self._stores,
            outgoing,
            self._settings,
            Log(),
            Cryptography(secrets or {}),
            slow=outgoing.slow,
        )
        self._host = Host(services, resumable)
        self._background = background
        self._store = _local.LocalGlobalContext()
        self.globals = GlobalContext(self._store)
        """The global context of this client's requests."""

    def _load(self) -> Any:
        """Reads the app, and returns the export that continues its tasks."""
        exports = self._app.exports()
        handler, definition, hooks, resumable = exports.classes
        self._handler, self._hooks, self._instance = handler(), hooks(), exports.instance
        described = definition().describe()
        settings = jsonlib.loads(described.settings or "{}")
        self._app_hooks = frozenset(settings.get("hooks", ()))
        self._lifespan: dict[str, int] = settings.get("lifespan", {})
        self._settings.config = declared.check(settings, self._given, self._secrets or ())
        routes = [{**vars(route), "method": route.method.name} for route in described.routes]
        self._contract = Contract({**vars(described), "routes": routes}, self._secrets)
        self._overrides = dict(self._app.dependency_overrides)
        return resumable()

    def start(self) -> None:
        """Runs the functions of `on_start`, unless they have run. The first request does it too.

        `RuntimeError` with the host's message if one fails.
        """
        if self._closed:
            raise RuntimeError("the test client is closed; create another one")
        if not self._started:
            self._started = True
            self._outside("start")

    def close(self) -> None:
        """Runs the functions of `on_stop`, and leaves the `lifespan` of the app.

        The `with` statement does it too. A client without requests has nothing to stop.
        """
        if self._closed:
            return
        self._closed = True
        if self._started:
            self._outside("stop")
            if self._instance is not None:
                self._run_outside(_lifespan.call_of("lifespan", [self._instance.end]))

    def _outside(self, name: str) -> None:
        """Makes a call of the host that belongs to no request."""
        number = self._lifespan.get(name)
        if number is not None:
            self._run_outside(lambda params, body: self._handler.handle(number, params, body))

    def _run_outside(self, call: Call) -> None:
        self._host.reset()
        sent = _local.Exchange()
        before, _local.global_context.values = _local.global_context.values, self._store.values
        try:
            self._host.run(sent, lambda: call("", _local.BodyEmpty()))
            self._host.finish(self._background)
        finally:
            _local.global_context.values = before
        if sent.failures:
            raise RuntimeError("\n".join(sent.failures[-1]).rstrip())

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def database(self, name: str = "main") -> sqlite3.Connection:
        """Returns a connection to a database of the app, to create tables and to look at rows."""
        return self._databases.connection(name)

    def store(self, name: str = "default") -> dict[str, bytes]:
        """Returns the keys and values of a key-value store."""
        return self._stores.stores[name]

    def get(self, path: str, **options: Any) -> TestReply:
        """Sends a GET request."""
        return self.request("GET", path, **options)

    def post(self, path: str, **options: Any) -> TestReply:
        """Sends a POST request."""
        return self.request("POST", path, **options)

    def put(self, path: str, **options: Any) -> TestReply:
        """Sends a PUT request."""
        return self.request("PUT", path, **options)

    def patch(self, path: str, **options: Any) -> TestReply:
        """Sends a PATCH request."""
        return self.request("PATCH", path, **options)

    def delete(self, path: str, **options: Any) -> TestReply:
        """Sends a DELETE request."""
        return self.request("DELETE", path, **options)

    def head(self, path: str, **options: Any) -> TestReply:
        """Sends a HEAD request."""
        return self.request("HEAD", path, **options)

    def options(self, path: str, **options: Any) -> TestReply:
        """Sends an OPTIONS request."""
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
        files: Iterable[tuple[str, TestFile]] = (),
        local: Mapping[str, Any] | None = None,
    ) -> TestReply:
        """Sends a request, and returns the reply that the host would send.

        The body is one of `json`, `text`, `content` (bytes), or `form` with `files`. Each item of
        `files` is a pair of field name and file: `("photo", ("a.png", b"...", "image/png"))`.
        `local` is the initial local context, such as `{"spikard.jwt": {...}}`: the policy that
        would set it does not check the request.
        """
        self.start()
        self._host.reset()
        if self._overrides != self._app.dependency_overrides:
            self._load()
        path, _, in_path = path.partition("?")
        # White space around a header value is not part of it (RFC 9110, section 5.5).
        fields = [(name.lower(), value.strip(" \t")) for name, value in _sending.pairs(headers)]
        if cookie := "; ".join(f"{name}={value}" for name, value in _sending.pairs(cookies)):
            fields.append(("cookie", cookie))
        kind, raw = _sending.body(Sending(json, text, content, form, files))
        if kind and not any(name == "content-type" for name, _ in fields):
            fields.append(("content-type", kind))
        values = {key: dumps(value) for key, value in (local or {}).items()}
        in_query = "&".join(filter(None, [in_path, urlencode(_sending.pairs(query))]))
        head = {"method": method, "path": path, "query": in_query, "headers": fields}
        begun = self._contract.begin({**head, "local": list(values)})
        exchange = begun["exchange"]
        sent = _local.Exchange(
            method=method,
            path=path,
            query=in_query,
            headers=[(name, value.encode()) for name, value in fields],
            cookies=[(name, value) for name, value in begun["cookies"]],
            peer="127.0.0.1:50122",
            id=begun["id"],
            local={**dict(begun.get("local", ())), **values},
        )

        def read() -> _Read | dict[str, Any]:
            checked, sent_raw, parts = self._contract.read(exchange, raw)
            if "refusal" in checked:
                refusal: dict[str, Any] = checked["refusal"]
                return refusal
            sent.raw_body, sent.files = sent_raw, parts
            return checked["params"], _body(checked, sent_raw)

        before = _local.request.exchange, _local.global_context.values
        _local.request.exchange, _local.global_context.values = sent, self._store.values
        try:
            if "reply" in begun:
                reply = self._reject(begun, sent)
            else:
                reply = self._call(begun["route"], frozenset(begun["hooks"]), read, sent)
            failure = "\n".join(sent.failures[-1]) if sent.failures else None
            self._host.finish(self._background)
        finally:
            _local.request.exchange, _local.global_context.values = before
        return self._finish(exchange, reply, failure)

    def _finish(self, exchange: int, reply: Crossing, failure: str | None) -> TestReply:
        status, headers, content = reply
        pairs = [(name, value) for name, value in jsonlib.loads(headers or "[]")]
        done = self._contract.finish(exchange, status, pairs)
        named = [(name.lower(), value) for name, value in done["headers"]]
        media_type, data = _content(content)
        if media_type and not any(name == "content-type" for name, _ in named):
            named.insert(0, ("content-type", media_type))
        return TestReply(status, named, b"" if done["bodiless"] else data, failure)

    def _reject(self, begun: Mapping[str, Any], sent: _local.Exchange) -> Crossing:
        """Runs the hooks of a request that the host answers before the hooks of the request."""
        reply = _crossing(begun["reply"])
        message = begun["reply"]["message"]
        if not message:  # no error, such as an answer to a preflight request
            return reply
        # The contract names the route and its hooks if the request matches one.
        kinds = begun.get("hooks", self._app_hooks)
        return self._after(begun.get("route", _NO_ROUTE), kinds, sent, reply, message)

    def _call(
        self,
        index: int,
        kinds: frozenset[str],
        read: Callable[[], _Read | dict[str, Any]],
        sent: _local.Exchange,
    ) -> Crossing:
        """Runs the hooks and the handler of a request in the host's order."""
        reply, refused = self._answer(index, kinds, read, sent)
        return self._after(index, kinds, sent, reply, refused)

    def _after(
        self,
        index: int,
        kinds: Collection[str],
        sent: _local.Exchange,
        reply: Crossing,
        refused: str | None,
    ) -> Crossing:
        """Runs the hooks after a reply, or after an error, which has a message."""
        status, headers, content = reply
        kind, about = "on-response", list[str]()
        if sent.failures:
            status, headers, content = _crossing(self._contract.failed)
            kind, about = "on-error", [sent.failures[-1][0]]
        elif refused is not None:
            kind, about = "on-error", [refused]
        if kind in kinds:
            sent.reply = content
            known = len(sent.failures)
            hook = getattr(self._hooks, kind.replace("-", "_"))
            change = self._host.run(sent, lambda: hook(index, status, headers, *about))
            if len(sent.failures) > known:
                status, headers, content = _crossing(self._contract.failed)
            elif change is not None:
                status, headers, changed = change
                content = content if changed is None else changed
        return status, headers, content

    def _answer(
        self,
        index: int,
        kinds: frozenset[str],
        read: Callable[[], _Read | dict[str, Any]],
        sent: _local.Exchange,
    ) -> _Answer:
        """Returns the first reply: from a hook before the handler, the host, or the handler.

        A reply from the host, which rejects the request, comes with the message of its log.
        """
        reply: Crossing | None = None
        run, failed = self._host.run, (500, "", _local.ContentEmpty())
        if "on-request" in kinds:
            reply = run(sent, lambda: self._hooks.on_request(index))
        if reply is None and not sent.failures and "pre-validation" in kinds:
            reply = run(sent, lambda: self._hooks.pre_validation(index))
        if reply is not None or sent.failures:
            return reply or failed, None
        checked = read()
        if isinstance(checked, dict):
            return _crossing(checked), checked["message"]
        params, body = checked
        if "pre-handler" in kinds:
            reply = run(sent, lambda: self._hooks.pre_handler(index, params))
        if reply is None and not sent.failures:
            reply = run(sent, lambda: self._handler.handle(index, params, body))
        return reply or failed, None


def _crossing(reply: Mapping[str, Any]) -> Crossing:
    """Converts a reply from the host to the type that handlers return."""
    text = reply["body"]
    content = _local.ContentJson(text) if text else _local.ContentEmpty()
    return reply["status"], jsonlib.dumps(reply["headers"]), content


def _body(checked: Mapping[str, Any], raw: bytes) -> _local.Body:
    """Converts a validated body to the type that handlers get from the host."""
    match checked["body"]:
        case "json":
            return _local.BodyJson(checked["text"])
        case "text":
            return _local.BodyText(checked["text"])
        case "form":
            return _local.BodyForm(checked["text"])
        case "bytes":
            return _local.BodyBytes(raw)
        case _:
            return _local.BodyEmpty()


def _content(content: _local.Content) -> tuple[str | None, bytes]:
    if isinstance(content, _local.ContentJson):
        return _sending.JSON, content.value.encode()
    if isinstance(content, _local.ContentText):
        return _sending.TEXT, content.value.encode()
    if isinstance(content, _local.ContentBytes):
        return _sending.BYTES, content.value
    return None, b""
