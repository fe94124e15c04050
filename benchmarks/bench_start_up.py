"""How long tools take to answer, beside bare python: ``python benchmarks/bench_start_up.py [--peers DIR]``.

Commands take turns, so that a drifting machine hits all alike. Byte code is written first, as an installation does. With ``--peers``
(see ``tracker_processes.py``) the imports and the ``--help`` of other trackers stand beside ours, each less the bare python of its own
environment, and so does a whole process that imports the tool and records one run: into a new store, and into one that is there.
Goals: ``import lorascope`` at most 60 ms of CPU more than bare python, ``--help`` 120 ms, and 30 ms for a new store.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tracker_processes import command, environment, left_out, peers_in, python_of, tools_in, versions

from table import keep, show

COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "python -c 'import lorascope'": ["-c", "import lorascope"],
    "lorascope --help": ["-m", "lorascope.cli.main", "--help"],
    "lorascope --version": ["-m", "lorascope.cli.main", "--version"],
    "lorascope pick --help": ["-m", "lorascope.cli.main", "pick", "--help"],
}
WRITERS = {"tensorboard": "tensorboardX"}  # what a training imports, where it is not the tool itself
Taken = tuple[float, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--peer-runs", type=int, default=7)
    args = parser.parse_args()
    times = in_turn({name: [sys.executable, *rest] for name, rest in COMMANDS.items()}, args.runs)
    rows = [row(name, times, "python -c pass") for name in times]
    show(
        "Start-up (goal: import at most 60 ms of CPU more than bare python, --help 120 ms)",
        rows,
        [f"{args.runs} runs in turn, whole processes"],
    )
    keep("start_up", rows, runs=args.runs)
    rows = beside_peers(args.peers, args.peer_runs) + first_runs(args.peers, args.peer_runs)
    notes = ["CPU of whole processes with their children, less bare python's", *left_out(args.peers)]
    show("Imports, help and the first run of trackers", rows, notes)
    keep("start_up_trackers", rows, runs=args.peer_runs, versions=versions(args.peers))


def beside_peers(peers: Path | None, turns: int) -> list[dict[str, object]]:
    """What an import and ``--help`` cost, for ours and the peers."""
    commands: dict[str, list[str]] = {}
    for tool in ["lorascope", *peers_in(peers)]:
        python = python_of(peers, tool)
        commands[f"{tool} bare"] = [python, "-c", "pass"]
        commands[f"{tool} import"] = [python, "-c", f"import {WRITERS.get(tool, tool)}"]
        commands[f"{tool} --help"] = [str(Path(python).with_name(tool)), "--help"]
    times = in_turn(commands, turns)
    return [
        {"tool": tool, "what": what, **row(f"{tool} {what}", times, f"{tool} bare"), "n": turns}
        for what in ("import", "--help")
        for tool in ["lorascope", *peers_in(peers)]
    ]


def first_runs(peers: Path | None, turns: int) -> list[dict[str, object]]:
    """A process that imports the tool and records one run, in a new store and in one with a run."""
    rows: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as folder:
        found: dict[str, list[Taken]] = {}
        for turn in range(turns + 1):
            for tool in tools_in(peers):
                place = Path(folder) / tool
                for number, what in enumerate(("first run, new store", "one run, store of one")):
                    taken = timed(command(peers, tool, "one", place, number))
                    found.setdefault(f"{tool} {what}", []).extend([taken] if turn else [])
                shutil.rmtree(place)
                found.setdefault(f"{tool} bare", []).extend([timed([python_of(peers, tool), "-c", "pass"])] if turn else [])
        for what in ("first run, new store", "one run, store of one"):
            rows += [{"tool": tool, "what": what, **row(f"{tool} {what}", found, f"{tool} bare"), "n": turns} for tool in tools_in(peers)]
    return rows


def in_turn(commands: dict[str, list[str]], turns: int) -> dict[str, list[Taken]]:
    """Wall and CPU milliseconds of every command; a first turn, which writes byte code, is not counted."""
    found: dict[str, list[Taken]] = {name: [] for name in commands}
    for turn in range(turns + 1):
        for name, asked in commands.items():
            taken = timed(asked)
            found[name] += [taken] if turn else []
    return found


def timed(asked: Sequence[str]) -> Taken:
    """Wall and CPU milliseconds of a process with its children."""
    began = time.perf_counter()
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(asked, stdout=said, stderr=said, env=environment())
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            raise SystemExit(f"{' '.join(asked)} failed:\n{said.read()[-2000:].decode()}")
    return 1e3 * (time.perf_counter() - began), 1e3 * (used.ru_utime + used.ru_stime)


def row(name: str, times: dict[str, list[Taken]], bare: str) -> dict[str, object]:
    wall, cpu = (statistics.median(one[place] for one in times[name]) for place in (0, 1))
    more_wall, more_cpu = (
        statistics.median(one[place] - base[place] for one, base in zip(times[name], times[bare], strict=True)) for place in (0, 1)
    )
    return {
        "command": name,
        "median_ms": wall,
        "min_ms": min(one[0] for one in times[name]),
        "more_than_bare_ms": more_wall,
        "cpu_ms": cpu,
        "cpu_more_than_bare_ms": more_cpu,
    }


if __name__ == "__main__":
    main()
