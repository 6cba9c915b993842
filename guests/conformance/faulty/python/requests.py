"""Handlers that return what they see of a request."""

from dataclasses import dataclass
from typing import Annotated, Any

from spikard_wasm import Cookie, Header, Query, Request, Spikard, UploadFile


@dataclass
class Item:
    name: str
    price: float


def define(app: Spikard) -> None:
    """Adds the routes to an app."""
    app.post("/request/{*rest}")(request)
    app.post("/body/raw", raw_body=True, body_limit=2_000_000)(raw)
    app.post("/body/text")(text)
    app.post("/body/small", raw_body=True, body_limit=16)(raw)
    app.post("/body/form")(form)
    app.post("/declared/{id}")(declared)
    app.get("/only/get")(only_get)
    app.post("/only/get")(only_post)


def request(rest: str, request: Request) -> dict[str, Any]:
    """Returns the result of every function of the interface `request`, bytes as hexadecimal."""
    own = [(name, value) for name, value in request.headers if name.startswith("x-")]
    return {
        "rest": rest,
        "method": request.method,
        "path": request.path,
        "query": request.query_string,
        "header": request.header("X-Text"),
        "headers": [[name, value.hex()] for name, value in own],
        "cookies": [[name, value] for name, value in request.cookies.items()],
        "peer": request.peer,
        "id": request.id,
        "body": request.raw_body().hex(),
    }


def raw(body: bytes) -> bytes:
    return body


def text(body: str) -> str:
    return body


def form(request: Request) -> dict[str, Any]:
    texts: list[list[str]] = []
    files: list[dict[str, Any]] = []
    for field, values in request.form().items():
        for value in values if isinstance(values, list) else [values]:
            if isinstance(value, UploadFile):
                files.append(describe(field, value))
            else:
                texts.append([field, value])
    return {"texts": texts, "files": files}


def describe(field: str, file: UploadFile) -> dict[str, Any]:
    return {
        "field": field,
        "filename": file.filename,
        "content_type": file.content_type,
        "size": file.size,
        "bytes": file.bytes().hex(),
    }


def declared(
    id: int,
    page: Annotated[int, Query(ge=1)],
    x_token: Annotated[str, Header()],
    sid: Annotated[str, Cookie(min_length=2)],
    item: Item,
) -> dict[str, Any]:
    """Returns a declared parameter of each kind."""
    return {"id": id, "page": page, "token": x_token, "sid": sid, "item": item}


def only_get() -> str:
    return "got"


def only_post() -> str:
    return "posted"
