"""Follows docs/tutorial.md in an empty folder."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import session
from files import Result
from markdown import Block, blocks

ROOT = Path.cwd()
PAGE = Path("docs/tutorial.md")
EXAMPLE = Path("examples/tutorial/ts")
ADDRESS = "localhost:8000"


def results() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="tutorial.") as work:
        # The clone of the project that the page expects beside the new folder.
        (Path(work) / "spikard-wasm").symlink_to(ROOT)
        walk = Walk(Path(work))
        try:
            for block in blocks(PAGE):
                yield from walk.step(block)
        finally:
            walk.stop()


class Walk:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = session.environment(ROOT)
        self.server: session.Server | None = None

    def step(self, block: Block) -> Iterator[Result]:
        if block.language == "console":
            for command, expected in session.commands(block.text):
                yield f"{block.place}: $ {command.splitlines()[0]}", self.run(command, expected)
        elif name := self.file(block):
            file = self.folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(block.text + "\n")

    def file(self, block: Block) -> str | None:
        """Returns the path of the file that a block is, or `None` if it is of another language's app."""
        if block.link is None:
            return block.name
        target = os.path.normpath(block.page.parent / block.link)
        inside = os.path.relpath(target, EXAMPLE)
        return None if inside.startswith("..") else inside

    def run(self, command: str, expected: str) -> str | None:
        if "spikard-wasm serve" in command:
            self.stop()
            command = f"{command} --port 0"
            self.server = session.Server(command, self.folder, self.environment, r"serving .* at http://(\S+) .*")
            return session.difference(command, expected, self.server.log.read_text())
        address = self.server.found[1] if self.server else ADDRESS
        # The folder in which the command ends is that of the next one.
        with tempfile.NamedTemporaryFile("r") as ended:
            typed = f"{command.replace(ADDRESS, address)}\npwd >{ended.name}"
            actual = session.run(typed, self.folder, self.environment)
            self.folder = Path(ended.read().strip() or self.folder)
        return session.difference(command, expected, actual)

    def stop(self) -> None:
        if self.server is not None:
            self.server.stop()
            self.server = None
