from typing import Any

import pytest


def test_registration_and_login(send: Any, register: Any) -> None:
    register("ann")
    reply = send(
        "POST", "/users/login", body={"user": {"email": "ann@example.com", "password": "horse"}}
    )
    assert reply.status == 200
    user = reply.json()["user"]
    assert (user["username"], user["bio"], user["image"]) == ("ann", None, None)
    assert send("GET", "/user", user["token"]).json()["user"]["email"] == "ann@example.com"


@pytest.mark.parametrize("field", ["username", "email"])
def test_a_name_that_is_taken(send: Any, register: Any, field: str) -> None:
    register("ann")
    user = {"username": "bob", "email": "bob@example.com", "password": "horse"}
    taken = {"username": "ann", "email": "ann@example.com"}[field]
    reply = send("POST", "/users", body={"user": {**user, field: taken}})
    assert reply.status == 422
    assert reply.json() == {"errors": {field: ["has already been taken"]}}


def test_errors_name_all_fields(send: Any) -> None:
    reply = send("POST", "/users", body={"user": {"username": " ", "email": "no address"}})
    assert reply.status == 422
    assert reply.json() == {
        "errors": {
            "password": ["can't be blank"],
            "email": ["is invalid"],
            "username": ["can't be blank"],
        }
    }


def test_a_wrong_password(send: Any, register: Any) -> None:
    register("ann")
    user = {"email": "ann@example.com", "password": "wrong"}
    reply = send("POST", "/users/login", body={"user": user})
    assert reply.status == 401
    assert reply.json() == {"errors": {"credentials": ["invalid"]}}


@pytest.mark.parametrize("body", [..., {"user": {"bio": "x"}}, {"user": 1}])
def test_a_missing_token_is_401_whatever_the_body(send: Any, body: Any) -> None:
    reply = send("PUT", "/user", body=body)
    assert reply.status == 401
    assert reply.json() == {"errors": {"token": ["is missing"]}}


def test_null_and_an_empty_text_remove_bio_and_image(send: Any, register: Any) -> None:
    token = register("ann")
    changed = send("PUT", "/user", token, {"user": {"bio": "b", "image": "i"}}).json()["user"]
    assert (changed["bio"], changed["image"]) == ("b", "i")
    changed = send("PUT", "/user", token, {"user": {"bio": None, "image": ""}}).json()["user"]
    assert (changed["bio"], changed["image"]) == (None, None)


def test_following(send: Any, register: Any) -> None:
    ann, _ = register("ann"), register("bob")
    assert send("POST", "/profiles/bob/follow", ann).json()["profile"]["following"] is True
    assert send("GET", "/profiles/bob", ann).json()["profile"]["following"] is True
    assert send("GET", "/profiles/bob").json()["profile"]["following"] is False
    assert send("DELETE", "/profiles/bob/follow", ann).json()["profile"]["following"] is False
