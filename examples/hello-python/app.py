"""A first app: the host validates path, query and body before a handler runs."""

import asyncio
from dataclasses import dataclass, field
from typing import Annotated

from spikard_wasm import Field, Spikard

app = Spikard("hello-python", version="1.0.0")


@dataclass
class Item:
    name: str
    price: Annotated[float, Field(ge=0)]
    tags: list[str] = field(default_factory=list)


@app.get("/")
def hello() -> dict[str, str]:
    return {"message": "Hello, World!"}


@app.get("/hello/{name}")
def greet(name: str, shout: bool = False) -> dict[str, str]:
    message = f"Hello, {name}!"
    return {"message": message.upper() if shout else message}


@app.post("/items", status=201)
def create_item(item: Item) -> Item:
    return item


@app.get("/slow")
async def slow() -> str:
    await asyncio.sleep(0.1)
    return "worth the wait\n"


Handler, Definition, Hooks = app.component()
