"""Compares blocks of code with the files that they are from."""

import difflib
import textwrap
from collections.abc import Iterator
from pathlib import Path

from markdown import Block, blocks

PAGES = [*sorted(Path("docs/guide").glob("*.md")), Path("docs/tutorial.md")]
# Blocks of other languages need no file: sessions are run, and text is output.
LANGUAGES = {"ts", "js", "python", "rust", "toml", "sql", "json"}

Result = tuple[str, str | None]


def results() -> Iterator[Result]:
    for page in PAGES:
        for block in blocks(page):
            if block.language in LANGUAGES:
                yield block.place, problem(block)
            elif block.language not in {"console", "text"}:
                yield block.place, f"the block has the language `{block.language}`, which nothing tests"


def problem(block: Block) -> str | None:
    if block.link is None:
        if block.name is not None and block.page.name == "tutorial.md":
            return None  # The tutorial writes the file.
        return "the line above the block is not a link to its file with a colon: `[app.ts](../app.ts):`"
    file = block.page.parent / block.link
    if not file.is_file():
        return f"there is no file `{file}`"
    expected, actual = block.text.splitlines(), file.read_text().splitlines()
    if contains(actual, expected):
        return None
    nearest = difflib.unified_diff(expected, similar(actual, expected), "page", str(file), lineterm="", n=1)
    return "the file does not have these lines:\n" + "\n".join(nearest)


def contains(lines: list[str], part: list[str]) -> bool:
    return any(window(lines, at, len(part)) == part for at in range(len(lines) - len(part) + 1))


def window(lines: list[str], at: int, length: int) -> list[str]:
    return textwrap.dedent("\n".join(lines[at : at + length])).splitlines()


def similar(lines: list[str], part: list[str]) -> list[str]:
    """Returns the lines of the file that are most like the block."""
    starts = [at for at, line in enumerate(lines) if line.strip() == part[0].strip()] or [0]
    return max(
        (window(lines, at, len(part)) for at in starts),
        key=lambda found: difflib.SequenceMatcher(None, found, part).ratio(),
    )
