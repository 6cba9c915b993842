"""The main module of a component, for apps that do not call `app.component()` themselves.

    [build]
    entry = "spikard_wasm.entry"

in `spikard.toml` builds the variable `app` of the module `app`: a `Spikard`, or an ASGI application
without changes, such as one of Starlette. `module` in `[tool.spikard-wasm]` of `pyproject.toml`
names another module and variable: `module = "service.main:application"`.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

from spikard_wasm import _late, asgi
from spikard_wasm._boundary import IN_COMPONENT
from spikard_wasm.app import Spikard
from spikard_wasm.errors import DefinitionError

__all__ = ["load"]

_DEFAULT = "app:app"


def load(target: str | None = None) -> tuple[type[Any], type[Any], type[Any], type[Any]]:
    """Returns the classes `Handler`, `Definition`, `Hooks` and `Resumable` of an app.

    `target` is a module and its variable, `app:app` by default or as in `pyproject.toml`.
    """
    name, _, variable = (target or _configured() or _DEFAULT).partition(":")
    module = importlib.import_module(name)
    app = getattr(module, variable or "app", None)
    if app is None:
        raise DefinitionError(
            f"the module `{name}` has no variable `{variable or 'app'}`; define one, or set "
            '`module = "module:variable"` in `[tool.spikard-wasm]` of pyproject.toml'
        )
    if not isinstance(app, Spikard):
        if not callable(app):
            raise DefinitionError(
                f"`{variable or 'app'}` of `{name}` is `{app!r}`; it must be a `Spikard` or an "
                "ASGI application"
            )
        app = asgi.service(app, getattr(app, "title", None) or name)
    if IN_COMPONENT:
        _late.collect(vars(module))
    return app.exports().classes


def _configured() -> str | None:
    for folder in map(Path, sys.path):
        if (folder / "pyproject.toml").is_file():
            name: str | None = _late.options(folder).get("module")
            return name
    return None


if IN_COMPONENT:
    Handler, Definition, Hooks, Resumable = load()
