"""Tokens: `Authorization: Token JWT`."""

from spikard_wasm import InvalidTokenError, LocalContext, Request, RouteHooks, jwt

from conduit.application import ConduitError

LIFETIME = 60 * 24 * 3600


async def issue_token(user_id: int) -> str:
    """Returns a token for a user. It has the id, so it stays valid when the user's name changes."""
    return await jwt.sign({"sub": str(user_id)}, secret="jwt", expires_in=LIFETIME)


async def viewer(request: Request) -> int | None:
    """Returns the id of the user who sent a request, or `None` if it has no token.

    Rejects an invalid token.
    """
    scheme, _, token = (request.header("authorization") or "").partition(" ")
    if not scheme or (scheme == "Token" and not token):
        return None
    if scheme != "Token":
        raise ConduitError(401, "token", "is not a Conduit token")
    try:
        claims = await jwt.verify(token, secret="jwt")
    except InvalidTokenError:
        raise ConduitError(401, "token", "is invalid") from None
    return int(claims["sub"])


async def require_user(request: Request) -> None:
    user_id = await viewer(request)
    if user_id is None:
        raise ConduitError(401, "token", "is missing")
    request.local["user"] = user_id


signed_in = RouteHooks(on_request=[require_user])
"""Hooks of a route that needs a user. They check the token before the host checks the body."""


def user_id(local: LocalContext) -> int:
    """Returns the id of the user of a route with `signed_in`."""
    return int(local["user"])
