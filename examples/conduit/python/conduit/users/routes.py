"""Registration, login and the current user."""

from spikard_wasm import LocalContext, password

from conduit.application import ConduitError, app
from conduit.auth import issue_token, signed_in, user_id
from conduit.users.models import (
    CredentialsBody,
    NewUserBody,
    User,
    UserChangesBody,
    UserReply,
    UserRow,
)
from conduit.users.queries import find_user, find_user_by_email, insert_user, update_user


async def reply(row: UserRow | None) -> UserReply:
    if row is None:
        raise ConduitError(401, "token", "is of an unknown user")
    token = await issue_token(row.id)
    return UserReply(User(row.username, row.email, token, row.bio, row.image))


@app.post("/api/users", status=201, tags=["users"])
async def register(body: NewUserBody) -> UserReply:
    user = body.user
    password_hash = await password.hash(user.password)
    return await reply(await insert_user(user.username, user.email, password_hash))


@app.post("/api/users/login", tags=["users"])
async def log_in(body: CredentialsBody) -> UserReply:
    row = await find_user_by_email(body.user.email)
    if row is None or not await password.verify(body.user.password, row.password_hash):
        raise ConduitError(401, "credentials", "invalid")
    return await reply(row)


@app.get("/api/user", hooks=signed_in, tags=["users"])
async def current_user(local: LocalContext) -> UserReply:
    return await reply(await find_user(user_id(local)))


@app.put("/api/user", hooks=signed_in, tags=["users"])
async def update_current_user(body: UserChangesBody, local: LocalContext) -> UserReply:
    user = user_id(local)
    columns: dict[str, str | None] = dict(body.user)  # type: ignore[arg-type]
    for name in ("bio", "image"):
        # An empty text removes the value, as null does.
        if name in columns:
            columns[name] = columns[name] or None
    if new_password := columns.pop("password", None):
        columns["password_hash"] = await password.hash(new_password)
    return await reply(await update_user(user, columns))
