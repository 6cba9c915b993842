"""Statements on the table `world`."""

from random import randint
from typing import Any

from spikard_wasm import Database

WORLD = 'select id, randomnumber as "randomNumber" from world'

World = dict[str, Any]


def random_ids(text: str) -> list[int]:
    """Returns as many random ids as the text says: 1 to 500, and 1 if it is not a number."""
    try:
        number = int(text)
    except ValueError:
        number = 1
    return [randint(1, 10_000) for _ in range(min(max(number, 1), 500))]


async def read(db: Database, id: int) -> World:
    """Returns one row."""
    world: World | None = await db.first(WORLD + " where id = $1", id)
    assert world is not None
    return world


async def read_all(db: Database) -> dict[int, World]:
    """Returns all rows by id."""
    return {world["id"]: world for world in await db.query(WORLD)}


async def write(db: Database, worlds: list[World]) -> list[World]:
    """Gives the rows new values with one statement.

    It is sorted by id, so that two updates cannot deadlock.
    """
    changed = [{"id": world["id"], "randomNumber": randint(1, 10_000)} for world in worlds]
    values: list[int] = []
    for world in sorted(changed, key=lambda world: world["id"]):
        values += world.values()
    rows = ", ".join(
        f"(cast(${i} as integer), cast(${i + 1} as integer))" for i in range(1, len(values), 2)
    )
    await db.execute(
        "update world set randomnumber = fresh.column2 "
        f"from (values {rows}) as fresh where world.id = fresh.column1",
        *values,
    )
    return changed
