"""Counts the instructions of a call with callgrind; `scripts/bench-instructions` runs this.

One run makes N calls and another makes 2N: the difference is the cost of N calls without
one-time work. `--smc-check=all-non-file` makes valgrind notice machine code that is generated
or mapped at run time. gungraun does not fit: its runner must match the version of its library,
and it counts from the entry to the return of a function, but a call that switches to the stack
of a fiber leaves the function in another way.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

RECORD = Path(__file__).with_name("instructions.json")
LANES = ["rust", "quickjs"]
# Calls of the smaller run, enough to make the variation of a single call negligible.
CALLS = {"reused": 2000, "fresh": 200}
TOLERANCE = 0.03
# Calibrates the CPU's clock against another clock once, for a time that varies.
SPINS = "quanta::Calibration::calibrate"


class Side(NamedTuple):
    """The program of a source tree and the directory of its apps."""

    program: str
    guests: str


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/bench-instructions")
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--guests", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    parser.add_argument("--base-program", help=argparse.SUPPRESS)
    parser.add_argument("--base-guests", help=argparse.SUPPRESS)
    parser.add_argument("--lane", choices=LANES, action="append")
    parser.add_argument("--calls", type=int, help="calls of the smaller run")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--bless", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    if options.base and (options.check or options.bless):
        parser.error("`--against` excludes `--check` and `--bless`: pass only one of them")
    return options


def count(side: Side, lane: str, mode: str, calls: int) -> int:
    """Counts the instructions of the calling thread, without loops that depend on wall time."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}"]
        command += ["--separate-threads=yes", "--smc-check=all-non-file"]
        command += [side.program, "--guests", side.guests]
        command += ["--lane", lane, "--only", mode, "--rounds", str(calls)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        main = Path(f"{file}-01")
        if run.returncode != 0 or not main.exists():
            raise SystemExit(f"error: callgrind failed:\n{run.stderr[-2000:]}")
        annotate = ["callgrind_annotate", "--inclusive=yes", "--threshold=100", str(main)]
        table = subprocess.run(annotate, capture_output=True, text=True, check=True).stdout
    totals = re.search(r"([\d,]+)[^\n]*PROGRAM TOTALS", table)
    if totals is None:
        raise SystemExit("error: callgrind_annotate printed no totals")
    spun = re.search(rf"^ *([\d,]+)[^\n]*:{re.escape(SPINS)}", table, re.MULTILINE)
    figures = [totals.group(1), spun.group(1) if spun else "0"]
    total, spent = (int(text.replace(",", "")) for text in figures)
    return total - spent


def measure(side: Side, options: argparse.Namespace) -> dict[str, int]:
    figures = {}
    for lane in options.lane or LANES:
        # The first run compiles machine code for the CPU that valgrind emulates.
        count(side, lane, "reused", 1)
        for mode, default in CALLS.items():
            calls = options.calls or default
            once, twice = (count(side, lane, mode, n) for n in (calls, 2 * calls))
            figures[f"{lane}, {mode}"] = round((twice - once) / calls)
    return figures


def exceeding(figures: dict[str, int], before: dict[str, int], tolerance: float) -> list[str]:
    """Returns the names that exceed the earlier count by more than the tolerance, or have none."""
    return [
        name for name, figure in figures.items() if figure > before.get(name, 0) * (1 + tolerance)
    ]


def main() -> int:
    options = arguments()
    record = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    before, tolerance = record.get("per_call", {}), record.get("tolerance", TOLERANCE)
    source, remedy = "bench/instructions.json", "run `scripts/bench-instructions --bless`"
    if options.base:
        before = measure(Side(options.base_program, options.base_guests), options)
        source, remedy = f"the revision `{options.base}`", "explain it in the pull request"
    figures = measure(Side(options.program, options.guests), options)
    if options.bless:
        text = {"tolerance": tolerance, "per_call": {**before, **figures}}
        RECORD.write_text(json.dumps(text, indent=2) + "\n")
    if options.json:
        print(json.dumps({"tolerance": tolerance, "per_call": figures, "before": before}, indent=2))
    else:
        print("| call of `hello` | instructions | before | change |\n|---|---|---|---|")
        for name, figure in figures.items():
            old = before.get(name)
            change = f"{figure / old - 1:+.1%}" if old else ""
            print(f"| {name} | {figure:,} | {f'{old:,}' if old else ''} | {change} |")
    if not (options.check or options.base):
        return 0
    worse = exceeding(figures, before, tolerance)
    for name in worse:
        was = f"`{before[name]}`" if name in before else "no count"
        print(
            f"error: `{name}` takes `{figures[name]}` instructions, but {source} has {was}, "
            f"which exceeds the tolerance of {tolerance:.0%}; if this is intended, {remedy}",
            file=sys.stderr,
        )
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
