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


@dataclass
class Figure:
    """Requests per second, and microseconds of the server's time on a core for each."""

    rate: float
    cpu: float


def wrk(server: Server, request: Request, seconds: float, cores: str | None = "1") -> Figure:
    """The load of one thread with 16 connections."""
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
            "--timeout",
            "20s",
            f"-d{max(1, round(seconds))}s",
            "-s",
            script.name,
            url,
        ]
        before = server.cpu_time()
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent = server.cpu_time() - before
    if "Non-2xx" in output or "Socket errors" in output:
        raise SystemExit(f"error: `{server.name}` failed under load:\n{output}")
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", output).group(1))
    requests = int(re.search(r"(\d+) requests in", output).group(1))
    if requests == 0:
        raise SystemExit(f"error: `{server.name}` answered nothing in {seconds} s under load")
    return Figure(rate, spent / requests)


def rounds(
    servers: list[Server], request: Request, count: int, seconds: float
) -> list[list[Figure]]:
    """Each server's figures, one for each round. A round asks every server twice, in one
    order and then in its reverse, and another server begins the next one."""
    figures: list[list[Figure]] = [[] for _ in servers]
    for server in servers:
        wrk(server, request, seconds / 2)
    for number in range(count):
        order = [(index + number) % len(servers) for index in range(len(servers))]
        found: list[list[Figure]] = [[] for _ in servers]
        for index in [*order, *reversed(order)]:
            found[index].append(wrk(servers[index], request, seconds))
        for index, pair in enumerate(found):
            figures[index].append(
                Figure(
                    statistics.mean(figure.rate for figure in pair),
                    statistics.mean(figure.cpu for figure in pair),
                )
            )
    return figures


def ratios(figures: list[Figure], base: list[Figure]) -> list[float]:
    """Each rate as a multiple of the base's of the same round."""
    return [figure.rate / of.rate for figure, of in zip(figures, base, strict=True)]


def cpu_ratios(figures: list[Figure], base: list[Figure]) -> list[float]:
    """The base's time for a request as a multiple of each one's: the ratio of rates, were
    nothing else on the machine and the server always busy."""
    return [of.cpu / figure.cpu for figure, of in zip(figures, base, strict=True)]
