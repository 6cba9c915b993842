import asyncio
from dataclasses import dataclass

from spikard_wasm import HttpError, Router, Store, config

store = Store()
invitations = Router(tags=["invitations"])


@dataclass
class Invitation:
    email: str


@invitations.post("", status=202)
async def accept(body: Invitation) -> dict[str, str]:
    if body.email in blocked:
        raise HttpError(403, f"`{body.email}` is blocked")
    asyncio.create_task(invite(body.email))  # noqa: RUF006 (the SDK keeps a reference)
    return {"accepted": body.email}


async def invite(email: str) -> None:
    """Runs after the reply: it takes values of the request, not the request itself."""
    await asyncio.sleep(0.02)  # A mail server takes its time.
    print(f"invited {email}")
    await store.increment("invitations")


@invitations.get("/count")
async def count() -> dict[str, int]:
    return {"count": int(await store.get_text("invitations") or 0)}


async def prepare_invitations() -> None:
    """Runs once per host, before it accepts connections."""
    await store.swap("invitations", None, "0")


blocked: set[str] = set()


def load_blocked() -> None:
    """Runs in each instance, before its first request."""
    blocked.update(config("blocked", "").split(","))


async def report_invitations() -> None:
    """Runs once per host, after the last request."""
    print(f"invitations: {await store.get_text('invitations')}")
