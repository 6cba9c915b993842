"""Removes empty file inputs from forms. Browsers send an empty file for an unused input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spikard_wasm._invalid import InvalidValueError


def is_file(value: object) -> bool:
    """Returns whether a value is the host's description of a file, not a field like `a[b]=x`."""
    return type(value) is dict and type(value.get("part")) is int and "size" in value


def is_empty_file(value: object) -> bool:
    """Returns whether a value is a file without a name and content."""
    return is_file(value) and not value.get("filename") and value["size"] == 0  # type: ignore[attr-defined, index]


@dataclass
class FormRules:
    """The rules of a form's schema that removing empty files can break."""

    required: frozenset[str] = frozenset()
    min_items: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, schema: dict[str, Any]) -> FormRules:
        """Reads the rules from the schema of a form."""
        key = schema.get("$ref", "").rpartition("/")[2]
        schema = schema.get("$defs", {}).get(key, schema)
        lists = schema.get("properties", {}).items()
        return cls(
            frozenset(schema.get("required", ())),
            {name: member["minItems"] for name, member in lists if "minItems" in member},
        )

    def drop_empty_files(self, form: dict[str, Any]) -> dict[str, Any]:
        """Removes empty files; `InvalidValueError` when the form then breaks its schema."""
        for name, value in list(form.items()):
            if is_empty_file(value):
                del form[name]
                if name in self.required:
                    raise InvalidValueError("missing", "Field required", form, (name,))
            elif type(value) is list and any(map(is_empty_file, value)):
                form[name] = left = [item for item in value if not is_empty_file(item)]
                least = self.min_items.get(name, 0)
                if len(left) < least:
                    items = "item" if least == 1 else "items"
                    message = f"List should have at least {least} {items} after validation"
                    limits = {"min_length": least}
                    raise InvalidValueError("too_short", message, left, (name,), limits)
        return form


def drop_empty_files(form: dict[str, Any]) -> dict[str, Any]:
    """Removes empty files from a form without a schema."""
    return FormRules().drop_empty_files(form)
