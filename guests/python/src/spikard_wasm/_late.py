"""Runs the late imports of an app at build time: a component has no file system at run time.

The imports inside functions of the app's own modules are found in their sources. Packages that
import late themselves are named in `pyproject.toml`:

    [tool.spikard-wasm]
    include = ["text_unidecode", "passlib.handlers.*"]

Any other late import raises `ModuleNotFoundError` with the line to add.
"""

from __future__ import annotations

import ast
import contextlib
import importlib.util
import inspect
import pkgutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

from spikard_wasm import _started
from spikard_wasm.errors import DefinitionError

_Functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def collect(main: Mapping[str, Any]) -> None:
    """Imports the modules that an app would import late. `main` has the variables of its module."""
    file = main.get("__file__")
    if file is None:
        return
    folder = Path(file).parent
    include(options(folder).get("include", []))
    done: set[int] = set()
    while found := [m for m in _modules(folder) if id(m) not in done]:
        for module in found:
            done.add(id(module))
            for name in late_imports(module):
                with contextlib.suppress(Exception):  # it can be optional
                    importlib.import_module(name)


def options(folder: Path) -> dict[str, Any]:
    """Returns the table `[tool.spikard-wasm]` of the `pyproject.toml` in a folder."""
    file = folder / "pyproject.toml"
    if not file.is_file():
        return {}
    import tomllib

    table: dict[str, Any] = tomllib.loads(file.read_text()).get("tool", {}).get("spikard-wasm", {})
    for name in table:
        if name not in ("include", "module"):
            raise DefinitionError(
                f"`[tool.spikard-wasm]` in pyproject.toml has the unknown member `{name}`; "
                "use `include` or `module`"
            )
    return table


def include(names: Sequence[str]) -> None:
    """Imports modules by name. A name that ends with `.*` means all modules of a package."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise DefinitionError(
            f"`include` in `[tool.spikard-wasm]` is `{names}`; give it a list of modules"
        )
    for name in names:
        package = name.removesuffix(".*")
        try:
            module = importlib.import_module(package)
        except ImportError as error:
            raise DefinitionError(
                f"`include` in `[tool.spikard-wasm]` names `{name}`, which cannot be imported: "
                f"{error}"
            ) from error
        if package != name:
            for part in pkgutil.walk_packages(module.__path__, f"{package}."):
                with contextlib.suppress(Exception):  # a part can need an optional package
                    importlib.import_module(part.name)


def late_imports(module: ModuleType) -> Iterator[str]:
    """Yields the names of the modules that functions of a module import."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError, SyntaxError):
        return
    package = module.__package__ or ""
    for function in ast.walk(tree):
        if not isinstance(function, _Functions):
            continue
        for node in ast.walk(function):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                name = "." * node.level + (node.module or "")
                with contextlib.suppress(ImportError):
                    base = importlib.util.resolve_name(name, package)
                    yield base
                    # An imported name can be a module.
                    yield from (f"{base}.{alias.name}" for alias in node.names)


def _modules(folder: Path) -> list[ModuleType]:
    """Returns the loaded modules in a folder."""
    files = [(module, getattr(module, "__file__", None)) for module in sys.modules.values()]
    return [m for m, file in files if isinstance(file, str) and Path(file).is_relative_to(folder)]


class LateFinder(MetaPathFinder):
    """Explains, after all other finders, why a module was not found at run time."""

    def find_spec(self, fullname: str, path: Any, target: Any = None) -> None:  # noqa: ARG002
        """Raises `ModuleNotFoundError` once the app has been built."""
        if _started.started:
            raise ModuleNotFoundError(
                f"`{fullname}` is imported while the app runs, and a component has no files to "
                "import; import it at the top of a module, or add it to "
                '`include` in `[tool.spikard-wasm]` of pyproject.toml: `include = ["'
                f'{fullname}"]`',
                name=fullname,
            )
