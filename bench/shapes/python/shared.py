"""The parts that the handlers of all shapes share."""

import json

HELLO = '{"message":"Hello, World!"}'
HEADERS = {"location": "/items/7", "cache-control": "no-store", "set-cookie": "sid=1; Path=/"}


def round_trip(text: str) -> str:
    """Parses a JSON text and serializes it again, compactly."""
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
