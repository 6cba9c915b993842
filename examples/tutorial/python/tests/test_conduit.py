import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
sys.path.insert(0, str(FOLDER))

from app import app  # noqa: E402
from spikard_wasm.testing import TestClient  # noqa: E402

MIGRATION = FOLDER / "migrations" / "0001_initial.sql"


@pytest.fixture
def client() -> TestClient:
    client = TestClient(app, secrets={"jwt": "a key of at least thirty-two bytes"})
    client.database().executescript(MIGRATION.read_text())
    return client


def register(client: TestClient, username: str) -> dict[str, str]:
    """Registers a user, and returns the header that signs its requests in."""
    user = {
        "username": username,
        "email": f"{username}@example.com",
        "password": "correct horse",
    }
    reply = client.post("/api/users", json={"user": user})
    assert reply.status == 201
    return {"authorization": f"Bearer {reply.json()['user']['token']}"}


def test_registration_and_login(client: TestClient) -> None:
    headers = register(client, "ann")
    assert client.get("/api/user", headers=headers).json()["user"]["username"] == "ann"
    for word, status in [("correct horse", 200), ("wrong", 401)]:
        user = {"email": "ann@example.com", "password": word}
        assert client.post("/api/users/login", json={"user": user}).status == status


def test_a_name_that_is_taken(client: TestClient) -> None:
    register(client, "ann")
    user = {"username": "ann", "email": "other@example.com", "password": "correct horse"}
    reply = client.post("/api/users", json={"user": user})
    assert (reply.status, reply.json()["detail"]) == (422, "username has already been taken")


def test_an_article(client: TestClient) -> None:
    headers = register(client, "ann")
    article = {"title": "First steps", "description": "d", "body": "b"}
    assert client.post("/api/articles", json={"article": article}).status == 401
    reply = client.post("/api/articles", headers=headers, json={"article": article})
    assert reply.json()["article"]["slug"] == "first-steps"
    found = client.get("/api/articles/first-steps").json()["article"]
    assert found["author"] == {"username": "ann"}
    assert client.get("/api/articles/other").status == 404
