"""The request in progress. Each member is fetched from the host on access."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from spikard_wasm import _boundary, _call
from spikard_wasm._boundary import Body, BodyBytes, BodyForm, BodyJson, BodyText
from spikard_wasm._forms import drop_empty_files, is_file
from spikard_wasm._json import loads
from spikard_wasm.contexts import LocalContext, local_of
from spikard_wasm.errors import HttpError


class UploadFile:
    """A file of a multipart form. `bytes()` fetches its content from the host."""

    __slots__ = ("_call", "_part", "content_type", "filename", "size")

    def __init__(self, part: int, filename: str, content_type: str, size: int) -> None:
        self._call = _call.current()
        self._part = part
        self.filename = filename
        """The file name from the client. Do not use it as a path."""
        self.content_type = content_type
        """The content type from the client."""
        self.size = size
        """Its size in bytes."""

    def bytes(self) -> bytes:
        """Returns the content. `RuntimeError` after the handler has returned."""
        content = None if _call.is_over(self._call) else _boundary.request.file(self._part)
        if content is None:
            raise RuntimeError(
                f"file `{self.filename}` was used after its handler returned; "
                "read it in the handler"
            )
        return content

    @classmethod
    def decode(cls, value: Mapping[str, Any]) -> UploadFile:
        """Creates a file from the host's JSON description."""
        return cls(
            value["part"],
            value.get("filename") or "",
            value.get("content_type") or "",
            value["size"],
        )

    def __repr__(self) -> str:
        return f"UploadFile({self.filename!r}, {self.content_type!r}, {self.size})"


def decode_form(fields: dict[str, Any]) -> dict[str, Any]:
    """Converts the files in a form to `UploadFile` objects, and removes empty ones."""
    for name, value in drop_empty_files(fields).items():
        if is_file(value):
            fields[name] = UploadFile.decode(value)
        elif type(value) is list:
            fields[name] = [UploadFile.decode(v) if is_file(v) else v for v in value]
    return fields


class QueryParams(Mapping[str, str]):
    """The query parameters. `query[name]` is the last value of that name."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in parse_qsl(text, keep_blank_values=True):
            self._values.setdefault(name, []).append(value)

    def get_all(self, name: str) -> list[str]:
        """Returns every value of a name, in order."""
        return list(self._values.get(name, ()))

    def __getitem__(self, name: str) -> str:
        return self._values[name][-1]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"QueryParams({self._values!r})"


class Request:
    """The request in progress. A handler gets it through a parameter with the hint `Request`.

    It ends when the handler or hook that got it returns. Used later, every member raises
    `RuntimeError`; copy the values that you need before.
    """

    __slots__ = ("_body", "_call", "_params", "_query")

    def __init__(self, body: Body | None, params: str = "") -> None:
        self._body = body
        self._call = _call.current()
        self._params = params
        self._query: QueryParams | None = None

    @property
    def local(self) -> LocalContext:
        """The local context, which the hooks and the handler of this request share."""
        self._check("local")
        return local_of(self._call)

    @property
    def params(self) -> dict[str, Any]:
        """The validated parameters that the route declares, and those of the path.

        Empty in hooks other than `pre_handler`.
        """
        self._check("params")
        return loads(self._params) if self._params else {}

    @property
    def method(self) -> str:
        """The method in upper case; `HEAD` if a `get` route answers a HEAD request."""
        self._check("method")
        return _boundary.request.method()

    @property
    def path(self) -> str:
        """The path as sent, percent-encoded, without the query."""
        self._check("path")
        return _boundary.request.path()

    @property
    def query_string(self) -> str:
        """The query as sent, percent-encoded, without the `?`."""
        self._check("query_string")
        return _boundary.request.query()

    @property
    def query(self) -> QueryParams:
        """All query parameters, decoded."""
        self._check("query")
        if self._query is None:
            self._query = QueryParams(_boundary.request.query())
        return self._query

    def header(self, name: str) -> str | None:
        """Returns the value of a header, or `None`. Several values are joined with `, `."""
        self._check("header")
        return _boundary.request.header(name)

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """All headers in order, with names in lower case and values as bytes."""
        self._check("headers")
        return _boundary.request.headers()

    def cookie(self, name: str) -> str | None:
        """Returns the value of a cookie, or `None`."""
        self._check("cookie")
        return _boundary.request.cookie(name)

    @property
    def cookies(self) -> dict[str, str]:
        """All cookies. If a name repeats, the first value counts."""
        self._check("cookies")
        found: dict[str, str] = {}
        for name, value in _boundary.request.cookies():
            found.setdefault(name, value)
        return found

    @property
    def peer(self) -> str:
        """The client's address and port, such as `127.0.0.1:50122`."""
        self._check("peer")
        return _boundary.request.peer()

    @property
    def id(self) -> str:
        """The request's id, as in the host's log."""
        self._check("id")
        return _boundary.request.id()

    def raw_body(self) -> bytes:
        """Returns the body as sent; empty in hooks that run before the host reads it."""
        self._check("raw_body")
        if type(self._body) is BodyBytes:
            return self._body.value
        return _boundary.request.raw_body()

    def json(self) -> Any:
        """Returns the body as JSON. `HttpError` 415 if it is not JSON."""
        self._check("json")
        if type(self._body) is BodyJson:
            return loads(self._body.value)
        if self._body is None and self._sent_as("application/json", "+json"):
            try:
                return json.loads(self.raw_body())
            except ValueError as error:  # a hook can run before validation
                raise HttpError(400, "the body is not valid JSON") from error
        raise HttpError(415, "the request needs a JSON body")

    def text(self) -> str:
        """Returns the body as text. `HttpError` 415 if it is neither text nor JSON."""
        self._check("text")
        if type(self._body) is BodyText or type(self._body) is BodyJson:
            return self._body.value
        if self._body is None and self._sent_as("application/json", "+json", "text/"):
            try:
                return self.raw_body().decode()
            except UnicodeDecodeError as error:
                raise HttpError(400, "the body is not UTF-8") from error
        raise HttpError(415, "the request needs a text body")

    def form(self) -> dict[str, Any]:
        """Returns the fields of a form, in a handler. `HttpError` 415 if the body is not a form.

        A value is a string, an `UploadFile`, or a list of them if the field repeats. File inputs
        that were left empty are omitted.
        """
        self._check("form")
        if type(self._body) is BodyForm:
            return decode_form(loads(self._body.value))
        if self._body is None:
            raise RuntimeError("`form()` works in a handler only; call `raw_body()` in a hook")
        raise HttpError(415, "the request needs a form")

    def _check(self, member: str) -> None:
        _call.check(self._call, f"request.{member}")

    def _sent_as(self, *kinds: str) -> bool:
        """Returns whether the content type begins or ends with one of `kinds`."""
        kind = (self.header("content-type") or "").partition(";")[0].strip().lower()
        return kind.startswith(kinds) or kind.endswith(kinds)
