"""Parameters: their sources, their descriptions, and the values that handlers get."""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest

from spikard_wasm import Cookie, DefinitionError, Header, Path, Query, Request, Spikard
from spikard_wasm.testing import TestClient


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def declared(app: Spikard, index: int = 0) -> list[dict[str, Any]]:
    text = app.describe().routes[index].parameters
    return json.loads(text) if text else []


def test_path_parameters_arrive_as_their_type() -> None:
    app = Spikard()

    @app.get("/{n}/{ratio}/{key}/{day}/{colour}/{*rest}")
    def handler(n: int, ratio: float, key: UUID, day: date, colour: Colour, rest: str) -> Any:
        assert type(n) is int
        assert type(ratio) is float
        assert (key, day, colour) == (UUID(int=1), date(2024, 1, 15), Colour.BLUE)
        return [n, ratio, key, day, colour, rest]

    reply = TestClient(app).get(f"/7/1.5/{UUID(int=1)}/2024-01-15/blue/a/b%20c")
    assert reply.json() == [7, 1.5, str(UUID(int=1)), "2024-01-15", "blue", "a/b c"]
    assert [(p["name"], p["in"], p["required"], p["schema"]) for p in declared(app)] == [
        ("n", "path", True, {"type": "integer"}),
        ("ratio", "path", True, {"type": "number"}),
        ("key", "path", True, {"type": "string", "format": "uuid"}),
        ("day", "path", True, {"type": "string", "format": "date"}),
        ("colour", "path", True, {"type": "string", "enum": ["red", "blue"]}),
        ("rest", "path", True, {"type": "string"}),
    ]


def test_other_scalars_are_the_query() -> None:
    app = Spikard()

    @app.get("/")
    def handler(
        q: str,
        page: Annotated[int, Query(ge=1, description="from 1")] = 1,
        limit: int | None = None,
        on: bool | None = None,
        sort: Literal["up", "down"] = "up",
        tags: Annotated[list[str], Query("tag", max_items=3)] = [],  # noqa: B006
        since: datetime | None = None,
        price: Decimal | None = None,
        at: Annotated[date | None, Query()] = date(2020, 2, 2),
    ) -> Any:
        return [q, page, limit, on, sort, tags, since, price, at]

    client = TestClient(app)
    assert client.get("/?q=a").json() == ["a", 1, None, None, "up", [], None, None, "2020-02-02"]
    query = "q=%C3%A4+b&page=2&limit=5&on=true&sort=down&tag=x&tag=y&price=1.10"
    full = client.get(f"/?{query}&since=2024-01-15T10:00:00Z&at=2021-01-01").json()
    assert full[:6] == ["ä b", 2, 5, True, "down", ["x", "y"]]
    assert full[6:] == ["2024-01-15T10:00:00+00:00", "1.10", "2021-01-01"]
    by_name = {p["name"]: p for p in declared(app)}
    assert by_name["q"] == {
        "name": "q",
        "in": "query",
        "required": True,
        "schema": {"type": "string"},
    }
    assert by_name["page"]["schema"] == {
        "type": "integer",
        "minimum": 1,
        "description": "from 1",
        "default": 1,
    }
    assert by_name["limit"]["schema"] == {"type": "integer"}
    assert by_name["sort"]["schema"] == {"type": "string", "enum": ["up", "down"], "default": "up"}
    assert by_name["tag"]["key"] == "tags"
    assert by_name["tag"]["schema"]["maxItems"] == 3
    assert by_name["at"]["schema"]["default"] == "2020-02-02"
    assert [p["required"] for p in declared(app)] == [True] + [False] * 8


def test_optional_without_a_default_is_none() -> None:
    app = Spikard()

    @app.get("/")
    def handler(limit: int | None) -> Any:
        return [limit]

    client = TestClient(app)
    assert client.get("/").json() == [None]
    assert client.get("/?limit=3").json() == [3]
    assert declared(app)[0]["required"] is False


def test_headers_and_cookies() -> None:
    app = Spikard()

    @app.get("/")
    def handler(
        x_api_key: Annotated[str, Header(min_length=2)],
        trace: Annotated[str | None, Header("X-Trace-Id")] = None,
        session: Annotated[str, Cookie()] = "none",
        dark: Annotated[bool, Cookie("dark-mode")] = False,
    ) -> Any:
        return [x_api_key, trace, session, dark]

    client = TestClient(app)
    assert client.get("/", headers={"X-API-Key": "abc"}).json() == ["abc", None, "none", False]
    assert client.get("/", headers={"X-API-Key": "k"}).status == 422
    headers = {"X-Api-Key": "key", "x-trace-id": "t"}
    cookies = {"session": "s", "dark-mode": "true"}
    assert client.get("/", headers=headers, cookies=cookies).json() == ["key", "t", "s", True]
    names = [(p["name"], p["in"], p.get("key")) for p in declared(app)]
    assert names == [
        ("x-api-key", "header", "x_api_key"),
        ("X-Trace-Id", "header", "trace"),
        ("session", "cookie", None),
        ("dark-mode", "cookie", "dark"),
    ]


def test_a_path_parameter_may_be_left_out_or_renamed() -> None:
    app = Spikard()

    @app.get("/{org}/{user-id}")
    def handler(user: Annotated[int, Path("user-id")], request: Request) -> Any:
        return [user, request.path]

    assert TestClient(app).get("/acme/7").json() == [7, "/acme/7"]
    assert declared(app) == [
        {
            "name": "user-id",
            "in": "path",
            "required": True,
            "schema": {"type": "integer"},
            "key": "user",
        }
    ]


@dataclass
class Filter:
    name: str
    min_price: float = 0
    tags: list[str] = field(default_factory=list)


def test_styles_of_the_query() -> None:
    app = Spikard()

    @app.get("/")
    def handler(
        ids: Annotated[list[int], Query(explode=False)],
        words: Annotated[list[str], Query(style="spaceDelimited")] = [],  # noqa: B006
        tags: Annotated[set[str], Query("tag", style="pipeDelimited")] = set(),  # noqa: B006
        filter: Annotated[Filter | None, Query(style="deepObject")] = None,
        more: Annotated[dict[str, Any] | None, Query(style="deepObject")] = None,
    ) -> Any:
        return [ids, words, sorted(tags), filter, more]

    client = TestClient(app)
    assert client.get("/?ids=1,2").json() == [[1, 2], [], [], None, None]
    query = (
        "ids=3&words=a%20b&tag=x|y&filter[name]=n&filter[min_price]=1.5&filter[tags]=t&more[a]=b"
    )
    found = {"name": "n", "min_price": 1.5, "tags": ["t"]}
    assert client.get(f"/?{query}").json() == [[3], ["a", "b"], ["x", "y"], found, {"a": "b"}]
    styles = [(p.get("style"), p.get("explode")) for p in declared(app)]
    deep = ("deepObject", None)
    assert styles == [(None, False), ("spaceDelimited", None), ("pipeDelimited", None), deep, deep]
    assert declared(app)[3]["schema"]["properties"]["min_price"] == {"type": "number", "default": 0}


def test_a_value_that_only_python_refuses_is_the_clients_error() -> None:
    app = Spikard()

    @app.get("/")
    def handler(at: datetime) -> Any:
        return at

    reply = TestClient(app).get("/?at=2016-12-31T23:59:60Z")  # a leap second matches the schema
    assert reply.status == 422
    assert reply.json()["errors"] == [
        {
            "type": "datetime_parsing",
            "loc": ["query", "at"],
            "msg": "Input should be a valid datetime",
            "input": "2016-12-31T23:59:60Z",
        }
    ]


@dataclass
class Point:
    x: int


def no_hint(a) -> None: ...  # type: ignore[no-untyped-def] # noqa: ANN001
def open_ended(**a: int) -> None: ...
def positional(a: int, /) -> None: ...
def misnamed(a: Annotated[int, Path()]) -> None: ...
def optional_path(id: int = 1) -> None: ...
def shadowed(id: Annotated[int, Query()]) -> None: ...
def twice(a: Annotated[int, Query("q")], b: Annotated[int, Query("q")]) -> None: ...
def two_bodies(a: dict[str, int], b: list[int]) -> None: ...
def an_object(a: Annotated[Point, Query()]) -> None: ...
def deep_scalar(a: Annotated[int, Query(style="deepObject")]) -> None: ...
def split_scalar(a: Annotated[int, Query(explode=False)]) -> None: ...
def piped_scalar(a: Annotated[int, Query(style="pipeDelimited")]) -> None: ...
def both(a: Annotated[list[int], Query(style="pipeDelimited", explode=True)]) -> None: ...
def in_a_header(a: Annotated[dict[str, int], Header()]) -> None: ...
def no_json(a: complex) -> None: ...
def wrong_constraint(a: Annotated[int, Query(min_length=1)]) -> None: ...
def bad_default(a: str = object()) -> None: ...  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("handler", "sentence"),
    [
        (no_hint, "parameter `a` has no type hint; write one, such as `a: str`"),
        (open_ended, "parameter `**a: int` is open-ended; name each parameter"),
        (positional, "parameter `a` is positional-only; parameters are given by name"),
        (misnamed, "parameter `a`: the path has no `{a}`"),
        (optional_path, "parameter `id`: a path parameter is always present"),
        (shadowed, "parameter `id`: the path has `{id}` too; give the parameter another name"),
        (twice, "parameter `b`: another query parameter already has the name `q`"),
        (two_bodies, "parameter `b`: parameter `a` already takes the body"),
        (an_object, 'parameter `a`: an object in the query needs `Query(style="deepObject")`'),
        (deep_scalar, 'parameter `a`: `style="deepObject"` is for a dataclass, TypedDict or dict'),
        (split_scalar, "parameter `a`: `explode` is for a list"),
        (piped_scalar, "parameter `a`: `style` is for a list"),
        (both, "parameter `a`: `pipeDelimited` cannot be combined with `explode`"),
        (in_a_header, "parameter `a`: a parameter of the header cannot be an object"),
        (no_json, "parameter `a`: type `complex` has no JSON"),
        (wrong_constraint, "parameter `a`: `min_length` does not apply to type integer"),
        (bad_default, "parameter `a`: a reply holds a `object`"),
    ],
)
def test_mistakes_are_found_at_definition(handler: Any, sentence: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Spikard().post("/things/{id}")(handler)
    assert str(caught.value).startswith(
        f"route `POST /things/{{id}}`, handler `{handler.__name__}`: {sentence}"
    )


def test_a_type_that_is_not_defined_is_named() -> None:
    def handler(a: "Missing") -> None: ...  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(DefinitionError, match="names `Missing`, which is not defined there"):
        Spikard().get("/")(handler)
