"""The reply in progress, which hooks after the handler can read and change."""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any

from spikard_wasm import _boundary, _call
from spikard_wasm._boundary import Content, ContentEmpty, ContentJson
from spikard_wasm._json import loads
from spikard_wasm.errors import check_status
from spikard_wasm.reply import check_header, content, header_text, parts

Change = tuple[int, str, Content | None]
"""The changed reply for the host: status, headers, and the body if it changed."""

_UNREAD: Any = object()


class ReplyHeaders(MutableMapping[str, str]):
    """The headers of a reply, in order. Names are case-insensitive.

    `headers[name] = value` replaces every header with the name; `append` adds one.
    """

    __slots__ = ("_changed", "_pairs")

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs
        self._changed = False

    def get_all(self, name: str) -> list[str]:
        """Returns every value of a name, such as `set-cookie`, in order."""
        wanted = name.lower()
        return [value for key, value in self._pairs if key.lower() == wanted]

    def set(self, name: str, value: str) -> None:
        """Replaces every header with a name by one, in the place of the first."""
        check_header(name, value)
        wanted = name.lower()
        at = next((i for i, (key, _) in enumerate(self._pairs) if key.lower() == wanted), None)
        if at is None:
            self._pairs.append((name, value))
        else:
            after = [pair for pair in self._pairs[at + 1 :] if pair[0].lower() != wanted]
            self._pairs[at:] = [(name, value), *after]
        self._changed = True

    def append(self, name: str, value: str) -> None:
        """Adds a header and keeps those with the same name."""
        check_header(name, value)
        self._pairs.append((name, value))
        self._changed = True

    def remove(self, name: str) -> None:
        """Removes every header with a name."""
        wanted = name.lower()
        kept = [pair for pair in self._pairs if pair[0].lower() != wanted]
        self._changed = self._changed or len(kept) < len(self._pairs)
        self._pairs[:] = kept

    def pairs(self) -> list[tuple[str, str]]:
        """Returns all headers as pairs; a name can repeat."""
        return list(self._pairs)

    def __getitem__(self, name: str) -> str:
        """Returns the value of a header. Several values are joined with `, `."""
        values = self.get_all(name)
        if not values:
            raise KeyError(name)
        return ", ".join(values)

    def __setitem__(self, name: str, value: str) -> None:
        self.set(name, value)

    def __delitem__(self, name: str) -> None:
        if name not in self:
            raise KeyError(name)
        self.remove(name)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _ in self._pairs))

    def __len__(self) -> int:
        return len({name.lower() for name, _ in self._pairs})

    def __repr__(self) -> str:
        return f"ReplyHeaders({self._pairs!r})"


class HookReply:
    """The reply in progress. A hook can change it or return another reply."""

    __slots__ = (
        "_body",
        "_call",
        "_changed",
        "_content",
        "_headers",
        "_replaced",
        "_seen",
        "_status",
    )

    def __init__(self, status: int, headers: str) -> None:
        pairs = [(name, value) for name, value in loads(headers)] if headers else []
        self._call = _call.current()
        self._status = status
        self._headers = ReplyHeaders(pairs)
        self._content: Content | None = None
        self._body: Any = _UNREAD
        self._seen = ""
        self._changed = False
        self._replaced = False

    @property
    def status(self) -> int:
        """The status."""
        return self._status

    @status.setter
    def status(self, status: int) -> None:
        self._status = check_status(status)
        self._changed = True

    @property
    def headers(self) -> ReplyHeaders:
        """The headers; change them in place."""
        return self._headers

    @property
    def body(self) -> Any:
        """The body: a JSON value, a string, bytes, or `None`. It is fetched on first access.

        Set it to anything that a handler can return, or change a dict or list in place. The
        headers do not change, so neither does the content type. The first access after the hook
        has returned raises `RuntimeError`.
        """
        if self._body is _UNREAD:
            if self._content is None:
                _call.check(self._call, "reply.body")
                self._content = _boundary.reply.body()
            self._body = _value(self._content)
            self._seen = _trace(self._body)
        return self._body

    @body.setter
    def body(self, body: Any) -> None:
        self._content = content(body)
        self._body = _UNREAD
        self._replaced = True

    def replace(self, result: object) -> None:
        """Replaces the reply by the one that a hook returned."""
        if result is None or result is self:
            return
        self._status, pairs, self._content = parts(result)
        self._headers = ReplyHeaders(pairs)
        self._body = _UNREAD
        self._changed = self._replaced = True

    def change(self) -> Change | None:
        """Returns the changed reply for the host, or `None` if nothing changed."""
        if self._body is not _UNREAD and _trace(self._body) != self._seen:
            self.body = self._body
        if not (self._changed or self._replaced or self._headers._changed):
            return None
        body = self._content if self._replaced else None
        return self._status, header_text(self._headers.pairs()), body

    def __repr__(self) -> str:
        return f"HookReply({self._status}, {self._headers.pairs()!r})"


def _value(body: Content) -> Any:
    if type(body) is ContentJson:
        return loads(body.value)
    return None if type(body) is ContentEmpty else body.value  # type: ignore[union-attr]


def _trace(value: Any) -> str:
    """Returns a text that differs if a list or dict was changed in place."""
    return repr(value) if isinstance(value, dict | list) else ""
