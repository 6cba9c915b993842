"""The page of fortunes."""

from html import escape
from typing import Any


def page(found: list[dict[str, Any]]) -> str:
    """Returns the page of all fortunes and one of the request, sorted by message."""
    added = {"id": 0, "message": "Additional fortune added at request time."}
    fortunes = sorted([*found, added], key=lambda fortune: fortune["message"])
    rows = [
        f"<tr><td>{fortune['id']}</td><td>{escape(fortune['message'])}</td></tr>"
        for fortune in fortunes
    ]
    head = "<!DOCTYPE html><html><head><title>Fortunes</title></head><body><table>"
    return f"{head}<tr><th>id</th><th>message</th></tr>{''.join(rows)}</table></body></html>"
