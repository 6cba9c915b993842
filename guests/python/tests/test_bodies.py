"""Bodies and forms: their schemas, and the values that handlers get."""

import json
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, NotRequired, TypedDict
from uuid import UUID

import pytest

from spikard_wasm import Body, DefinitionError, Field, Form, Request, Spikard, UploadFile
from spikard_wasm.request import decode_form
from spikard_wasm.testing import TestClient


@dataclass
class Address:
    city: str
    since: date | None = None


@dataclass
class User:
    name: Annotated[str, Field(min_length=1)]
    age: int = 0
    addresses: list[Address] = field(default_factory=list)
    ids: set[UUID] = field(default_factory=set)
    by_name: dict[str, Address] = field(default_factory=dict)
    pair: tuple[int, date] | None = None

    def __post_init__(self) -> None:
        if self.name == "root":
            raise ValueError("`root` is reserved")


class Item(TypedDict):
    name: str
    price: Annotated[float, Field(ge=0)]
    day: NotRequired[date]


@dataclass
class Node:
    value: int
    children: list["Node"] = field(default_factory=list)


def request_body(app: Spikard) -> Any:
    return json.loads(app.describe().routes[0].body)


def schema(app: Spikard) -> Any:
    content = request_body(app)["content"]
    return next(iter(content.values()))["schema"]


def test_a_dataclass_is_built_from_json() -> None:
    app = Spikard()
    seen: list[User] = []

    @app.post("/", status=201)
    def handler(user: User) -> User:
        seen.append(user)
        return user

    sent = {
        "name": "Ada",
        "addresses": [{"city": "Rome", "since": "2020-01-02", "extra": 1}],
        "ids": [str(UUID(int=5))],
        "by_name": {"home": {"city": "Bern"}},
        "pair": [1, "2024-01-15"],
        "unknown": True,
    }
    reply = TestClient(app).post("/", json=sent)
    assert reply.status == 201
    assert seen == [
        User(
            "Ada",
            0,
            [Address("Rome", date(2020, 1, 2))],
            {UUID(int=5)},
            {"home": Address("Bern")},
            (1, date(2024, 1, 15)),
        )
    ]
    assert reply.json() == {
        "name": "Ada",
        "age": 0,
        "addresses": [{"city": "Rome", "since": "2020-01-02"}],
        "ids": [str(UUID(int=5))],
        "by_name": {"home": {"city": "Bern", "since": None}},
        "pair": [1, "2024-01-15"],
    }


def test_the_schema_of_a_dataclass() -> None:
    app = Spikard()

    @app.post("/")
    def handler(user: User) -> None: ...

    assert request_body(app)["required"] is True
    address = {
        "type": "object",
        "title": "Address",
        "properties": {
            "city": {"type": "string"},
            "since": {
                "anyOf": [{"type": "string", "format": "date"}, {"type": "null"}],
                "default": None,
            },
        },
        "required": ["city"],
    }
    pair = {
        "type": "array",
        "prefixItems": [{"type": "integer"}, {"type": "string", "format": "date"}],
        "items": False,
        "minItems": 2,
    }
    assert schema(app) == {
        "type": "object",
        "title": "User",
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "age": {"type": "integer", "default": 0},
            "addresses": {"type": "array", "items": address},
            "ids": {
                "type": "array",
                "items": {"type": "string", "format": "uuid"},
                "uniqueItems": True,
            },
            "by_name": {"type": "object", "additionalProperties": address},
            "pair": {"anyOf": [pair, {"type": "null"}], "default": None},
        },
        "required": ["name"],
    }


def test_extra_members_can_be_forbidden() -> None:
    app = Spikard(extra="forbid")

    @app.post("/")
    def handler(address: Address) -> None: ...

    @app.post("/open", extra="ignore")
    def lenient(address: Address) -> None: ...

    assert schema(app)["additionalProperties"] is False
    assert "additionalProperties" not in app.describe().routes[1].body


def test_what_a_class_refuses_is_the_clients_error() -> None:
    app = Spikard()

    @app.post("/")
    def handler(user: User) -> None: ...

    reply = TestClient(app).post("/", json={"name": "root"})
    assert (reply.status, reply.header("content-type")) == (422, "application/problem+json")
    assert reply.json()["detail"] == "the body cannot be read: `root` is reserved"


def test_a_typed_dict_stays_a_dict() -> None:
    app = Spikard()

    @app.post("/")
    def handler(body: Item) -> Any:
        assert isinstance(body, dict)
        return [body["price"], body.get("day") == date(2024, 1, 15)]

    reply = TestClient(app).post("/", json={"name": "a", "price": 1, "day": "2024-01-15"})
    assert reply.json() == [1, True]
    assert schema(app)["required"] == ["name", "price"]
    assert schema(app)["properties"]["price"] == {"type": "number", "minimum": 0}


def test_a_class_may_contain_itself() -> None:
    app = Spikard()

    @app.post("/")
    def handler(root: Node) -> int:
        assert isinstance(root.children[0].children[0], Node)
        return root.value + root.children[0].value + root.children[0].children[0].value

    tree = {"value": 1, "children": [{"value": 2, "children": [{"value": 3}]}]}
    assert TestClient(app).post("/", json=tree).json() == 6
    assert schema(app)["$ref"] == "#/$defs/Node"
    node = schema(app)["$defs"]["Node"]
    assert node["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}


def test_a_body_of_any_json() -> None:
    app = Spikard()

    @app.post("/")
    def handler(body: Any) -> Any:
        return [body]

    assert TestClient(app).post("/", json={"a": [None]}).json() == [{"a": [None]}]
    assert request_body(app) == {"required": True, "content": {"application/json": {}}}


def test_a_body_may_be_absent() -> None:
    app = Spikard()

    @app.post("/none")
    def none(body: dict[str, int] | None) -> Any:
        return body == {"a": 1} if body else "nothing"

    @app.post("/default")
    def default(flag: Annotated[bool, Body()] = True) -> Any:
        return [flag]

    client = TestClient(app)
    assert client.post("/none").text == "nothing"
    assert client.post("/none", json={"a": 1}).json() is True
    assert client.post("/default").json() == [True]
    assert client.post("/default", json=False).json() == [False]
    assert request_body(app)["required"] is False


def test_text_and_bytes() -> None:
    app = Spikard()

    @app.post("/text")
    def text(body: str) -> str:
        return body.upper()

    @app.post("/bytes")
    def raw(body: bytes) -> bytes:
        return body[::-1]

    client = TestClient(app)
    assert client.post("/text", text="grüß").text == "GRÜSS"
    assert client.post("/text").text == ""
    assert client.post("/bytes", content=b"\x00\xff").body == b"\xff\x00"
    assert client.post("/bytes", json=[1]).body == b"]1["
    assert client.post("/bytes").body == b""
    routes = app.describe().routes
    assert json.loads(routes[0].body) == {"required": False, "content": {"text/*": {}}}
    assert (routes[1].body, json.loads(routes[1].settings)) == ("", {"raw_body": True})


@dataclass
class Signup:
    name: str
    age: int
    news: bool = False
    tags: list[str] = field(default_factory=list)


def test_a_form_is_read_into_a_class() -> None:
    app = Spikard()

    @app.post("/")
    def handler(form: Annotated[Signup, Form()]) -> Any:
        return form

    sent = [("name", "Ada L"), ("age", "36"), ("news", "true"), ("tags", "a")]
    expected = {"name": "Ada L", "age": 36, "news": True, "tags": ["a"]}
    assert TestClient(app).post("/", form=sent).json() == expected
    assert list(request_body(app)["content"]) == [
        "application/x-www-form-urlencoded",
        "multipart/form-data",
    ]


def test_a_form_of_any_fields() -> None:
    app = Spikard()

    @app.post("/")
    def handler(fields: Annotated[dict[str, Any], Form()]) -> Any:
        return {
            k: v.bytes().decode() if isinstance(v, UploadFile) else v for k, v in fields.items()
        }

    reply = TestClient(app).post("/", form={"a": ["1", "2"]}, files=[("f", ("x.txt", b"hi"))])
    assert reply.json() == {"a": ["1", "2"], "f": "hi"}


def test_files_and_fields() -> None:
    app = Spikard()

    @app.post("/")
    def handler(
        title: Annotated[str, Form(min_length=1)],
        cover: UploadFile | None = None,
        file: list[UploadFile] = [],  # noqa: B006
    ) -> Any:
        assert cover is None or (cover.content_type, cover.size) == ("image/png", 3)
        return [title, cover and cover.filename, [len(f.bytes()) for f in file]]

    client = TestClient(app)
    # The route declares files, so it only accepts multipart forms.
    assert client.post("/", form={"title": "t"}).status == 415
    only = [("file", ("a", b"x"))]
    assert client.post("/", form={"title": "t"}, files=only).json() == ["t", None, [1]]
    files = [
        ("file", ("a", b"x")),
        ("cover", ("c.png", b"png", "image/png")),
        ("file", ("b", b"xx")),
    ]
    assert client.post("/", form={"title": "t"}, files=files).json() == ["t", "c.png", [1, 2]]
    described = {
        "type": "object",
        "properties": {"part": {"type": "integer"}, "size": {"type": "integer"}},
        "required": ["part", "size"],
    }
    assert request_body(app) == {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "title": {"type": "string", "minLength": 1},
                        "cover": described,
                        "file": {"type": "array", "items": described, "default": []},
                    },
                    "required": ["title"],
                }
            }
        },
    }


def test_a_file_is_gone_with_its_request() -> None:
    app = Spikard()
    kept: list[UploadFile] = []

    @app.post("/")
    def handler(file: UploadFile) -> None:
        kept.append(file)

    TestClient(app).post("/", files=[("file", ("a.txt", b"x"))])
    with pytest.raises(RuntimeError, match="was used after its handler returned"):
        kept[0].bytes()


def test_the_request_reads_undeclared_bodies() -> None:
    app = Spikard()

    @app.post("/json")
    def as_json(request: Request) -> Any:
        return request.json()

    @app.post("/form")
    def as_form(request: Request) -> Any:
        return {k: v.size if isinstance(v, UploadFile) else v for k, v in request.form().items()}

    @app.post("/body")
    def as_bytes(request: Request) -> Any:
        return request.raw_body()

    client = TestClient(app)
    assert client.post("/json", json=[1]).json() == [1]
    assert client.post("/json", text="x").status == 415
    assert client.post("/form", form={"a": "1"}, files=[("f", ("n", b"123"))]).json() == {
        "a": "1",
        "f": 3,
    }
    assert client.post("/body", json={"a": 1}).body == b'{"a": 1}'
    assert [route.body for route in app.describe().routes] == ["", "", ""]


def test_unions_must_be_told_apart() -> None:
    app = Spikard()

    @app.post("/")
    def handler(value: Annotated[int | UUID | Address, Body()]) -> Any:
        return type(value).__name__

    client = TestClient(app)
    kinds = [client.post("/", json=v).text for v in (1, str(UUID(int=1)), {"city": "x"})]
    assert kinds == ["int", "UUID", "Address"]

    def ambiguous(value: Annotated[str | UUID, Body()]) -> None: ...

    with pytest.raises(DefinitionError, match="have the same JSON type"):
        app.post("/b")(ambiguous)


def test_nested_fields_of_a_form_are_no_files() -> None:
    fields = {"user": {"name": "Ann"}, "items": [{"a": "1"}], "forged": {"part": "0", "size": "1"}}
    assert decode_form(dict(fields)) == fields
    file = {"part": 0, "filename": "a", "content_type": None, "size": 1}
    decoded = decode_form({"file": file, "files": [file]})
    assert [type(decoded["file"]), type(decoded["files"][0])] == [UploadFile, UploadFile]
