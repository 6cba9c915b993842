"""Runs the commands of `console` blocks and compares their outputs."""

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

# What differs from run to run.
VARIABLE = [
    (re.compile(r"\b\d+(\.\d+)? ?(ms|s|us|KB|MB|KiB|MiB)\b"), "AMOUNT"),
    (re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z"), "TIME"),
    (re.compile(r"(?<=^date: ).*", re.MULTILINE), "DATE"),
    (re.compile(r"\beyJ[\w-]*\.[\w-]+\.[\w-]+"), "TOKEN"),
    (re.compile(r"cache (hit|miss)"), "cache"),
    (re.compile(r"(127\.0\.0\.1|localhost):\d+"), "ADDRESS"),
]
ELISION = "..."
# curl shows its progress unless it writes to a terminal.
QUIET = 'curl() { command curl --no-progress-meter "$@"; }'


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Yields the commands of a block with their outputs. A command that ends with `\\` continues."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        while command.endswith("\\"):
            more, _, output = output.partition("\n")
            command = f"{command}\n{more}"
        yield command, output.strip()


def run(command: str, folder: Path, environment: dict[str, str], limit: float = 600) -> str:
    done = subprocess.run(
        ["bash", "-c", f"{QUIET}\n{command}"],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=limit,
        text=True,
    )
    return done.stdout.replace("\r\n", "\n").strip()


def normal(text: str) -> str:
    for pattern, name in VARIABLE:
        text = pattern.sub(name, text)
    return "\n".join(line.rstrip() for line in text.splitlines())


def same(expected: str, actual: str) -> bool:
    """Compares outputs. A line `...` stands for any lines; JSON is compared as a value."""
    expected, actual = normal(expected), normal(actual)
    try:
        return bool(json.loads(expected) == json.loads(actual))
    except ValueError:
        pass
    pattern = re.escape(expected).replace(re.escape(ELISION), r"[\s\S]*")
    return re.fullmatch(pattern, actual) is not None


def difference(command: str, expected: str, actual: str) -> str | None:
    if same(expected, actual):
        return None
    return f"$ {command}\nexpected:\n{expected}\nactual:\n{actual}"


class Server:
    """A server in the background, whose output goes to a file."""

    def __init__(self, command: str, folder: Path, environment: dict[str, str], ready: str) -> None:
        self.log = folder / "server.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + 120
        while not (found := re.search(ready, self.log.read_text())):
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"`{command}` did not start:\n{self.log.read_text()}")
            time.sleep(0.05)
        self.found = found

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def environment(root: Path, **more: str) -> dict[str, str]:
    """Returns the variables of the commands: the host is in PATH, and Python is that of scripts/setup."""
    host = Path(os.environ.get("SPIKARD_WASM_BIN", root / "target/release/spikard-wasm"))
    python = os.environ.get("SPIKARD_WASM_PYTHON", str(root / "target/python"))
    return {
        **os.environ,
        "PATH": f"{host.parent}:{os.environ['PATH']}",
        "VIRTUAL_ENV": python,
        "CARGO_TARGET_DIR": os.environ.get("SPIKARD_WASM_GUEST_TARGET", str(root / "target/rust-guests")),
        **more,
    }
