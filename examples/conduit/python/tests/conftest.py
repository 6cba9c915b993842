"""A client of the app with an empty database, and helpers for its requests."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[1]
sys.path.insert(0, str(FOLDER))

from app import app  # noqa: E402
from spikard_wasm.testing import TestClient, TestReply  # noqa: E402

MIGRATIONS = sorted((FOLDER.parent / "migrations" / "sqlite").glob("*.sql"))


@pytest.fixture
def client() -> TestClient:
    client = TestClient(app, secrets={"jwt": "a secret of at least thirty-two bytes"})
    for migration in MIGRATIONS:
        client.database("main").executescript(migration.read_text())
    return client


Send = Callable[..., TestReply]


@pytest.fixture
def send(client: TestClient) -> Send:
    """Sends a request below `/api`, signed with a token, with a body of JSON."""

    def send(method: str, path: str, token: str | None = None, body: Any = ...) -> TestReply:
        headers = {"authorization": f"Token {token}"} if token else {}
        reply = client.request(method, f"/api{path}", headers=headers, json=body)
        assert reply.failure is None, reply.failure
        return reply

    return send


@pytest.fixture
def register(send: Send) -> Callable[[str], str]:
    """Registers a user and returns the token."""

    def register(username: str) -> str:
        user = {"username": username, "email": f"{username}@example.com", "password": "horse"}
        reply = send("POST", "/users", body={"user": user})
        assert reply.status == 201
        return str(reply.json()["user"]["token"])

    return register


@pytest.fixture
def publish(send: Send) -> Callable[..., dict[str, Any]]:
    """Publishes an article and returns it."""

    def publish(token: str, title: str, **fields: Any) -> dict[str, Any]:
        article = {"title": title, "description": "d", "body": "b", **fields}
        reply = send("POST", "/articles", token, {"article": article})
        assert reply.status == 201
        return dict(reply.json()["article"])

    return publish
