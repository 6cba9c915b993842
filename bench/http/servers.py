"""Servers as processes: started on given cores, asked until they answer, ended."""

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

PATIENCE = 60.0


@dataclass
class Server:
    """A server's command line, without its port."""

    name: str
    command: list[str]
    cores: str = "0"
    port: int = 0
    process: subprocess.Popen | None = None
    log: object = field(default=None, repr=False)

    def start(self) -> float:
        """Starts it and returns the seconds until the first 200."""
        self.port = free_port()
        self.log = tempfile.TemporaryFile()  # noqa: SIM115
        started = time.perf_counter()
        self.process = subprocess.Popen(
            ["taskset", "-c", self.cores, *self.command, *self.listen()],
            stdout=self.log,
            stderr=self.log,
        )
        while not self.answers():
            if self.process.poll() is not None or time.perf_counter() - started > PATIENCE:
                self.log.seek(0)
                raise SystemExit(
                    f"error: `{self.name}` does not answer: {self.log.read()[-2000:].decode()}"
                )
            time.sleep(0.0005)
        return time.perf_counter() - started

    def listen(self) -> list[str]:
        """The arguments that say where to listen."""
        return ["--port", str(self.port)]

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("GET", "/hello")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def resident(self) -> float:
        """Its resident memory in MB (1,000,000 bytes)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        return int(line.split()[1]) * 1024 / 1e6

    def cpu_time(self) -> float:
        """The microseconds that its threads have been on a core."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e3

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None
        self.log.close()

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def has_policies(program: str) -> bool:
    """Whether the program can be asked for fresh instances."""
    text = subprocess.run([program, "serve", "--help"], capture_output=True, text=True, check=True)
    return "--instances" in text.stdout


class Catalogue:
    """The servers that can be started."""

    def __init__(self, program: str, guests: str, axum: str, node: str) -> None:
        self.program, self.guests, self.axum_path, self.node_path = (
            program,
            Path(guests),
            axum,
            node,
        )
        self.policies = ["reuse", "fresh"] if has_policies(program) else ["reuse"]
        self.cache = self.guests / "cache"

    def axum(self, cores: str = "0") -> Server:
        return Server("axum", [self.axum_path, "--threads", str(len(cores.split(",")))], cores)

    def node(self) -> Server:
        return Server("node", ["node", self.node_path])

    def app(self, lane: str, policy: str, cores: str = "0") -> Server:
        os.makedirs(self.cache, exist_ok=True)
        command = [
            *[self.program, "serve", str(self.guests / f"{lane}-app.wasm")],
            *["--workers", str(len(cores.split(","))), "--cache-dir", str(self.cache)],
            *["--log-level", "warn"],
        ]
        if policy != "reuse" or len(self.policies) > 1:
            command += ["--instances", policy]
        return Server(f"{lane}, {policy}", command, cores)
