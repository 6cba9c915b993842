"""The options of an app and of a route: which there are, what they may be, how they cross."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

from spikard_wasm._fit import MisfitError, fit
from spikard_wasm._hooks import RouteHooks
from spikard_wasm._json import Json
from spikard_wasm._objects import hints
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
    Static,
)

Extra = Literal["ignore", "forbid"]
Instances = Literal["reuse", "fresh"]
TrailingSlash = Literal["strict", "redirect", "ignore"]
Members = Mapping[str, Any]
"""The members of a policy as a dict."""


class Policies(TypedDict, total=False):
    """What an app and a route may both say. What the route says replaces what the app does."""

    body_limit: int
    """The longest request body, in bytes."""
    timeout_ms: int
    """The longest a call may take, in milliseconds."""
    timeout_status: Literal[408, 504]
    """The status when it takes longer: 504 unless given."""
    instances: Instances
    """Whether requests share instances of the component, and with them the state of modules:
    one instance for one request after another, or one for each that no other has met."""
    extra: Extra
    """Whether objects of the body may have members their type does not name."""
    request_id: bool | RequestId | Members
    """Whether a request's id is taken from a header, or made, and sent back."""
    rate_limit: Literal[False] | RateLimit | Members
    """How many requests may come; `False` for any number."""
    cors: Literal[False] | Cors | Members
    """Which pages of other origins may read replies; `False` for none."""
    compression: bool | Compression | Members
    """Whether replies are compressed."""
    jwt: Literal[False] | Jwt | Members
    """Which JSON Web Token a request needs; `False` for none."""
    api_key: Literal[False] | ApiKey | Members
    """Which key a request needs; `False` for none."""
    security_headers: bool | SecurityHeaders | Members
    """Whether replies get the headers that keep browsers careful, or which of them."""


class AppOptions(Policies, total=False):
    """What an app may say besides its name and its version."""

    static: Sequence[Static | Members]
    """Folders of files that the host serves."""
    trailing_slash: TrailingSlash
    """Whether `/a/` is `/a`: no, by a redirect, or yes."""
    openapi: Literal[False] | OpenApi | Members
    """What the OpenAPI document says and where it is; `False` for none."""


class RouteOptions(Policies, total=False):
    """What a route may say besides its method, its path and its handler."""

    status: int
    """The status of a reply that names none: 200, or 204 for a handler that returns `None`."""
    name: str
    """What logs and metrics call the route: the handler's name unless given."""
    summary: str
    """A line about the route: the first line of the handler's docstring unless given."""
    description: str
    """More about the route: the rest of the docstring unless given."""
    tags: list[str]
    """Words that group routes."""
    deprecated: bool
    """Whether clients should turn away from the route."""
    raw_body: bool
    """Whether the body crosses as bytes, whatever its content type."""
    responses: Mapping[int | str, Any]
    """Types of replies by status, besides what the handler's return type says."""
    hooks: RouteHooks
    """Functions that run around the handler."""


_NOT_SENT = frozenset({"status", "name", "extra", "responses", "hooks"})
Options = type[AppOptions] | type[RouteOptions]


def read(owner: str, given: Mapping[str, Any], kind: Options) -> dict[str, Any]:
    """Checks options, and makes the policies among them what crosses to the host."""
    known = hints(kind)
    options: dict[str, Any] = {}
    for name, value in given.items():
        if name not in known:
            raise DefinitionError(
                f"{owner} has no option `{name}`; the options are {', '.join(sorted(known))}"
            )
        try:
            options[name] = _route_hooks(value) if name == "hooks" else fit(value, known[name])
        except MisfitError as misfit:
            raise DefinitionError(f"{owner}: option `{name}`{misfit}") from None
    if "status" in options:
        try:
            check_status(options["status"])
        except ValueError as error:
            raise DefinitionError(f"{owner}: {error}") from None
    return options


def settings(options: Mapping[str, Any]) -> dict[str, Json]:
    """Those of the options that the host is told."""
    return {name: value for name, value in options.items() if name not in _NOT_SENT}


def _route_hooks(value: Any) -> RouteHooks:
    if type(value) is not RouteHooks:
        raise MisfitError(
            f" is `{value}`; it must be `RouteHooks`, such as `RouteHooks(on_request=[f])`"
        )
    return value
