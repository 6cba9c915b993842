"""Headers of requests and responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping

HeaderTypes = Mapping[str, str] | Iterable[tuple[str, str]] | None
"""Headers, as a mapping or as pairs, which can repeat a name."""


class Headers(MutableMapping[str, str]):
    """Headers in order. Names are case-insensitive; `headers[name]` joins values with `, `."""

    __slots__ = ("_pairs",)

    def __init__(self, headers: HeaderTypes = None) -> None:
        self._pairs: list[tuple[str, str]]
        if isinstance(headers, Headers):
            self._pairs = list(headers._pairs)
        else:
            given = headers.items() if isinstance(headers, Mapping) else headers or ()
            self._pairs = [(name.lower(), value) for name, value in given]

    def get_list(self, name: str) -> list[str]:
        """Returns every value of a name, in order."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key == wanted]

    def multi_items(self) -> list[tuple[str, str]]:
        """Returns all headers as pairs; a name can repeat."""
        return list(self._pairs)

    def __getitem__(self, name: str) -> str:
        values = self.get_list(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __setitem__(self, name: str, value: str) -> None:
        wanted = name.lower()
        self._pairs = [pair for pair in self._pairs if pair[0] != wanted]
        self._pairs.append((wanted, value))

    def __delitem__(self, name: str) -> None:
        wanted = name.lower()
        kept = [pair for pair in self._pairs if pair[0] != wanted]
        if len(kept) == len(self._pairs):
            raise KeyError(name)
        self._pairs = kept

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key == name.lower() for key, _ in self._pairs)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name for name, _ in self._pairs))

    def __len__(self) -> int:
        return len({name for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"Headers({self._pairs!r})"
