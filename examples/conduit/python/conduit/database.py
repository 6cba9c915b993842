"""The database, and parts of statements that several features use."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from spikard_wasm import Database

db = Database("main")
"""The database that the operator grants as `main`."""


class Parameters(list[Any]):
    """The parameters of a statement."""

    def add(self, value: Any) -> str:
        """Adds a parameter and returns its placeholder."""
        self.append(value)
        return f"${len(self)}"

    def assign(self, columns: Mapping[str, Any]) -> str:
        """Returns the assignments of an UPDATE, `title = $1, body = $2`.

        The names of the columns come from the code, never from a request.
        """
        return ", ".join(f"{column} = {self.add(value)}" for column, value in columns.items())


def iso(time: datetime) -> str:
    """Returns a time in ISO 8601 with milliseconds, in UTC."""
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
