"""Checks the settings and secrets of a test client against those that the app declares."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from spikard_wasm._contract import Contract


def check(
    declared: Mapping[str, Any], config: Mapping[str, str], secrets: Iterable[str]
) -> dict[str, str]:
    """Returns the settings with the defaults of the app. `ValueError` if one is missing or wrong.

    The host's code for the parameters of a query checks them, because it reads settings alike.
    """
    missing = [name for name in declared.get("secrets", ()) if name not in secrets]
    if missing:
        raise ValueError(
            f"the app needs the secret `{missing[0]}`; give it to the client, as in "
            f'`TestClient(app, secrets={{"{missing[0]}": "..."}})`'
        )
    schema = declared.get("config", {})
    properties: Mapping[str, Any] = schema.get("properties", {})
    if faults := _faults(properties, schema.get("required", ()), config):
        raise ValueError("; ".join(faults))
    defaults = {name: part["default"] for name, part in properties.items() if "default" in part}
    texts = {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in defaults.items()
        if value is not None
    }
    return {**texts, **config}


def _faults(
    properties: Mapping[str, Any], required: Iterable[str], config: Mapping[str, str]
) -> list[str]:
    parameters = [
        {"name": name, "in": "query", "required": name in required, "schema": part}
        for name, part in properties.items()
    ]
    if not parameters:
        return []
    route = {
        "method": "GET", "path": "/", "name": "", "parameters": json.dumps(parameters),
        "body": "", "replies": "", "settings": "",
    }  # fmt: skip
    description = {"name": "settings", "version": "", "routes": [route], "settings": ""}
    contract = Contract(description, None)
    given = urlencode({name: value for name, value in config.items() if name in properties})
    head = {"method": "GET", "path": "/", "query": given, "headers": [], "local": []}
    checked, _, _ = contract.read(contract.begin(head)["exchange"], b"")
    if "refusal" not in checked:
        return []
    return [_fault(error, config) for error in json.loads(checked["refusal"]["body"])["errors"]]


def _fault(error: Mapping[str, Any], config: Mapping[str, str]) -> str:
    name = error["loc"][-1]
    if name in config:
        return f"the setting `{name}` is `{config[name]}`: {error['msg']}"
    return (
        f"the app needs the setting `{name}`; give it to the client, as in "
        f'`TestClient(app, config={{"{name}": "..."}})`'
    )
