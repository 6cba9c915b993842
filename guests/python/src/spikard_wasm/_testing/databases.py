"""Databases of the test client: SQLite files, through the standard library."""

from __future__ import annotations

import json
import math
import re
import shutil
import sqlite3
import tempfile
import weakref
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spikard_wasm._local import Content, ContentEmpty, ContentJson, Result
from spikard_wasm._testing.services import Busy, OperationFailed, Perform, data

_MAX_SAFE = 2**53 - 1
# Strings, quoted names and comments, in which a `$1` is no placeholder; then placeholders.
_TOKENS = re.compile(
    r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|--[^\n]*|/\*.*?\*/|\$(\d+)|(\?)", re.DOTALL
)
_CONSTRAINTS = {
    "SQLITE_CONSTRAINT_UNIQUE": "unique",
    "SQLITE_CONSTRAINT_PRIMARYKEY": "unique",
    "SQLITE_CONSTRAINT_ROWID": "unique",
    "SQLITE_CONSTRAINT_FOREIGNKEY": "foreign-key",
    "SQLITE_CONSTRAINT_NOTNULL": "not-null",
    "SQLITE_CONSTRAINT_CHECK": "check",
    "SQLITE_READONLY": "read-only",
}


class Databases:
    """The databases of an app. Each transaction has a connection of its own, as at the host."""

    def __init__(self, databases: Mapping[str, str | Path | None]) -> None:
        self._paths = dict(databases)
        self._folder = ""
        self._open: dict[str, sqlite3.Connection] = {}
        self._transactions: dict[int, tuple[int, sqlite3.Connection]] = {}
        self._number = 0

    def kinds(self) -> Mapping[str, Perform]:
        """Returns the kinds of operations."""
        return {
            "sql.query": self._query,
            "sql.begin": self._begin,
            "sql.commit": lambda task, head, _body: self._finish(task, head, "commit"),
            "sql.rollback": lambda task, head, _body: self._finish(task, head, "rollback"),
        }

    def end(self, task: int) -> None:
        """Rolls back the transactions that a task has left."""
        for number, (owner, connection) in list(self._transactions.items()):
            if owner == task:
                del self._transactions[number]
                connection.close()

    def connection(self, name: str) -> sqlite3.Connection:
        """Returns the connection of a database for statements outside of a transaction."""
        if name not in self._open:
            self._open[name] = self._connect(name)
        return self._open[name]

    def _connect(self, name: str) -> sqlite3.Connection:
        if name not in self._paths:
            raise OperationFailed(
                "denied",
                f"the test client has no database `{name}`; "
                f"add it with `TestClient(app, databases=[{name!r}])`",
            )
        path = self._paths[name]
        if path is None:
            if not self._folder:
                self._folder = tempfile.mkdtemp(prefix="spikard-wasm-test-")
                weakref.finalize(self, _clean, self._folder, self._open, self._transactions)
            path = self._paths[name] = Path(self._folder, f"{len(self._open)}.db")
        connection = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma foreign_keys = on")
        return connection

    def _begin(self, task: int, head: dict[str, Any], _body: Content) -> Result:
        connection = self._connect(head["database"])
        try:
            if head.get("read_only"):
                connection.execute("pragma query_only = on")
                connection.execute("begin")
            else:
                connection.execute("begin immediate")
        except sqlite3.OperationalError as error:
            connection.close()
            raise _failure(error) from None
        self._number += 1
        self._transactions[self._number] = (task, connection)
        return 200, f'{{"transaction":{self._number}}}', ContentEmpty()

    def _finish(self, task: int, head: dict[str, Any], how: str) -> Result:
        owner, connection = self._transactions.pop(head["transaction"], (0, None))
        if connection is None or owner != task:
            raise OperationFailed("invalid", "the transaction has ended")
        try:
            connection.execute(how)
        except sqlite3.Error as error:
            raise _failure(error) from None
        finally:
            connection.close()
        return 200, "", ContentEmpty()

    def _query(self, task: int, head: dict[str, Any], body: Content) -> Result:
        if (number := head.get("transaction")) is None:
            connection = self.connection(head["database"])
        else:
            owner, connection = self._transactions.get(number, (0, None))  # type: ignore[assignment]
            if connection is None or owner != task:
                raise OperationFailed("invalid", "the transaction has ended")
        parameters = [_from_json(value) for value in json.loads(data(body) or b"[]")]
        try:
            cursor = connection.execute(head["sql"], _bound(head["sql"], parameters))
            rows = cursor.fetchall()
        except (sqlite3.Error, sqlite3.Warning, OverflowError) as error:
            raise _failure(error) from None
        names = [column[0] for column in cursor.description or ()]
        for name in names:
            if names.count(name) > 1:
                raise OperationFailed(
                    "invalid", f"the result has two columns `{name}`; rename one with `as`"
                )
        types: dict[str, str] = {}
        found = [
            {name: _to_json(name, value, types) for name, value in zip(names, row)} for row in rows
        ]
        result: dict[str, Any] = {"changes": max(cursor.rowcount, 0), "last_id": cursor.lastrowid}
        if types:
            result["types"] = types
        return 200, json.dumps(result), ContentJson(json.dumps(found, ensure_ascii=False))


def _clean(
    folder: str,
    connections: dict[str, sqlite3.Connection],
    transactions: dict[int, tuple[int, sqlite3.Connection]],
) -> None:
    """Closes and removes the databases of a client that is not used any more."""
    for connection in [*connections.values(), *(c for _, c in transactions.values())]:
        connection.close()
    shutil.rmtree(folder, ignore_errors=True)


def _bound(sql: str, parameters: list[Any]) -> Any:
    """Returns the parameters as SQLite's module takes them, and checks their number."""
    tokens = list(_TOKENS.finditer(sql))
    numbers = [int(token[1]) for token in tokens if token[1]]
    count = max(numbers) if numbers else sum(1 for token in tokens if token[2])
    if count != len(parameters):
        raise OperationFailed(
            "invalid",
            f"the statement has {count} placeholders, and {len(parameters)} parameters were given",
        )
    if numbers:
        return {str(at): value for at, value in enumerate(parameters, 1)}
    return parameters


def _from_json(value: Any) -> Any:
    if isinstance(value, bool):
        return int(value)
    if not isinstance(value, dict):
        return value
    (kind, inner), *others = value.items()
    if others:
        raise OperationFailed("invalid", "a parameter has more than one type")
    match kind:
        case "int":
            return int(inner)
        case "bytes":
            return b64decode(inner)
        case "float":
            return float(inner)
        case "array":
            raise OperationFailed(
                "invalid", "a parameter is an array, which SQLite does not have; pass a JSON text"
            )
        case "json":
            return json.dumps(inner, separators=(",", ":"), ensure_ascii=False)
        case "decimal" | "timestamp" | "date" | "time" | "uuid":
            return inner
    raise OperationFailed("invalid", f"SQLite has no type for a parameter `{kind}`")


def _to_json(name: str, value: Any, types: dict[str, str]) -> Any:
    if isinstance(value, int) and not -_MAX_SAFE <= value <= _MAX_SAFE:
        types[name] = "int"
        return str(value)
    if isinstance(value, bytes):
        types[name] = "bytes"
        return b64encode(value).decode()
    if isinstance(value, float) and not math.isfinite(value):
        types[name] = "float"
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def _failure(error: BaseException) -> Exception:
    """Converts an error of SQLite."""
    message, name = str(error), getattr(error, "sqlite_errorname", None) or ""
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return Busy("the database is busy: another transaction is in progress")
    code = _CONSTRAINTS.get(name, "sql")
    if name == "SQLITE_ERROR" and ("syntax error" in message or "incomplete input" in message):
        code = "syntax"
    if "one statement at a time" in message:
        code = "invalid"
    subject = message.partition("constraint failed: ")[2]
    details: dict[str, Any] = {"sqlstate": name or None}
    if subject.startswith("index '"):
        details["constraint"] = subject[7:-1]
    elif code in ("unique", "not-null"):
        places = [place.split(".") for place in subject.split(", ")]
        if all(len(place) == 2 for place in places):
            details |= {"table": places[0][0], "columns": [column for _, column in places]}
    elif code == "check":
        details["constraint"] = subject
    return OperationFailed(code, message, **details)
