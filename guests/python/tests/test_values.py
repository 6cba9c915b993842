"""Conversion of valid JSON to Python values."""

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import pytest

from spikard_wasm import Body, Field, Form, Header, Query, Request, Spikard, UploadFile
from spikard_wasm._local import BodyForm, BodyJson
from spikard_wasm.testing import TestClient


class Level(IntEnum):
    LOW = 1


class Line(TypedDict):
    count: int
    price: NotRequired[Decimal]


@dataclass
class Order:
    count: int = 0
    maybe: int | None = None
    word: int | str = 0
    level: Level = Level.LOW
    one: Literal[1, "auto"] = 1
    many: list[int] = field(default_factory=list)
    pair: tuple[int, str] = (0, "")
    named: dict[str, int] = field(default_factory=dict)
    line: Line | None = None
    ratio: float = 0.0


@dataclass
class Price:
    price: Decimal
    ratio: float = 0.0
    count: int = 0
    maybe: Decimal | None = None
    many: list[Decimal] = field(default_factory=list)
    rest: Any = None


@dataclass
class Times:
    at: datetime | None = None
    days: list[date] = field(default_factory=list)
    named: dict[str, time] = field(default_factory=dict)


def post(hint: Any, text: str, kind: Any = BodyJson) -> Any:
    """Returns the argument of a handler for a body, or the problem document for the client."""
    app = Spikard()
    seen: list[Any] = []

    def handler(body: Any) -> None:
        seen.append(body)

    handler.__annotations__["body"] = hint
    app.post("/")(handler)
    status, _, content = app.component()[0]().handle(0, "", kind(text))
    if seen:
        assert status == 204
        return seen[0]
    return json.loads(content.value)


@pytest.mark.parametrize("text", ["2.0", "2e0", "0.2e1", "2"])
def test_an_integer_may_have_a_fraction_of_zero_or_an_exponent(text: str) -> None:
    order = post(
        Order,
        f'{{"count":{text},"maybe":{text},"word":{text},"many":[{text}],"pair":[{text},"a"],'
        f'"named":{{"a":{text}}},"line":{{"count":{text}}},"ratio":{text}}}',
    )
    whole = [order.count, order.maybe, order.word, *order.many, order.pair[0], order.named["a"]]
    whole.append(order.line["count"])
    assert whole == [2] * 7
    assert {type(value) for value in whole} == {int}
    assert order.ratio == 2.0


def test_other_integers() -> None:
    order = post(Order, '{"count":-0.0,"level":1.0,"one":1.0,"maybe":1e2,"many":[-0]}')
    assert (order.count, order.level, order.one, order.maybe, order.many) == (0, 1, 1, 100, [0])
    assert {type(order.count), type(order.one), type(order.maybe), type(order.many[0])} == {int}
    assert type(order.level) is Level
    for hint in (int, int | str, Annotated[int | None, Body(ge=1)], list[int] | int):
        value = post(hint, "2.0")
        assert (value, type(value)) == (2, int)
    assert type(post(int | float, "2.0")) is float
    assert post(Literal["auto"] | int, '"auto"') == "auto"
    form = post(Annotated[Order, Form()], '{"count":2.0}', BodyForm)
    assert type(form.count) is int


@pytest.mark.parametrize(
    "digits", ["1.234567890123456789", "10000000000000000.01", "1.10", "1e2", "-0.0", "7"]
)
def test_a_decimal_keeps_its_digits(digits: str) -> None:
    price = post(
        Price, f'{{"price":{digits},"maybe":{digits},"many":[{digits},"{digits}"],"rest":[1.5]}}'
    )
    wanted = str(Decimal(digits))
    assert [str(d) for d in (price.price, price.maybe, *price.many)] == [wanted] * 4
    assert price.rest == [1.5]
    assert str(post(Decimal, digits)) == str(post(dict[str, Decimal], f'{{"a":{digits}}}')["a"])
    assert post(Line, f'{{"count":2.0,"price":{digits}}}') == {"count": 2, "price": Decimal(digits)}


def test_numbers_beside_a_decimal() -> None:
    price = post(Price, '{"price":1,"count":9007199254740993.0,"ratio":0.25,"rest":{"a":1.5}}')
    assert (price.count, type(price.count)) == (9007199254740993, int)
    assert (price.ratio, json.dumps([price.ratio, price.rest])) == (0.25, '[0.25, {"a": 1.5}]')
    assert post(int | Price, "2.0") == 2


def test_times_of_rfc_3339_may_be_in_lower_case() -> None:
    app = Spikard()

    @app.get("/")
    def handler(at: datetime, on: time) -> Any:
        assert at == datetime(2024, 2, 29, 10, tzinfo=UTC)
        assert on == time(10, 0, 0, 500000, tzinfo=UTC)

    for at in ("2024-02-29t10:00:00z", "2024-02-29T10:00:00z", "2024-02-29t11:00:00+01:00"):
        assert TestClient(app).get("/", query={"at": at, "on": "10:00:00.5z"}).status == 204


@pytest.mark.parametrize(
    ("text", "kind", "place", "value"),
    [
        ('{"at":"2016-12-31T23:59:60Z"}', "datetime", ["at"], "2016-12-31T23:59:60Z"),
        ('{"at":"0000-01-01T00:00:00Z"}', "datetime", ["at"], "0000-01-01T00:00:00Z"),
        ('{"days":["2024-01-01","0000-01-01"]}', "date", ["days", 1], "0000-01-01"),
        ('{"named":{"a":"23:59:60z"}}', "time", ["named", "a"], "23:59:60z"),
    ],
)
def test_a_time_that_python_lacks_is_a_validation_error(
    text: str, kind: str, place: list[Any], value: str
) -> None:
    for hint, prefix, sent in (
        (Times, [], text),
        (list[Times], [0], f"[{text}]"),
        (tuple[int, Times], [1], f"[1,{text}]"),
    ):
        assert post(hint, sent) == {
            "type": "https://spikard.dev/errors/validation-error",
            "title": "Request Validation Failed",
            "status": 422,
            "detail": "1 validation error in request",
            "errors": [
                {
                    "type": f"{kind}_parsing",
                    "loc": ["body", *prefix, *place],
                    "msg": f"Input should be a valid {kind}",
                    "input": value,
                }
            ],
        }


def test_the_place_of_an_invalid_parameter_or_field() -> None:
    app = Spikard()

    @dataclass
    class Filter:
        since: datetime

    def by_header(at: datetime) -> None: ...
    def by_query(filter: Filter) -> None: ...
    def by_form(at: datetime) -> None: ...

    by_header.__annotations__["at"] = Annotated[datetime, Header("X-At")]
    by_query.__annotations__["filter"] = Annotated[Filter, Query(style="deepObject")]
    by_form.__annotations__["at"] = Annotated[datetime, Form()]
    app.get("/header")(by_header)
    app.get("/query")(by_query)
    app.post("/form")(by_form)
    client, leap = TestClient(app), "2016-12-31T23:59:60Z"

    def loc(reply: Any) -> Any:
        assert reply.status == 422
        return reply.json()["errors"][0]["loc"]

    assert loc(client.get("/header", headers={"x-at": leap})) == ["headers", "x-at"]
    assert loc(client.get("/query", query={"filter[since]": leap})) == ["query", "filter", "since"]
    assert loc(client.post("/form", form={"at": leap})) == ["body", "at"]


def test_a_long_input_is_cut() -> None:
    text = "2016-12-31T23:59:60." + "0" * 5000 + "Z"
    value = post(Times, json.dumps({"at": text}))["errors"][0]["input"]
    assert value == text[:1024] + "\u2026"


def test_a_default_is_fresh_for_each_request() -> None:
    app = Spikard()

    @dataclass
    class Bag:
        items: list[int] = field(default_factory=list)

    shared = Bag()

    def fields(b: int, a: list[int] = []) -> Any:  # noqa: B006
        a.append(b)
        return a

    def whole(body: Bag = shared) -> Any:
        body.items.append(1)
        return body

    def query(a: list[int] = []) -> Any:  # noqa: B006
        a.append(1)
        return a

    fields.__annotations__ |= {"b": Annotated[int, Form()], "a": Annotated[list[int], Form()]}
    whole.__annotations__["body"] = Bag
    query.__annotations__["a"] = Annotated[list[int], Query()]
    app.post("/fields")(fields)
    app.post("/whole")(whole)
    app.get("/query")(query)
    client = TestClient(app)
    for _ in range(2):
        assert client.post("/fields", form={"b": 1}).json() == [1]
        assert client.post("/whole").json() == {"items": [1]}
        assert client.get("/query").json() == [1]


def test_null_is_a_value_of_an_optional_body() -> None:
    def declared(hint: Any) -> Any:
        app = Spikard()

        def handler(body: Any) -> None: ...

        handler.__annotations__["body"] = hint
        app.post("/")(handler)
        return json.loads(app.describe().routes[0].body)

    union = declared(int | str | None)
    schema = union["content"]["application/json"]["schema"]
    assert schema == {"type": ["integer", "string", "null"]}
    assert not union["required"]
    line = declared(Line | None)["content"]["application/json"]["schema"]
    assert line["anyOf"][1] == {"type": "null"}
    assert declared(Any | None)["content"]["application/json"] == {}
    for hint in (int | str | None, Order | None, list[int] | None, Decimal | None, Any):
        assert post(hint, "null") is None
    assert post(Order | None, '{"count":2}').count == 2


def test_an_empty_file_input_is_no_file() -> None:
    app = Spikard()

    @app.post("/")
    def handler(photo: UploadFile | None = None, many: list[UploadFile] = []) -> Any:  # noqa: B006
        return [photo and photo.filename, [file.filename for file in many]]

    @app.post("/required")
    def required(photo: UploadFile) -> None: ...

    @app.post("/least")
    def least(many: Annotated[list[UploadFile], Field(min_items=1)]) -> None: ...

    @app.post("/any")
    def anything(request: Request) -> Any:
        return sorted(request.form())

    client, empty = TestClient(app), ("", b"", "application/octet-stream")
    assert client.post("/", files=[("photo", empty), ("many", empty)]).json() == [None, []]
    files = [("photo", ("a", b"")), ("many", empty), ("many", ("", b"x"))]
    assert client.post("/", files=files).json() == ["a", [""]]
    reply = client.post("/required", files=[("photo", empty)])
    assert reply.status == 422
    assert reply.json()["errors"] == [
        {"type": "missing", "loc": ["body", "photo"], "msg": "Field required", "input": {}}
    ]
    error = client.post("/least", files=[("many", empty)]).json()["errors"][0]
    assert (error["type"], error["ctx"]) == ("too_short", {"min_length": 1})
    assert client.post("/any", form={"a": "1"}, files=[("photo", empty)]).json() == ["a"]


def test_an_empty_file_of_a_form_class() -> None:
    file = '{"part":0,"filename":"","content_type":"application/octet-stream","size":0}'

    @dataclass
    class Upload:
        photo: UploadFile
        title: str = ""

    refused = post(Annotated[Upload, Form()], f'{{"title":"t","photo":{file}}}', BodyForm)
    assert refused["errors"][0]["loc"] == ["body", "photo"]
    assert refused["errors"][0]["input"] == {"title": "t"}


def test_a_path_may_give_a_type() -> None:
    app = Spikard()

    @app.get("/users/{id:int}")
    def user(id: int) -> Any:
        return id

    @app.get("/raw/{id:int}/{ratio:float}/{on:bool}/{word:str}")
    def raw(request: Request) -> Any:
        return request.params

    @app.get("/files/{rest:path}")
    def file(rest: str) -> str:
        return rest

    client = TestClient(app)
    assert client.get("/users/7").json() == 7
    assert client.get("/raw/7/1.5/yes/8").json() == {"id": 7, "ratio": 1.5, "on": True, "word": "8"}
    assert client.get("/files/a/b").text == "a/b"
    assert client.get("/raw/7.5/1.5/yes/8").status == 422
