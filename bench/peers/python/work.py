"""The handlers that do work."""

import time


def cpu(seed: int, rounds: int) -> dict[str, int]:
    value = 2166136261 ^ seed
    for number in range(rounds):
        value = ((value ^ (number & 255)) * 16777619) & 0xFFFFFFFF
    return {"hash": value}


def allocate(items: int) -> dict[str, int]:
    everything = [
        {"id": number, "name": f"item-{number}", "tags": [f"a{number}", f"b{number}"]}
        for number in range(items)
    ]
    kept = [item for item in everything if item["id"] % 3 == 0 and len(item["tags"]) == 2]
    size = sum(len(item["name"]) for item in kept)
    return {"items": len(everything), "kept": len(kept), "bytes": size}


def spin(ms: int) -> dict[str, int]:
    until = time.monotonic() + ms / 1000
    while time.monotonic() < until:
        pass
    return {"spun": ms}
