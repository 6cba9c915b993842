"""Policies that the host enforces around the handlers of an app or of one route.

    app = Spikard("shop", request_id=True, cors=Cors(["https://a.example"], credentials=True))

    @app.get("/search", rate_limit=RateLimit(10, per="second", burst=20))

A dict with the same members can replace each class. The SDK sends only the members that differ
from their defaults; `None` is sent as null, which turns off a member that has a default.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Per = Literal["second", "minute", "hour"]
CompressionAlgorithm = Literal["zstd", "br", "gzip"]
JwtAlgorithm = Literal[
    "HS256",
    "HS384",
    "HS512",
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "EdDSA",
]


@dataclass(frozen=True)
class Secret:
    """A secret that the operator supplies: `serve --secret name=env:VAR` or `name=file:PATH`."""

    secret: str


@dataclass(frozen=True)
class RequestId:
    """Gives each request an id, which its reply carries in a header."""

    header: str = "x-request-id"
    accept: bool = True
    """Whether to accept a valid id from the client instead of generating one."""


@dataclass(frozen=True)
class RateLimit:
    """Limits the rate of requests with a token bucket; the host rejects the rest with 429."""

    requests: int
    per: Per
    burst: int | None = None
    """Maximum burst of requests; `requests` by default."""
    by: Literal["client", "route"] | Mapping[Literal["header"], str] = "client"
    """Key of the bucket: the client's address, the route, or the value of a header, as in
    `{"header": "x-api-key"}`."""


@dataclass(frozen=True)
class Cors:
    """Lets pages of other origins read replies (CORS, by the Fetch standard)."""

    origins: Sequence[str] | Literal["*"]
    methods: Sequence[str] | None = None
    """Allowed methods; those of the path's routes by default."""
    headers: Sequence[str] | Literal["*"] = ()
    """Request headers that a page may send."""
    expose: Sequence[str] = ()
    """Reply headers that a page may read."""
    credentials: bool = False
    """Whether pages may send cookies. Not allowed with `origins="*"`."""
    max_age: int | None = None
    """Time that a browser may cache the answer to a preflight request, in seconds."""


@dataclass(frozen=True)
class Compression:
    """Compresses replies for clients that accept it."""

    algorithms: Sequence[CompressionAlgorithm] = ("zstd", "br", "gzip")
    """The algorithms in order of preference."""
    min_size: int = 1024
    """Minimum size of a compressed body, in bytes."""
    level: int = 4
    """Compression level, 1 (fast) to 11 (small)."""


@dataclass(frozen=True)
class Jwt:
    """Requires a JSON Web Token (RFC 7519); its claims are `request.local["spikard.jwt"]`."""

    algorithms: Sequence[JwtAlgorithm]
    """Accepted algorithms, all of one family."""
    secret: str | Secret | None = field(default=None, repr=False)
    """The key of HS256, HS384 and HS512."""
    public_key: str | Secret | None = None
    """The key of the other algorithms, as PEM."""
    audience: str | Sequence[str] | None = None
    issuer: str | Sequence[str] | None = None
    leeway: int = 0
    """Allowed clock difference, in seconds."""
    required_claims: Sequence[str] = ("exp",)
    realm: str | None = None
    scheme: str = "Bearer"
    """Authentication scheme of the header `authorization`, such as `Token`."""
    optional: bool = False
    """Whether a request without a token passes, without claims. A wrong token is still 401."""


@dataclass(frozen=True)
class ApiKey:
    """Requires an API key. `request.local["spikard.api-key"]` has its name if it has one."""

    keys: Sequence[str | Secret] | Mapping[str, str | Secret] = field(repr=False)
    """The keys, or a mapping from names to keys."""
    header: str | None = "x-api-key"
    """Header that may carry the key."""
    query: str | None = "api_key"
    """Query parameter that may carry the key."""
    cookie: str | None = None
    """Cookie that may carry the key."""
    realm: str | None = None


@dataclass(frozen=True)
class SecurityHeaders:
    """Adds security headers to replies that do not set them. `None` omits a header."""

    content_type_options: bool = True
    """`x-content-type-options: nosniff`."""
    frame_options: str | None = "DENY"
    referrer_policy: str | None = "no-referrer"
    cross_origin_opener_policy: str | None = "same-origin"
    cross_origin_resource_policy: str | None = "same-origin"
    strict_transport_security: str | None = None
    """For example `max-age=31536000`, if the whole domain uses TLS."""
    content_security_policy: str | None = None
    permissions_policy: str | None = None


@dataclass(frozen=True)
class StaticFiles:
    """Serves the files of a folder inside the one that `serve --static-root` allows."""

    prefix: str
    """Path prefix of the files, such as `/public`."""
    folder: str
    cache_control: str | None = None
    index: bool = False
    """Whether a folder's path serves its `index.html`."""
    precompressed: bool = False
    """Whether to serve `a.css.br`, `a.css.zst` or `a.css.gz` for `a.css` if accepted."""


@dataclass(frozen=True)
class OpenApi:
    """The OpenAPI document of the app and its viewer."""

    path: str = "/openapi.json"
    docs: str = "/docs"
    """Path of the viewer."""
    title: str | None = None
    """Title of the document; the app's name by default."""
    description: str | None = None
    terms_of_service: str | None = None
    contact: Mapping[str, Any] | None = None
    license: Mapping[str, Any] | None = None
    servers: Sequence[Mapping[str, Any]] | None = None
    tags: Sequence[Mapping[str, Any]] | None = None
    security_schemes: Mapping[str, Mapping[str, Any]] | None = None
    """Security Scheme Objects of the authentication that hooks or handlers do, by name, such as
    `{"session": {"type": "apiKey", "in": "cookie", "name": "session"}}`."""
