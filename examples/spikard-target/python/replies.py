"""What the raw and the checked workloads answer alike."""

from collections.abc import Iterable
from typing import Any

from spikard_wasm import UploadFile


def given(**parameters: Any) -> dict[str, Any]:
    """The parameters that the request has."""
    return {name: value for name, value in parameters.items() if value is not None}


def count(files: Iterable[UploadFile]) -> dict[str, int]:
    """How many files came, and how long they are."""
    sizes = [file.size for file in files]
    return {"files_received": len(sizes), "total_bytes": sum(sizes)}
