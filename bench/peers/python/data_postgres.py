"""PostgreSQL through asyncpg, which prepares statements and caches them."""

from random import randint

import asyncpg

WORLD = "select id, randomnumber from world where id = $1"
UPDATE = """update world set randomnumber = new.value
from (select unnest($1::int[]) as id, unnest($2::int[]) as value) as new where world.id = new.id"""

Row = tuple[int, int]


class Postgres:
    """A pool with as many connections as the host has for each worker."""

    pool: asyncpg.Pool

    def __init__(self, url: str) -> None:
        self.url = url

    async def open(self) -> None:
        # A reset after each use would double the statements, which change no settings.
        pool = asyncpg.create_pool(self.url, min_size=16, max_size=16, reset=no_reset)
        self.pool = await pool

    async def worlds(self, ids: list[int]) -> list[Row]:
        async with self.pool.acquire() as connection:
            statement = await connection.prepare(WORLD)
            return [tuple(await statement.fetchrow(one)) for one in ids]

    async def update(self, ids: list[int]) -> list[Row]:
        async with self.pool.acquire() as connection:
            statement = await connection.prepare(WORLD)
            rows = [await statement.fetchrow(one) for one in ids]
            changed = [(row["id"], randint(1, 10_000)) for row in rows]
            # Sorted by id, so that two updates cannot deadlock.
            await connection.execute(UPDATE, *zip(*sorted(changed), strict=True))
            return changed

    async def fortunes(self) -> list[tuple[int, str]]:
        rows = await self.pool.fetch("select id, message from fortune")
        return [(row["id"], row["message"]) for row in rows]

    async def all(self) -> list[Row]:
        return [tuple(row) for row in await self.pool.fetch("select id, randomnumber from world")]


async def no_reset(_: asyncpg.Connection) -> None:
    """Leave the connection as it is."""
