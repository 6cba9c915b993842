"""The blocks of code of a page in Markdown."""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass
class Block:
    """A block of code, and the paragraph above it."""

    page: Path
    line: int
    language: str
    text: str
    above: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def link(self) -> str | None:
        """The target of the link that names the file of the block: `[app.py](../app.py):`."""
        found = re.search(r"\[[^]]*\]\(([^)#]+)\):$", self.above)
        return found and found[1]

    @property
    def name(self) -> str | None:
        """The name of the file that the block is, for a file that later changes: "`src/app.ts`:"."""
        found = re.search(r"`([^`]+)`:$", self.above)
        return found and found[1]


def blocks(page: Path) -> Iterator[Block]:
    above, lines = "", page.read_text().splitlines()
    index = 0
    while index < len(lines):
        line = lines[index]
        fence = re.match(r"( *)```(\w*)$", line)
        if fence is None:
            above = line.strip() or above
            index += 1
            continue
        start = index = index + 1
        while lines[index].strip() != "```":
            index += 1
        text = textwrap.dedent("\n".join(lines[start:index]))
        yield Block(page, start, fence[2], text, above)
        above, index = "", index + 1
