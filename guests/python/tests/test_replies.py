"""Replies: the return values and errors of handlers."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum, StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest

from spikard_wasm import HttpError, HTTPException, Reply, Spikard, html, redirect
from spikard_wasm.testing import TestClient, TestReply

NUMBERED: Any = {"a": 1}


class Size(Enum):
    SMALL = 1


class Word(StrEnum):
    A = "a"


@dataclass
class Thing:
    name: str
    size: Size


def answer(make: Callable[[], Any], **options: Any) -> TestReply:
    app = Spikard()

    def handler() -> Any:
        return make()

    app.get("/", **options)(handler)
    return TestClient(app).get("/")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": 1}, b'{"a":1}'),
        ([1, 2.5, None, True], b"[1,2.5,null,true]"),
        ((1, "ä"), '[1,"ä"]'.encode()),
        (7, b"7"),
        (Thing("x", Size.SMALL), b'{"name":"x","size":1}'),
        ([date(2024, 1, 15), time(1, 2)], b'["2024-01-15","01:02:00"]'),
        (datetime(2024, 1, 15, tzinfo=UTC), b'"2024-01-15T00:00:00+00:00"'),
        (UUID(int=1), b'"00000000-0000-0000-0000-000000000001"'),
        ([Decimal("1.10"), Word.A, Size.SMALL], b'["1.10","a",1]'),
        (MappingProxyType({"a": {3}}), b'{"a":[3]}'),
        ({"lone": "\ud800"}, b'{"lone":"\\ud800"}'),
    ],
)
def test_json(value: Any, expected: bytes) -> None:
    reply = answer(lambda: value)
    assert (reply.status, reply.header("content-type")) == (200, "application/json")
    assert reply.body == expected


def test_text_bytes_and_nothing() -> None:
    text = answer(lambda: "hé")
    assert (text.header("content-type"), text.text) == ("text/plain; charset=utf-8", "hé")
    raw = answer(lambda: bytearray(b"\xff"))
    assert (raw.header("content-type"), raw.body) == ("application/octet-stream", b"\xff")
    none = answer(lambda: None)
    assert (none.status, none.headers, none.body) == (204, [], b"")


def test_statuses() -> None:
    assert answer(lambda: None, status=202).status == 202
    assert answer(dict, status=201).status == 201
    assert answer(lambda: Reply({}), status=201).status == 201
    assert answer(lambda: Reply({}, status=203), status=201).status == 203
    assert answer(Reply).status == 204


def test_reply_with_headers() -> None:
    headers = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "ü")]
    reply = answer(lambda: Reply({"a": 1}, status=201, headers=headers))
    assert reply.headers[1:] == [("set-cookie", "a=1"), ("set-cookie", "b=2"), ("x-name", "ü")]
    mapped = answer(lambda: Reply("x", headers={"content-type": "text/csv"}))
    assert mapped.headers == [("content-type", "text/csv")]


def test_html_and_redirect() -> None:
    page = answer(lambda: html("<p>hi</p>", status=404))
    assert (page.status, page.text) == (404, "<p>hi</p>")
    assert page.header("content-type") == "text/html; charset=utf-8"
    moved = answer(lambda: redirect("/there", status=307))
    assert (moved.status, moved.header("location"), moved.body) == (307, "/there", b"")


def raiser(error: BaseException) -> Callable[[], Any]:
    def raise_it() -> Any:
        raise error

    return raise_it


def test_http_errors_are_problem_documents() -> None:
    reply = answer(raiser(HttpError(404, "no user `7`", headers={"x-hint": "8"})))
    assert (reply.status, reply.failure) == (404, None)
    assert reply.headers == [("content-type", "application/problem+json"), ("x-hint", "8")]
    assert reply.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "no user `7`",
    }
    assert answer(raiser(HttpError(499))).json()["title"] == "Error"


async def find_user() -> str:
    return "Ada"


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
@pytest.mark.parametrize(
    ("make", "message"),
    [
        (raiser(KeyError("secret")), "KeyError: 'secret'"),
        (raiser(SystemExit(3)), "SystemExit: 3"),
        (raiser(ValueError("two\nlines")), "ValueError: two"),
        (lambda: {"a": object()}, "TypeError: a reply holds a `object`, which has no JSON form"),
        (
            lambda: {"user": find_user()},
            "TypeError: a reply holds a `coroutine`: an `await` is missing before the call of "
            "`find_user`",
        ),
        (lambda: [float("nan")], "ValueError: Out of range float values are not JSON compliant"),
        (lambda: {(1, 2): 3}, "TypeError: keys must be str"),
        (lambda: Reply(status=700), "ValueError: status `700` is not a whole number from 200"),
        (lambda: Reply(headers={"a b": "c"}), "ValueError: header name `a b` is not a token"),
        (lambda: Reply(headers={"a": "b\r\nc: d"}), "ValueError: header `a` has a control"),
        (lambda: Reply(headers=NUMBERED), "TypeError: header `a` is a `int`"),
        (lambda: Reply(Reply()), "TypeError: the body of a `Reply` is another `Reply`"),
        (raiser(HttpError(400, headers={"a": "\n"})), "ValueError: header `a` has a control"),
    ],
)
def test_other_failures_are_reported(make: Callable[[], Any], message: str) -> None:
    reply = answer(make)
    assert (reply.status, reply.json()["title"]) == (500, "Internal Server Error")
    assert reply.header("content-type") == "application/problem+json"
    assert reply.failure is not None
    assert reply.failure.startswith(message)
    assert "Traceback (most recent call last)" in reply.failure


def test_the_stack_begins_in_the_users_code() -> None:
    reply = answer(raiser(KeyError("x")))
    assert reply.failure is not None
    assert "in handler" in reply.failure.splitlines()[2]
    assert "_component.py" not in reply.failure


def test_a_failed_reply_leaves_nothing_for_the_next() -> None:
    app = Spikard()
    ring: list[Any] = [1]
    ring.append(ring)

    @app.get("/")
    def handler() -> Any:
        return ring

    client = TestClient(app)
    failure = client.get("/").failure
    assert failure is not None
    assert "Circular reference detected" in failure
    ring.pop()
    assert client.get("/").json() == [1]


def test_surrogates_cross_nowhere() -> None:
    assert answer(lambda: "\ud800").text == "\\ud800"
    failure = answer(raiser(ValueError("\udfff"))).failure
    assert failure is not None
    assert failure.startswith("ValueError: \\udfff")
    problem = answer(raiser(HttpError(400, "\ud800")))
    assert json.loads(problem.body)["detail"] == "\ud800"


def test_a_problem_document_has_further_members() -> None:
    app = Spikard()

    @app.get("/")
    def taken() -> None:
        raise HttpError(
            409, "taken", type="https://e.test/taken", title="Taken", name="pen", left=0
        )

    @app.get("/fastapi")
    def fastapi() -> None:
        raise HTTPException(status_code=418, detail="tea", instance="/cups/1")

    client = TestClient(app)
    assert client.get("/").json() == {
        "type": "https://e.test/taken",
        "title": "Taken",
        "status": 409,
        "detail": "taken",
        "name": "pen",
        "left": 0,
    }
    assert client.get("/fastapi").json()["instance"] == "/cups/1"


def test_headers_that_an_earlier_reply_had_are_checked_again() -> None:
    headers: Any = {"x-a": "1"}
    app = Spikard()

    @app.get("/")
    def handler() -> Reply:
        return Reply("", headers=headers)

    client = TestClient(app)
    assert ("x-a", "1") in client.get("/").headers
    headers = [["x-a", "2"], ("x-b", Word.A)]
    assert ("x-a", "2") in client.get("/").headers
    for number in range(100):
        headers = {"x-a": str(number)}
        assert ("x-a", str(number)) in client.get("/").headers
    for wrong in ({"x-a": 1}, {"x a": "1"}, {"x-a": "1\n"}):
        headers = wrong
        for _ in range(2):
            assert client.get("/").status == 500
