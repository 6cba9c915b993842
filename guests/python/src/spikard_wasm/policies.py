"""What the host does for an app or a route before and after its handlers, declared as options.

    app = Spikard("shop", request_id=True, cors=Cors(["https://a.example"], credentials=True))

    @app.get("/search", rate_limit=RateLimit(10, per="second", burst=20))

Everywhere a dict of the same members will do instead. Of a policy crosses what differs from
its defaults; `None` is null, which turns a member off where it has a default.
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
    """A secret that the operator gives: `serve --secret name=env:VAR` or `name=file:PATH`."""

    secret: str


@dataclass(frozen=True)
class RequestId:
    """The id of each request, in a header of the request and of its reply."""

    header: str = "x-request-id"
    accept: bool = True
    """Whether the client's id is taken, if it is fit; else one is made."""


@dataclass(frozen=True)
class RateLimit:
    """How many requests may come (a token bucket); past it they are answered with 429."""

    requests: int
    per: Per
    burst: int | None = None
    """How many may come at once: `requests` unless given."""
    by: Literal["client", "route"] | Mapping[Literal["header"], str] = "client"
    """Whose requests count together: those of a client's address, of the route, or with one
    value of a header, `{"header": "x-api-key"}`."""


@dataclass(frozen=True)
class Cors:
    """Which pages of other origins may read replies, by the Fetch standard."""

    origins: Sequence[str] | Literal["*"]
    methods: Sequence[str] | None = None
    """Those that the path answers unless given."""
    headers: Sequence[str] | Literal["*"] = ()
    """Headers that a page may send."""
    expose: Sequence[str] = ()
    """Headers of replies that a page may read."""
    credentials: bool = False
    """Whether with cookies. Excludes `origins="*"`."""
    max_age: int | None = None
    """How long a browser may keep the answer, in seconds."""


@dataclass(frozen=True)
class Compression:
    """Compresses replies for clients that accept it."""

    algorithms: Sequence[CompressionAlgorithm] = ("zstd", "br", "gzip")
    """In the order of preference."""
    min_size: int = 1024
    """The shortest body that is compressed, in bytes."""
    level: int = 4
    """How hard to try, 1 to 11."""


@dataclass(frozen=True)
class Jwt:
    """Requires a JSON Web Token (RFC 7519); its claims are `request.local["spikard.jwt"]`."""

    algorithms: Sequence[JwtAlgorithm]
    """Of one family."""
    secret: str | Secret | None = field(default=None, repr=False)
    """The key of HS256, HS384 and HS512."""
    public_key: str | Secret | None = None
    """The key of the other algorithms, as PEM."""
    audience: str | Sequence[str] | None = None
    issuer: str | Sequence[str] | None = None
    leeway: int = 0
    """By how much clocks may differ, in seconds."""
    required_claims: Sequence[str] = ("exp",)
    realm: str | None = None


@dataclass(frozen=True)
class ApiKey:
    """Requires one of some keys. The name of a named one is `request.local["spikard.api-key"]`."""

    keys: Sequence[str | Secret] | Mapping[str, str | Secret] = field(repr=False)
    """Keys, or keys by their names."""
    header: str | None = "x-api-key"
    """The header that may have it."""
    query: str | None = "api_key"
    """The parameter of the query that may have it."""
    cookie: str | None = None
    """The cookie that may have it."""
    realm: str | None = None


@dataclass(frozen=True)
class SecurityHeaders:
    """Headers that keep browsers careful; those that a reply has itself win. `None`: not sent."""

    content_type_options: bool = True
    """`x-content-type-options: nosniff`."""
    frame_options: str | None = "DENY"
    referrer_policy: str | None = "no-referrer"
    cross_origin_opener_policy: str | None = "same-origin"
    cross_origin_resource_policy: str | None = "same-origin"
    strict_transport_security: str | None = None
    """Such as `max-age=31536000`, where all of the domain is behind TLS."""
    content_security_policy: str | None = None
    permissions_policy: str | None = None


@dataclass(frozen=True)
class Static:
    """Serves the files of a folder under the one that `serve --static-root` grants."""

    prefix: str
    """The path before the files' own, such as `/public`."""
    folder: str
    cache_control: str | None = None
    index: bool = False
    """Whether `index.html` answers for its folder."""
    precompressed: bool = False
    """Whether `a.css.br`, `a.css.zst` and `a.css.gz` are sent for `a.css` where accepted."""


@dataclass(frozen=True)
class OpenApi:
    """The OpenAPI document of the app and its viewer."""

    path: str = "/openapi.json"
    docs: str = "/docs"
    """Where the viewer is."""
    title: str | None = None
    """The app's name unless given."""
    description: str | None = None
    terms_of_service: str | None = None
    contact: Mapping[str, Any] | None = None
    license: Mapping[str, Any] | None = None
    servers: Sequence[Mapping[str, Any]] | None = None
    tags: Sequence[Mapping[str, Any]] | None = None
