"""SQLite through the standard library.

Statements run on the event loop: they take microseconds, less than a thread would.
"""

import sqlite3
from random import randint

SETTINGS = """pragma journal_mode = wal; pragma synchronous = normal;
pragma busy_timeout = 5000; pragma cache_size = -8000;"""
WORLD = "select id, randomnumber from world where id = ?"

Row = tuple[int, int]


class Sqlite:
    """One connection, which caches its prepared statements."""

    connection: sqlite3.Connection

    def __init__(self, url: str) -> None:
        self.path = url.removeprefix("sqlite:")

    async def open(self) -> None:
        self.connection = sqlite3.connect(self.path, isolation_level=None)
        self.connection.executescript(SETTINGS)

    async def worlds(self, ids: list[int]) -> list[Row]:
        execute = self.connection.execute
        return [execute(WORLD, (one,)).fetchone() for one in ids]

    async def update(self, ids: list[int]) -> list[Row]:
        self.connection.execute("begin immediate")
        try:
            changed = [(row[0], randint(1, 10_000)) for row in await self.worlds(ids)]
            values = [(number, row) for row, number in changed]
            self.connection.executemany("update world set randomnumber = ? where id = ?", values)
        except BaseException:
            self.connection.execute("rollback")
            raise
        self.connection.execute("commit")
        return changed

    async def fortunes(self) -> list[tuple[int, str]]:
        return self.connection.execute("select id, message from fortune").fetchall()

    async def all(self) -> list[Row]:
        return self.connection.execute("select id, randomnumber from world").fetchall()
