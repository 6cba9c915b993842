"""The call in progress, which limits the objects of a request to that request.

The host answers every import for the call that is in progress. An instance serves many
requests, so an object that outlives its own call would read the next client's request.
Each such object keeps the `Call` it was made in and checks it before it asks the host.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spikard_wasm.contexts import LocalContext


class Call:
    """One call of a handler or of the hooks of one kind."""

    __slots__ = ("_outer", "local")

    def __init__(self, outer: Call | None) -> None:
        self._outer = outer
        self.local: LocalContext | None = None
        """The context of the request, once it has been used."""

    def end(self) -> None:
        """Ends the call. Its objects raise an error from now on."""
        global _current
        _current = self._outer


_current: Call | None = None


def begin() -> Call:
    """Begins a call. A test can call an app inside a handler, so calls can be nested."""
    global _current
    _current = Call(_current)
    return _current


def current() -> Call | None:
    """Returns the call in progress, or `None` if no call needs objects of the request."""
    return _current


def is_over(call: Call | None) -> bool:
    """Returns whether a call is not in progress."""
    return call is None or call is not _current


def check(call: Call | None, what: str) -> None:
    """Raises `RuntimeError` if `call` is over. `what` names the object in the error."""
    if call is None:
        raise RuntimeError(
            f"`{what}` was used while no request is in progress; use it in a handler"
        )
    if call is not _current:
        raise RuntimeError(
            f"`{what}` was used after its handler or hook returned; "
            "copy the values that you need before it returns"
        )
