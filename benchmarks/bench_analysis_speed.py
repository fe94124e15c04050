"""How long the analyses of a whole project take, and how much memory: ``python benchmarks/bench_analysis_speed.py [--quick]``.

Every job runs in a process of its own, so that its peak of memory is its own; start-up and making the data are not counted as time, but
the data's memory is. Goals are judged by CPU time, which other work on the machine does not lengthen. ``full analysis``: a store of 500
runs with 45 settings, read and all of its 10 metrics analyzed. ``one why``: the causes of one bad run, in memory and from a store.
``sums``: a million runs in ten shards that are only added up.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))

from goals import Goal

from lorascope.analysis.effects.aliases import add_cells, cell_tokens, partition, row_tokens
from lorascope.analysis.effects.block_susie import block_susie
from lorascope.analysis.effects.impact import impact
from lorascope.analysis.effects.matched_pairs import tokens_of, twin_groups
from lorascope.analysis.effects.sums import add_sums, moments_of_sums, shard_sums
from lorascope.analysis.table import Block, level_columns
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.store import Store
from simulated_bad_runs import bad_run
from simulated_interchange import Record, records_of, write
from simulated_projects import METRIC, SETTINGS, Style, project
from table import keep, show

SEED = 1001
METRICS = 10
SHARDS = 10
Timed = tuple[float, float, str]  # seconds by the clock, seconds of CPU, what was done


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a tenth of the large sizes: a look, not a result")
    parser.add_argument("--job", choices=sorted(JOBS), help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.job:
        seconds, cpu_s, note = JOBS[args.job](0.1 if args.quick else 1.0)
        peak_bytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        print(json.dumps({"seconds": seconds, "cpu_s": cpu_s, "peak_bytes": peak_bytes, "note": note}))
        return
    rows = []
    for job in JOBS:
        command = [sys.executable, __file__, "--job", job, *(["--quick"] if args.quick else [])]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        measured = json.loads(done.stdout.splitlines()[-1])
        most_s = MOST_S[job]
        rows.append({
            "job": job, "seconds": round(measured["seconds"], 3), "CPU s": round(measured["cpu_s"], 3), "at most": most_s,
            "": "" if most_s is None else Goal(job, measured["cpu_s"], 1, high=most_s).row()[""],
            "peak MiB": round(measured["peak_bytes"] / 2**20), "memory": Goal(job, measured["peak_bytes"] / 2**30, 1, high=2).row()[""],
            "what": measured["note"],
        })  # fmt: skip
    show("Analyses of whole projects (memory: at most 2 GiB)", rows)
    if not args.quick:
        keep("analysis_speed", rows)


def full_analysis(_: float) -> Timed:
    """Read 500 runs from a store, and analyze each of ten metrics."""
    from lorascope.jobs.impact import find_impact

    with tempfile.TemporaryDirectory() as folder:
        store = _stored(Path(folder), records_of(_ten_metrics(500)))
        start = _now()
        with store:
            found = [find_impact(store, f"{METRIC}_{index}") for index in range(METRICS)]
        return *_since(start), f"{found[0].runs} runs x {len(found[0].effects)} settings x {len(found)} metrics, from a store"


def one_metric(_: float) -> Timed:
    """The claim about one metric, history in memory."""
    made = project(SEED, 500)
    return _timed(lambda: impact(made.history, METRIC), "500 runs x 45 settings, in memory")


def why_alone(_: float) -> Timed:
    """Rank the causes of a bad run beside 500 good ones."""
    from lorascope.analysis.explanation.case import build_case
    from lorascope.analysis.explanation.ranking import rank

    history = _with_many_good_runs(500)
    return _timed(lambda: rank(build_case(history, history.runs[-1])), "one bad run, 500 good ones, in memory")


def why_stored(_: float) -> Timed:
    """The same from a store."""
    from lorascope.jobs.explain import explain

    with tempfile.TemporaryDirectory() as folder, _stored(Path(folder), records_of(_with_many_good_runs(500))) as store:
        return _timed(lambda: explain(store, "bad-run"), "one bad run, 500 good ones, from a store")


def many_runs(share: float) -> Timed:
    """A hundred thousand runs at once."""
    made = project(SEED, int(100_000 * share), Style.SWEEPER)
    start = _now()
    found = impact(made.history, METRIC)
    return *_since(start), f"{found.runs} runs x {len(found.effects)} settings, in memory"


def sums(share: float) -> Timed:
    """A million runs, shard by shard: claims and aliases from sums, matched pairs by one sort per setting."""
    count = int(1_000_000 * share)
    rng = np.random.default_rng(SEED)
    levels = [tuple(range(int(rng.integers(2, 6)))) for _ in range(SETTINGS)]
    levels[1] = levels[0]
    names = [f"p{index + 1:02}" for index in range(SETTINGS)]
    tables = [level_columns(name, of_one, np.full(len(of_one), count))[0] for name, of_one in zip(names, levels, strict=True)]
    codes = [rng.integers(0, len(of_one), count) for of_one in levels]
    codes[1] = len(levels[0]) - 1 - codes[0]
    y = sum(0.02 * size * codes[index] for index, size in ((5, 1), (11, -1), (17, 2))) + rng.standard_normal(count)
    start = _now()
    found, cells = [], [[] for _ in names]
    for rows in np.array_split(np.arange(count), SHARDS):
        group = np.zeros(len(rows), np.int64)
        columns = np.hstack([table[of_one[rows]] for table, of_one in zip(tables, codes, strict=True)])
        found.append(shard_sums(columns, y[rows], group))
        tokens = row_tokens(len(rows), int(rows[0]))
        for index, of_one in enumerate(codes):
            cells[index].append(cell_tokens(of_one[rows], group, tokens))
    offsets = np.cumsum([0, *(table.shape[1] for table in tables)]).tolist()
    fit = block_susie(moments_of_sums(add_sums(found), offsets))
    alias = len(names) - len({partition(add_cells(of_one)) for of_one in cells})
    blocks = [Block(*each, np.zeros((0, 0)), ordered=True) for each in zip(names, levels, codes, strict=True)]
    configurations = np.sum([tokens_of(block) for block in blocks], axis=0, dtype=np.uint64)
    pairs = sum(len(twin_groups(block, configurations)) for block in blocks)
    took = _since(start)
    named = [name for name, probability in zip(names, fit.pip.tolist(), strict=True) if probability >= 0.5]
    return *took, f"{count} runs x {SETTINGS} settings: {', '.join(named)} matter, {alias} alias, {pairs} groups of twins"


def _timed(job: Callable[[], object], note: str, repeats: int = 5) -> Timed:
    """The median of a few calls after the first, which imports."""
    job()
    took = []
    for _ in range(repeats):
        start = _now()
        job()
        took.append(_since(start))
    return *sorted(took)[repeats // 2], note


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - start[0], time.process_time() - start[1]


def _ten_metrics(runs: int) -> History:
    """One project whose runs have ten metrics: the score, and nine that are noisier copies of it."""
    made, rng = project(SEED, runs), np.random.default_rng(SEED)
    return History(tuple(_copied(past, rng) for past in made.history.runs), {name: MetricFacts(name) for name in _names()})


def _names() -> tuple[str, ...]:
    return tuple(f"{METRIC}_{index}" for index in range(METRICS))


def _copied(past: PastRun, rng: np.random.Generator) -> PastRun:
    value = past.outcomes[METRIC].value
    values = {name: float(f"{value + index * rng.standard_normal():.6g}") for index, name in enumerate(_names())}
    run = replace(past.run, outcome=values)
    return replace(past, run=run, outcomes={name: Outcome(one) for name, one in values.items()}, classes=dict.fromkeys(_names(), ""))


def _with_many_good_runs(count: int) -> History:
    """A bad run's history, its good runs repeated under other names until there are so many."""
    case = next(
        case
        for case in (bad_run(seed) for seed in range(SEED, SEED + 200))
        if case.history.runs[-1].weights and case.history.runs[0].curves
    )
    *good, bad = case.history.runs
    copies = [replace(past, run=replace(past.run, name=f"{past.name}-{turn}" if turn else past.name, parent=past.run.parent))
              for turn in range(count // len(good) + 1) for past in good]  # fmt: skip
    return replace(case.history, runs=(*copies[:count], bad))


def _stored(folder: Path, records: list[Record]) -> Store:
    from lorascope.jobs.import_runs import import_runs

    write(records, folder / "history.jsonl")
    store = Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs")
    import_runs([folder / "history.jsonl"], store)
    return store


JOBS: Mapping[str, Callable[[float], Timed]] = {
    "full analysis": full_analysis,
    "one claim": one_metric,
    "one why": why_alone,
    "one why from a store": why_stored,
    "100,000 runs": many_runs,
    "1,000,000 runs by sums": sums,
}
MOST_S: Mapping[str, float | None] = {
    "full analysis": 5.0, "one claim": 0.2, "one why": 0.2, "one why from a store": None, "100,000 runs": 30.0,
    "1,000,000 runs by sums": 180.0,
}  # fmt: skip


if __name__ == "__main__":
    main()
