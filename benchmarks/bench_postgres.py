"""How fast many scores and points go into a store on PostgreSQL, against raw COPY of the same rows.

``python benchmarks/bench_postgres.py``

Starts a PostgreSQL of its own (as the tests do, but with fsync on), or uses the one whose URL is given. The raw COPY writes the very
rows that the store wrote, read back from it, into a copy of its table with the same indexes and foreign key: what the database itself
needs. Ours begins with records and ends with a commit. CPU is this process's; the server's work is in the wall time.
"""

from __future__ import annotations

import argparse
import importlib.util
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg

from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.records.series import Series
from lorascope.store import Store
from table import keep, show

ROUNDS = 7


def some_scores(run: str, count: int) -> list[Score]:
    """Scores as an evaluation makes them: 8 prompts × seeds × epochs × 4 metrics."""
    metrics = ("background_color_accuracy", "background_uniformity", "palette_adherence", "unique_colors")
    return [
        Score(
            run, number // 320 + 1, f"a boy with a crown, background {number // 4 % 8}", number // 32 % 10, metrics[number % 4], number / 7
        )
        for number in range(count)
    ]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def raw_copy(url: str, table: str, columns: str, run_id: int) -> Callable[[], object]:
    """A COPY of one run's rows into a table of the same shape that holds as many rows, ready to be run."""
    connection = psycopg.connect(url)
    connection.execute("SET search_path = lorascope")
    if connection.execute("SELECT to_regclass(%s)", [f"raw_{table}"]).fetchone() == (None,):
        connection.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)")
        connection.execute(f"ALTER TABLE raw_{table} ADD FOREIGN KEY (run_id) REFERENCES training_runs")
    with connection.cursor().copy(f"COPY (SELECT {columns} FROM {table} WHERE run_id = {run_id}) TO STDOUT") as copy:
        rows = list(copy.rows())
    connection.commit()

    def work() -> None:
        with connection.cursor().copy(f"COPY raw_{table} ({columns}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        connection.commit()
        connection.close()

    return work


def scores(store: Store, url: str, count: int) -> list[dict[str, object]]:
    """Rounds of both ways, in turn, and their medians."""
    columns = "run_id, epoch, prompt, seed, draw, metric, value, reason, extra"
    ours, again, raw = [], [], []
    for number in range(ROUNDS):
        name = f"{count} scores {number}"
        store.add_run(Run(name, "toy", RunStatus.FINISHED))
        batch = some_scores(name, count)
        ours.append(timed(lambda batch=batch: store.add_scores(batch)))
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT run_id FROM lorascope.training_runs WHERE run_name = %s", [name]).fetchone()
        assert found
        raw.append(timed(raw_copy(url, "prompt_test_results", columns, found[0])))
        again.append(timed(lambda batch=batch: store.add_scores(batch)))
    return [
        line(f"{count:,} scores", "raw COPY", raw, raw, count),
        line(f"{count:,} scores", "lorascope", ours, raw, count),
        line(f"{count:,} scores", "lorascope, all there already", again, raw, count),
    ]


def points(store: Store, url: str, count: int) -> list[dict[str, object]]:
    """A logged series of ``count`` points, against a COPY of as many rows (series, step, value)."""
    ours, raw = [], []
    values = [1 / (step + 1) for step in range(count)]
    for number in range(ROUNDS):
        name = f"{count} points {number}"
        store.add_run(Run(name, "toy", RunStatus.FINISHED))
        series = Series(name, "loss", tuple(range(count)), tuple(values), tuple(map(float, range(count))))
        ours.append(timed(lambda series=series: store.put_series([series])))
        with psycopg.connect(url) as connection:
            connection.execute("DROP TABLE IF EXISTS lorascope.raw_points")
            connection.execute(
                "CREATE TABLE lorascope.raw_points (series_id bigint, step bigint, value float8, at float8, PRIMARY KEY (series_id, step))"
            )
        connection = psycopg.connect(url)

        def work(connection: Any = connection) -> None:
            with connection.cursor().copy("COPY lorascope.raw_points FROM STDIN") as copy:
                for step, value in enumerate(values):
                    copy.write_row((1, step, value, float(step)))
            connection.commit()

        raw.append(timed(work))
        connection.close()
    return [line(f"{count:,} points", "raw COPY", raw, raw, count), line(f"{count:,} points", "lorascope", ours, raw, count)]


def line(what: str, how: str, found: list[tuple[float, float]], raw: list[tuple[float, float]], count: int) -> dict[str, object]:
    """Medians; ``x raw`` is the speed as a share of the raw COPY's, by wall time."""
    wall, cpu = (statistics.median(times[part] for times in found) for part in (0, 1))
    raw_wall = statistics.median(times[0] for times in raw)
    return {"what": what, "how": how, "wall_ms": wall * 1000, "cpu_ms": cpu * 1000, "rows_per_s": count / wall, "x raw": raw_wall / wall}


@contextmanager
def server() -> Iterator[str]:
    """The URL of a database on a PostgreSQL of our own."""
    tests = _conftest()
    tests.FAST = ("shared_buffers=256MB", "max_wal_size=4GB")
    tests._scratch = tempfile.gettempdir  # noqa: SLF001 - on a disk, as in life
    started = tests._new_server()  # noqa: SLF001 - the tests' own way
    try:
        yield started.url(started.new_database())
    finally:
        tests._end(started)  # noqa: SLF001


def _conftest() -> ModuleType:
    path = Path(__file__).parents[1] / "tests" / "conftest.py"
    spec = importlib.util.spec_from_file_location("postgres_of_the_tests", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def measure(url: str) -> list[dict[str, object]]:
    """All rows of the table."""
    with tempfile.TemporaryDirectory() as folder, Store.open(url, Path(folder)) as store:
        found = []
        for count in (100, 1_000, 20_000):
            found += scores(store, url, count)
        for count in (1_000, 20_000):
            found += points(store, url, count)
        return found


def main() -> None:
    """Measure, print and append to the results."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", help="an empty database, postgresql://user:password@host/database")
    url = parser.parse_args().url
    if url:
        rows = measure(url)
    else:
        with server() as own:
            rows = measure(own)
    show(f"Writing into PostgreSQL, medians of {ROUNDS}", rows, ["a series is packed into blocks: far fewer and smaller rows than points"])
    keep("postgres", rows, rounds=ROUNDS, own_server=url is None)


if __name__ == "__main__":
    main()
