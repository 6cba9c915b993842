"""Replies of all kinds, and replies that HTTP forbids."""

from typing import Any

from spikard_wasm import Reply, Spikard, html, redirect


def define(app: Spikard) -> None:
    """Adds the routes to an app."""
    app.get("/reply/json")(json)
    app.get("/reply/text")(text)
    app.get("/reply/bytes")(octets)
    app.get("/reply/html")(page)
    app.get("/reply/none")(none)
    app.get("/reply/redirect")(elsewhere)
    app.get("/reply/cookies")(cookies)
    app.get("/reply/framing")(framing)
    app.get("/reply/split")(split)
    app.get("/reply/status")(status)


def json() -> dict[str, Any]:
    return {"text": "é", "number": 1.5, "list": [True, None]}


def text() -> str:
    return "grün"


def octets() -> bytes:
    return bytes([0, 1, 254, 255])


def page() -> Reply:
    return html("<p>grün</p>")


def none() -> None:
    return None


def elsewhere() -> Reply:
    return redirect("/reply/text")


def cookies() -> Reply:
    pairs = [("set-cookie", "a=1; Path=/; HttpOnly"), ("set-cookie", "b=2; Secure")]
    return Reply("two", headers=pairs)


def framing() -> Reply:
    """Sets headers that only the host may set."""
    headers = {
        "content-length": "2",
        "transfer-encoding": "chunked",
        "connection": "close",
        "x-own": "kept",
    }
    return Reply("body", headers=headers)


def split() -> Reply:
    return Reply("body", headers={"x-own": "a\r\nx-injected: b"})


def status() -> Reply:
    return Reply("body", status=99)
