"""Settings and secrets that the operator has granted. They are always ready: no `await`."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Final, TypeVar, overload

from spikard_wasm._operations import arguments, operate_now, text
from spikard_wasm._scalars import BOOLEANS
from spikard_wasm.errors import MissingSettingError

__all__ = ["config", "secret"]

T = TypeVar("T")


class _Required(Enum):
    REQUIRED = "REQUIRED"


_REQUIRED: Final = _Required.REQUIRED


@overload
def config(name: str) -> str: ...
@overload
def config(name: str, default: None) -> str | None: ...
@overload
def config(name: str, default: str) -> str: ...
@overload
def config(name: str, default: None, *, into: type[T]) -> T | None: ...
@overload
def config(name: str, default: T = ..., *, into: type[T]) -> T: ...
def config(name: str, default: Any = _REQUIRED, *, into: Callable[[str], Any] = str) -> Any:
    """Returns the value of a setting, or `default` if it is not set.

    `into` is its type, such as `int` or `bool`. `MissingSettingError` if it is neither set nor
    has a default; `ValueError` if its value is not of the type. Call it in a handler or hook:
    the settings belong to the operator, not to the build.
    """
    status, _, body = operate_now("config.get", arguments(name=name))
    if status == 404:
        if default is _REQUIRED:
            raise MissingSettingError.of(name)
        return default
    value = text(body)
    if into is str:
        return value
    try:
        return BOOLEANS[value.lower()] if into is bool else into(value)
    except (KeyError, ValueError):
        kind = getattr(into, "__name__", str(into))
        raise ValueError(
            f"the setting `{name}` is `{value}`, which is not a valid `{kind}`"
        ) from None


def secret(name: str) -> str:
    """Returns the value of a secret. `MissingSettingError` if it is not granted.

    Do not write it to the log. `jwt.sign` and `jwt.verify` take the name of a secret, so that
    its value need not reach the app.
    """
    status, _, body = operate_now("secret.get", arguments(name=name))
    if status == 404:
        raise MissingSettingError(
            f'the secret `{name}` is not granted; add `{name} = "env:VARIABLE"` to '
            "`[grants.secrets]` in spikard.toml"
        )
    return text(body)
