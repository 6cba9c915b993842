"""Sends records of `logging` to the log of the host, with their level and logger.

The root logger gets a handler, whose lines are `name: message` with the stack of an exception.
Handlers that write to standard output or standard error, as a configuration can add them, write
there with the level of the record too. `logging.basicConfig` sets the format of the root handler.
"""

from __future__ import annotations

import logging
import sys
from typing import Any

from spikard_wasm import _call, _run, _started
from spikard_wasm._json import utf8

_LEVELS = (
    (logging.ERROR, '{"level":"error"}'),
    (logging.WARNING, '{"level":"warn"}'),
    (logging.INFO, '{"level":"info"}'),
    (logging.DEBUG, '{"level":"debug"}'),
)
_TRACE = '{"level":"trace"}'


class HostHandler(logging.Handler):
    """Writes records to the log of the host."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a record."""
        try:
            write(record.levelno, self.format(record))
        except Exception:
            self.handleError(record)


def write(level: int, text: str) -> None:
    """Writes a line to the log, as part of the request that the running code belongs to."""
    head = next((head for least, head in _LEVELS if level >= least), _TRACE)
    if not _started.started or not _run.loop.log(head, utf8(text), _call.CALL.get()):
        # While the app is built, or at a host that does not know the operation.
        print(text, file=sys.stderr if level >= logging.WARNING else sys.stdout)


HANDLER = HostHandler()
HANDLER.setFormatter(logging.Formatter("%(name)s: %(message)s"))

_emit = logging.StreamHandler.emit
_basic_config = logging.basicConfig


def emit(self: logging.StreamHandler[Any], record: logging.LogRecord) -> None:
    """Writes a record to the log of the host if the handler writes to a standard stream."""
    if self.stream is sys.stderr or self.stream is sys.stdout:
        HostHandler.emit(self, record)  # type: ignore[arg-type]
    else:
        _emit(self, record)


def basic_config(**options: Any) -> None:
    """Configures the root logger as `logging.basicConfig` does, and keeps its handler."""
    root = logging.getLogger()
    others = {"handlers", "filename", "stream", "force"} & options.keys()
    if root.handlers != [HANDLER] or others:
        if root.handlers == [HANDLER]:
            root.removeHandler(HANDLER)
        _basic_config(**options)
        return
    if {"format", "datefmt", "style"} & options.keys():
        style = options.get("style", "%")
        text = options.get("format", logging.BASIC_FORMAT)
        HANDLER.setFormatter(logging.Formatter(text, options.get("datefmt"), style))
    if (level := options.get("level")) is not None:
        root.setLevel(level)


def install() -> None:
    """Sends the records of this interpreter to the host."""
    logging.StreamHandler.emit = emit  # type: ignore[method-assign, assignment]
    logging.basicConfig = basic_config
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(HANDLER)
