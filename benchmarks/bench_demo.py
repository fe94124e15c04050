"""How long the demo takes, by stage: ``python benchmarks/bench_demo.py`` (goal: under 6 minutes on two cores)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from table import keep, show


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        began = time.perf_counter()
        command = [sys.executable, "-m", "lorascope.cli.main", "demo", "--folder", str(Path(temporary) / "demo"), "--json"]
        output = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
        whole = time.perf_counter() - began
    seconds = json.loads(output)["seconds"]
    rows = [{"stage": stage, "wall_s": taken, "share": taken / whole} for stage, taken in seconds.items()]
    rows += [
        {"stage": "start and end of the process", "wall_s": whole - sum(seconds.values()), "share": 1 - sum(seconds.values()) / whole},
        {"stage": "whole demo", "wall_s": whole, "share": 1.0},
    ]
    show("Demo, wall time by stage (goal: under 360 s on two cores)", rows)
    keep("demo", rows)


if __name__ == "__main__":
    main()
