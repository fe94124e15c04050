"""The benchmarks, one after another: ``make bench``, ten to twenty minutes on two cores.

``python benchmarks/run_all.py [--peers DIR] [--all]``

Other trackers are measured beside ours where ``--peers`` names a folder with their environments (``tracker_processes.py`` says how to
make them). Experiments that train for long are run with ``--all`` only.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

WITH_PEERS = ("bench_logging.py", "bench_query.py", "bench_runs.py", "bench_start_up.py")
LONG = {
    "bench_caption_defects.py": "an experiment of 40 trainings",
    "bench_causes.py": "1,500 simulated projects, several minutes",
    "bench_next.py": "simulated projects that grow run by run, ten minutes",
    "bench_parameter_claims.py": "1,500 simulated projects beside forests and fANOVA, several minutes",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--all", action="store_true", help="the long experiments too")
    args = parser.parse_args()
    began = time.monotonic()
    for script in sorted(Path(__file__).parent.glob("bench_*.py")):
        if script.name in LONG and not args.all:
            print(f"\n=== {script.name} left out: {LONG[script.name]} (--all)", flush=True)
            continue
        print(f"\n=== {script.name}", flush=True)
        peers = ["--peers", str(args.peers)] if args.peers and script.name in WITH_PEERS else []
        start = time.monotonic()
        subprocess.run([sys.executable, str(script), *peers], check=True)
        print(f"  ({script.name}: {time.monotonic() - start:.0f} s)", flush=True)
    print(f"\nAll of it took {(time.monotonic() - began) / 60:.1f} minutes.")
    if not args.peers:
        print("Other trackers were left out: --peers DIR measures them beside ours (tracker_processes.py says how).")


if __name__ == "__main__":
    main()
