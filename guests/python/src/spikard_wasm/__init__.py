"""HTTP handlers in Python for spikard-wasm.

    from spikard_wasm import Spikard

    app = Spikard("users", version="1.0.0")

    @app.get("/users/{id}")
    def user(id: int) -> dict:
        return {"id": id}

    Handler, Definition = app.component()

Type hints say where a parameter comes from and what it may be; the host checks a request
against them before it calls a handler.
"""

from spikard_wasm.app import RouteOptions, Spikard
from spikard_wasm.errors import DefinitionError, HttpError
from spikard_wasm.markers import Body, Cookie, Field, Form, Header, Path, Query
from spikard_wasm.reply import Reply, html, redirect
from spikard_wasm.request import Request, UploadFile

__all__ = [
    "Body",
    "Cookie",
    "DefinitionError",
    "Field",
    "Form",
    "Header",
    "HttpError",
    "Path",
    "Query",
    "Reply",
    "Request",
    "RouteOptions",
    "Spikard",
    "UploadFile",
    "html",
    "redirect",
]
