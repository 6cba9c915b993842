"""Cuts the body of a response into pieces, texts and lines as it arrives."""

from __future__ import annotations

import codecs
from collections.abc import Iterator


class Cutter:
    """Cuts a body that arrives in chunks into pieces of a size."""

    def __init__(self, size: int | None) -> None:
        self._size = size
        self.rest = b""

    def __call__(self, chunk: bytes) -> Iterator[bytes]:
        """Returns the pieces that are complete with a chunk."""
        content = self.rest + chunk
        whole = len(content) if self._size is None else len(content) - len(content) % self._size
        self.rest = content[whole:]
        return pieces(content[:whole], self._size)


class Decoder:
    """Decodes a body that arrives in chunks."""

    def __init__(self, encoding: str) -> None:
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="replace")

    def __call__(self, chunk: bytes) -> Iterator[str]:
        """Yields the text that is complete with a chunk."""
        yield from filter(None, [self._decoder.decode(chunk)])

    def end(self) -> Iterator[str]:
        """Yields the text of an incomplete character at the end."""
        yield from filter(None, [self._decoder.decode(b"", final=True)])


class Lines:
    """Splits a text that arrives in chunks into lines."""

    def __init__(self) -> None:
        self.rest = ""

    def __call__(self, chunk: str) -> Iterator[str]:
        """Yields the lines that are complete with a chunk."""
        *lines, self.rest = (self.rest + chunk).split("\n")
        for line in lines:
            yield line.removesuffix("\r")


def pieces(content: bytes, size: int | None) -> Iterator[bytes]:
    """Cuts a whole body into pieces of a size."""
    if size is None:
        if content:
            yield content
        return
    for at in range(0, len(content), size):
        yield content[at : at + size]
