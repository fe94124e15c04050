"""A run of 45 parameters and 10 epochs of 20 metrics, recorded whole, in an empty store and beside thousands of others.

``python benchmarks/bench_runs.py [--peers DIR] [--peer-others N] [--stores DIR]``: see ``tracker_processes.py`` for the peers. Goal: at
most 5 ms of CPU a run, and at most 1.3 times as much beside 20,000 others. With ``--peer-others`` the peers that keep all runs in one
store are measured beside others too, which they write first (minutes; ``--stores`` keeps what was written).
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import tempfile
from pathlib import Path

from lab_filling import filled
from tracker_jobs import folder_bytes
from tracker_processes import filled_by, job, left_out, medians, one_run_bytes, peers_in, tools_in, versions

from table import keep, show

RUNS = {"lorascope": 100, "raw": 100, "trackio": 60, "mlflow": 8, "wandb": 30, "tensorboard": 60, "aim": 15}
ONE_STORE = {"trackio": 1, "mlflow": 1, "aim": 4}  # W&B and TensorBoard have a folder for each run; Aim writes a fourth of the others


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--others", type=int, nargs="*", default=[2_000, 20_000])
    parser.add_argument("--peer-others", type=int, default=0)
    parser.add_argument("--stores", type=Path, help="a folder in which the peers' stores are kept")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rows = empty(args.peers, Path(folder), args.times)
        for others in args.others:
            full = filled(Path(folder) / f"full-{others}", others)
            rows.append(_beside(args.peers, "lorascope", full, others, args.times))
            shutil.rmtree(full)
        for tool in peers_in(args.peers):
            if args.peer_others and tool in ONE_STORE:
                others = args.peer_others // ONE_STORE[tool]
                full = Path(folder) / f"full-{tool}"
                shutil.copytree(filled_by(args.peers, tool, args.stores or Path(folder), others), full)
                rows.append(_beside(args.peers, tool, full, others, args.times))
                shutil.rmtree(full)
    ours = next(row["cpu_ms_per_run"] for row in rows if row["tool"] == "lorascope")
    for row in rows:
        row["ratio_to_ours"] = row["cpu_ms_per_run"] / ours
    notes = ["CPU of the process and its children, such as W&B's service; the first run is not counted", *left_out(args.peers)]
    show("Recording a run (goal: at most 5 ms of CPU, flat to 20,000 runs)", rows, notes)
    keep("runs", rows, versions=versions(args.peers))


def empty(peers: Path | None, folder: Path, times: int) -> list[dict[str, object]]:
    """In turn, so that a drifting machine hits all alike."""
    found: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools_in(peers)}
    sizes: dict[str, list[float]] = {tool: [] for tool in found}
    first = {tool: one_run_bytes(peers, tool, folder) for tool in found}
    for turn in range(times):
        for tool, taken in found.items():
            place = folder / f"{tool}-{turn}"
            taken.append(job(peers, tool, "runs", place, RUNS[tool]))
            sizes[tool].append((folder_bytes(place) - first[tool]) / RUNS[tool])
            shutil.rmtree(place)
    return [
        {"tool": tool, "other_runs": 0, **medians(taken, RUNS[tool], "run"), "bytes_per_run": statistics.median(sizes[tool]), "n": times}
        for tool, taken in found.items()
    ]


def _beside(peers: Path | None, tool: str, full: Path, others: int, times: int) -> dict[str, object]:
    """Beside others and in an empty store in turn: the ratio is that of such pairs, so that a drifting machine does not count."""
    found, ratios = [], []
    for turn in range(times):
        empty_one = full.with_name(f"{full.name}-empty-{turn}")
        alone = job(peers, tool, "runs", empty_one, RUNS[tool])
        shutil.rmtree(empty_one)
        found.append(job(peers, tool, "runs", full, RUNS[tool], 10**6 + 1000 * turn))
        ratios.append(found[-1]["cpu_s"] / alone["cpu_s"])
    return {
        "tool": tool,
        "other_runs": others,
        **medians(found, RUNS[tool], "run"),
        "ratio_to_empty": statistics.median(ratios),
        "n": times,
    }


if __name__ == "__main__":
    main()
