"""Replies that raw and validated workloads share."""

from collections.abc import Iterable
from typing import Any

from spikard_wasm import UploadFile


def given(**parameters: Any) -> dict[str, Any]:
    """Returns the parameters that the request has."""
    return {name: value for name, value in parameters.items() if value is not None}


def count(files: Iterable[UploadFile]) -> dict[str, int]:
    """Returns the number of files and their total size."""
    sizes = [file.size for file in files]
    return {"files_received": len(sizes), "total_bytes": sum(sizes)}
