"""Declared replies: the Responses Object of a route from its type hints and options."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Literal, NewType, NoReturn, TypedDict
from uuid import UUID

import pytest

from spikard_wasm import DefinitionError, Field, HttpError, Reply, Spikard


@dataclass
class User:
    name: str
    age: int = 0


class Named(TypedDict):
    name: str


@dataclass
class Tree:
    children: list["Tree"] = field(default_factory=list)


Name = NewType("Name", str)
STRING, INTEGER = {"type": "string"}, {"type": "integer"}
USER = {
    "type": "object",
    "title": "User",
    "properties": {"name": STRING, "age": {"type": "integer", "default": 0}},
    "required": ["name"],
}


def replies(hint: Any, **options: Any) -> Any:
    def handler() -> None: ...

    handler.__annotations__["return"] = hint
    if hint is ...:
        del handler.__annotations__["return"]
    app = Spikard()
    app.get("/", **options)(handler)
    text = app.describe().routes[0].replies
    return json.loads(text) if text else None


def ok(content: dict[str, Any], status: str = "200", description: str = "OK") -> Any:
    return {status: {"description": description, "content": content}}


def as_json(schema: Any) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


@pytest.mark.parametrize(
    ("hint", "content"),
    [
        (User, as_json(USER)),
        (dict[str, int], as_json({"type": "object", "additionalProperties": INTEGER})),
        (dict[int, str], as_json({"type": "object", "additionalProperties": STRING})),
        (dict[str, Any], as_json({"type": "object"})),
        (list[User], as_json({"type": "array", "items": USER})),
        (int, as_json(INTEGER)),
        (UUID, as_json({"type": "string", "format": "uuid"})),
        (str, {"text/plain": {"schema": STRING}}),
        (Name, {"text/plain": {"schema": STRING}}),
        (
            Annotated[str, Field(max_length=3)],
            {"text/plain": {"schema": {**STRING, "maxLength": 3}}},
        ),
        (Literal["a", "b"], {"text/plain": {"schema": {**STRING, "enum": ["a", "b"]}}}),
        (bytes, {"application/octet-stream": {}}),
        (int | list[int], as_json({"anyOf": [INTEGER, {"type": "array", "items": INTEGER}]})),
        (
            UUID | date,
            as_json(
                {
                    "anyOf": [
                        {"type": "string", "format": "uuid"},
                        {"type": "string", "format": "date"},
                    ]
                }
            ),
        ),
        (
            dict[str, int] | bytes,
            {
                **as_json({"type": "object", "additionalProperties": INTEGER}),
                "application/octet-stream": {},
            },
        ),
    ],
)
def test_a_return_type_says_the_body(hint: Any, content: Any) -> None:
    assert replies(hint) == ok(content)


def test_a_class_that_contains_itself() -> None:
    schema = replies(Tree)["200"]["content"]["application/json"]["schema"]
    assert schema["$ref"] == "#/$defs/Tree"
    items = schema["$defs"]["Tree"]["properties"]["children"]["items"]
    assert items == {"$ref": "#/$defs/Tree"}


def test_the_status() -> None:
    assert replies(User, status=201) == ok(as_json(USER), "201", "Created")
    assert replies(None) == {"204": {"description": "No Content"}}
    assert replies(None, status=202) == {"202": {"description": "Accepted"}}
    assert list(replies(User | None)) == ["200", "204"]
    assert replies(User | None, status=202) == ok(as_json(USER), "202", "Accepted")
    assert replies(int, status=299)["299"]["description"] == "Status 299"


@pytest.mark.parametrize(
    "hint", [..., Any, object, Reply, User | Reply, NoReturn, complex, list[complex]]
)
def test_types_that_say_nothing(hint: Any) -> None:
    assert replies(hint) is None


def test_more_replies() -> None:
    declared = replies(
        User,
        responses={
            404: HttpError,
            409: Named,
            410: None,
            "5XX": str,
            "default": {"content": {"text/html": {}}},
            200: {"description": "A user.", "headers": {"x-a": {"schema": STRING}}},
        },
    )
    problem = declared["404"]["content"]["application/problem+json"]["schema"]
    assert (declared["404"]["description"], problem["title"]) == ("Not Found", "Problem")
    named = {"type": "object", "title": "Named", "properties": {"name": STRING}}
    assert declared["409"]["content"] == as_json({**named, "required": ["name"]})
    assert declared["410"] == {"description": "Gone"}
    assert declared["5XX"] == {
        "description": "Status 5XX",
        "content": {"text/plain": {"schema": STRING}},
    }
    assert declared["default"] == {
        "description": "Another reply",
        "content": {"text/html": {}},
    }
    assert declared["200"] == {"description": "A user.", "headers": {"x-a": {"schema": STRING}}}


@pytest.mark.parametrize(
    ("responses", "sentence"),
    [
        ({404: complex}, "`responses`, status `404`: type `complex` has no JSON"),
        ({99: str}, "`responses` has the status `99`; give a number from 200 to 599, a range"),
        ({"none": str}, "`responses` has the status `none`"),
    ],
)
def test_mistakes_are_found_at_definition(responses: Any, sentence: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        replies(None, responses=responses)
    assert str(caught.value).startswith(f"route `GET /`, handler `handler`: {sentence}")
    with pytest.raises(DefinitionError, match="option `responses` is `1`; it must be a dict"):
        replies(None, responses=1)
    with pytest.raises(DefinitionError, match=r"option `responses` has the key `1\.5`"):
        replies(None, responses={1.5: str})
