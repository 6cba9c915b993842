"""Statements about users."""

from collections.abc import Mapping
from typing import Any

from spikard_wasm import SqlError

from conduit.application import ConduitError
from conduit.database import Parameters, db
from conduit.users.models import UserRow


async def find_user(user_id: int) -> UserRow | None:
    return await db.first("select * from users where id = $1", user_id, into=UserRow)


async def find_user_by_email(email: str) -> UserRow | None:
    return await db.first("select * from users where email = $1", email, into=UserRow)


async def insert_user(username: str, email: str, password_hash: str) -> UserRow:
    sql = "insert into users (username, email, password_hash) values ($1, $2, $3) returning *"
    row = await _unless_taken(sql, username, email, password_hash)
    assert row is not None
    return row


async def update_user(user_id: int, columns: Mapping[str, str | None]) -> UserRow | None:
    if not columns:
        return await find_user(user_id)
    parameters = Parameters()
    assignments = parameters.assign(columns)
    sql = f"update users set {assignments} where id = {parameters.add(user_id)} returning *"
    return await _unless_taken(sql, *parameters)


async def _unless_taken(sql: str, *parameters: Any) -> UserRow | None:
    try:
        return await db.first(sql, *parameters, into=UserRow)
    except SqlError as error:
        if error.code != "unique":
            raise
        field = "email" if "email" in error.columns else "username"
        raise ConduitError(422, field, "has already been taken") from None
