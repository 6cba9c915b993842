"""Runs the sessions of docs/guide against examples/guide in each language."""

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import session
from files import Result
from markdown import Block, blocks

ROOT = Path.cwd()
EXAMPLE = ROOT / "examples/guide"
SOURCES = {"ts": "ts/src/app.ts", "python": "python", "rust": "rust"}
# The page that tells how to start the example is for people.
PAGES = [page for page in sorted(Path("docs/guide").glob("*.md")) if page.name != "README.md"]
ADDRESS, RATES = "localhost:8000", "127.0.0.1:9000"


def results() -> Iterator[Result]:
    environment = session.environment(
        ROOT, JWT_KEY="a key of at least thirty-two bytes", RATES_KEY="a key of the rates service"
    )
    with tempfile.TemporaryDirectory(prefix="guide.") as work, rates() as service:
        for language, source in SOURCES.items():
            component = Path(work) / f"{language}.wasm"
            command = ["spikard-wasm", "build", source, "-o", str(component)]
            built = subprocess.run(command, cwd=EXAMPLE, env=environment, capture_output=True, text=True)
            yield f"build of the guide in {language}", built.stderr if built.returncode else None
            if built.returncode:
                continue
            for page in PAGES:
                sessions = [block for block in blocks(page) if block.language == "console"]
                folder = Path(work) / f"{page.stem}-{language}"
                folder.mkdir()
                yield from follow(sessions, language, folder, component, service, environment)


def follow(
    sessions: list[Block],
    language: str,
    folder: Path,
    component: Path,
    service: str,
    environment: dict[str, str],
) -> Iterator[Result]:
    """Runs the sessions of a page against a new server with empty databases."""
    settings = (EXAMPLE / "spikard.toml").read_text()
    (folder / "spikard.toml").write_text(settings.replace(RATES, service))
    (folder / "guide.wasm").symlink_to(component)
    shutil.copytree(EXAMPLE / "migrations", folder / "migrations")
    command = "spikard-wasm serve spikard.toml --port 0 --migrate"
    server = session.Server(command, folder, environment, r"serving .* at http://(\S+)")
    try:
        for block in sessions:
            problems = []
            for typed, expected in session.commands(block.text):
                actual = session.run(typed.replace(ADDRESS, server.found[1]), folder, environment)
                problems.append(session.difference(typed, expected, actual))
            problems = [problem for problem in problems if problem]
            problem = "\n".join([*problems, *server.log.read_text().splitlines()[-5:]]) if problems else None
            yield f"{block.place} in {language}", problem
    finally:
        server.stop()


@contextlib.contextmanager
def rates() -> Iterator[str]:
    """Runs the service that the example calls, and returns its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, str(EXAMPLE / "rates.py"), str(port)])
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
