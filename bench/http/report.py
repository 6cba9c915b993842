"""The figures as tables, beside the targets."""

TARGETS = {
    "throughput": {"rust": 0.93, "quickjs": 0.70, "starlingmonkey": 0.33, "python": 0.65},
    "cores": {"rust": 1.6, "quickjs": 1.6, "starlingmonkey": 1.5, "python": 1.5},
    "memory": {"rust": 25, "quickjs": 60, "starlingmonkey": 130, "python": 130},
    "start": {"rust": 50, "quickjs": 50, "starlingmonkey": 100, "python": 100},
    "fairness": 15,
}


def table(head: list[str], rows: list[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def target(part: str, lane: str, policy: str, request: str = "GET hello") -> str:
    """The target that a figure has, if any."""
    wanted = "fresh" if part == "cores" else "reuse"
    if policy != wanted or request != "GET hello":
        return ""
    return f"{TARGETS[part].get(lane, '')}"


def markdown(figures: dict) -> str:
    text = []
    if rows := figures.get("throughput"):
        text.append(
            "Requests per second, the server on one core, wrk on another (`wrk -t1 -c16`):\n"
        )
        text.append(
            table(
                [
                    "request",
                    "server",
                    "policy",
                    "req/s",
                    "of axum",
                    "lowest to highest",
                    "CPU us",
                    "of axum, by CPU",
                    "target",
                ],
                [
                    [
                        *[row["request"], row["lane"], row["policy"], f"{row['median']:,.0f}"],
                        f"{row['ratio']:.2f}",
                        f"{row['lowest']:.2f} to {row['highest']:.2f}",
                        f"{row['cpu_us']:.1f}",
                        f"{row['cpu_ratio']:.2f}",
                        target("throughput", row["lane"], row["policy"], row["request"]),
                    ]
                    for row in rows
                ],
            )
        )
    if rows := figures.get("cores"):
        text.append(
            "GET hello, server on both cores, against one core (see below for wrk's place):\n"
        )
        text.append(
            table(
                ["server", "policy", "one core", "both cores", "ratio", "target"],
                [
                    [
                        *[row["lane"], row["policy"], f"{row['one']:,.0f}", f"{row['both']:,.0f}"],
                        *[f"{row['ratio']:.2f}", target("cores", row["lane"], row["policy"])],
                    ]
                    for row in rows
                ],
            )
        )
    if rows := figures.get("memory"):
        text.append("Resident memory, idle, one worker with one warm instance:\n")
        text.append(
            table(
                ["server", "MB", "target"],
                [[r["lane"], f"{r['mb']:.0f}", target("memory", r["lane"], "reuse")] for r in rows],
            )
        )
    if rows := figures.get("start"):
        text.append("From the start of the process to the first 200, with a warm cache:\n")
        text.append(
            table(
                ["server", "median ms", "lowest to highest", "target"],
                [
                    [
                        *[
                            r["lane"],
                            f"{r['median']:.0f}",
                            f"{r['lowest']:.0f} to {r['highest']:.0f}",
                        ],
                        target("start", r["lane"], "reuse"),
                    ]
                    for r in rows
                ],
            )
        )
    if rows := figures.get("fairness"):
        text.append(
            "GET hello on 8 connections while one request spins for a second; one worker:\n"
        )
        text.append(
            table(
                ["server", "policy", "p50 ms", "p99 ms", "max ms", "target (p99)"],
                [
                    [
                        *[r["lane"], r["policy"]],
                        *[f"{r[key]:.1f}" for key in ("p50_ms", "p99_ms", "max_ms")],
                        "" if r["lane"] == "node" else f"{TARGETS['fairness']}",
                    ]
                    for r in rows
                ],
            )
        )
    return "\n".join(text)
