"""HTTP handlers in Python for spikard-wasm.

    from spikard_wasm import Spikard

    app = Spikard("users", version="1.0.0")

    @app.get("/users/{id}")
    def user(id: int) -> dict:
        return {"id": id}

    Handler, Definition, Hooks = app.component()

Type hints select the source and the schema of each parameter. The host validates a request
against them before it calls the handler.
"""

from spikard_wasm._hooks import RouteHooks
from spikard_wasm._options import AppOptions, RouteOptions
from spikard_wasm.app import Spikard
from spikard_wasm.contexts import MISSING, GlobalContext, LocalContext
from spikard_wasm.errors import ContextError, DefinitionError, HttpError
from spikard_wasm.hook_reply import HookReply, ReplyHeaders
from spikard_wasm.markers import Body, Cookie, Field, Form, Header, Path, Query
from spikard_wasm.policies import (
    ApiKey,
    Compression,
    Cors,
    Jwt,
    OpenApi,
    RateLimit,
    RequestId,
    Secret,
    SecurityHeaders,
    StaticFiles,
)
from spikard_wasm.reply import Reply, html, redirect
from spikard_wasm.request import Request, UploadFile

__all__ = [
    "MISSING",
    "ApiKey",
    "AppOptions",
    "Body",
    "Compression",
    "ContextError",
    "Cookie",
    "Cors",
    "DefinitionError",
    "Field",
    "Form",
    "GlobalContext",
    "Header",
    "HookReply",
    "HttpError",
    "Jwt",
    "Local",
    "LocalContext",
    "OpenApi",
    "Path",
    "Query",
    "RateLimit",
    "Reply",
    "ReplyHeaders",
    "Request",
    "RequestId",
    "RouteHooks",
    "RouteOptions",
    "Secret",
    "SecurityHeaders",
    "Spikard",
    "StaticFiles",
    "UploadFile",
    "html",
    "redirect",
]
