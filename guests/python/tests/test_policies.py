"""Policies: their settings for the host, and the errors for invalid options."""

import json
from typing import Any

import pytest

from spikard_wasm import (
    ApiKey,
    Compression,
    Cors,
    DefinitionError,
    Jwt,
    LocalContext,
    OpenApi,
    RateLimit,
    RequestId,
    Secret,
    SecurityHeaders,
    Spikard,
    StaticFiles,
)
from spikard_wasm.testing import TestClient

EVERYWHERE: list[tuple[str, Any, Any]] = [
    ("body_limit", 10, 10),
    ("timeout_ms", 500, 500),
    ("timeout_status", 408, 408),
    ("instances", "reuse", "reuse"),
    ("instances", "fresh", "fresh"),
    ("request_id", True, True),
    ("request_id", RequestId(), {}),
    ("request_id", RequestId("x-trace", accept=False), {"header": "x-trace", "accept": False}),
    ("rate_limit", False, False),
    ("rate_limit", RateLimit(9, "hour"), {"requests": 9, "per": "hour"}),
    (
        "rate_limit",
        RateLimit(10, per="second", burst=20, by={"header": "x-api-key"}),
        {"requests": 10, "per": "second", "burst": 20, "by": {"header": "x-api-key"}},
    ),
    ("rate_limit", {"requests": 1, "per": "hour", "by": "route"}, ...),
    ("cors", False, False),
    ("cors", Cors("*"), {"origins": "*"}),
    (
        "cors",
        Cors(
            ["https://a.example"],
            methods=("GET",),
            headers="*",
            expose=["x-a"],
            credentials=True,
            max_age=600,
        ),
        {
            "origins": ["https://a.example"],
            "methods": ["GET"],
            "headers": "*",
            "expose": ["x-a"],
            "credentials": True,
            "max_age": 600,
        },
    ),
    ("compression", False, False),
    ("compression", Compression(["gzip"], min_size=1), {"algorithms": ["gzip"], "min_size": 1}),
    ("compression", {"level": 9}, {"level": 9}),
    ("jwt", False, False),
    (
        "jwt",
        Jwt(["HS256"], Secret("jwt-key"), audience=["a"], issuer="b", leeway=5, realm="r"),
        {
            "algorithms": ["HS256"],
            "secret": {"secret": "jwt-key"},
            "audience": ["a"],
            "issuer": "b",
            "leeway": 5,
            "realm": "r",
        },
    ),
    (
        "jwt",
        {"algorithms": ["EdDSA"], "public_key": "-----BEGIN", "required_claims": ["sub"]},
        ...,
    ),
    ("api_key", False, False),
    ("api_key", ApiKey(["k", Secret("s")]), {"keys": ["k", {"secret": "s"}]}),
    (
        "api_key",
        ApiKey({"demo": Secret("s")}, header=None, query=None, cookie="key"),
        {"keys": {"demo": {"secret": "s"}}, "header": None, "query": None, "cookie": "key"},
    ),
    ("api_key", {"keys": {"demo": {"secret": "s"}}, "query": None}, ...),
    ("security_headers", True, True),
    (
        "security_headers",
        SecurityHeaders(frame_options=None, content_security_policy="default-src 'self'"),
        {"frame_options": None, "content_security_policy": "default-src 'self'"},
    ),
]
OF_AN_APP: list[tuple[str, Any, Any]] = [
    (
        "static",
        [
            StaticFiles("/a", "a", cache_control="no-cache", index=True),
            {"prefix": "/b", "folder": "b"},
        ],
        [
            {"prefix": "/a", "folder": "a", "cache_control": "no-cache", "index": True},
            {"prefix": "/b", "folder": "b"},
        ],
    ),
    ("trailing_slash", "redirect", "redirect"),
    ("openapi", False, False),
    (
        "openapi",
        OpenApi(docs="/viewer", title="T", license={"name": "MIT"}, servers=[{"url": "/"}]),
        {"docs": "/viewer", "title": "T", "license": {"name": "MIT"}, "servers": [{"url": "/"}]},
    ),
]


@pytest.mark.parametrize(("name", "value", "crosses"), EVERYWHERE + OF_AN_APP)
def test_options_of_an_app(name: str, value: Any, crosses: Any) -> None:
    described = Spikard(**{name: value}).describe()
    assert json.loads(described.settings) == {name: value if crosses is ... else crosses}


@pytest.mark.parametrize(("name", "value", "crosses"), [*EVERYWHERE, ("deprecated", True, True)])
def test_options_of_a_route(name: str, value: Any, crosses: Any) -> None:
    app = Spikard()
    options: dict[str, Any] = {name: value}
    app.get("/", **options)(lambda: None)
    settings = app.describe().routes[0].settings
    assert json.loads(settings) == {name: value if crosses is ... else crosses}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            {"rate_limit": {"requets": 1, "per": "hour"}},
            "option `rate_limit` has no member `requets`; the members are requests, per, burst, by",
        ),
        (
            {"rate_limit": {"requests": 1}},
            "option `rate_limit` lacks the member `per`, "
            "which must be `second`, `minute` or `hour`",
        ),
        (
            {"rate_limit": RateLimit(1, "day")},  # type: ignore[arg-type]
            "option `rate_limit`, member `per` is `day`; it must be `second`, `minute` or `hour`",
        ),
        (
            {"rate_limit": RateLimit(True, "hour")},
            "option `rate_limit`, member `requests` is `True`; it must be a whole number",
        ),
        (
            {"rate_limit": RateLimit(1, "hour", by={"heeder": "a"})},  # type: ignore[dict-item]
            "option `rate_limit`, member `by` has the key `heeder`; a key must be `header`",
        ),
        ({"rate_limit": True}, "option `rate_limit` is `True`; it must be `False` or `RateLimit`"),
        (
            {"cors": Cors("https://a.example")},
            "option `cors`, member `origins` is `https://a.example`; "
            "it must be a list of strings or `*`",
        ),
        (
            {"cors": Cors(["*", 1])},  # type: ignore[list-item]
            "option `cors`, member `origins`, item 1 is `1`; it must be a string",
        ),
        ({"compression": 4}, "option `compression` is `4`; it must be a boolean or `Compression`"),
        (
            {"api_key": {"keys": {"demo": {"secrte": "s"}}}},
            "option `api_key`, member `keys`, member `demo` has no member `secrte`; "
            "the members are secret",
        ),
        (
            {"jwt": Jwt(["none"])},  # type: ignore[list-item]
            "option `jwt`, member `algorithms`, item 0 is `none`; it must be `HS256`, ",
        ),
        ({"timeout_status": 500}, "option `timeout_status` is `500`; it must be `408` or `504`"),
        (
            {"instances": "own"},
            "option `instances` is `own`; it must be `reuse`, `fresh` or `shared`",
        ),
        (
            {"instances": True},
            "option `instances` is `True`; it must be `reuse`, `fresh` or `shared`",
        ),
        ({"static": [{"prefix": "/a"}]}, "option `static`, item 0 lacks the member `folder`"),
        ({"openapi": True}, "option `openapi` is `True`; it must be `False` or `OpenApi`"),
        ({"ratelimit": 1}, "has no option `ratelimit`; the options are api_key, body_limit, "),
    ],
)
def test_what_is_wrong_is_named(options: Any, sentence: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Spikard("a", **options)
    separator = " " if sentence.startswith("has no option") else ": "
    assert str(caught.value).startswith(f"app `a`{separator}{sentence}")


def test_options_of_the_app_are_not_those_of_a_route() -> None:
    with pytest.raises(DefinitionError, match="route `GET /` has no option `static`"):
        Spikard().get("/", static=[])  # type: ignore[call-arg]
    with pytest.raises(DefinitionError, match="app `app` has no option `deprecated`"):
        Spikard(deprecated=True)  # type: ignore[call-arg]


def test_secrets_are_not_shown() -> None:
    assert "hidden" not in repr((ApiKey(["hidden"]), Jwt(["HS256"], "hidden")))


def test_authentication_of_hooks_is_declared() -> None:
    scheme = {"type": "apiKey", "in": "cookie", "name": "session"}
    app = Spikard(openapi=OpenApi(security_schemes={"session": scheme}), security=[{"session": []}])
    app.get("/open", security=[])(lambda: "open")
    described = app.describe()
    settings = json.loads(described.settings)
    assert settings["openapi"] == {"security_schemes": {"session": scheme}}
    assert settings["security"] == [{"session": []}]
    assert json.loads(described.routes[0].settings)["security"] == []
    assert TestClient(app).get("/open").text == "open"
    with pytest.raises(DefinitionError, match="option `security`"):
        Spikard(security={"session": []})  # type: ignore[arg-type]


def test_a_token_can_be_optional_and_have_another_scheme() -> None:
    policy = Jwt(
        ["HS256"], secret="a secret of thirty-two characters", scheme="Token", optional=True
    )
    app = Spikard(jwt=policy)

    @app.get("/")
    def claims(local: LocalContext) -> bool:
        return "spikard.jwt" in local

    client = TestClient(app)
    assert client.get("/").json() is False
    wrong = client.get("/", headers={"authorization": "token x"})
    assert wrong.status == 401
    assert (wrong.header("www-authenticate") or "").startswith("Token ")
