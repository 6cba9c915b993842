"""Starts operations of the host: `operate` for asynchronous code, `operate_now` for the rest.

`docs/operations.md` of the repository lists their kinds.
"""

from __future__ import annotations

from spikard_wasm import _boundary, _run
from spikard_wasm._boundary import Content, ContentEmpty
from spikard_wasm._call import CALL
from spikard_wasm._handles import EMPTY, Operation, Result, arguments
from spikard_wasm._started import check_started
from spikard_wasm.errors import OperationError

__all__ = ["EMPTY", "Result", "arguments", "data", "operate", "operate_now", "text"]


async def operate(kind: str, head: str, body: Content = EMPTY) -> Result:
    """Runs an operation and waits for its result. `OperationError` if it fails."""
    loop = _run.loop
    call = CALL.get()
    if call is None:
        check_started(kind)
        call = loop.adopt()
    result = loop.submit(call, None, kind, head, body)
    if type(result) is int:
        operation: Operation = loop.operations[result]  # type: ignore[assignment]
        result = await operation
    if result[0] == 1:  # type: ignore[index]
        raise OperationError.read(kind, result[1])  # type: ignore[index]
    return result  # type: ignore[return-value]


def operate_now(kind: str, head: str, body: Content = EMPTY) -> Result:
    """Runs an operation and blocks until it is done. `OperationError` if it fails."""
    check_started(kind)
    result: Result = _boundary.io.call(kind, head, body)
    if result[0] == 1:
        raise OperationError.read(kind, result[1])
    return result


def data(body: Content) -> bytes:
    """Returns the data of a result as bytes."""
    if type(body) is ContentEmpty:
        return b""
    value = body.value  # type: ignore[union-attr]
    return value if type(value) is bytes else value.encode()  # type: ignore[union-attr]


def text(body: Content) -> str:
    """Returns the data of a result as text."""
    if type(body) is ContentEmpty:
        return ""
    value = body.value  # type: ignore[union-attr]
    return value if type(value) is str else value.decode()  # type: ignore[union-attr]
