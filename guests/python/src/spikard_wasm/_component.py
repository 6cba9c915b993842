"""Builds the exports of a component from the routes and hooks of an app."""

from __future__ import annotations

import gc
from typing import Any, NamedTuple

from spikard_wasm import _boundary, _run, _started
from spikard_wasm._bind import Call
from spikard_wasm._boundary import Description
from spikard_wasm._failing import answer, fail
from spikard_wasm._hooks import Hooked
from spikard_wasm._lifespan import Instance
from spikard_wasm.errors import HttpError
from spikard_wasm.reply import Crossing


class Exports(NamedTuple):
    """The classes `Handler`, `Definition`, `Hooks` and `Resumable` that `componentize-py` needs."""

    classes: tuple[type[Any], type[Any], type[Any], type[Any]]
    instance: Instance | None


class Calls(NamedTuple):
    """The functions that serve the numbers which the host gives to routes and other calls."""

    all: tuple[Call, ...]
    first: tuple[Call, ...]
    """Those until the instance is ready."""
    instance: Instance | None


def exports(calls: Calls, hooked: Hooked, description: Description) -> Exports:
    """Returns the classes that `componentize-py` needs."""
    usual, first, instance = calls

    class Handler:
        """Handles requests."""

        def handle(self, route: int, params: str, body: Any) -> Crossing:
            """Handles a request and returns the reply."""
            try:
                if instance is None or instance.ready:
                    return usual[route](params, body)
                return first[route](params, body)
            except HttpError as error:
                return answer(error)
            except BaseException as error:  # an exception that leaves an export traps
                return fail(error)

    class Definition:
        """Describes the app."""

        def describe(self) -> Description:
            """Returns the description of the app."""
            return description

    class Hooks:
        """Runs the hooks of a route. The host calls the kinds that the description names."""

        def on_request(self, route: int) -> Crossing | None:
            """Runs when a request matches the route, before validation."""
            return hooked.before("on_request", route)

        def pre_validation(self, route: int) -> Crossing | None:
            """Runs just before the host validates the request."""
            return hooked.before("pre_validation", route)

        def pre_handler(self, route: int, params: str) -> Crossing | None:
            """Runs after validation, before the handler."""
            return hooked.before("pre_handler", route, params)

        def on_response(self, route: int, status: int, headers: str) -> Any:
            """Runs for each reply of the handler or of a hook."""
            return hooked.after("on_response", route, status, headers)

        def on_error(self, route: int, status: int, headers: str, message: str) -> Any:
            """Runs when the host rejects the request, or the handler or a hook fails."""
            return hooked.after("on_error", route, status, headers, message)

    class Resumable:
        """Continues handlers and hooks that wait."""

        def resume(self, op: int, status: int, head: str, body: Any) -> None:
            """Continues the task that waits for an operation."""
            _run.resume(op, status, head, body)

        def cancel(self, task: int) -> None:
            """Cancels a task whose client has gone or whose deadline has passed."""
            _run.cancel(task)

    _started.start()
    if _boundary.IN_COMPONENT:
        # All current objects stay in the component for good. Exclude them from garbage
        # collection, which would write to memory pages that instances could share.
        gc.collect()
        gc.freeze()
    return Exports((Handler, Definition, Hooks, Resumable), instance)
