"""Whether the app has been built: the host answers nothing before, and a call would trap."""

from __future__ import annotations

from spikard_wasm import _boundary

started = not _boundary.IN_COMPONENT


def start() -> None:
    """Notes that the app has been built."""
    global started
    started = True


def check_started(what: str) -> None:
    """Raises an error while the app is built. `what` names the call in the error."""
    if not started:
        raise RuntimeError(
            f"`{what}` was used while the app is built, when there is no host to answer; "
            "use it in a handler or hook"
        )
