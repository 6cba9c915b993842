"""The options of an app and of a route: their types, their validation, their JSON form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, TypedDict

from spikard_wasm._hooks import RouteHooks
from spikard_wasm._json import Json
from spikard_wasm._objects import hints
from spikard_wasm._typecheck import TypeMismatchError, to_json
from spikard_wasm.depends import Depends
from spikard_wasm.errors import DefinitionError, check_status
from spikard_wasm.policies import (
    ApiKey,
    Compression,
    Cors,
    Jwt,
    OpenApi,
    RateLimit,
    RequestId,
    SecurityHeaders,
    StaticFiles,
)

Extra = Literal["ignore", "forbid"]
Instances = Literal["reuse", "fresh", "shared"]
TrailingSlash = Literal["strict", "redirect", "ignore"]
Members = Mapping[str, Any]
"""The members of a policy as a dict."""


class Policies(TypedDict, total=False):
    """Options of an app and of a route. A route's option replaces the app's."""

    body_limit: int
    """Maximum size of a request body, in bytes."""
    timeout_ms: int
    """Deadline of a call, in milliseconds."""
    timeout_status: Literal[408, 504]
    """Status of a reply after the deadline; 504 by default."""
    instances: Instances
    """Whether requests share instances of the component, and with them the state of modules.
    `reuse` serves one request after another with an instance; `fresh` uses a new one for each;
    `shared` serves others while one waits for an operation."""
    extra: Extra
    """Whether the host ignores or rejects members of a body that its type does not declare."""
    request_id: bool | RequestId | Members
    """Gives each request an id, from a header or generated, and sends it back."""
    rate_limit: Literal[False] | RateLimit | Members
    """Limits the rate of requests; `False` turns the app's limit off."""
    cors: Literal[False] | Cors | Members
    """Lets pages of other origins read replies; `False` turns the app's policy off."""
    compression: bool | Compression | Members
    """Compresses replies."""
    jwt: Literal[False] | Jwt | Members
    """Requires a JSON Web Token; `False` turns the app's policy off."""
    api_key: Literal[False] | ApiKey | Members
    """Requires an API key; `False` turns the app's policy off."""
    security_headers: bool | SecurityHeaders | Members
    """Adds security headers to replies."""
    security: Sequence[Mapping[str, Sequence[str]]]
    """The authentication that hooks or handlers do, for the OpenAPI document: Security Requirement
    Objects, such as `[{"session": []}]`, which name schemes of `OpenApi(security_schemes=...)`."""


class AppOptions(Policies, total=False):
    """The options of an app besides its name and version."""

    dependencies: Sequence[Depends]
    """Dependencies of all handlers, whose values they do not take."""
    secrets: Sequence[str]
    """The names of the secrets that the app needs. The host does not start without them."""
    static: Sequence[StaticFiles | Members]
    """Folders of files that the host serves."""
    trailing_slash: TrailingSlash
    """Trailing-slash policy: `/a/` is not found, redirects to `/a`, or is served as `/a`."""
    openapi: Literal[False] | OpenApi | Members
    """The OpenAPI document and its viewer; `False` for none."""


class RouterOptions(Policies, total=False):
    """The options of a router besides its prefix."""

    tags: list[str]
    """Tags that group routes in the OpenAPI document."""
    deprecated: bool
    """Whether the routes are deprecated."""
    responses: Mapping[int | str, Any]
    """Types of replies by status, in addition to the handler's return type."""
    hooks: RouteHooks
    """Functions that run around the handlers."""
    dependencies: Sequence[Depends]
    """Dependencies whose values the handlers do not take."""


class RouteOptions(Policies, total=False):
    """The options of a route besides its method, path and handler."""

    status: int
    """Status of a reply without its own; 200 by default, or 204 if the handler returns `None`."""
    name: str
    """Name of the route in logs and metrics; the handler's name by default."""
    summary: str
    """Summary of the route; the first line of the handler's docstring by default."""
    description: str
    """Description of the route; the rest of the docstring by default."""
    tags: list[str]
    """Tags that group routes in the OpenAPI document."""
    deprecated: bool
    """Whether the route is deprecated."""
    raw_body: bool
    """Whether the handler gets the body as bytes, whatever its content type."""
    responses: Mapping[int | str, Any]
    """Types of replies by status, in addition to the handler's return type."""
    hooks: RouteHooks
    """Functions that run around the handler."""
    dependencies: Sequence[Depends]
    """Dependencies whose values the handler does not take."""


_NOT_SENT = frozenset({"status", "name", "extra", "responses", "hooks", "dependencies"})
Options = type[AppOptions] | type[RouterOptions] | type[RouteOptions]


def read(owner: str, given: Mapping[str, Any], kind: Options) -> dict[str, Any]:
    """Validates options and converts policies to JSON. `DefinitionError` if one is invalid."""
    known = hints(kind)
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise DefinitionError(
                f"{owner} has no option `{name}`; the options are {', '.join(sorted(known))}"
            )
        try:
            read_own = _OWN.get(name)
            options[name] = read_own(value) if read_own else to_json(value, known[name])
        except TypeMismatchError as mismatch:
            raise DefinitionError(f"{owner}: option `{name}`{mismatch}") from None
    if "status" in options:
        try:
            check_status(options["status"])
        except ValueError as error:
            raise DefinitionError(f"{owner}: {error}") from None
    return options


def settings(options: Mapping[str, Any]) -> dict[str, Json]:
    """Returns the options that the SDK sends to the host as settings."""
    return {name: value for name, value in options.items() if name not in _NOT_SENT}


def _route_hooks(value: Any) -> RouteHooks:
    if type(value) is not RouteHooks:
        raise TypeMismatchError(
            f" is `{value}`; it must be `RouteHooks`, such as `RouteHooks(on_request=[f])`"
        )
    return value


def _dependencies(value: Any) -> list[Depends]:
    if not isinstance(value, list | tuple) or not all(
        isinstance(item, Depends) and item.dependency for item in value
    ):
        raise TypeMismatchError(f" is `{value}`; it must be a list such as `[Depends(f)]`")
    return list(value)


_OWN: dict[str, Callable[[Any], Any]] = {"hooks": _route_hooks, "dependencies": _dependencies}
