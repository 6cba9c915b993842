"""Load from wrk, in interleaved rounds."""

import re
import statistics
import subprocess
import tempfile
from dataclasses import dataclass

from servers import Server

BODY = '{"id":7,"name":"Copper kettle","price":48.5,"tags":["kitchen","metal"]}'


@dataclass
class Request:
    """What wrk asks for."""

    name: str
    path: str
    body: str | None = None


REQUESTS = [Request("GET hello", "/hello"), Request("POST JSON echo", "/echo", BODY)]


def wrk(server: Server, request: Request, seconds: float, cores: str | None = "1") -> float:
    """Requests per second of one thread with 16 connections."""
    pinned = ["taskset", "-c", cores] if cores else []
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        if request.body is not None:
            script.write(f"wrk.method = 'POST'\nwrk.body = '{request.body}'\n")
            script.write("wrk.headers['content-type'] = 'application/json'\n")
        script.flush()
        url = f"http://127.0.0.1:{server.port}{request.path}"
        command = [
            *pinned,
            "wrk",
            "-t1",
            "-c16",
            f"-d{max(1, round(seconds))}s",
            "-s",
            script.name,
            url,
        ]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"error: `{server.name}` failed under load:\n{output}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))


def rounds(
    servers: list[Server], request: Request, count: int, seconds: float
) -> list[list[float]]:
    """Each server's figures, one for each round. A round asks every server twice, in one
    order and then in its reverse, and another server begins the next one."""
    figures: list[list[float]] = [[] for _ in servers]
    for server in servers:
        wrk(server, request, seconds / 2)
    for number in range(count):
        order = [(index + number) % len(servers) for index in range(len(servers))]
        found: list[list[float]] = [[] for _ in servers]
        for index in [*order, *reversed(order)]:
            found[index].append(wrk(servers[index], request, seconds))
        for index, pair in enumerate(found):
            figures[index].append(statistics.mean(pair))
    return figures


def ratios(figures: list[float], base: list[float]) -> list[float]:
    return [figure / of for figure, of in zip(figures, base, strict=True)]
