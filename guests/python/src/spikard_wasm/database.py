"""SQL databases that the operator has granted.

    db = Database()

    @app.get("/users/{id}")
    async def user(id: int) -> User:
        found = await db.first("select id, name from users where id = $1", id, into=User)
        if found is None:
            raise HttpError(404, f"no user `{id}`")
        return found

The placeholders of a statement are `$1`, `$2` and so on; values are never formatted into the
text. `db.blocking` has the same methods without `await`, for `def` handlers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Generic, Literal, TypeVar, overload

from spikard_wasm._json import loads
from spikard_wasm._operations import Result, arguments, operate, operate_now
from spikard_wasm._sql_rows import converter
from spikard_wasm._sql_values import Executed, Row, executed, parameters, rows
from spikard_wasm.errors import OperationError

__all__ = ["BlockingDatabase", "BlockingTransaction", "Database", "Executed", "Row", "Transaction"]

T = TypeVar("T")
Isolation = Literal["read committed", "repeatable read", "serializable"]
_QUERY = "sql.query"


def _rows(result: Result, into: Any) -> list[Any]:
    found = rows(result)
    if into is None:
        return found
    convert = converter(into)
    return [convert(row) for row in found]


def _first(result: Result, into: Any) -> Any:
    found = rows(result)
    if not found:
        return None
    return found[0] if into is None else converter(into)(found[0])


class _Target:
    """A database, or one transaction of it."""

    __slots__ = ("_ended", "_heads", "_transaction", "name")

    def __init__(self, name: str, transaction: int | None = None) -> None:
        self.name = name
        """The name of the database in the operator's grants."""
        self._transaction = transaction
        self._ended = ""
        self._heads: dict[str, str] = {}

    def _head(self, sql: str) -> str:
        if self._ended:
            raise RuntimeError(f"the transaction has {self._ended}; use it within its `with` block")
        if self._transaction is not None:
            return arguments(database=self.name, sql=sql, transaction=self._transaction)
        head = self._heads.get(sql)
        if head is None:
            if not isinstance(sql, str):
                raise TypeError(f"the statement is a `{type(sql).__name__}`; give it a string")
            head = arguments(database=self.name, sql=sql)
            if len(self._heads) < 256:
                self._heads[sql] = head
        return head


class _AsyncTarget(_Target):
    __slots__ = ()

    @overload
    async def query(self, sql: str, *values: Any) -> list[Row]: ...
    @overload
    async def query(self, sql: str, *values: Any, into: type[T]) -> list[T]: ...
    async def query(self, sql: str, *values: Any, into: Any = None) -> list[Any]:
        """Runs a statement and returns all of its rows.

        A row is a dict, or a value of `into`: a dataclass, a TypedDict, an attrs class, or for
        a single column a type such as `int`. `SqlError` if the statement fails.
        """
        return _rows(await operate(_QUERY, self._head(sql), parameters(values)), into)

    @overload
    async def first(self, sql: str, *values: Any) -> Row | None: ...
    @overload
    async def first(self, sql: str, *values: Any, into: type[T]) -> T | None: ...
    async def first(self, sql: str, *values: Any, into: Any = None) -> Any:
        """Runs a statement and returns its first row, or `None` if it has none."""
        return _first(await operate(_QUERY, self._head(sql), parameters(values)), into)

    async def execute(self, sql: str, *values: Any) -> Executed:
        """Runs a statement and returns the number of rows that it has changed."""
        return executed(await operate(_QUERY, self._head(sql), parameters(values)))

    async def execute_many(self, sql: str, values: Sequence[Sequence[Any]]) -> Executed:
        """Runs a statement once for each sequence of values, in order."""
        changes, last = 0, None
        for each in values:
            result = await self.execute(sql, *each)
            changes, last = changes + result.changes, result.last_id
        return Executed(changes, last)


class _BlockingTarget(_Target):
    __slots__ = ()

    @overload
    def query(self, sql: str, *values: Any) -> list[Row]: ...
    @overload
    def query(self, sql: str, *values: Any, into: type[T]) -> list[T]: ...
    def query(self, sql: str, *values: Any, into: Any = None) -> list[Any]:
        """Runs a statement and returns all of its rows, as `Database.query` does."""
        return _rows(operate_now(_QUERY, self._head(sql), parameters(values)), into)

    @overload
    def first(self, sql: str, *values: Any) -> Row | None: ...
    @overload
    def first(self, sql: str, *values: Any, into: type[T]) -> T | None: ...
    def first(self, sql: str, *values: Any, into: Any = None) -> Any:
        """Runs a statement and returns its first row, or `None` if it has none."""
        return _first(operate_now(_QUERY, self._head(sql), parameters(values)), into)

    def execute(self, sql: str, *values: Any) -> Executed:
        """Runs a statement and returns the number of rows that it has changed."""
        return executed(operate_now(_QUERY, self._head(sql), parameters(values)))

    def execute_many(self, sql: str, values: Sequence[Sequence[Any]]) -> Executed:
        """Runs a statement once for each sequence of values, in order."""
        changes, last = 0, None
        for each in values:
            result = self.execute(sql, *each)
            changes, last = changes + result.changes, result.last_id
        return Executed(changes, last)


class Transaction(_AsyncTarget):
    """A transaction, with the methods of a `Database`. It ends with its `async with` block."""

    __slots__ = ()


class BlockingTransaction(_BlockingTarget):
    """A transaction, with the methods of `Database.blocking`. It ends with its `with` block."""

    __slots__ = ()


X = TypeVar("X", Transaction, BlockingTransaction)


class _Block(Generic[X]):
    """The block of a transaction."""

    __slots__ = ("_head", "_name", "_transaction")

    def __init__(self, name: str, read_only: bool, isolation: Isolation | None) -> None:
        self._name = name
        self._head = arguments(database=name, read_only=read_only or None, isolation=isolation)
        self._transaction: X | None = None

    def _begun(self, result: Result, cls: type[X]) -> X:
        self._transaction = cls(self._name, loads(result[1])["transaction"])
        return self._transaction

    def _end(self, how: str) -> str:
        """Ends the transaction for the app, and returns the arguments that end it at the host."""
        transaction = self._transaction
        if transaction is None:
            raise RuntimeError("the transaction has not begun; use it in a `with` statement")
        transaction._ended = how
        return arguments(transaction=transaction._transaction)


class _AsyncBlock(_Block[Transaction]):
    __slots__ = ()

    async def __aenter__(self) -> Transaction:
        return self._begun(await operate("sql.begin", self._head), Transaction)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        if kind is None:
            await operate("sql.commit", self._end("been committed"))
            return
        head = self._end("been rolled back")
        # If it fails, the host rolls back at the end of the request; the first error matters more.
        with contextlib.suppress(OperationError):
            await operate("sql.rollback", head)


class _BlockingBlock(_Block[BlockingTransaction]):
    __slots__ = ()

    def __enter__(self) -> BlockingTransaction:
        return self._begun(operate_now("sql.begin", self._head), BlockingTransaction)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        stack: TracebackType | None,
    ) -> None:
        if kind is None:
            operate_now("sql.commit", self._end("been committed"))
            return
        head = self._end("been rolled back")
        with contextlib.suppress(OperationError):
            operate_now("sql.rollback", head)


class BlockingDatabase(_BlockingTarget):
    """A database for `def` handlers: `Database.blocking`."""

    __slots__ = ()

    def transaction(
        self, *, read_only: bool = False, isolation: Isolation | None = None
    ) -> _BlockingBlock:
        """Returns a transaction for a `with` statement, as `Database.transaction` does."""
        return _BlockingBlock(self.name, read_only, isolation)


class Database(_AsyncTarget):
    """A SQL database. The operator grants it under a name: `[grants.sql]` in `spikard.toml`."""

    __slots__ = ("blocking",)

    def __init__(self, name: str = "main") -> None:
        super().__init__(name)
        self.blocking = BlockingDatabase(name)
        """The same methods without `await`, for `def` handlers."""

    def transaction(
        self, *, read_only: bool = False, isolation: Isolation | None = None
    ) -> _AsyncBlock:
        """Returns a transaction for an `async with` statement.

        It is committed at the end of the block, and rolled back if the block raises an
        exception or the request ends.

            async with db.transaction() as tx:
                await tx.execute("update accounts set balance = balance - $1 where id = $2", 5, 1)
                await tx.execute("update accounts set balance = balance + $1 where id = $2", 5, 2)
        """
        return _AsyncBlock(self.name, read_only, isolation)

    def __repr__(self) -> str:
        return f"Database({self.name!r})"
