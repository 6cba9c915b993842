"""The test client replies like the host."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from spikard_wasm import (
    ApiKey,
    Field,
    HookReply,
    Jwt,
    Query,
    RateLimit,
    Request,
    Secret,
    Spikard,
)
from spikard_wasm.testing import TestClient


@dataclass
class Item:
    name: str
    price: Annotated[float, Field(ge=0)]


def shop(**options: Any) -> Spikard:
    app = Spikard(trailing_slash="redirect", **options)

    @app.get("/items/{id:int}")
    def item(id: int, page: Annotated[int, Query(ge=1)] = 1) -> Any:
        return [id, page]

    return app


def test_a_request_that_breaks_the_contract() -> None:
    client = TestClient(shop())
    assert client.get("/items/1").json() == [1, 1]
    refused = client.get("/items/x?page=0")
    assert (refused.status, refused.header("content-type")) == (422, "application/problem+json")
    problem = refused.json()
    assert problem["detail"] == "2 validation errors in request"
    assert [error["loc"] for error in problem["errors"]] == [["path", "id"], ["query", "page"]]


def test_a_request_without_a_route() -> None:
    client = TestClient(shop())
    assert client.get("/none").json()["detail"] == "no route has this path"
    wrong = client.put("/items/1")
    assert (wrong.status, wrong.header("allow")) == (405, "GET, HEAD, OPTIONS")
    asked = client.options("/items/1")
    assert (asked.status, asked.body) == (204, b"")
    moved = client.get("/items/1/?page=2")
    assert (moved.status, moved.header("location")) == (308, "/items/1?page=2")


def test_a_body_that_breaks_its_schema() -> None:
    app = Spikard(body_limit=64)

    @app.post("/items")
    def add(item: Item) -> Any:
        return item

    client = TestClient(app)
    assert client.post("/items", json={"name": "Tea", "price": 1}).status == 200
    refused = client.post("/items", json={"name": "Tea", "price": -1})
    assert refused.status == 422
    assert refused.json()["errors"][0]["loc"] == ["body", "price"]
    json = {"content-type": "application/json"}
    assert client.post("/items", content=b"{", headers=json).status == 400
    assert client.post("/items", json={"name": "x" * 64, "price": 1}).status == 413
    assert client.post("/items", text="tea").status == 415


def test_policies() -> None:
    def app() -> Spikard:
        app = Spikard(
            api_key=ApiKey(keys=[Secret("key")]),
            rate_limit=RateLimit(2, "hour"),
            security_headers=True,
        )
        app.get("/")(lambda: "in")
        return app

    client = TestClient(app(), secrets={"key": "right"})
    refused = client.get("/", headers={"x-api-key": "wrong"})
    assert (refused.status, refused.header("ratelimit-remaining")) == (401, "1")
    reply = client.get("/", headers={"x-api-key": "right"})
    assert (reply.status, reply.text) == (200, "in")
    assert reply.header("x-content-type-options") == "nosniff"
    late = client.get("/")
    assert late.status == 429
    assert int(late.header("retry-after") or 0) > 0
    with pytest.raises(ValueError, match="needs the secret `key`"):
        TestClient(app(), secrets={})


def test_tokens() -> None:
    app = Spikard(jwt=Jwt(("HS256",), secret=Secret("key")))
    app.get("/")(lambda: "in")
    token = {"authorization": "Bearer a.b.c"}
    with pytest.raises(ValueError, match="give it to the client in `secrets`"):
        TestClient(app).get("/", headers=token)
    refused = TestClient(app, secrets={"key": "k"}).get("/", headers=token)
    assert (refused.status, refused.json()["title"]) == (401, "JWT validation failed")
    assert TestClient(app).get("/", local={"spikard.jwt": {"sub": "ann"}}).status == 200


def test_an_error_hook_sees_the_refusal() -> None:
    app = shop()
    seen: list[tuple[int, str]] = []

    @app.on_error
    def note(reply: HookReply, request: Request, message: str) -> None:
        seen.append((reply.status, message))

    assert TestClient(app).get("/items/x").status == 422
    assert seen == [(422, "1 validation error in request")]


def test_header_fields_as_a_handler_sees_them() -> None:
    app = Spikard()

    @app.get("/")
    def fields(request: Request) -> Any:
        return [request.header("cookie"), request.header("x-a")]

    headers = [("cookie", "a=1"), ("cookie", "b=2"), ("x-a", " 1\t"), ("x-a", "2")]
    assert TestClient(app).get("/", headers=headers).json() == ["a=1; b=2", "1, 2"]
