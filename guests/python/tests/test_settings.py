"""Settings and secrets that an app declares."""

from dataclasses import dataclass, field
from enum import Enum
from types import SimpleNamespace
from typing import Annotated, Any, ClassVar, Literal, Required, TypedDict

import pytest

from spikard_wasm import DefinitionError, Depends, Field, Spikard, secret
from spikard_wasm.testing import TestClient


class Color(Enum):
    RED = "red"


class Settings:
    greeting: str = "Hi"
    page_size: Annotated[int, Field(ge=1)]
    ratio: float = 0.5
    debug: bool = False
    color: Color = Color.RED
    note: str | None = None


@dataclass
class Data:
    level: Literal["low", "high"]
    name: str = field(default_factory=lambda: "none")


class Dict(TypedDict):
    size: int


class Optional(TypedDict, total=False):
    items: Required[Annotated[int, Field(ge=1)]]  # also a method of `dict`
    name: str


def test_the_schema_has_all_settings() -> None:
    settings = Spikard(config=Settings, secrets=["jwt"]).describe().settings
    assert '"secrets":["jwt"]' in settings
    schema: Any = Spikard(config=Settings)._declared.schema  # type: ignore[union-attr]
    assert schema == {
        "type": "object",
        "properties": {
            "greeting": {"type": "string", "default": "Hi"},
            "page_size": {"type": "integer", "minimum": 1},
            "ratio": {"type": "number", "default": 0.5},
            "debug": {"type": "boolean", "default": False},
            "color": {"type": "string", "enum": ["red"], "default": "red"},
            "note": {"type": "string"},
        },
        "required": ["page_size"],
    }


def values(config: type[Any], **given: str) -> Any:
    app, seen = Spikard(config=config), list[Any]()
    app.get("/")(lambda: seen.append(app.config))
    assert TestClient(app, config=given).get("/").failure is None
    return seen[0]


def test_values_have_the_declared_types() -> None:
    found = values(Settings, page_size="20", debug="on", ratio="2")
    assert {name: getattr(found, name) for name in Settings.__annotations__} == {
        "greeting": "Hi",
        "page_size": 20,
        "ratio": 2.0,
        "debug": True,
        "color": Color.RED,
        "note": None,
    }
    assert isinstance(found.ratio, float)
    assert values(Data, level="low") == Data("low", "none")
    assert values(Dict, size="3") == {"size": 3}
    assert values(Optional, items="3") == {"items": 3}
    assert values(Optional, items="3", name="a") == {"items": 3, "name": "a"}


def test_a_typed_dict_requires_its_required_keys() -> None:
    schema: Any = Spikard(config=Optional)._declared.schema  # type: ignore[union-attr]
    assert schema == {
        "type": "object",
        "properties": {"items": {"type": "integer", "minimum": 1}, "name": {"type": "string"}},
        "required": ["items"],
    }


class Made:
    """A class as attrs makes it, with two factories."""

    size: int
    name: str
    both: str

    def __init__(self, size: int, name: str = "none", both: str | None = None) -> None:
        self.size, self.name, self.both = size, name, both or f"{name} {size}"

    __attrs_attrs__: ClassVar[Any] = [
        SimpleNamespace(name=name, alias=name, init=True, default=default)
        for name, default in (
            ("size", 2),
            ("name", SimpleNamespace(factory=lambda: "none", takes_self=False)),
            ("both", SimpleNamespace(factory=None, takes_self=True)),
        )
    ]


def test_factories_of_attrs_are_defaults() -> None:
    schema: Any = Spikard(config=Made)._declared.schema  # type: ignore[union-attr]
    assert schema == {
        "type": "object",
        "properties": {
            "size": {"type": "integer", "default": 2},
            "name": {"type": "string", "default": "none"},
            "both": {"type": "string"},
        },
    }
    assert vars(values(Made, size="3")) == {"size": 3, "name": "none", "both": "none 3"}


def test_settings_are_a_dependency() -> None:
    app = Spikard(config=Settings)

    @app.get("/")
    def handler(settings: Annotated[Settings, Depends()], factor: int = 2) -> int:
        return settings.page_size * factor

    client = TestClient(app, config={"page_size": "4"})
    assert client.get("/?factor=3").json() == 12
    other = Settings()
    other.page_size = 5
    app.dependency_overrides[Settings] = lambda: other
    assert client.get("/").json() == 10


def test_a_client_refuses_what_the_host_refuses() -> None:
    app = Spikard(config=Settings, secrets=["jwt"])
    app.get("/")(lambda: secret("jwt"))
    with pytest.raises(ValueError, match=r"needs the secret `jwt`.*secrets=\{\"jwt\""):
        TestClient(app, config={"page_size": "4"})
    secrets = {"jwt": "s"}
    with pytest.raises(ValueError, match=r"needs the setting `page_size`.*config=\{\"page_size\""):
        TestClient(app, secrets=secrets)
    with pytest.raises(ValueError, match="the setting `page_size` is `0`: Input should be greater"):
        TestClient(app, secrets=secrets, config={"page_size": "0"})
    with pytest.raises(ValueError, match=r"`debug` is `perhaps`: .*valid boolean"):
        TestClient(app, secrets=secrets, config={"page_size": "1", "debug": "perhaps"})
    assert TestClient(app, secrets=secrets, config={"page_size": "1"}).get("/").text == "s"


def test_what_is_no_setting_is_an_error() -> None:
    class Lists:
        names: list[str]

    class Untyped:
        size: "Missing"  # type: ignore[name-defined] # noqa: F821

    with pytest.raises(DefinitionError, match=r"`Lists.names`: a setting is a text"):
        Spikard(config=Lists)
    with pytest.raises(DefinitionError, match=r"`Missing`, which is not defined"):
        Spikard(config=Untyped)
    with pytest.raises(DefinitionError, match=r"`config` is `3`"):
        Spikard(config=3)  # type: ignore[arg-type]
    with pytest.raises(DefinitionError, match=r"declares no settings"):
        _ = Spikard().config
