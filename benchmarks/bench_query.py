"""The best twenty runs with network_dim = 32 by their best epoch, and everything in a data frame.

``python benchmarks/bench_query.py [--peers DIR] [--peer-runs N] [--stores DIR]``: see ``tracker_processes.py`` for the peers. Goals: at
most 2 ms of CPU beside 2,000 runs and 10 ms beside 20,000; all parameters and last values of 2,000 runs in a data frame in at most 250 ms.
Peers have 100 runs, as writing 2,000 takes them minutes; with ``--stores`` what was written is kept for the next time.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from lab_filling import filled
from tracker_processes import WITHOUT_QUESTIONS, filled_by, job, left_out, peers_in, versions

from table import keep, show

SHARE = {"aim": 4}  # a fourth of the runs: writing and indexing them takes longest


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--runs", type=int, nargs="*", default=[2_000, 20_000])
    parser.add_argument("--peer-runs", type=int, default=100)
    parser.add_argument("--stores", type=Path, help="a folder in which the peers' stores are kept")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sizes = {tool: args.peer_runs // SHARE.get(tool, 1) for tool in peers_in(args.peers) if tool not in WITHOUT_QUESTIONS}
        ours_at = sorted({*sizes.values(), *args.runs})
        rows = [_row(args.peers, "lorascope", filled(Path(folder) / f"full-{runs}", runs), runs) for runs in ours_at]
        ours = {row["runs"]: row for row in rows}
        for tool, runs in sizes.items():
            row = _row(args.peers, tool, filled_by(args.peers, tool, args.stores or Path(folder), runs), runs)
            rows.append(row | {f"{what}_ratio_to_ours": row[f"{what}_cpu_ms"] / ours[runs][f"{what}_cpu_ms"] for what in ("top", "frame")})
    notes = ["medians of 7 and 5, warm, after a first call (top_first_ms: CPU of that one, with opening the store)", *left_out(args.peers)]
    show("Best 20 by best epoch, and all in a data frame (goal: 2 ms, 10 ms; 250 ms for 2,000 runs)", rows, notes)
    keep("query", rows, versions=versions(args.peers))


def _row(peers: Path | None, tool: str, folder: Path, runs: int) -> dict[str, object]:
    found = job(peers, tool, "questions", folder, runs)
    order = ("right", "top_first_ms", "top_cpu_ms", "top_wall_ms", "frame_cpu_ms", "frame_wall_ms", "prepare_s")
    return {"tool": tool, "runs": runs, **{key: found[key] for key in order if key in found}}


if __name__ == "__main__":
    main()
