"""Databases: statements, types, classes of rows, transactions and errors."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from typing import Any, TypedDict
from uuid import UUID

import pytest

from spikard_wasm import Database, HttpError, OperationError, Spikard, SqlError
from spikard_wasm._local import ContentJson
from spikard_wasm._sql_rows import converter
from spikard_wasm._sql_values import parameters, rows
from spikard_wasm.testing import TestClient, TestReply

db = Database()
USERS = """
create table users (id integer primary key, name text not null unique, age int check (age >= 0));
create table posts (id integer primary key, author int not null references users (id), title text);
insert into users (name, age) values ('ada', 36), ('bob', null);
"""


def answer(handler: Callable[..., Any], setup: str = USERS) -> TestReply:
    app = Spikard()
    app.get("/")(handler)
    client = TestClient(app)
    client.database().executescript(setup)
    return client.get("/")


def result(handler: Callable[..., Any], setup: str = USERS) -> Any:
    reply = answer(handler, setup)
    assert (reply.status, reply.failure) == (200, None)
    return reply.json()


def test_queries_return_dicts() -> None:
    async def handler() -> Any:
        every = await db.query("select * from users order by id")
        one = await db.first("select name from users where id = $1", 2)
        none = await db.first("select name from users where id = $1", 9)
        return [every, one, none]

    ada, bob = {"id": 1, "name": "ada", "age": 36}, {"id": 2, "name": "bob", "age": None}
    assert result(handler) == [[ada, bob], {"name": "bob"}, None]


def test_the_blocking_twin_does_the_same() -> None:
    def handler() -> Any:
        with db.blocking.transaction() as tx:
            added = tx.execute("insert into users (name) values ($1)", "eve")
        with contextlib.suppress(KeyError), db.blocking.transaction() as tx:
            tx.execute("delete from users")
            raise KeyError
        count = db.blocking.first("select count(*) from users", into=int)
        names = db.blocking.query("select name from users order by 1", into=str)
        return [added.changes, added.last_id, count, names]

    assert result(handler) == [1, 3, 3, ["ada", "bob", "eve"]]


def test_statements_report_their_changes() -> None:
    async def handler() -> Any:
        added = await db.execute_many("insert into users (name) values (?)", [["x"], ["y"]])
        changed = await db.execute("update users set age = 1")
        return [added.changes, added.last_id, changed.changes]

    assert result(handler) == [2, 4, 4]


def test_text_is_never_part_of_a_statement() -> None:
    async def handler() -> Any:
        evil = "'; drop table users; --"
        return await db.first("select $1 as it, '$2' as text, \"name\" from users -- $3", evil)

    assert result(handler) == {"it": "'; drop table users; --", "text": "$2", "name": "ada"}


def test_rows_become_classes() -> None:
    class Kind(Enum):
        HUMAN = "human"

    @dataclass
    class User:
        id: int
        name: str
        born: date
        active: bool
        balance: Decimal
        kind: Kind
        token: UUID
        tags: list[str]
        joined: datetime | None = None
        note: str = "none"
        loaded: list[int] = field(default_factory=list, init=False)

    token = UUID(int=7)

    async def handler() -> Any:
        user = await db.first(
            "select 1 as id, 'ada' as name, $1 as born, 1 as active, $2 as balance, "
            "'human' as kind, $3 as token, $4 as tags, $5 as joined, 'x' as other",
            date(1815, 12, 10),
            Decimal("1.50"),
            token,
            '["x", "y"]',
            datetime(2026, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=1))),
            into=User,
        )
        assert user is not None
        assert user.joined == datetime(2026, 1, 2, 2, 4, tzinfo=UTC)
        user.joined = None
        return repr(user)

    reply = answer(handler, "")
    assert reply.failure is None
    assert reply.text.endswith(
        "User(id=1, name='ada', born=datetime.date(1815, 12, 10), active=True, "
        "balance=Decimal('1.50'), kind=<Kind.HUMAN: 'human'>, "
        "token=UUID('00000000-0000-0000-0000-000000000007'), tags=['x', 'y'], joined=None, "
        "note='none', loaded=[])"
    )


def test_typed_dicts_attrs_classes_and_scalars() -> None:
    class Row(TypedDict, total=False):
        id: int
        at: time

    assert converter(Row)({"id": 1, "at": "03:04:05", "other": 2}) == {"id": 1, "at": time(3, 4, 5)}
    assert converter(Row)({"id": 1}) == {"id": 1}
    assert converter(int | None)({"n": None}) is None
    assert converter(int)({"n": 3}) == 3

    class Point:  # with the attribute by which attrs classes are known
        x: int
        __attrs_attrs__ = (
            type("A", (), {"alias": "x", "init": True, "default": type("N", (), {})()}),
        )

        def __init__(self, x: int) -> None:
            self.x = x

    assert converter(Point)({"x": "4"}).x == 4


@pytest.mark.parametrize(
    ("into", "row", "words"),
    [
        (int, {"a": 1, "b": 2}, "returns 2 columns; `into=int` takes one"),
        (int, {"a": None}, "it is NULL; declare the type as optional"),
        (object(), {}, "give a dataclass, a TypedDict, an attrs class"),
    ],
)
def test_rows_that_do_not_fit_are_errors(into: Any, row: Any, words: str) -> None:
    with pytest.raises(TypeError, match=words):
        converter(into)(row)


def test_a_missing_column_and_a_wrong_value_are_named() -> None:
    @dataclass
    class User:
        id: int
        born: date

    with pytest.raises(TypeError, match="no column `born`, which `User` needs; its columns are"):
        converter(User)({"id": 1, "name": "ada"})
    with pytest.raises(TypeError, match="column `born` is 'soon', which is no value of"):
        converter(User)({"id": 1, "born": "soon"})


def test_parameters_keep_their_types() -> None:
    given = (
        None, True, 1, 2**53, -(2**63), 1.5, "a", Decimal("1.10"), b"\x00\xff", date(2026, 1, 2),
        datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC), datetime(2026, 1, 2), time(3, 4),
        UUID(int=1), [1, Decimal(2)], {"a": 1}, float("nan"), float("-inf"),
    )  # fmt: skip
    assert ContentJson(parameters(given).value) == ContentJson(
        '[null,true,1,{"int":"9007199254740992"},{"int":"-9223372036854775808"},1.5,"a",'
        '{"decimal":"1.10"},{"bytes":"AP8="},{"date":"2026-01-02"},'
        '{"timestamp":"2026-01-02T03:04:05.678000Z"},{"timestamp":"2026-01-02T00:00:00"},'
        '{"time":"03:04:00"},{"uuid":"00000000-0000-0000-0000-000000000001"},'
        '{"array":[1,{"decimal":"2"}]},{"json":{"a":1}},{"float":"NaN"},{"float":"-Infinity"}]'
    )
    with pytest.raises(TypeError, match="a parameter is a `object`; give strings"):
        parameters((object(),))


def test_values_of_other_types_are_read() -> None:
    types = (
        '"i":"int","d":"decimal","b":"bytes","ts":"timestamp","da":"date","t":"time",'
        '"u":"uuid","f":"float","l":"uuid","future":"thing"'
    )
    body = (
        '[{"i":"9007199254740993","d":"1.50","b":"AP8=","ts":"2026-01-02T03:04:05.678Z",'
        '"da":"2026-01-02","t":"03:04:05","u":"00000000-0000-0000-0000-000000000001",'
        '"f":"-Infinity","l":[null,"00000000-0000-0000-0000-000000000002"],"future":1,"x":1.5},'
        '{"i":1,"d":2.50,"b":null,"ts":null,"da":null,"t":null,"u":null,"f":1.5,"l":null,'
        '"future":null,"x":null}]'
    )
    first, second = rows((200, f'{{"changes":0,"types":{{{types}}}}}', ContentJson(body)))
    assert first == {
        "i": 9007199254740993,
        "d": Decimal("1.50"),
        "b": b"\x00\xff",
        "ts": datetime(2026, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC),
        "da": date(2026, 1, 2),
        "t": time(3, 4, 5),
        "u": UUID(int=1),
        "f": float("-inf"),
        "l": [None, UUID(int=2)],
        "future": 1,
        "x": 1.5,
    }
    assert (second["i"], second["d"], second["f"], second["b"]) == (1, Decimal("2.50"), 1.5, None)


def test_large_integers_bytes_and_infinity_survive() -> None:
    async def handler() -> Any:
        row = await db.first("select $1 as i, $2 as b, 9e999 as f", 2**62 + 1, b"\x00\xff")
        return repr(row)

    reply = answer(handler, "")
    assert reply.text == "{'i': 4611686018427387905, 'b': b'\\x00\\xff', 'f': inf}"


@pytest.mark.parametrize(
    ("sql", "code", "table", "columns"),
    [
        ("insert into users (name) values ('ada')", "unique", "users", ("name",)),
        ("insert into users (id, name) values (1, 'x')", "unique", "users", ("id",)),
        ("insert into users (age) values (1)", "not-null", "users", ("name",)),
        ("insert into users (name, age) values ('x', -1)", "check", None, ()),
        ("insert into posts (author) values (99)", "foreign-key", None, ()),
        ("selec 1", "syntax", None, ()),
        ("select * from absent", "sql", None, ()),
        ("select 1; select 2", "invalid", None, ()),
        ("select 1 as a, 2 as a", "invalid", None, ()),
    ],
)
def test_errors_have_a_code(sql: str, code: str, table: str | None, columns: Any) -> None:
    errors: list[SqlError] = []

    async def handler() -> None:
        try:
            await db.execute(sql)
        except SqlError as error:
            errors.append(error)

    assert answer(handler).status == 204
    error = errors[0]
    assert (error.code, error.table, error.columns) == (code, table, columns)
    assert isinstance(error, OperationError)
    assert (error.constraint is not None) == (code == "check")
    assert str(error)


def test_a_wrong_number_of_parameters_is_an_error() -> None:
    async def handler() -> Any:
        await db.query("select $1, $2", 1)

    assert "2 placeholders, and 1 parameters" in (answer(handler).failure or "")


def test_a_database_that_is_not_granted_is_named() -> None:
    async def handler() -> Any:
        await Database("other").query("select 1")

    assert "no database `other`" in (answer(handler).failure or "")


def test_transactions_commit_and_roll_back() -> None:
    async def handler() -> Any:
        async with db.transaction() as tx:
            await tx.execute("insert into users (name) values ('kept')")
        with contextlib.suppress(KeyError):
            async with db.transaction() as tx:
                await tx.execute("insert into users (name) values ('lost')")
                seen = await tx.first("select count(*) from users", into=int)
                raise KeyError
        with pytest.raises(RuntimeError, match="has been rolled back"):
            await tx.query("select 1")
        with pytest.raises(SqlError) as failed:
            async with db.transaction(read_only=True) as tx:
                await tx.execute("delete from users")
        names = await db.query("select name from users order by id", into=str)
        return [seen, names, failed.value.code]

    assert result(handler) == [4, ["ada", "bob", "kept"], "read-only"]


def test_a_transaction_is_rolled_back_by_a_timeout_and_at_the_end_of_the_request() -> None:
    app = Spikard()

    @app.get("/late")
    async def late() -> None:
        async with asyncio.timeout(0.005), db.transaction() as tx:
            await tx.execute("delete from users")
            await asyncio.sleep(60)

    @app.get("/left")
    async def left() -> None:
        block = db.transaction()
        tx = await block.__aenter__()
        await tx.execute("delete from users")
        raise HttpError(409)

    @app.get("/count")
    async def count() -> int | None:
        return await db.first("select count(*) from users", into=int)

    client = TestClient(app)
    client.database().executescript(USERS)
    assert client.get("/late").status == 500
    assert client.get("/count").json() == 2
    assert client.get("/left").status == 409
    assert client.get("/count").json() == 2


def test_statements_run_at_once_and_writers_wait_for_each_other() -> None:
    async def handler() -> Any:
        log: list[str] = []

        async def add(name: str) -> None:
            async with db.transaction() as tx:
                log.append("begin")
                await tx.execute("insert into users (name) values ($1)", name)
                await asyncio.sleep(0.005)
            log.append("end")

        await asyncio.gather(add("x"), add("y"))
        return log

    assert result(handler) == ["begin", "end"] * 2


def test_a_statement_must_be_text() -> None:
    async def handler() -> Any:
        await db.query(b"select 1")  # type: ignore[call-overload]

    assert "the statement is a `bytes`; give it a string" in (answer(handler).failure or "")
