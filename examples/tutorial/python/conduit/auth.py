from spikard_wasm import Jwt, LocalContext, Secret

SIGNED_IN = Jwt(["HS256"], secret=Secret("jwt"))
"""The policy of a route that needs a token. The host checks it."""


def current_user_id(local: LocalContext) -> int:
    """Returns the id in the token of a route with `SIGNED_IN`."""
    return int(local["spikard.jwt"]["sub"])
