"""What the handlers of every shape do."""

import json

HELLO = '{"message":"Hello, World!"}'
HEADERS = {"location": "/items/7", "cache-control": "no-store", "set-cookie": "sid=1; Path=/"}


def round_trip(text: str) -> str:
    """Reads a JSON text and writes it again, compactly."""
    return json.dumps(json.loads(text), separators=(",", ":"), ensure_ascii=False)
