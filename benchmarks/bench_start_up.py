"""How long the command line takes to answer, beside bare python: ``python benchmarks/bench_start_up.py``.

Commands take turns, so that a drifting machine hits all alike. Byte code is written first, as an installation does.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from table import keep, show

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "python -c 'import lorascope'": [sys.executable, "-c", "import lorascope"],
    "lorascope --help": [sys.executable, "-m", "lorascope.cli.main", "--help"],
    "lorascope --version": [sys.executable, "-m", "lorascope.cli.main", "--version"],
    "lorascope pick --help": [sys.executable, "-m", "lorascope.cli.main", "pick", "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    args = parser.parse_args()
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for turn in range(args.runs + 1):
        for name, command in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run(command, capture_output=True, check=True, env=environment)
            if turn:  # the first turn writes byte code
                times[name].append(1e3 * (time.perf_counter() - began))
    bare = times["python -c pass"]
    rows = [
        {
            "command": name,
            "median_ms": statistics.median(taken),
            "min_ms": min(taken),
            "more_than_bare_ms": statistics.median(ours - base for ours, base in zip(taken, bare, strict=True)),
        }
        for name, taken in times.items()
    ]
    show("Start-up (goal: at most 150 ms more than bare python)", rows, [f"{args.runs} runs in turn, whole processes"])
    keep("start_up", rows, runs=args.runs)


if __name__ == "__main__":
    main()
