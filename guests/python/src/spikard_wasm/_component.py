"""The two exports of a component, made from an app's routes."""

from __future__ import annotations

import gc
import traceback
from types import TracebackType
from typing import Any

from spikard_wasm import _boundary
from spikard_wasm._bind import Call
from spikard_wasm._boundary import ContentEmpty, Description
from spikard_wasm._json import utf8
from spikard_wasm.errors import HttpError
from spikard_wasm.reply import Crossing, problem


def exports(calls: tuple[Call, ...], description: Description) -> tuple[type[Any], type[Any]]:
    """The classes `Handler` and `Definition` that `componentize-py` looks for."""

    class Handler:
        """Answers requests."""

        def handle(self, route: int, params: str, body: Any) -> Crossing:
            """Answers one request."""
            try:
                return calls[route](params, body)
            except HttpError as error:
                return _answer(error)
            except BaseException as error:  # what leaves an export loses the instance
                return _fail(error)

    class Definition:
        """Describes the app."""

        def describe(self) -> Description:
            """Describes the app."""
            return description

    if _boundary.IN_COMPONENT:
        # What exists now is part of the component for good: a collection that would
        # visit it only touches pages that instances could share.
        gc.collect()
        gc.freeze()
    return Handler, Definition


def _answer(error: HttpError) -> Crossing:
    try:
        return problem(error)
    except Exception as failure:  # its headers or its detail cannot be sent
        return _fail(failure)


def _fail(error: BaseException) -> Crossing:
    # A syntax error shows its line, indented, before it says what is wrong.
    lines = traceback.format_exception_only(error)
    message = next(line for line in lines if not line.startswith(" ")).partition("\n")[0]
    stack = traceback.format_exception(type(error), error, _users_part(error.__traceback__))
    _boundary.failure.report(utf8(message), utf8("".join(stack)))
    return 500, "", ContentEmpty()


def _users_part(stack: TracebackType | None) -> TracebackType | None:
    """The stack from where this package calls the user's code, or all of it."""
    part = stack
    while part is not None and part.tb_frame.f_globals.get("__package__") == __package__:
        part = part.tb_next
    return part or stack
