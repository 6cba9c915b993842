"""Markers for `Annotated`: the source and the constraints of a parameter or field.

id: Annotated[str, Path(pattern="^[a-z]+$")]
page: Annotated[int, Query(ge=1)] = 1
token: Annotated[str, Header("X-Token")]
address: Annotated[Address, Body()]
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, Literal

# The JSON Schema keyword of each constraint, and the types to which it applies.
_KEYWORDS: dict[str, tuple[str, frozenset[str]]] = {
    "min_length": ("minLength", frozenset({"string"})),
    "max_length": ("maxLength", frozenset({"string"})),
    "pattern": ("pattern", frozenset({"string"})),
    "format": ("format", frozenset({"string"})),
    "ge": ("minimum", frozenset({"integer", "number"})),
    "gt": ("exclusiveMinimum", frozenset({"integer", "number"})),
    "le": ("maximum", frozenset({"integer", "number"})),
    "lt": ("exclusiveMaximum", frozenset({"integer", "number"})),
    "multiple_of": ("multipleOf", frozenset({"integer", "number"})),
    "min_items": ("minItems", frozenset({"array"})),
    "max_items": ("maxItems", frozenset({"array"})),
    "unique_items": ("uniqueItems", frozenset({"array"})),
}


QueryStyle = Literal["form", "spaceDelimited", "pipeDelimited", "deepObject"]


@dataclass(frozen=True, kw_only=True)
class Field:
    """Constraints of a dataclass or TypedDict field, as keywords of JSON Schema."""

    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    """An ECMA-262 regular expression, not anchored."""
    format: str | None = None
    """A format of JSON Schema, such as `email` or `uri`."""
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    lt: float | None = None
    multiple_of: float | None = None
    min_items: int | None = None
    max_items: int | None = None
    unique_items: bool | None = None
    title: str | None = None
    description: str | None = None
    examples: list[Any] | None = None

    def constrain(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Returns the schema with the constraints; `ValueError` if one does not apply to it."""
        added: dict[str, Any] = {}
        declared = schema.get("type")
        types = {declared} if isinstance(declared, str) else set(declared or ())
        for field in fields(Field):
            value = getattr(self, field.name)
            if value is None:
                continue
            keyword, applies = _KEYWORDS.get(field.name, (field.name, None))
            if applies is not None and types and not types & applies:
                names = " or ".join(sorted(types))
                raise ValueError(f"`{field.name}` does not apply to type {names}")
            added[keyword] = value
        return {**schema, **added} if added else schema


@dataclass(frozen=True)
class Parameter(Field):
    """Base of the markers of parameters."""

    alias: str | None = None
    """The name in the request if it differs from the name in Python."""


@dataclass(frozen=True)
class Path(Parameter):
    """A path parameter. A name in the path's pattern needs no marker."""


@dataclass(frozen=True)
class Query(Parameter):
    r"""A query parameter. A scalar needs no marker; a list does.

    `style` and `explode` are those of OpenAPI:

    | | query |
    |---|---|
    | a list, by default | `a=1&a=2` |
    | a list, `explode=False` | `a=1,2` |
    | a list, `style="spaceDelimited"` or `"pipeDelimited"` | `a=1%202`, `a=1\|2` |
    | a dataclass, TypedDict or dict, `style="deepObject"` | `a[x]=1&a[y]=2` |
    """

    style: QueryStyle | None = None
    explode: bool | None = None

    def words(self, *, is_object: bool, is_list: bool) -> dict[str, Any]:
        """Returns the members of the description. `ValueError` if they do not apply to the type."""
        if is_object != (self.style == "deepObject"):
            raise ValueError(
                'an object in the query needs `Query(style="deepObject")`'
                if is_object
                else '`style="deepObject"` is for a dataclass, TypedDict or dict'
            )
        delimited = self.style in ("spaceDelimited", "pipeDelimited")
        if (delimited or self.explode is not None) and not is_list:
            raise ValueError(f"`{'style' if delimited else 'explode'}` is for a list")
        if delimited and self.explode:
            raise ValueError(f"`{self.style}` cannot be combined with `explode`")
        words = {"style": self.style, "explode": self.explode}
        return {name: value for name, value in words.items() if value is not None}


@dataclass(frozen=True)
class Header(Parameter):
    """A header. The name `x_token` reads `x-token` unless there is an alias."""


@dataclass(frozen=True)
class Cookie(Parameter):
    """A cookie."""


@dataclass(frozen=True)
class Body(Field):
    """A JSON body. A dataclass, TypedDict, dict or list needs no marker."""


@dataclass(frozen=True)
class Form(Field):
    """A whole form (a dataclass, TypedDict or dict), or one of its fields."""
