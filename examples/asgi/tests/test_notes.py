"""The notes, through the SDK's test client."""

from collections.abc import Iterator

import pytest
from app import app
from spikard_wasm import asgi
from spikard_wasm.testing import TestClient


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(asgi.service(app)) as client:
        yield client


def test_a_background_task_runs_after_the_response(client: TestClient) -> None:
    added = client.post("/notes/", json={"text": "Call Ada"})
    assert (added.status, added.json()) == (201, {"id": 2})
    assert client.get("/log").json() == ["added 2"]
    assert client.get("/notes/2").text == "Call Ada"


def test_the_lifespan_gives_a_state_to_requests(client: TestClient) -> None:
    assert client.get("/notes/").json() == {"1": "Buy milk"}


def test_middleware_runs(client: TestClient) -> None:
    reply = client.get("/notes/1", headers={"origin": "https://notes.example"})
    assert reply.header("x-served-by") == "starlette"
    assert reply.header("access-control-allow-origin") == "https://notes.example"
    preflight = {"origin": "https://notes.example", "access-control-request-method": "GET"}
    assert client.options("/notes/", headers=preflight).status == 200


def test_a_stream_arrives_whole(client: TestClient) -> None:
    reply = client.get("/notes/export")
    assert reply.header("content-type") == "application/jsonl"
    assert reply.text == '{"id": 1, "text": "Buy milk"}\n'


def test_uploads_stay_in_memory(client: TestClient) -> None:
    reply = client.post("/upload", form={"a": "b"}, files=[("f", ("zeros", bytes(3_000_000)))])
    assert reply.json() == {"f": 3_000_000}


def test_errors_have_the_form_of_the_app(
    client: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = client.get("/notes/9")
    assert (missing.status, missing.json()) == (404, {"error": "no note 9"})
    assert client.get("/nowhere").json() == {"error": "Not Found"}
    failed = client.get("/fail")
    assert (failed.status, failed.text) == (500, "Internal Server Error")
    assert "ValueError: an error of the app" in capsys.readouterr().err
