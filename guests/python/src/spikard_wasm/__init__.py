"""HTTP handlers in Python for spikard-wasm.

    from spikard_wasm import Spikard

    app = Spikard("users", version="1.0.0")

    @app.get("/users/{id}")
    def user(id: int) -> dict:
        return {"id": id}

    app.component()

Type hints select the source and the schema of each parameter. The host validates a request
against them before it calls the handler.
"""

from spikard_wasm import _stdlib
from spikard_wasm._boundary import IN_COMPONENT
from spikard_wasm._hooks import RouteHooks
from spikard_wasm._options import AppOptions, RouteOptions, RouterOptions
from spikard_wasm.app import Spikard
from spikard_wasm.contexts import MISSING, GlobalContext, LocalContext
from spikard_wasm.cryptography import jwt, password
from spikard_wasm.database import Database, Executed, Transaction
from spikard_wasm.depends import Depends
from spikard_wasm.errors import (
    ContextError,
    DefinitionError,
    HttpError,
    HTTPException,
    InvalidTokenError,
    MissingSettingError,
    OperationError,
    OperationTimeoutError,
    SqlError,
)
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
from spikard_wasm.router import Router
from spikard_wasm.settings import config, secret
from spikard_wasm.store import Store

__all__ = [
    "MISSING",
    "ApiKey",
    "AppOptions",
    "Body",
    "Compression",
    "ContextError",
    "Cookie",
    "Cors",
    "Database",
    "DefinitionError",
    "Depends",
    "Executed",
    "Field",
    "Form",
    "GlobalContext",
    "HTTPException",
    "Header",
    "HookReply",
    "HttpError",
    "InvalidTokenError",
    "Jwt",
    "LocalContext",
    "MissingSettingError",
    "OpenApi",
    "OperationError",
    "OperationTimeoutError",
    "Path",
    "Query",
    "RateLimit",
    "Reply",
    "ReplyHeaders",
    "Request",
    "RequestId",
    "RouteHooks",
    "RouteOptions",
    "Router",
    "RouterOptions",
    "Secret",
    "SecurityHeaders",
    "Spikard",
    "SqlError",
    "StaticFiles",
    "Store",
    "Transaction",
    "UploadFile",
    "config",
    "html",
    "jwt",
    "password",
    "redirect",
    "secret",
]

if IN_COMPONENT:
    _stdlib.install()
