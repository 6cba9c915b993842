"""Replies for exceptions: the document of an `HttpError`, or a failure report for the host."""

from __future__ import annotations

import traceback
from types import TracebackType

from spikard_wasm import _boundary
from spikard_wasm._boundary import ContentEmpty
from spikard_wasm._json import utf8
from spikard_wasm.errors import HttpError
from spikard_wasm.reply import Crossing, problem


def answer(error: HttpError) -> Crossing:
    """Returns the problem document of an error, or reports it if the document is invalid."""
    try:
        return problem(error)
    except Exception as failure:  # its headers or its detail cannot be sent
        return fail(failure)


def fail(error: BaseException) -> Crossing:
    """Reports an error to the host, which replies with 500 whatever this returns."""
    _boundary.failure.report(*describe(error))
    return 500, "", ContentEmpty()


def describe(error: BaseException) -> tuple[str, str]:
    """Returns the message of an error in one line, and its stack."""
    # The message of a syntax error comes after its source line, which is indented.
    lines = traceback.format_exception_only(error)
    message = next(line for line in lines if not line.startswith(" ")).partition("\n")[0]
    stack = traceback.format_exception(type(error), error, _users_part(error.__traceback__))
    return utf8(message), utf8("".join(stack))


def _users_part(stack: TracebackType | None) -> TracebackType | None:
    """Returns the stack without this package's leading frames, or all of it if none is left."""
    part = stack
    while part is not None and part.tb_frame.f_globals.get("__package__") == __package__:
        part = part.tb_next
    return part or stack
