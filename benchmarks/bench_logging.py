"""Logging a training of 20 numbers a step: what a call costs its caller, points a second until all are safe, bytes, and a kill.

``python benchmarks/bench_logging.py [--peers DIR]``: see ``tracker_processes.py`` for the peers. Goals: ``log`` at most
40 µs of CPU (median) and 1 ms (99 %); at least 1.2 times the points of Trackio and 120 times those of MLflow for each second of CPU; at
most 30 bytes a point while it runs and 12 after; nothing acknowledged lost by a kill.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

import tracker_data
import tracker_jobs
from tracker_processes import command, environment, job, left_out, one_run_bytes, tools_in, versions

import lorascope
from table import keep, show

POINTS = {
    "lorascope": 200_000,
    "raw": 40_000,
    "trackio": 100_000,
    "mlflow": 1_000,
    "wandb": 40_000,
    "tensorboard": 40_000,
    "aim": 8_000,
}
SINGLE = {"lorascope": 100_000, "raw": 20_000, "trackio": 20_000, "mlflow": 200, "wandb": 20_000, "tensorboard": 40_000, "aim": 4_000}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", type=Path)
    parser.add_argument("--times", type=int, default=5)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        cost = [caller(Path(folder), turn) for turn in range(args.times)]
        rows = [{key: statistics.median(one[key] for one in cost) for key in cost[0]} | {"n": 20_000 * args.times}]
        show("What log(20 values) costs its caller (goal: p50 at most 40 µs of CPU, p99 at most 1000 µs)", rows)
        keep("logging_caller", rows)
        facts = {"versions": versions(args.peers)}
        notes = left_out(args.peers)
        rows = ingestion(args.peers, Path(folder), args.times)
        show("Points of one run, 20 a call, until all are safe (goal: 1.2 × Trackio, 120 × MLflow, by CPU)", rows, notes)
        keep("logging_points", rows, **facts)
        rows = single_values(args.peers, Path(folder), args.times)
        show("Points of one run, one a call, until all are safe", rows, notes)
        keep("logging_single", rows, **facts)
        rows = [killed(args.peers, tool, Path(folder), args.times) for tool in tools_in(args.peers)]
        show("Points acknowledged and lost by a kill after some seconds at 100 steps a second (goal: 0)", rows, notes)
        keep("logging_kill", rows, **facts)


def caller(folder: Path, turn: int) -> dict[str, float]:
    metrics = tracker_data.step_metrics(5)
    cpu, wall = [], []
    with lorascope.start_run(f"caller-{turn}", store=folder / "caller.db") as run:
        for step in range(20_000):
            began, began_cpu = time.perf_counter_ns(), time.thread_time_ns()
            run.log(metrics, step=step)
            cpu.append(time.thread_time_ns() - began_cpu)
            wall.append(time.perf_counter_ns() - began)
    return {
        f"{kind}_us_p{part}": sorted(taken)[200 * part - 1] / 1e3 for kind, taken in (("cpu", cpu), ("wall", wall)) for part in (50, 99)
    }


def ingestion(peers: Path | None, folder: Path, times: int) -> list[dict[str, object]]:
    """A call for each step of 20 values; with the bytes while it runs (5 s after the last call) and after its end."""
    found: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools_in(peers)}
    first = {tool: one_run_bytes(peers, tool, folder) for tool in found}
    for turn in range(times):  # in turn, so that a drifting machine hits all alike
        for tool, taken in found.items():
            place = folder / f"{tool}-{turn}"
            taken.append(job(peers, tool, "points", place, POINTS[tool]) | {"bytes": tracker_jobs.folder_bytes(place) - first[tool]})
            shutil.rmtree(place)
    rows = []
    for tool, taken in found.items():
        live = job(peers, tool, "live", folder / f"{tool}-live", POINTS[tool])["live_bytes"] - first[tool]
        after = statistics.median(one["bytes"] for one in taken)
        sizes = {"bytes_per_point_live": live / POINTS[tool], "bytes_per_point_after": after / POINTS[tool]}
        rows.append(_speed(tool, taken, POINTS[tool]) | sizes)
    return _with_ratio(rows)


def single_values(peers: Path | None, folder: Path, times: int) -> list[dict[str, object]]:
    """The same points with a call for each value, as many trainers log."""
    found: dict[str, list[dict[str, float]]] = {tool: [] for tool in tools_in(peers)}
    for turn in range(times):
        for tool, taken in found.items():
            place = folder / f"single-{tool}-{turn}"
            taken.append(job(peers, tool, "single", place, SINGLE[tool]))
            shutil.rmtree(place)
    return _with_ratio([_speed(tool, taken, SINGLE[tool]) for tool, taken in found.items()])


def _speed(tool: str, taken: list[dict[str, float]], points: int) -> dict[str, object]:
    cpu, wall = (statistics.median(one[key] for one in taken) / points for key in ("cpu_s", "wall_s"))
    return {"tool": tool, "points": points, "cpu_us_per_point": 1e6 * cpu, "points_per_wall_s": round(1 / wall), "n": len(taken)}


def _with_ratio(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    ours = rows[0]["cpu_us_per_point"]
    return [row | {"cpu_ratio_to_ours": row["cpu_us_per_point"] / ours} for row in rows]


def killed(peers: Path | None, tool: str, folder: Path, times: int) -> dict[str, object]:
    """Points whose call had returned and that cannot be read after the writer's process group got SIGKILL; and steps half there."""
    lost, acknowledged, torn = [], [], 0
    for turn in range(times):
        place = folder / f"killed-{tool}-{turn}"
        writer = subprocess.Popen(
            command(peers, tool, "write", place, 0),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment(),
        )
        assert writer.stdout is not None
        said = writer.stdout.readline()
        while not said.strip().isdigit():  # a greeting
            said = writer.stdout.readline()
        time.sleep(2 + 0.13 * turn)
        os.killpg(writer.pid, signal.SIGKILL)
        said = [said, *(line for line in writer.stdout.read().splitlines() if line.isdigit())][-1]
        writer.wait()
        time.sleep(1)  # a service of its own may still write what it was given
        acknowledged.append(int(said))
        kept = int(job(peers, tool, "kept", place, 0)["kept"])
        lost.append(max(0, acknowledged[-1] - kept))
        torn += kept % len(tracker_data.METRICS) != 0
    return {
        "tool": tool,
        "acknowledged": statistics.median(acknowledged),
        "lost_median": statistics.median(lost),
        "lost_least": min(lost),
        "lost_most": max(lost),
        "torn_last_step": torn,
        "n": times,
    }


if __name__ == "__main__":
    main()
