"""Makes the fake requests of the test client: what the host makes of a real one."""

from __future__ import annotations

import json as jsonlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from spikard_wasm import _local
from spikard_wasm._boundary import Route

Pairs = Mapping[str, Any] | Iterable[tuple[str, Any]]
File = tuple[str, bytes] | tuple[str, bytes, str]
"""A file's name, its content, and its content type (`application/octet-stream`)."""

JSON, TEXT, BYTES = "application/json", "text/plain; charset=utf-8", "application/octet-stream"
_URLENCODED, _MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


_PATH_TYPES = {
    "int": "integer",
    "integer": "integer",
    "float": "number",
    "number": "number",
    "bool": "boolean",
    "boolean": "boolean",
}


@dataclass
class Sending:
    """The body of a request before it is sent: one of its members."""

    json: Any = ...
    text: str | None = None
    content: bytes | None = None
    form: Pairs = ()
    files: Iterable[tuple[str, File]] = ()


def pairs(given: Pairs) -> list[tuple[str, str]]:
    """Names and values as text; a list of values repeats its name."""
    items = given.items() if isinstance(given, Mapping) else given
    out: list[tuple[str, str]] = []
    for name, value in items:
        values = value if isinstance(value, list | tuple) else [value]
        out.extend((name, _word(item)) for item in values)
    return out


def params(
    route: Route,
    in_path: dict[str, str],
    types: dict[str, str],
    query: list[tuple[str, str]],
    sent: _local.Exchange,
) -> str:
    """The declared parameters and those of the path, as the host sends them.

    `types` has the types that the path itself gives to its parameters, as in `{id:int}`.
    """
    values: dict[str, Any] = {
        name: _coerce([text], {"type": _PATH_TYPES.get(types[name])})
        for name, text in in_path.items()
    }
    declared = jsonlib.loads(route.parameters) if route.parameters else []
    for parameter in declared:
        name, place, schema = parameter["name"], parameter["in"], parameter["schema"]
        if place == "path":
            values.pop(name)
            found = [in_path[name]]
        elif parameter.get("style") == "deepObject":
            if members := _deep(name, query, schema):
                values[parameter.get("key", name)] = members
                continue
            found = []
        elif place == "query":
            found = [value for key, value in query if key == name]
            found = _split(found, parameter)
        elif place == "cookie":
            found = [value for key, value in sent.cookies if key == name]
        else:
            found = _fields(sent, name, schema)
        key = parameter.get("key", name)
        if found:
            values[key] = _coerce(found, schema)
        elif "default" in schema:
            values[key] = schema["default"]
        elif parameter["required"]:
            raise LookupError(f"the request lacks the {place} parameter `{name}`")
    return jsonlib.dumps(values) if declared or in_path else ""


def body(route: Route, sent: _local.Exchange, sending: Sending) -> _local.Body:
    """The body as it crosses; notes its bytes, files and content type in the exchange."""
    made: _local.Body
    if sending.json is not ...:
        document = jsonlib.dumps(sending.json)
        made, kind, raw = _local.BodyJson(document), JSON, document.encode()
    elif sending.text is not None:
        made, kind, raw = _local.BodyText(sending.text), TEXT, sending.text.encode()
    elif sending.content is not None:
        made, kind, raw = _local.BodyBytes(sending.content), BYTES, sending.content
    else:
        fields, files = pairs(sending.form), list(sending.files)
        if not fields and not files:
            return _local.BodyEmpty()
        sent.files = [file[1] for _, file in files]
        made = _local.BodyForm(jsonlib.dumps(_form(route, fields, files)))
        kind, raw = (_MULTIPART, b"") if files else (_URLENCODED, urlencode(fields).encode())
    sent.raw_body = raw
    if not _fields(sent, "content-type", {}):
        sent.headers.append(("content-type", kind.encode()))
    settings = jsonlib.loads(route.settings) if route.settings else {}
    return _local.BodyBytes(raw) if settings.get("raw_body") else made


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _fields(sent: _local.Exchange, name: str, schema: dict[str, Any]) -> list[str]:
    """The values of a header: one, joined, unless its schema is a list."""
    values = [value.decode() for key, value in sent.headers if key == name.lower()]
    joined = [", ".join(values)] if values else []
    if joined and schema.get("type") == "array":
        return [item.strip() for item in joined[0].split(",")]
    return joined


_DELIMITERS = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|"}


def _split(values: list[str], parameter: dict[str, Any]) -> list[str]:
    """The items of a list that is one value, by its style."""
    style = parameter.get("style", "form")
    if not values or parameter.get("explode", style == "form"):
        return values
    return values[-1].split(_DELIMITERS[style])


def _deep(name: str, query: list[tuple[str, str]], schema: dict[str, Any]) -> dict[str, Any]:
    """The members of an object from `name[member]=value`, one level deep."""
    reference = schema.get("$ref", "").rpartition("/")[2]
    properties = schema.get("$defs", {}).get(reference, schema).get("properties", {})
    found: dict[str, list[str]] = {}
    for key, value in query:
        if key.startswith(f"{name}[") and key.endswith("]"):
            found.setdefault(key[len(name) + 1 : -1], []).append(value)
    return {key: _coerce(values, properties.get(key, {})) for key, values in found.items()}


def _coerce(texts: list[str], schema: dict[str, Any]) -> Any:
    """Reads texts as the type their schema declares; what cannot be read stays text."""
    if schema.get("type") == "array":
        return [_coerce([text], schema.get("items", {})) for text in texts]
    text, declared = texts[-1], schema.get("type")
    types = declared if isinstance(declared, list) else [declared]
    if ("integer" in types or "number" in types) and _INTEGER.fullmatch(text):
        return int(text)
    if "number" in types and _NUMBER.fullmatch(text):
        return float(text)
    if "boolean" in types and text.lower() in _TRUE + _FALSE:
        return text.lower() in _TRUE
    return text


def _form(
    route: Route, fields: list[tuple[str, str]], files: list[tuple[str, File]]
) -> dict[str, Any]:
    content = jsonlib.loads(route.body)["content"] if route.body else {}
    schema = content.get(_MULTIPART, {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    properties = schema.get("$defs", {}).get(name, schema).get("properties", {})
    many = {name for name, member in properties.items() if member.get("type") == "array"}
    values: dict[str, list[Any]] = {}
    for name, text in fields:
        member = properties.get(name, {})
        item = member.get("items", {}) if name in many else member
        values.setdefault(name, []).append(_coerce([text], item))
    for part, (name, file) in enumerate(files):
        kind = file[2] if len(file) == 3 else BYTES
        entry = {"part": part, "filename": file[0], "content_type": kind, "size": len(file[1])}
        values.setdefault(name, []).append(entry)
    return {name: v if len(v) > 1 or name in many else v[0] for name, v in values.items()}
