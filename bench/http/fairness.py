"""What other requests of a worker wait for while one of them keeps the CPU busy."""

import asyncio
import os
import time

from servers import Server

CONNECTIONS = 8
# Longer than a request takes, or requests would wait for each other.
PERIOD = 0.05
SPINS = 3
SPIN = 1.0


async def ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"error: the reply to `{path}` began with `{head[:60]!r}`")
    lower = head.lower()
    if b"content-length:" in lower:
        length = int(lower.split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
    else:
        await reader.readuntil(b"0\r\n\r\n")


async def visitor(port: int, begin: float, end: float, latencies: list[float], number: int) -> None:
    """Asks at fixed times, and counts from the time a request was due: a server that
    stalls does not escape the requests that were to be sent meanwhile."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await ask(reader, writer, "/hello")
    due = begin + PERIOD * number / CONNECTIONS
    while due < end:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        await ask(reader, writer, "/hello")
        latencies.append(time.perf_counter() - due)
        due += PERIOD
    writer.close()


async def spinner(port: int, begin: float) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await asyncio.sleep(max(0.0, begin - time.perf_counter()))
    await ask(reader, writer, f"/spin?ms={int(SPIN * 1000)}")
    took = time.perf_counter() - begin
    writer.close()
    return took


async def run(port: int) -> tuple[list[float], float]:
    latencies: list[float] = []
    begin = time.perf_counter() + 0.3
    visitors = [
        visitor(port, begin + 0.01, begin + SPIN, latencies, number)
        for number in range(CONNECTIONS)
    ]
    took, *_ = await asyncio.gather(spinner(port, begin), *visitors)
    return latencies, took


def measure(server: Server) -> dict[str, float]:
    """Milliseconds that requests take while one spins for a second in the only worker."""
    before = os.sched_getaffinity(0)
    if len(before) > 1:
        os.sched_setaffinity(0, {max(before)})
    try:
        with server:
            asyncio.run(run(server.port))
            runs = [asyncio.run(run(server.port)) for _ in range(SPINS)]
    finally:
        os.sched_setaffinity(0, before)
    latencies = sorted(latency for found, _ in runs for latency in found)
    at = lambda share: latencies[min(len(latencies) - 1, int(len(latencies) * share))] * 1e3  # noqa: E731
    return {
        "requests": len(latencies),
        "p50_ms": at(0.5),
        "p99_ms": at(0.99),
        "max_ms": latencies[-1] * 1e3,
        "spin_ms": max(took for _, took in runs) * 1e3,
    }
