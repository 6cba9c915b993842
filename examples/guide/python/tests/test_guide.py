from collections.abc import Callable

import pytest
from app import app
from guide.routers import current_user
from spikard_wasm import http
from spikard_wasm.testing import TestClient, TestReply

NewClient = Callable[..., TestClient]


def test_a_note(client: TestClient) -> None:
    reply = client.post("/notes", json={"title": "Milk", "text": "2 liters"})
    assert reply.status == 201
    assert client.get("/notes/1").json() == {"id": 1, "title": "Milk", "text": "2 liters"}
    assert client.get("/notes/2").status == 404


def test_a_title_that_is_taken(client: TestClient) -> None:
    client.post("/notes", json={"title": "Milk", "text": ""})
    reply = client.post("/notes", json={"title": "Milk", "text": ""})
    assert reply.status == 409
    assert reply.json()["detail"] == "the title `Milk` is taken"


def test_a_merge_changes_both_notes_or_none(client: TestClient) -> None:
    client.post("/notes", json={"title": "Milk", "text": "2 liters"})
    assert client.post("/notes/7/merge/1").status == 404
    assert client.get("/notes/1").status == 200


def test_a_rate(new_client: NewClient) -> None:
    def answer(request: http.Request) -> http.Response:
        assert request.url == "https://rates.example/rates?currency=EUR"
        return http.Response(200, json={"currency": "EUR", "dollars": 1.09})

    client = new_client(fetch=answer)
    assert client.get("/rates/EUR").json() == {"currency": "EUR", "dollars": 1.09}


def test_a_service_that_is_not_available(client: TestClient) -> None:
    # Without `fetch`, the client refuses outgoing requests.
    reply = client.post("/rates/orders", json={"currency": "EUR", "amount": 5})
    assert (reply.status, reply.header("retry-after")) == (503, "10")


def test_orders_have_numbers(client: TestClient) -> None:
    assert client.put("/carts/ann", json={"items": ["tea"]}).status == 204
    assert client.store("default")["cart:ann"] == b'{"items":["tea"]}'
    assert client.post("/carts/ann/order").json() == {"number": 1}
    assert client.get("/carts/ann").json() == {"items": []}


def test_a_token_of_the_login(client: TestClient) -> None:
    credentials = {"name": "ann", "password": "correct horse"}
    client.post("/accounts", json=credentials)
    token = client.post("/accounts/login", json=credentials).json()["token"]
    reply = client.get("/accounts/me", headers={"authorization": f"Bearer {token}"})
    assert reply.json() == {"id": 1, "name": "ann"}
    assert client.get("/accounts/me").status == 401


def test_an_account_without_a_token(client: TestClient) -> None:
    reply = client.get("/accounts/me", local={"spikard.jwt": {"sub": "7", "name": "bob"}})
    assert reply.json() == {"id": 7, "name": "bob"}


def test_a_report_that_takes_too_long(client: TestClient) -> None:
    assert client.get("/waiting/report", query={"ms": "1500"}).status == 504


def test_an_invitation_continues_after_the_reply(client: TestClient) -> None:
    reply = client.post("/invitations", json={"email": "bob@example.com"})
    assert (reply.status, reply.json()) == (202, {"accepted": "bob@example.com"})
    assert client.get("/invitations/count").json() == {"count": 1}


def test_a_greeting_with_the_settings_of_the_operator(new_client: NewClient) -> None:
    client = new_client(config={"greeting": "Hi", "page_size": "5"})
    assert client.get("/greeting/Ann").json() == {"message": "Hi, Ann!", "page_size": 5}


def test_a_team_has_two_members(client: TestClient) -> None:
    def join(user: str) -> TestReply:
        return client.post("/teams/red/join", headers={"x-user": user})

    assert join("ann").json() == {"team": "red", "user": "ann"}
    join("bob")
    reply = join("eve")
    assert (reply.status, reply.json()) == (409, {"full": "red"})


def test_a_fake_user(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.dependency_overrides, current_user, lambda: "ann")
    assert client.post("/teams/red/join").json() == {"team": "red", "user": "ann"}


def test_errors_of_the_host_in_the_form_of_the_service(client: TestClient) -> None:
    reply = client.get("/teams/red/members", query={"page": "0"})
    assert reply.status == 422
    assert "valid" in reply.json()["message"].lower()


def test_a_blocked_address(new_client: NewClient) -> None:
    client = new_client(config={"blocked": "eve@example.com"})
    assert client.post("/invitations", json={"email": "eve@example.com"}).status == 403
