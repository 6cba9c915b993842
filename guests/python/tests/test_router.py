"""Routers: prefixes, options, hooks and dependencies of several routes."""

import json
from typing import Annotated, Any

import pytest

from spikard_wasm import (
    DefinitionError,
    Depends,
    Header,
    HttpError,
    Request,
    RouteHooks,
    Router,
    Spikard,
)
from spikard_wasm.testing import TestClient

log: list[str] = []


def hook(name: str) -> Any:
    def note(_request: Request) -> None:
        log.append(name)

    return note


def untyped(value: Any) -> Any:
    return value


def token(x_token: Annotated[str, Header()]) -> str:
    if x_token != "t":
        raise HttpError(401)
    return x_token


def shop() -> Spikard:
    users = Router("/users", tags=["users"], hooks=RouteHooks(on_request=[hook("users")]))

    @users.get("")
    def every() -> list[str]:
        return ["ada"]

    @users.get("/{id}", tags=["one"], body_limit=10, hooks=RouteHooks(on_request=[hook("one")]))
    async def one(id: int) -> int:
        return id

    api = Router("/api", dependencies=[Depends(token)], timeout_ms=100)
    api.include_router(users)
    app = Spikard()
    app.on_request(hook("app"))
    app.include_router(api, prefix="/v1", tags=["v1"], body_limit=20)
    return app


def test_routes_have_the_prefixes_of_their_routers() -> None:
    client = TestClient(shop())
    log.clear()
    headers = {"x-token": "t"}
    assert client.get("/v1/api/users", headers=headers).json() == ["ada"]
    assert log == ["app", "users"]
    assert client.get("/v1/api/users/7", headers=headers).json() == 7
    assert log == ["app", "users", "app", "users", "one"]
    assert client.get("/v1/api/users/7", headers={"x-token": "x"}).status == 401
    assert client.get("/users").status == 404


def test_options_of_the_route_win() -> None:
    every, one = (json.loads(route.settings) for route in shop().describe().routes)
    assert (every["tags"], every["body_limit"], every["timeout_ms"]) == (["v1", "users"], 20, 100)
    assert (one["tags"], one["body_limit"], one["timeout_ms"]) == (["v1", "users", "one"], 10, 100)


def test_a_router_can_be_included_twice() -> None:
    router = Router()

    @router.get("/ping")
    def ping() -> str:
        return "pong"

    app = Spikard()
    app.include_router(router, "/a")
    app.include_router(router, "/b")
    client = TestClient(app)
    assert (client.get("/a/ping").text, client.get("/b/ping").text) == ("pong", "pong")
    with pytest.raises(DefinitionError, match="route `GET /a/ping` is defined twice"):
        app.include_router(router, "/a")


@pytest.mark.parametrize(
    ("define", "words"),
    [
        (lambda: Router("users"), "the prefix `users` does not begin with `/`; write `/users`"),
        (lambda: Router("/users/"), "the prefix `/users/` ends with `/`"),
        (lambda: untyped(Router)("/a", tag=["x"]), "has no option `tag`; the options are"),
        (lambda: Spikard().include_router(untyped(Spikard)()), "takes a `Router`, not"),
        (lambda: untyped(Router)().get("/", timeout=1), "route `GET /` has no option `timeout`"),
    ],
)
def test_wrong_routers_are_named(define: Any, words: str) -> None:
    with pytest.raises(DefinitionError) as raised:
        define()
    assert words in str(raised.value)
