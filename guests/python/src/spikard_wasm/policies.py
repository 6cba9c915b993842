"""What the host does for an app or a route before and after its handlers, declared as options.

    app = Spikard("shop", request_id=True, cors=Cors(["https://a.example"], credentials=True))

    @app.get("/search", rate_limit=RateLimit(10, per="second", burst=20))

A member that is not given is left to the host's default. Everywhere a dict of the same
members will do instead. `docs/configuration.md` of the host says what each one means.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Per = Literal["second", "minute", "hour"]
CompressionAlgorithm = Literal["zstd", "br", "gzip"]


@dataclass(frozen=True)
class Secret:
    """A secret that the operator gives: `serve --secret name=env:VAR` or `name=file:PATH`."""

    secret: str


@dataclass(frozen=True)
class RequestId:
    """The id of each request, in a header of the request and of its reply."""

    header: str | None = None
    """`x-request-id` unless given."""
    accept: bool | None = None
    """Whether the client's id is taken, if it is fit; true unless given."""


@dataclass(frozen=True)
class RateLimit:
    """How many requests may come; past it they are answered with 429."""

    requests: int
    per: Per
    burst: int | None = None
    """How many may come at once: `requests` unless given."""
    by: Literal["client", "route"] | Mapping[Literal["header"], str] | None = None
    """Whose requests count together: a client's (unless given), the route's, or those with
    one value of a header, `{"header": "x-api-key"}`."""


@dataclass(frozen=True)
class Cors:
    """Which pages of other origins may read replies, by the Fetch standard."""

    origins: Sequence[str] | Literal["*"]
    methods: Sequence[str] | None = None
    """Those that the path answers unless given."""
    headers: Sequence[str] | Literal["*"] | None = None
    expose: Sequence[str] | None = None
    credentials: bool | None = None
    """Excludes `origins="*"`."""
    max_age: int | None = None
    """How long a browser keeps the answer, in seconds."""


@dataclass(frozen=True)
class Compression:
    """Compresses replies for clients that accept it."""

    algorithms: Sequence[CompressionAlgorithm] | None = None
    """In the order of preference: `zstd`, `br`, `gzip` unless given."""
    min_size: int | None = None
    """The shortest body that is compressed, in bytes."""
    level: int | None = None


@dataclass(frozen=True)
class Jwt:
    """Requires a JSON Web Token; its claims are `request.local["spikard.jwt"]`."""

    algorithms: Sequence[str]
    secret: str | Secret | None = None
    """The key of HS256, HS384 and HS512."""
    public_key: str | Secret | None = None
    """The key of the other algorithms, as PEM."""
    audience: Sequence[str] | None = None
    issuer: str | Sequence[str] | None = None
    leeway: int | None = None
    """By how much clocks may differ, in seconds."""
    required_claims: Sequence[str] | None = None
    realm: str | None = None


@dataclass(frozen=True)
class ApiKey:
    """Requires one of some keys. The name of a named one is `request.local["spikard.api-key"]`."""

    keys: Sequence[str | Secret] | Mapping[str, str | Secret]
    """Keys, or keys by their names."""
    header: str | None = None
    """The header that has it: `x-api-key` unless given."""
    query: str | None = None
    """The parameter of the query that may have it."""
    cookie: str | None = None
    """The cookie that may have it."""


@dataclass(frozen=True)
class Static:
    """Serves the files of a folder under the one that `serve --static-root` grants."""

    prefix: str
    folder: str
    cache_control: str | None = None
    index: bool | None = None
    """Whether `index.html` answers for its folder."""
    precompressed: bool | None = None
    """Whether `a.css.br`, `a.css.zst` and `a.css.gz` are sent for `a.css` where accepted."""


@dataclass(frozen=True)
class OpenApi:
    """The OpenAPI document of the app and its viewer."""

    path: str | None = None
    """Where the document is: `/openapi.json` unless given."""
    docs: str | None = None
    """Where the viewer is: `/docs` unless given."""
    title: str | None = None
    description: str | None = None
    terms_of_service: str | None = None
    contact: Mapping[str, Any] | None = None
    license: Mapping[str, Any] | None = None
    servers: Sequence[Mapping[str, Any]] | None = None
    tags: Sequence[Mapping[str, Any]] | None = None
