"""The app: routes, options, the description, the request, the exports."""

import json
from typing import Any

import pytest

from spikard_wasm import DefinitionError, Request, Spikard
from spikard_wasm._boundary import IN_COMPONENT, BodyEmpty, ContentJson, Method
from spikard_wasm.testing import TestClient


def test_the_description() -> None:
    app = Spikard("users", "1.2.3", timeout_ms=500)

    @app.get("/users/{id}", tags=["users"], body_limit=10, timeout_ms=100)
    def read_user(id: int) -> Any:
        """Reads a user.

        By its number.
        """
        return {"id": id}

    @app.delete("/users/{id}", name="drop", summary="drops")
    def delete(id: str) -> None:
        """Hidden."""

    described = app.describe()
    assert (described.name, described.version) == ("users", "1.2.3")
    assert json.loads(described.settings) == {"timeout_ms": 500}
    first, second = described.routes
    assert (first.method, first.path, first.name) == (Method.GET, "/users/{id}", "read_user")
    assert (first.body, first.replies) == ("", "")
    assert json.loads(first.settings) == {
        "summary": "Reads a user.",
        "description": "By its number.",
        "tags": ["users"],
        "body_limit": 10,
        "timeout_ms": 100,
    }
    assert (second.name, json.loads(second.settings)) == ("drop", {"summary": "drops"})
    assert Spikard().describe().name == "app"
    assert Spikard().describe().version == "0.0.0"


def test_every_method() -> None:
    app = Spikard()
    client_of = {}
    for method in ("get", "post", "put", "patch", "delete", "head", "options"):

        def handler(request: Request) -> Any:
            return [request.method]

        getattr(app, method)(f"/{method}")(handler)
        client_of[method] = f"/{method}"
    client = TestClient(app)
    for method, path in client_of.items():
        reply = getattr(client, method)(path)
        # HTTP sends no body in reply to HEAD.
        assert reply.status == 200
        assert reply.body == (b"" if method == "head" else b'["%s"]' % method.upper().encode())
    assert (client.head("/get").status, client.head("/get").body) == (200, b"")


def test_one_handler_on_two_routes() -> None:
    app = Spikard()

    @app.get("/")
    @app.get("/health")
    def health() -> Any:
        return {"status": "ok"}

    client = TestClient(app)
    assert client.get("/").json() == client.get("/health").json() == health()


def test_literal_segments_win() -> None:
    app = Spikard()

    @app.get("/users/{id}")
    def one(id: str) -> str:
        return id

    @app.get("/users/me")
    def me() -> str:
        return "it is me"

    client = TestClient(app)
    assert (client.get("/users/me").text, client.get("/users/a").text) == ("it is me", "a")
    assert (client.get("/none").status, client.post("/users/me").status) == (404, 405)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"statuss": 1}, "route `GET /` has no option `statuss`; the options are api_key, body"),
        ({"status": 99}, "route `GET /`: status `99` is not a whole number from 200 to 599"),
        ({"status": "200"}, "route `GET /`: option `status` is `200`; it must be a whole number"),
        ({"raw_body": 1}, "route `GET /`: option `raw_body` is `1`; it must be a boolean"),
        ({"extra": "drop"}, "route `GET /`: option `extra` is `drop`; it must be `ignore`"),
    ],
)
def test_bad_options(options: Any, sentence: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        Spikard().get("/", **options)
    assert str(caught.value).startswith(sentence)


def test_other_mistakes() -> None:
    with pytest.raises(DefinitionError, match="app `a`: option `timeout_ms` is `1s`"):
        Spikard("a", timeout_ms="1s")  # type: ignore[arg-type]
    app = Spikard()
    app.get("/")(lambda: None)
    with pytest.raises(DefinitionError, match="route `GET /` is defined twice"):
        app.get("/")

    def handler(body: dict[str, int]) -> None: ...

    with pytest.raises(DefinitionError, match="`raw_body` cannot be combined with a typed body"):
        app.post("/", raw_body=True)(handler)


def test_the_request() -> None:
    app = Spikard()

    @app.get("/a/{id}")
    def handler(request: Request, id: str) -> Any:
        return {
            "method": request.method,
            "path": request.path,
            "query_string": request.query_string,
            "query": dict(request.query),
            "all": request.query.get_all("a"),
            "none": [request.query.get("x"), request.query.get_all("x"), request.header("x-none")],
            "header": request.header("X-Many"),
            "headers": [[name, value.decode()] for name, value in request.headers],
            "cookie": [request.cookie("c"), request.cookie("d")],
            "cookies": request.cookies,
            "peer": request.peer,
            "id": request.id,
        }

    reply = TestClient(app).get(
        "/a/x%20y?a=1&a=2&b=",
        headers=[("X-Many", "1"), ("x-many", "2")],
        cookies={"c": "1"},
    )
    assert reply.json() == {
        "method": "GET",
        "path": "/a/x%20y",
        "query_string": "a=1&a=2&b=",
        "query": {"a": "2", "b": ""},
        "all": ["1", "2"],
        "none": [None, [], None],
        "header": "1, 2",
        "headers": [["x-many", "1"], ["x-many", "2"], ["cookie", "c=1"]],
        "cookie": ["1", None],
        "cookies": {"c": "1"},
        "peer": "127.0.0.1:50122",
        "id": "test",
    }


def test_the_exports_are_what_componentize_py_calls() -> None:
    app = Spikard()

    @app.get("/")
    def hello() -> Any:
        return {"message": "Hello"}

    handler, definition, hooks = app.component()
    assert not IN_COMPONENT
    assert [export.__name__ for export in (handler, definition, hooks)] == [
        "Handler",
        "Definition",
        "Hooks",
    ]
    assert definition().describe().routes[0].path == "/"
    reply = handler().handle(0, "", BodyEmpty())
    assert reply == (200, "", ContentJson('{"message":"Hello"}'))
