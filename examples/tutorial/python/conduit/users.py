from dataclasses import dataclass
from typing import Annotated, Any

from spikard_wasm import (
    Database,
    Field,
    HttpError,
    LocalContext,
    Router,
    SqlError,
    jwt,
    password,
)

from conduit.auth import SIGNED_IN, current_user_id

db = Database()
Text = Annotated[str, Field(min_length=1)]


@dataclass
class UserRow:
    id: int
    username: str
    email: str
    password_hash: str


@dataclass
class NewUser:
    username: Text
    email: Annotated[str, Field(format="email")]
    password: Text


@dataclass
class Registration:
    user: NewUser


@dataclass
class Credentials:
    email: Text
    password: Text


@dataclass
class Login:
    user: Credentials


async def reply(row: UserRow) -> dict[str, Any]:
    token = await jwt.sign({"sub": str(row.id)}, secret="jwt", expires_in=24 * 3600)
    return {"user": {"username": row.username, "email": row.email, "token": token}}


users = Router(tags=["users"])


@users.post("/users", status=201)
async def register(body: Registration) -> dict[str, Any]:
    user = body.user
    hashed = await password.hash(user.password)
    sql = "insert into users (username, email, password_hash) values ($1, $2, $3) returning *"
    try:
        row = await db.first(sql, user.username, user.email, hashed, into=UserRow)
    except SqlError as error:
        if error.code != "unique":
            raise
        raise HttpError(422, f"{','.join(error.columns)} has already been taken") from None
    assert row is not None
    return await reply(row)


@users.post("/users/login", status=200)
async def log_in(body: Login) -> dict[str, Any]:
    row = await db.first("select * from users where email = $1", body.user.email, into=UserRow)
    if row is None or not await password.verify(body.user.password, row.password_hash):
        raise HttpError(401, "wrong email or password")
    return await reply(row)


@users.get("/user", jwt=SIGNED_IN)
async def current_user(local: LocalContext) -> dict[str, Any]:
    user_id = current_user_id(local)
    row = await db.first("select * from users where id = $1", user_id, into=UserRow)
    if row is None:
        raise HttpError(401, "this user no longer exists")
    return await reply(row)
