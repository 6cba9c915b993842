"""Reads a handler's signature: the source and the schema of each parameter."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import re
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Union

from spikard_wasm import _codec, _objects
from spikard_wasm._json import Json
from spikard_wasm._schema import Codec, Context, Decoder, Schema, default
from spikard_wasm.contexts import GLOBALS, GlobalContext, LocalContext
from spikard_wasm.markers import Body, Cookie, Field, Form, Header, Parameter, Path, Query
from spikard_wasm.request import Request, UploadFile

_NAMES = re.compile(r"\{\*?([^{}:]*)(?::[^{}]*)?\}")
_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_LOCATIONS: dict[type, str] = {Path: "path", Query: "query", Header: "header", Cookie: "cookie"}


@dataclass
class BodyArgument:
    """The handler parameter that takes the whole body."""

    name: str
    kind: str
    """`json`, `text`, `bytes` or `form`."""
    decode: Decoder | None
    required: bool


@dataclass
class Signature:
    """The parameters of a handler, for the description of the app and for the call."""

    parameters: list[dict[str, Json]] = field(default_factory=list)
    path_names: list[str] = field(default_factory=list)
    unused: frozenset[str] = frozenset()
    """Path parameters that the handler does not take."""
    decoders: dict[str, Decoder] = field(default_factory=dict)
    places: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The location of each decoded parameter, as in the `loc` of an error."""
    nothing: dict[str, None] = field(default_factory=dict)
    """Optional parameters without a default: `None` if absent."""
    mutable: dict[str, Any] = field(default_factory=dict)
    """Defaults of the body and of fields that are copied for each request."""
    request: str | None = None
    """The parameter that takes the request."""
    local: list[str] = field(default_factory=list)
    """The parameters that take the request's context."""
    contexts: dict[str, Any] = field(default_factory=dict)
    """The parameters that take the app's context."""
    body: BodyArgument | None = None
    fields: dict[str, Decoder | None] = field(default_factory=dict)
    """Parameters that take one field of a form."""
    body_schema: Schema = field(default_factory=dict)
    body_required: bool = False
    exact: bool = False
    """Whether the numbers of the body keep their digits."""
    files: bool = False
    """Whether the form has files, which only a multipart form can carry."""

    @property
    def has_params(self) -> bool:
        """Whether the host sends parameters."""
        return bool(self.parameters or self.path_names)

    @property
    def raw_body(self) -> bool:
        """Whether the body crosses as bytes, whatever its content type."""
        return self.body is not None and self.body.kind == "bytes"

    def request_body(self) -> dict[str, Json] | None:
        """Returns the Request Body Object, or `None` if the handler accepts any body."""
        kind = "form" if self.fields else self.body.kind if self.body else "bytes"
        if kind == "bytes":
            return None
        content = {"schema": self.body_schema} if self.body_schema else {}
        ranges = {"json": ["application/json"], "text": ["text/*"]}.get(kind)
        if ranges is None:
            ranges = [_MULTIPART] if self.files else [_URLENCODED, _MULTIPART]
        return {"required": self.body_required, "content": dict.fromkeys(ranges, content)}


@dataclass
class _Hint:
    """The parts of a parameter's type hint."""

    name: str
    type: Any
    """The type without `Annotated` and without `None`."""
    markers: list[Field]
    optional: bool
    default: Any

    @property
    def required(self) -> bool:
        return self.default is inspect.Parameter.empty and not self.optional

    def marker(self, kind: type) -> Any:
        return next((marker for marker in self.markers if isinstance(marker, kind)), None)

    def codec(self, context: Context) -> Codec:
        return _codec.constrained(_codec.codec(self.type, context), self.markers)

    def schema(self, context: Context) -> Schema:
        schema = self.codec(context).schema
        if self.default is inspect.Parameter.empty or self.default is None:
            return schema
        return {**schema, "default": default(self.default)}


def read(handler: Callable[..., Any], pattern: str, closed: bool) -> Signature:
    """Reads the signature of a handler. `TypeError` or `ValueError` names its fault."""
    context = Context(closed)
    signature = Signature(path_names=_NAMES.findall(pattern))
    hints = _objects.hints(handler)
    taken: set[str] = set()
    for parameter in inspect.signature(handler).parameters.values():
        hint = take_apart(parameter, hints)
        try:
            _place(hint, signature, context, taken)
        except (TypeError, ValueError) as error:
            raise TypeError(f"parameter `{hint.name}`: {error}") from None
    signature.unused = frozenset(signature.path_names) - taken
    if signature.fields and signature.body is not None:
        raise TypeError(
            f"fields of a form cannot be combined with the body `{signature.body.name}`"
        )
    signature.exact = context.has_decimal
    if context.defs:
        signature.body_schema = {**signature.body_schema, "$defs": context.defs}
    return signature


def take_apart(parameter: inspect.Parameter, hints: dict[str, Any]) -> _Hint:
    """Returns the parts of the type hint of a parameter. `TypeError` if it has none."""
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise TypeError(f"parameter `{parameter}` is open-ended; name each parameter")
    if parameter.kind is parameter.POSITIONAL_ONLY:
        raise TypeError(f"parameter `{name}` is positional-only; parameters are given by name")
    if name not in hints:
        raise TypeError(f"parameter `{name}` has no type hint; write one, such as `{name}: str`")
    hint, markers, optional = hints[name], list[Field](), False
    while True:
        origin, args = typing.get_origin(hint), typing.get_args(hint)
        if origin is Annotated:
            hint = args[0]
            markers.extend(marker for marker in args[1:] if isinstance(marker, Field))
        elif (origin is Union or origin is types.UnionType) and type(None) in args:
            optional = True
            hint = Union[tuple(arg for arg in args if arg is not type(None))]  # noqa: UP007
        else:
            return _Hint(name, hint, markers, optional, parameter.default)


def _place(hint: _Hint, signature: Signature, context: Context, taken: set[str]) -> None:
    """Chooses the source of a parameter."""
    if hint.type is Request:
        signature.request = hint.name
        return
    if hint.type is LocalContext:
        signature.local.append(hint.name)
        return
    if hint.type is GlobalContext:
        signature.contexts[hint.name] = GLOBALS
        return
    parameter = hint.marker(Parameter)
    if parameter is None and hint.name in signature.path_names:
        parameter = Path()
    if parameter is not None:
        _place_parameter(hint, parameter, signature, context, taken)
    elif hint.marker(Body) is not None:
        _place_body(hint, "json", signature, context)
    elif hint.marker(Form) is not None:
        if _codec.is_object(hint.type):
            _place_body(hint, "form", signature, context)
        else:
            _place_field(hint, signature, context)
    elif _is_file(hint.type):
        _place_field(hint, signature, context)
    elif hint.name == "body" and hint.type in (str, bytes):
        _place_body(hint, "text" if hint.type is str else "bytes", signature, context)
    elif hint.name == "body" or _codec.is_object(hint.type) or _codec.is_list(hint.type):
        _place_body(hint, "json", signature, context)
    else:
        _place_parameter(hint, Query(), signature, context, taken)


def _place_parameter(
    hint: _Hint, marker: Parameter, signature: Signature, context: Context, taken: set[str]
) -> None:
    location = _LOCATIONS[type(marker)]
    spelled = hint.name.replace("_", "-") if location == "header" else hint.name
    name = marker.alias or spelled
    if location == "path":
        if name not in signature.path_names:
            raise ValueError(f"the path has no `{{{name}}}`")
        if not hint.required:
            raise ValueError("a path parameter is always present; remove its default")
        taken.add(name)
    if hint.name in signature.path_names and (location, name) != ("path", hint.name):
        raise ValueError(f"the path has `{{{hint.name}}}` too; give the parameter another name")
    for other in signature.parameters:
        if (other["in"], other["name"]) == (location, name):
            raise ValueError(f"another {location} parameter already has the name `{name}`")
    # A parameter has its own context, so that its `$defs` are not those of the body.
    context = Context(context.closed, from_text=True)
    codec = hint.codec(context)
    is_object, is_list = _codec.is_object(hint.type), _codec.is_list(hint.type)
    declared: dict[str, Json] = {"name": name, "in": location, "required": hint.required}
    if isinstance(marker, Query):
        declared |= marker.words(is_object=is_object, is_list=is_list)
    elif is_object:
        raise TypeError(f"a parameter of the {location} cannot be an object")
    schema = hint.schema(context)
    declared["schema"] = {**schema, "$defs": context.defs} if context.defs else schema
    if name != hint.name:
        declared["key"] = hint.name
    signature.parameters.append(declared)
    if codec.decode is not None:
        signature.decoders[hint.name] = codec.decode
        in_header = location == "header"
        signature.places[hint.name] = ("headers", name.lower()) if in_header else (location, name)
    _note_absence(hint, signature)


def _place_body(hint: _Hint, kind: str, signature: Signature, context: Context) -> None:
    if signature.body is not None:
        raise TypeError(f"parameter `{signature.body.name}` already takes the body")
    if kind == "json" and hint.optional:  # `null` is a value of the type
        hint = dataclasses.replace(hint, type=hint.type | None if hint.type is not Any else Any)
    codec = _codec.codec(hint.type, context) if kind != "bytes" else None
    schema = hint.schema(context) if kind != "bytes" else {}
    signature.body_schema = {} if schema == {"type": "string"} else schema
    # Text and bytes are never required, because an empty body is a valid value.
    signature.body_required = hint.required and kind in ("json", "form")
    signature.files = _has_files(hint.type)
    decode = codec.decode if codec is not None else None
    signature.body = BodyArgument(hint.name, kind, decode, hint.required)
    _note_absence(hint, signature)
    _note_default(hint, signature)


def _place_field(hint: _Hint, signature: Signature, context: Context) -> None:
    properties = signature.body_schema.setdefault("properties", {})
    signature.body_schema["type"] = "object"
    if context.closed:
        signature.body_schema["additionalProperties"] = False
    properties[hint.name] = hint.schema(context)
    if hint.required:
        signature.body_schema.setdefault("required", []).append(hint.name)
        signature.body_required = True
    signature.fields[hint.name] = hint.codec(context).decode
    signature.files = signature.files or _is_file(hint.type)
    _note_absence(hint, signature)
    _note_default(hint, signature)


def _note_absence(hint: _Hint, signature: Signature) -> None:
    if hint.optional and hint.default is inspect.Parameter.empty:
        signature.nothing[hint.name] = None


def _note_default(hint: _Hint, signature: Signature) -> None:
    """Notes a default that a handler could change, so that each request gets a copy."""
    if hint.default is inspect.Parameter.empty:
        return
    try:
        copied = copy.deepcopy(hint.default)
    except Exception as error:
        raise TypeError(
            f"the default `{hint.default!r}` cannot be copied for each request: {error}; "
            "use `None` and make the value in the handler"
        ) from None
    if copied is not hint.default:
        signature.mutable[hint.name] = hint.default


def _is_file(hint: Any) -> bool:
    if typing.get_origin(hint) is not None:
        return any(_is_file(arg) for arg in typing.get_args(hint))
    return hint is UploadFile


def _has_files(hint: Any) -> bool:
    if typing.is_typeddict(hint) or hasattr(hint, "__dataclass_fields__"):
        return any(_is_file(member) for member in _objects.hints(hint).values())
    return _is_file(hint)
