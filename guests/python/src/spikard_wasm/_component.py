"""The three exports of a component, made from an app's routes and hooks."""

from __future__ import annotations

import gc
from typing import Any

from spikard_wasm import _boundary
from spikard_wasm._bind import Call
from spikard_wasm._boundary import Description
from spikard_wasm._failing import answer, fail
from spikard_wasm._hooks import Hooked
from spikard_wasm.errors import HttpError
from spikard_wasm.reply import Crossing

Exports = tuple[type[Any], type[Any], type[Any]]


def exports(calls: tuple[Call, ...], hooked: Hooked, description: Description) -> Exports:
    """The classes `Handler`, `Definition` and `Hooks` that `componentize-py` looks for."""

    class Handler:
        """Answers requests."""

        def handle(self, route: int, params: str, body: Any) -> Crossing:
            """Answers one request."""
            try:
                return calls[route](params, body)
            except HttpError as error:
                return answer(error)
            except BaseException as error:  # what leaves an export loses the instance
                return fail(error)

    class Definition:
        """Describes the app."""

        def describe(self) -> Description:
            """Describes the app."""
            return description

    class Hooks:
        """Runs the hooks of a route; the host calls those that the description names."""

        def on_request(self, route: int) -> Crossing | None:
            """Runs when a request for the route has arrived."""
            return hooked.before("on_request", route)

        def pre_validation(self, route: int) -> Crossing | None:
            """Runs before the host checks the request."""
            return hooked.before("pre_validation", route)

        def pre_handler(self, route: int, params: str) -> Crossing | None:
            """Runs before the handler of a request that kept its contract."""
            return hooked.before("pre_handler", route, params)

        def on_response(self, route: int, status: int, headers: str) -> Any:
            """Runs when there is a reply."""
            return hooked.after("on_response", route, status, headers)

        def on_error(self, route: int, status: int, headers: str, message: str) -> Any:
            """Runs when the request was refused or the app failed."""
            return hooked.after("on_error", route, status, headers, message)

    if _boundary.IN_COMPONENT:
        # What exists now is part of the component for good: a collection that would
        # visit it only touches pages that instances could share.
        gc.collect()
        gc.freeze()
    return Handler, Definition, Hooks
