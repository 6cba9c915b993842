"""Measures the host over HTTP; `scripts/bench-http` builds what it needs and runs it."""

import argparse
import json
import os
import statistics
import time

import fairness
import load
import report
from servers import Catalogue

LANES = ["rust", "quickjs", "starlingmonkey", "python"]
PARTS = ["throughput", "cores", "memory", "start", "fairness"]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-http", description=__doc__)
    for name in ("--guests", "--program", "--axum", "--node"):
        parser.add_argument(name, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--lane", choices=LANES, action="append")
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of one run of wrk")
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--markdown", action="store_true", help="tables, which is the default")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds, options.starts = 1, 1, 2
    return options


def throughput(catalogue: Catalogue, lanes: list[str], options: argparse.Namespace) -> list[dict]:
    servers = [catalogue.axum(), catalogue.axum()]
    names = [("axum", "native"), ("axum", "native, again")]
    for lane in lanes:
        for policy in catalogue.policies:
            servers.append(catalogue.app(lane, policy))
            names.append((lane, policy))
    rows = []
    try:
        for server in servers:
            server.start()
        for request in load.REQUESTS:
            figures = load.rounds(servers, request, options.rounds, options.seconds)
            for (lane, policy), figure in zip(names, figures, strict=True):
                ratios = load.ratios(figure, figures[0])
                rows.append(
                    {
                        "request": request.name,
                        "lane": lane,
                        "policy": policy,
                        "median": statistics.median(one.rate for one in figure),
                        "cpu_us": statistics.median(one.cpu for one in figure),
                        "cpu_ratio": statistics.median(load.cpu_ratios(figure, figures[0])),
                        "ratio": statistics.median(ratios),
                        "lowest": min(ratios),
                        "highest": max(ratios),
                    }
                )
    finally:
        for server in servers:
            server.stop()
    return rows


def cores(catalogue: Catalogue, lanes: list[str], options: argparse.Namespace) -> list[dict]:
    """One core of the server against both. On a machine with two cores wrk then has to share
    them, so that the ratio is lower than the server's own; lanes whose requests cost much
    more than wrk's come close to it."""
    hello, rows = load.REQUESTS[0], []
    for lane in lanes:
        for policy in catalogue.policies:
            one, both = catalogue.app(lane, policy), catalogue.app(lane, policy, "0,1")
            with one, both:
                pairs = []
                for _ in range(options.rounds):
                    run = lambda server, pin: load.wrk(server, hello, options.seconds, pin).rate  # noqa: E731
                    a, b = run(one, "1"), run(both, None)
                    c, d = run(both, None), run(one, "1")
                    pairs.append(((a + d) / 2, (b + c) / 2))
            rows.append(
                {
                    "lane": lane,
                    "policy": policy,
                    "one": statistics.median(one for one, _ in pairs),
                    "both": statistics.median(both for _, both in pairs),
                    "ratio": statistics.median(both / one for one, both in pairs),
                }
            )
    return rows


def memory(catalogue: Catalogue, lanes: list[str], _: argparse.Namespace) -> list[dict]:
    rows = []
    for server, lane in [
        (catalogue.axum(), "axum"),
        *((catalogue.app(lane, "reuse"), lane) for lane in lanes),
    ]:
        with server:
            server.answers()
            time.sleep(1)
            rows.append({"lane": lane, "mb": server.resident()})
    return rows


def start(catalogue: Catalogue, lanes: list[str], options: argparse.Namespace) -> list[dict]:
    rows = []
    for lane in lanes:
        server = catalogue.app(lane, "reuse", "0")
        times = []
        for _ in range(options.starts + 1):
            times.append(server.start() * 1e3)
            server.stop()
        # The first start may have filled the cache.
        times = times[1:]
        rows.append(
            {
                "lane": lane,
                "median": statistics.median(times),
                "lowest": min(times),
                "highest": max(times),
            }
        )
    return rows


def fair(catalogue: Catalogue, lanes: list[str], _: argparse.Namespace) -> list[dict]:
    rows = []
    for lane in lanes:
        for policy in catalogue.policies:
            rows.append(
                {"lane": lane, "policy": policy, **fairness.measure(catalogue.app(lane, policy))}
            )
    rows.append({"lane": "node", "policy": "", **fairness.measure(catalogue.node())})
    return rows


def main() -> None:
    options = arguments()
    if len(os.sched_getaffinity(0)) < 2:
        raise SystemExit("error: it needs two cores, one for the server and one for the load")
    catalogue = Catalogue(options.program, options.guests, options.axum, options.node)
    lanes = options.lane or LANES
    parts = {
        "throughput": throughput,
        "cores": cores,
        "memory": memory,
        "start": start,
        "fairness": fair,
    }
    figures = {}
    for name, part in parts.items():
        if options.only is None or name in options.only:
            figures[name] = part(catalogue, lanes, options)
    print(json.dumps(figures, indent=2) if options.json else report.markdown(figures))


if __name__ == "__main__":
    main()
