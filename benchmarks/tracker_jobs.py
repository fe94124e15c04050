"""One job of one tracker in a process of its own: ``python tracker_jobs.py TOOL JOB FOLDER N``, run by the bench scripts.

The same data for every tool (``tracker_data.py``). Only the standard library is needed beside the tool, so that it runs in any tool's
environment. The job's last line of output is one of JSON.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tracker_data import EPOCHS, METRICS, epoch_metrics, expected_top, parameters, step_metrics
from tracker_peers import Aim, TensorBoard, WandB


class Raw:
    """The floor: sqlite3, a plain schema, a transaction for each step or epoch, which is on the disk when it returns (as ours)."""

    def __init__(self, folder: Path) -> None:
        self.db = sqlite3.connect(folder / "lab.db", isolation_level=None)
        self.db.executescript(
            "PRAGMA journal_mode = wal; PRAGMA synchronous = normal;"
            "CREATE TABLE IF NOT EXISTS parameters (run, name, value, PRIMARY KEY (run, name)) WITHOUT ROWID;"
            "CREATE TABLE IF NOT EXISTS points (run, metric, step, value, at, PRIMARY KEY (run, metric, step)) WITHOUT ROWID;"
        )

    def run(self, number: int) -> None:
        self._write("INSERT INTO parameters VALUES (?, ?, ?)", [(number, *pair) for pair in parameters(number).items()])
        for epoch in range(1, EPOCHS + 1):
            self._points(number, epoch, epoch_metrics(number, epoch))

    def _points(self, run: int, step: int, found: dict[str, float]) -> None:
        now = time.time()
        rows = [(run, METRICS.index(name), step, value, now) for name, value in found.items()]
        self._write("INSERT INTO points VALUES (?, ?, ?, ?, ?)", rows)

    def _write(self, sql: str, rows: list[tuple[object, ...]]) -> None:
        self.db.execute("BEGIN IMMEDIATE")
        self.db.executemany(sql, rows)
        self.db.execute("COMMIT")

    def begin(self, _: str) -> None:
        return

    def log(self, found: dict[str, float], step: int) -> None:
        self._points(-1, step, found)

    def end(self) -> None:
        return

    def kept(self) -> int:
        return self.db.execute("SELECT count(*) FROM points").fetchone()[0]


class Lorascope:
    def __init__(self, folder: Path) -> None:
        import lorascope

        self.api, self.file = lorascope, folder / "lab.db"

    def run(self, number: int) -> None:
        with self.api.start_run(f"run-{number}", parameters=parameters(number), store=self.file) as run:
            for epoch in range(1, EPOCHS + 1):
                run.log(epoch_metrics(number, epoch), epoch=epoch)

    def begin(self, name: str) -> None:
        self.started = self.api.start_run(name, store=self.file)

    def log(self, found: dict[str, float], step: int) -> None:
        self.started.log(found, step=step)

    def end(self) -> None:
        self.started.finish()

    def kept(self) -> int:
        with self.api.open(self.file) as lab:
            return sum(len(lab.series("big", name).steps) for name in lab.metrics("big"))

    def top(self) -> list[str]:
        if not hasattr(self, "lab"):
            self.lab = self.api.open(self.file)
        return self.lab.runs("network_dim = 32", "-best.eval/quality", [], 20)["name"].to_list()

    def frame(self) -> tuple[int, int]:
        return self.lab.runs().shape


class Trackio:
    def __init__(self, folder: Path) -> None:
        os.environ |= {
            "TRACKIO_DIR": str(folder / "trackio"),
            "HF_HUB_OFFLINE": "1",
            "HF_HUB_DISABLE_TELEMETRY": "1",
            "HF_HOME": str(folder),
        }
        import trackio

        self.api = trackio

    def begin(self, name: str, config: dict[str, object] | None = None) -> None:
        with contextlib.redirect_stdout(sys.stderr):
            self.api.init(project="lab", name=name, config=config or {"a": 1}, embed=False, auto_log_gpu=False, auto_log_cpu=False)

    def run(self, number: int) -> None:
        self.begin(f"run-{number}", parameters(number))
        for epoch in range(1, EPOCHS + 1):
            self.api.log(epoch_metrics(number, epoch), step=epoch)
        self.end()

    def log(self, found: dict[str, float], step: int) -> None:
        self.api.log(found, step=step)

    def end(self) -> None:
        with contextlib.redirect_stdout(sys.stderr):
            self.api.finish()

    def kept(self) -> int:
        from trackio.sqlite_storage import SQLiteStorage

        return sum(name in METRICS for row in SQLiteStorage.get_logs("lab", "big") for name in row)

    def top(self) -> list[str]:
        from trackio.sqlite_storage import SQLiteStorage

        rows = SQLiteStorage.query_project(
            "lab",
            "SELECT c.run_name, max(json_extract(m.metrics, '$.\"eval/quality\"')) b FROM configs c JOIN metrics m ON m.run_id = c.run_id "
            "WHERE json_extract(c.config, '$.network_dim') = 32 GROUP BY c.run_id ORDER BY b DESC LIMIT 20",
        )
        rows = rows["rows"] if isinstance(rows, dict) else rows
        return [row["run_name"] if isinstance(row, dict) else row[0] for row in rows]

    def frame(self) -> tuple[int, int]:
        from trackio.sqlite_storage import SQLiteStorage

        rows = [{**run.config, **SQLiteStorage.get_logs("lab", run.name, run_id=run.id)[-1]} for run in self.api.Api().runs("lab")]
        return len(rows), len(rows[0])


class MLflow:
    def __init__(self, folder: Path) -> None:
        os.environ |= {
            "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
            "MLFLOW_DISABLE_TELEMETRY": "true",
            "GIT_PYTHON_REFRESH": "quiet",
        }
        os.chdir(folder)
        import logging

        import mlflow

        logging.getLogger("alembic").setLevel(logging.ERROR)
        logging.getLogger("mlflow").setLevel(logging.ERROR)
        self.api = mlflow
        mlflow.set_experiment("lab")

    def run(self, number: int) -> None:
        with self.api.start_run(run_name=f"run-{number}"):
            self.api.log_params(parameters(number))
            for epoch in range(1, EPOCHS + 1):
                self.api.log_metrics(epoch_metrics(number, epoch), step=epoch)

    def begin(self, name: str) -> None:
        self.api.start_run(run_name=name)

    def log(self, found: dict[str, float], step: int) -> None:
        self.api.log_metrics(found, step=step)

    def end(self) -> None:
        self.api.end_run()

    def kept(self) -> int:
        client = self.api.MlflowClient()
        run = client.search_runs(["1", "0"], "attributes.run_name = 'big'")[0]
        return sum(len(client.get_metric_history(run.info.run_id, name)) for name in METRICS)

    def top(self) -> list[str]:
        order = ["metrics.`eval/quality` DESC"]
        found = self.api.MlflowClient().search_runs(["1", "0"], "params.network_dim = '32'", max_results=20, order_by=order)
        return [run.info.run_name for run in found]

    def frame(self) -> tuple[int, int]:
        return self.api.search_runs(["1", "0"], max_results=50_000).shape


TOOLS = {"raw": Raw, "lorascope": Lorascope, "trackio": Trackio, "mlflow": MLflow, "wandb": WandB, "tensorboard": TensorBoard, "aim": Aim}


def steps(made: object, *, single: bool = False) -> Iterator[int]:
    """Steps of 20 values logged for ever, with one call for each step or each value; yields the number logged."""
    made.begin("big")
    for step in itertools.count():
        found = step_metrics(step)
        for part in [{name: value} for name, value in found.items()] if single else [found]:
            made.log(part, step)
        yield (step + 1) * len(METRICS)


def own_cpu_s() -> float:
    """CPU of this process and its children that have ended."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def children_cpu_s() -> float:
    """CPU of its children that live, such as a service that writes for it (Linux; else 0)."""
    found = 0.0
    for file in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = file.read_text().rpartition(")")[2].split()
            if int(fields[1]) == os.getpid():
                found += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return found


def folder_bytes(folder: Path) -> int:
    found = 0
    for file in folder.rglob("*"):
        with contextlib.suppress(FileNotFoundError):  # a database may tidy up meanwhile
            found += file.lstat().st_size if file.is_file() else 0
    return found


def main() -> None:
    tool, job, folder, number = sys.argv[1], sys.argv[2], Path(sys.argv[3]), int(sys.argv[4])
    folder.mkdir(parents=True, exist_ok=True)
    made = TOOLS[tool](folder)
    first = int(sys.argv[5]) if len(sys.argv) > 5 else 0
    if job in {"runs", "points", "single", "live"}:
        made.run(first)  # opens the store; not counted
    living = children_cpu_s()
    began, cpu = time.perf_counter(), own_cpu_s()
    answer = JOBS[job](made, folder, number, first)
    used, wall = own_cpu_s() - cpu, time.perf_counter() - began
    used += children_cpu_s() - living
    print(json.dumps({"cpu_s": used, "wall_s": wall, **answer}))


def runs(made: object, _: Path, number: int, first: int) -> dict[str, float]:
    for place in range(first + 1, first + 1 + number):
        made.run(place)
    return {}


def one(made: object, _: Path, number: int, __: int) -> dict[str, float]:
    made.run(number)
    return {}


def points(made: object, _: Path, number: int, __: int) -> dict[str, float]:
    return _until(made, number, steps(made))


def single(made: object, _: Path, number: int, __: int) -> dict[str, float]:
    return _until(made, number, steps(made, single=True))


def live(made: object, folder: Path, number: int, _: int) -> dict[str, float]:
    for done in steps(made):
        if done >= number:
            break
    time.sleep(5)  # what is written in the background is written
    size = folder_bytes(folder)
    made.end()
    return {"live_bytes": size}


def _until(made: object, number: int, logged: Iterator[int]) -> dict[str, float]:
    for done in logged:
        if done >= number:
            break
    made.end()
    return {}


def write(made: object, *_: object) -> dict[str, float]:
    """Until it is killed: what is written to the pipe was acknowledged."""
    for done in steps(made):
        os.write(1, b"%d\n" % done)
        time.sleep(0.01)
    return {}


def kept(made: object, *_: object) -> dict[str, float]:
    return {"kept": made.kept()}


def questions(made: object, _: Path, number: int, __: int) -> dict[str, float]:
    answer: dict[str, float] = {}
    if hasattr(made, "prepare"):
        answer["prepare_s"] = _timed(made.prepare)[0] / 1e3
    answer["top_first_ms"] = _timed(made.top)[0]
    answer["right"] = made.top() == expected_top(number)
    answer["top_cpu_ms"], answer["top_wall_ms"] = _medians([_timed(made.top) for _ in range(7)])
    made.frame()
    answer["frame_cpu_ms"], answer["frame_wall_ms"] = _medians([_timed(made.frame) for _ in range(5)])
    return answer


def _medians(taken: list[tuple[float, float]]) -> list[float]:
    return [sorted(one[place] for one in taken)[len(taken) // 2] for place in (0, 1)]


def _timed(call: Callable[[], object]) -> tuple[float, float]:
    """CPU and wall, in milliseconds."""
    began, cpu = time.perf_counter(), time.process_time()
    call()
    return 1e3 * (time.process_time() - cpu), 1e3 * (time.perf_counter() - began)


JOBS = {job.__name__: job for job in (runs, one, points, single, live, write, kept, questions)}


if __name__ == "__main__":
    main()
