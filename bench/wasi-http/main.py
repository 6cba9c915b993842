"""Measures wasi:http components in this host and in `wasmtime serve`, beside each other;
`scripts/bench-wasi-http` builds what it needs and runs it."""

import argparse
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "http"))

import load
from report import table
from servers import Server

GUESTS = ["wasi-raw", "wasi-wstd", "wasi-p3"]

# What `GET /hello` of a 0.2 component is to reach, as a multiple of `wasmtime serve`.
TARGETS = {"fresh": 1.5, "reuse": 4.0}


@dataclass
class Wasmtime(Server):
    """`wasmtime serve`, which has its address in one argument."""

    def listen(self) -> list[str]:
        return ["--addr", f"127.0.0.1:{self.port}"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-wasi-http", description=__doc__)
    for name in ("--guests", "--program", "--wasmtime", "--cache"):
        parser.add_argument(name, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--guest", choices=GUESTS, action="append")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of one run of wrk")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--out", help="also writes the report to a file")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, 1
    return options


def servers(guest: str, options: argparse.Namespace) -> dict[tuple[str, str], Server]:
    """What is measured of a component. Both sides as they come, with one thread on one core,
    and `wasmtime serve` also with the reuse of instances that it has when it is asked for."""
    component = str(Path(options.guests) / f"{guest}.wasm")
    serve = [options.wasmtime, "serve", "-Scli"]
    ours = [options.program, "serve", component, "--workers", "1", "--cache-dir", options.cache]
    ours += ["--log-level", "warn"]
    return {
        ("wasmtime serve", "as it comes"): Wasmtime("wasmtime serve", [*serve, component]),
        ("wasmtime serve", "as it comes, again"): Wasmtime("wasmtime serve", [*serve, component]),
        ("wasmtime serve", "reuse"): Wasmtime(
            "wasmtime serve, reuse",
            [*serve, "--max-instance-reuse-count", "10000", component],
        ),
        ("spikard-wasm", "fresh"): Server("ours, fresh", [*ours, "--instances", "fresh"]),
        ("spikard-wasm", "reuse"): Server("ours, reuse", [*ours, "--instances", "reuse"]),
    }


def measure(guest: str, options: argparse.Namespace) -> list[dict]:
    rows = []
    running = servers(guest, options)
    try:
        for server in running.values():
            server.start()
        for request in load.REQUESTS:
            figures = load.rounds(list(running.values()), request, options.rounds, options.seconds)
            base = figures[0]
            for (program, policy), figure in zip(running, figures, strict=True):
                ratios = load.ratios(figure, base)
                rows.append(
                    {
                        "guest": guest,
                        "request": request.name,
                        "program": program,
                        "policy": policy,
                        "median": statistics.median(one.rate for one in figure),
                        "cpu_us": statistics.median(one.cpu for one in figure),
                        "ratio": statistics.median(ratios),
                        "lowest": min(ratios),
                        "highest": max(ratios),
                        "cpu_ratio": statistics.median(load.cpu_ratios(figure, base)),
                        "rss_mb": running[program, policy].resident(),
                        "target": target(guest, request.name, program, policy),
                    }
                )
    finally:
        for server in running.values():
            server.stop()
    return rows


def target(guest: str, request: str, program: str, policy: str) -> float | None:
    """What is to be reached, where something is: the issue names components of 0.2."""
    if program != "spikard-wasm" or request != "GET hello" or guest == "wasi-p3":
        return None
    return TARGETS[policy]


def version(program: str) -> str:
    text = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return re.sub(r" \([0-9a-f]+ .*\)", "", text.stdout.strip())


def markdown(rows: list[dict], options: argparse.Namespace) -> str:
    head = [
        "component",
        "request",
        "host",
        "instances",
        "req/s",
        "of wasmtime",
        "lowest to highest",
    ]
    head += ["CPU us", "of wasmtime, by CPU", "MB", "target"]
    lines = []
    for row in rows:
        wanted = row["target"]
        reached = wanted is not None and row["ratio"] >= wanted
        lines.append(
            [
                *[row["guest"], row["request"], row["program"], row["policy"]],
                *[f"{row['median']:,.0f}", f"{row['ratio']:.2f}"],
                f"{row['lowest']:.2f} to {row['highest']:.2f}",
                *[f"{row['cpu_us']:.1f}", f"{row['cpu_ratio']:.2f}", f"{row['rss_mb']:.0f}"],
                "" if wanted is None else f"{wanted:.1f}{', reached' if reached else ', missed'}",
            ]
        )
    said = (
        f"{time.strftime('%Y-%m-%d')}, {version(options.wasmtime)} and {version(options.program)}, "
        f"{platform.system()} {platform.release().split('-')[0]}, {os.cpu_count()} cores. "
        f"The server on one core, wrk on another (`wrk -t1 -c16`), {options.rounds} rounds of "
        f"{options.seconds} s, ABBA. `again` is the noise.\n\n"
    )
    return said + table(head, lines)


def main() -> None:
    options = arguments()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("error: it needs two cores, one for the server and one for the load")
    rows = [row for guest in options.guest or GUESTS for row in measure(guest, options)]
    text = json.dumps(rows, indent=2) if options.json else markdown(rows, options)
    print(text)
    if options.out:
        Path(options.out).write_text(text)


if __name__ == "__main__":
    main()
