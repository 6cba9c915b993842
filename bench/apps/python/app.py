"""The handlers of the suite `core`; bench/workloads defines their replies."""

import asyncio
import time
from dataclasses import dataclass
from typing import Annotated, Any

from more_routes import MORE_ROUTES
from spikard_wasm import Field, Request, RouteHooks, Spikard

app = Spikard("bench-app", extra="forbid")

Text = Annotated[str, Field(min_length=1, max_length=64)]
Count = Annotated[int, Field(ge=0)]
Price = Annotated[float, Field(ge=0)]


@app.get("/health")
def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/hello")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.post("/echo")
def echo(body: Any) -> Any:
    return body


@dataclass
class Twenty:
    text0: Text
    text1: Text
    text2: Text
    text3: Text
    text4: Text
    count0: Count
    count1: Count
    count2: Count
    count3: Count
    count4: Count
    price0: Price
    price1: Price
    price2: Price
    price3: Price
    price4: Price
    flag0: bool
    flag1: bool
    flag2: bool
    flag3: bool
    flag4: bool


@app.post("/validated-20")
def validated(body: Twenty) -> Twenty:
    return body


def count(request: Request) -> None:
    request.local["hooks"] = request.local.get("hooks", 0) + 1


def hooks(request: Request) -> dict[str, int]:
    return {"hooks": request.local.get("hooks", 0)}


@app.get("/hooks/0")
def no_hooks() -> dict[str, int]:
    return {"hooks": 0}


app.get("/hooks/1", hooks=RouteHooks(pre_handler=[count]))(hooks)
app.get("/hooks/3", hooks=RouteHooks(pre_handler=[count, count, count]))(hooks)


@app.get("/cpu")
def cpu(seed: int, rounds: int) -> dict[str, int]:
    value = 2166136261 ^ seed
    for number in range(rounds):
        value = ((value ^ (number & 255)) * 16777619) & 0xFFFFFFFF
    return {"hash": value}


@app.get("/allocate")
def allocate(items: int) -> dict[str, int]:
    everything = [
        {"id": number, "name": f"item-{number}", "tags": [f"a{number}", f"b{number}"]}
        for number in range(items)
    ]
    kept = [item for item in everything if item["id"] % 3 == 0 and len(item["tags"]) == 2]
    size = sum(len(item["name"]) for item in kept)
    return {"items": len(everything), "kept": len(kept), "bytes": size}


@app.get("/slow")
async def slow(ms: int) -> dict[str, int]:
    await asyncio.sleep(ms / 1000)
    return {"slept": ms}


@app.get("/spin")
def spin(ms: int) -> dict[str, int]:
    until = time.monotonic() + ms / 1000
    while time.monotonic() < until:
        pass
    return {"spun": ms}


def route(path: str, number: int) -> None:
    @app.get(path)
    def handler(id: str) -> dict[str, Any]:
        return {"route": number, "id": id}


for number in range(MORE_ROUTES):
    route(f"/routes/r{number}/{{id}}", number)

Handler, Definition, Hooks = app.component()
