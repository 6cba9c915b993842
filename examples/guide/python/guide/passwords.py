from dataclasses import dataclass
from typing import Annotated, Any

from spikard_wasm import (
    Database,
    Field,
    HttpError,
    Jwt,
    LocalContext,
    Router,
    Secret,
    SqlError,
    jwt,
    password,
)

db = Database("main")
accounts = Router(tags=["accounts"])


@dataclass
class Credentials:
    name: Annotated[str, Field(min_length=1)]
    password: Annotated[str, Field(min_length=8)]


@accounts.post("", status=201)
async def register(body: Credentials) -> Any:
    hashed = await password.hash(body.password)
    sql = "insert into accounts (name, password_hash) values ($1, $2) returning id, name"
    try:
        return await db.first(sql, body.name, hashed)
    except SqlError as error:
        if error.code != "unique":
            raise
        raise HttpError(409, f"the name `{body.name}` is taken") from None


@accounts.post("/login")
async def log_in(body: Credentials) -> dict[str, str]:
    account = await db.first("select * from accounts where name = $1", body.name)
    if account is None or not await password.verify(body.password, account["password_hash"]):
        raise HttpError(401, "wrong name or password")
    claims = {"sub": str(account["id"]), "name": account["name"]}
    return {"token": await jwt.sign(claims, secret="jwt", expires_in=3600)}


# The host checks the token: the handler runs only with a valid one.
@accounts.get("/me", jwt=Jwt(["HS256"], secret=Secret("jwt")))
def current_account(local: LocalContext) -> dict[str, Any]:
    claims = local["spikard.jwt"]
    return {"id": int(claims["sub"]), "name": claims["name"]}
