"""Dependencies and exception handlers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest

from spikard_wasm import (
    DefinitionError,
    Depends,
    Header,
    HttpError,
    HTTPException,
    Query,
    Reply,
    Request,
    Spikard,
)
from spikard_wasm.testing import TestClient


@dataclass
class User:
    name: str


async def token(authorization: Annotated[str, Header()]) -> str:
    await asyncio.sleep(0)
    return authorization.removeprefix("Token ")


def current_user(given: Annotated[str, Depends(token)]) -> User:
    if given == "bad":
        raise HTTPException(status_code=401, detail="unknown token")
    return User(given)


def test_dependencies_are_resolved_with_their_own_parameters() -> None:
    app = Spikard()

    @app.get("/me/{id}")
    async def me(
        id: int, user: Annotated[User, Depends(current_user)], page: int = 1
    ) -> dict[str, object]:
        return {"id": id, "user": user.name, "page": page}

    client = TestClient(app)
    reply = client.get("/me/7?page=2", headers={"authorization": "Token ada"})
    assert reply.json() == {"id": 7, "user": "ada", "page": 2}
    assert client.get("/me/7", headers={"authorization": "Token bad"}).status == 401
    missing = client.get("/me/7")
    assert (missing.status, missing.json()["errors"][0]["loc"]) == (
        422,
        ["headers", "authorization"],
    )
    parameters = app.describe().routes[0].parameters
    assert '"authorization"' in parameters
    assert '"page"' in parameters


def test_a_dependency_runs_once_per_request() -> None:
    app = Spikard()
    calls: list[str] = []

    def count() -> int:
        calls.append("count")
        return len(calls)

    def double(n: Annotated[int, Depends(count)]) -> int:
        return 2 * n

    @app.get("/")
    def handler(
        a: Annotated[int, Depends(count)],
        b: Annotated[int, Depends(double)],
        c: Annotated[int, Depends(count, use_cache=False)],
        d: int = Depends(count),  # type: ignore[assignment]
    ) -> list[int]:
        return [a, b, c, d]

    client = TestClient(app)
    assert client.get("/").json() == [1, 2, 2, 2]
    assert client.get("/").json() == [3, 6, 4, 4]


@pytest.mark.parametrize("fails", [False, True])
def test_generators_clean_up_in_reverse_order(fails: bool) -> None:
    app = Spikard()
    log: list[str] = []

    def connection() -> Iterator[str]:
        try:
            yield "connection"
        except KeyError:
            log.append("rolled back")
            raise
        finally:
            log.append("closed")

    async def session(on: Annotated[str, Depends(connection)]) -> AsyncIterator[str]:
        yield f"session on {on}"
        await asyncio.sleep(0.001)
        log.append("session ended")

    @app.get("/")
    async def handler(session: Annotated[str, Depends(session)]) -> str:
        log.append("handler")
        if fails:
            raise KeyError("x")
        return session

    @app.get("/sync")
    def sync(on: Annotated[str, Depends(connection)]) -> str:
        return on

    reply = TestClient(app).get("/")
    if fails:
        assert (reply.status, log) == (500, ["handler", "rolled back", "closed"])
    else:
        assert reply.text == "session on connection"
        assert log == ["handler", "session ended", "closed"]
    log.clear()
    assert TestClient(app).get("/sync").text == "connection"
    assert log == ["closed"]


def test_classes_and_callable_objects_are_dependencies() -> None:
    app = Spikard()

    class Page:
        def __init__(self, page: int = 1, size: Annotated[int, Query(le=100)] = 20) -> None:
            self.offset, self.size = (page - 1) * size, size

    class Allow:
        def __init__(self, role: str) -> None:
            self._role = role

        async def __call__(self, x_role: Annotated[str, Header()]) -> str:
            if x_role != self._role:
                raise HttpError(403, f"only for `{self._role}`")
            return x_role

    @app.get("/", dependencies=[Depends(Allow("admin"))])
    async def handler(page: Annotated[Page, Depends()]) -> list[int]:
        return [page.offset, page.size]

    client = TestClient(app)
    assert client.get("/?page=3", headers={"x-role": "admin"}).json() == [40, 20]
    assert client.get("/?size=101", headers={"x-role": "admin"}).status == 422
    assert client.get("/", headers={"x-role": "guest"}).status == 403


def test_dependencies_of_the_app_apply_to_every_route() -> None:
    log: list[str] = []

    async def note(request: Request) -> None:
        log.append(request.path)

    app = Spikard(dependencies=[Depends(note)])

    @app.get("/{name}")
    def handler(name: str, asked: Request) -> str:
        return f"{name} {asked.path}"

    assert TestClient(app).get("/a").text == "a /a"
    assert log == ["/a"]


def test_tests_replace_dependencies() -> None:
    app = Spikard()

    @app.get("/me")
    async def me(user: Annotated[User, Depends(current_user)]) -> User:
        return user

    client = TestClient(app)
    assert client.get("/me").status == 422
    app.dependency_overrides[current_user] = lambda: User("test")
    assert client.get("/me").json() == {"name": "test"}
    app.dependency_overrides.clear()
    assert client.get("/me", headers={"authorization": "Token ada"}).json() == {"name": "ada"}


def test_wrong_dependencies_are_named() -> None:
    def first(page: int) -> int:
        return page

    def second(page: str) -> str:
        return page

    def handler(a: Annotated[int, Depends(first)], b: Annotated[str, Depends(second)]) -> None: ...

    with pytest.raises(DefinitionError, match="`first` and `second` declare the parameter `page`"):
        Spikard().get("/")(handler)

    def untyped(a) -> None: ...  # type: ignore[no-untyped-def]  # noqa: ANN001

    def uses(a: Annotated[Any, Depends(untyped)]) -> None: ...

    with pytest.raises(DefinitionError, match="parameter `a` has no type hint"):
        Spikard().get("/")(uses)
    with pytest.raises(DefinitionError, match=r"must be a list such as `\[Depends\(f\)\]`"):
        Spikard(dependencies=[first])  # type: ignore[list-item]

    def loop(a: int = Depends(lambda: 1)) -> int:  # type: ignore[assignment]
        return a

    loop.__defaults__ = (Depends(loop),)
    with pytest.raises(DefinitionError, match="`loop` depends on itself"):
        Spikard().get("/")(loop)


class OutOfStockError(Exception):
    def __init__(self, item: str) -> None:
        self.item = item


@pytest.mark.parametrize("is_async", [True, False])
def test_exception_handlers_reply(is_async: bool) -> None:
    app = Spikard()

    if is_async:

        @app.exception_handler(OutOfStockError)
        async def out_of_stock(request: Request, error: OutOfStockError) -> Reply:
            await asyncio.sleep(0.001)
            return Reply({"item": error.item, "path": request.path}, status=409)
    else:

        @app.exception_handler(OutOfStockError)
        def out_of_stock_sync(request: Request, error: OutOfStockError) -> Reply:
            return Reply({"item": error.item, "path": request.path}, status=409)

    @app.exception_handler(HttpError)
    def problem(_request: Request, error: HttpError) -> Any:
        return {"errors": [error.detail]}

    @app.get("/items/{name}", status=201)
    def item(name: str) -> str:
        if name == "teapot":
            raise HTTPException(418, "short and stout")
        if name == "other":
            raise KeyError(name)
        raise OutOfStockError(name)

    @app.get("/async/{name}")
    async def item_async(name: str, request: Request) -> str:
        await asyncio.sleep(0)
        raise OutOfStockError(name)

    client = TestClient(app)
    reply = client.get("/items/pen")
    assert (reply.status, reply.json()) == (409, {"item": "pen", "path": "/items/pen"})
    assert client.get("/async/ink").json() == {"item": "ink", "path": "/async/ink"}
    teapot = client.get("/items/teapot")
    assert (teapot.status, teapot.json()) == (418, {"errors": ["short and stout"]})
    other = client.get("/items/other")
    assert other.status == 500
    assert "KeyError: 'other'" in (other.failure or "")


def test_an_exception_handler_is_for_exceptions() -> None:
    with pytest.raises(DefinitionError, match="takes a class of exceptions, not `404`"):
        Spikard().exception_handler(404)  # type: ignore[arg-type]


def test_the_name_of_fastapi_works() -> None:
    error = HTTPException(status_code=404, detail="no user", headers={"x": "y"})
    assert (error.status_code, error.status, str(error)) == (404, 404, "404 no user")
