"""The app, to which each feature adds its routes, and the form of its errors."""

from typing import Any

from spikard_wasm import Cors, HookReply, HttpError, Reply, Spikard

app = Spikard(
    "conduit-python",
    version="1.0.0",
    secrets=["jwt"],
    body_limit=1_000_000,
    # Web frontends of other origins use the service.
    cors=Cors("*", headers=["authorization", "content-type"]),
)


class ConduitError(HttpError):
    """An error for the client, about one part of the request."""

    def __init__(self, status: int, field: str, message: str) -> None:
        super().__init__(status, f"{field} {message}")


def not_found(what: str) -> ConduitError:
    return ConduitError(404, what, "not found")


def forbidden(what: str) -> ConduitError:
    return ConduitError(403, what, "is not yours")


@app.on_response
def reshape_error(reply: HookReply) -> Reply | None:
    """Replaces the problem document of a `ConduitError` with Conduit's form of errors."""
    if reply.status < 400:
        return None
    field, _, message = reply.body["detail"].partition(" ")
    return Reply({"errors": {field: [message]}}, status=reply.status)


@app.on_error
def explain_error(reply: HookReply) -> Reply:
    """Replaces the host's problem document, for example that of an invalid body."""
    problem = reply.body
    errors: dict[str, list[str]] = {}
    for invalid in problem.get("errors", ()):
        # The place in the body without its envelope and without indices: `tagList` for
        # `article.tagList[0]`.
        field = [part for part in invalid["loc"] if isinstance(part, str)][-1]
        messages = errors.setdefault(field, [])
        message = explain(invalid)
        if message not in messages:
            messages.append(message)
    return Reply({"errors": errors or {"body": [problem["title"]]}}, status=reply.status)


def explain(invalid: dict[str, Any]) -> str:
    value = invalid.get("input")
    if (
        invalid["type"] == "missing"
        or value is None
        or (isinstance(value, str) and not value.strip())
    ):
        return "can't be blank"
    if invalid["type"] == "string_too_long":
        return f"is too long (at most {invalid['ctx']['max_length']} characters)"
    if invalid["type"] == "string_pattern_mismatch":
        return "is invalid"
    return str(invalid["msg"])
