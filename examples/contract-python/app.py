"""Features of the host for an app: validation, policies, hooks and contexts.

The equivalent apps in JavaScript and Rust are `contract-js` and `contract-rust`.
"""

import itertools
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NoReturn, NotRequired, TypedDict

from spikard_wasm import (
    ApiKey,
    Cors,
    Field,
    Form,
    GlobalContext,
    Header,
    HookReply,
    LocalContext,
    Path,
    Query,
    RateLimit,
    Reply,
    Request,
    RouteHooks,
    Secret,
    Spikard,
    UploadFile,
)

app = Spikard(
    "contract-python",
    version="1.0.0",
    request_id=True,
    security_headers=True,
    cors=Cors(["https://app.example"], credentials=True),
)


@dataclass
class Item:
    name: Annotated[str, Field(min_length=1, max_length=50)]
    price: Annotated[float, Field(ge=0)]
    tags: list[str] = field(default_factory=list)


@dataclass
class StoredItem(Item):
    id: int = 0


class PartOfItem(TypedDict):
    id: int
    name: NotRequired[str]
    price: NotRequired[float]
    tags: NotRequired[list[str]]


@dataclass
class Person:
    name: str
    age: int
    tags: list[str] = field(default_factory=list)


@app.on_response
def sign(reply: HookReply) -> None:
    reply.headers["x-app"] = "contract"


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/items/{id}", responses={200: PartOfItem})
def read_item(
    id: Annotated[int, Path(ge=1)],
    fields: Annotated[list[Literal["name", "price", "tags"]], Query()] = [],  # noqa: B006
    x_trace: Annotated[str | None, Header()] = None,
) -> Reply:
    item: dict[str, Any] = {"name": f"item {id}", "price": 1.5, "tags": ["demo"]}
    chosen = {name: item[name] for name in fields} if fields else item
    return Reply({"id": id, **chosen}, headers={"x-trace": x_trace} if x_trace else None)


@app.post("/items", status=201)
def create_item(item: Item, everyone: GlobalContext) -> StoredItem:
    return StoredItem(item.name, item.price, item.tags, everyone.add("items"))


@app.post("/forms")
def submit(person: Annotated[Person, Form()]) -> Person:
    return person


@app.post("/files")
def upload(file: UploadFile, note: Annotated[str, Form()] = "") -> dict[str, Any]:
    return {
        "filename": file.filename,
        "size": file.size,
        "content_type": file.content_type or None,
        "note": note,
    }


@app.get("/visits")
def visits(everyone: GlobalContext) -> dict[str, int]:
    """Counts the requests of all instances."""
    return {"visits": everyone.add("visits")}


@app.get("/private", api_key=ApiKey({"demo": Secret("demo-key")}))
def private(local: LocalContext) -> dict[str, str]:
    return {"key": local["spikard.api-key"]}


@app.get("/limited", rate_limit=RateLimit(2, per="minute"))
def limited() -> dict[str, bool]:
    return {"ok": True}


def hide(_reply: HookReply, request: Request) -> Reply:
    return Reply({"error": "internal", "request": request.id}, status=500)


@app.get("/fails", hooks=RouteHooks(on_error=[hide]), responses={500: dict[str, str]})
def fails() -> NoReturn:
    raise RuntimeError("the database is away")


def brew() -> Reply:
    return Reply({"teapot": True}, status=418)


@app.get("/teapot", hooks=RouteHooks(pre_handler=[brew]), responses={418: dict[str, bool]})
def coffee() -> str:
    return "never made"


@app.get("/large", compression=True)
def large() -> dict[str, str]:
    return {"text": "spikard " * 1280}


answered = itertools.count(1)


@app.get("/calls")
def calls() -> dict[str, int]:
    """Counts in the memory of the instance, which is reused for several requests."""
    return {"calls": next(answered)}


@app.get("/calls/fresh", instances="fresh")
def fresh_calls() -> dict[str, int]:
    """Counts in an instance that serves a single request: always 1."""
    return calls()


Handler, Definition, Hooks = app.component()
