"""How long ``lorascope impact`` computes: 500, 100,000 and a million runs of 45 settings.

``python benchmarks/bench_impact.py [--quick]``: goals are 5 s, 30 s and 3 min, and 2 GB. The million is read in twenty shards, of which
only sums are kept; its pairs of runs that differ in one setting are found from one number per run. Reading the store is not in these times.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from lorascope.analysis.effects.impact import impact
from lorascope.analysis.effects.matched_pairs import count_pairs, tokens_of, twin_groups
from lorascope.analysis.effects.shards import add_statistics, coding, fit_statistics, shard_statistics
from lorascope.analysis.table import Block
from lorascope.records.effect import Claim
from lorascope.records.history import History, Outcome, PastRun
from lorascope.records.run import ParameterValue, Run, RunStatus
from table import keep, show

NUMBERS: tuple[ParameterValue, ...] = (4, 8, 16, 32, 64)
RATES: tuple[ParameterValue, ...] = (1e-5, 3e-5, 1e-4, 3e-4)
LEVELS = {
    f"p{index:02}": levels
    for index, levels in enumerate([NUMBERS] * 18 + [RATES] * 8 + [(False, True)] * 12 + [("a", "b", "c", "d")] * 7)  # 45 settings
}
SHARDS = 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="500 runs, and a million in fewer")
    quick = parser.parse_args().quick
    rows = []
    for runs, goal_s in [(500, 5)] if quick else [(500, 5), (100_000, 30)]:
        made = _history(runs)
        rows.append(_timed("one table", runs, goal_s, partial(_claimed, made)))
    runs = 100_000 if quick else 1_000_000
    rows.append(_timed("sums of 20 shards", runs, 180, lambda: _sharded(runs)))
    show("Seconds for all of impact (CPU and wall), most memory so far", rows, ["p03 and p30 matter by construction"])
    keep("impact", rows)


def _timed(way: str, runs: int, goal_s: float, work: Callable[[], str]) -> dict[str, object]:
    cpu, wall = time.process_time(), time.perf_counter()
    matters = work()
    seconds = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
    gigabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    return {"way": way, "runs": runs, **seconds, "goal_s": goal_s, "memory_gb": gigabytes, "matters": matters}


def _history(runs: int) -> History:
    rng = np.random.default_rng(0)
    codes = _codes(rng, runs)
    y = _outcomes(rng, codes)
    columns = [[levels[code] for code in codes[:, index].tolist()] for index, levels in enumerate(LEVELS.values())]
    past = []
    for index, values in enumerate(zip(*columns, strict=True)):
        run = Run(f"run-{index:07}", "kohya", RunStatus.FINISHED)
        settings = dict(zip(LEVELS, values, strict=True))
        past.append(PastRun(run, settings, {"m": Outcome(float(y[index]))}, classes={"m": "ab"[index % 3 == 0]}))
    return History(tuple(past))


def _claimed(made: History) -> str:
    return " ".join(sorted(effect.name for effect in impact(made, "m").effects if effect.claim is Claim.MATTERS))


def _sharded(runs: int) -> str:
    rng = np.random.default_rng(0)
    agreed = coding(LEVELS, {name: [1] * len(levels) for name, levels in LEVELS.items()})
    size = runs // SHARDS
    parts, kept = [], []
    for shard in range(SHARDS):
        codes = _codes(rng, size)
        group = (np.arange(size) % 3 == 0).astype(np.int64)
        parts.append(shard_statistics(agreed, codes, _outcomes(rng, codes), group, shard * size))
        kept.append(codes)
    found = fit_statistics(agreed, add_statistics(parts))
    _pairs(np.vstack(kept))
    return " ".join(name for name, pip in zip(found.names, found.fit.pip.tolist(), strict=True) if pip >= 0.5)


def _pairs(codes: np.ndarray) -> int:
    blocks = (
        Block(name, levels, codes[:, index].astype(np.int64), np.zeros((0, 1)), ordered=True)
        for index, (name, levels) in enumerate(LEVELS.items())
    )
    configurations = sum((tokens_of(block) for block in blocks), np.zeros(len(codes), np.uint64))
    total = 0
    for index, (name, levels) in enumerate(LEVELS.items()):
        block = Block(name, levels, codes[:, index].astype(np.int64), np.zeros((0, 1)), ordered=True)
        total += count_pairs(block, twin_groups(block, configurations))
    return total


def _codes(rng: np.random.Generator, runs: int) -> np.ndarray:
    return np.stack([rng.integers(len(levels), size=runs) for levels in LEVELS.values()], axis=1).astype(np.int8)


def _outcomes(rng: np.random.Generator, codes: np.ndarray) -> np.ndarray:
    return np.asarray(2.0 * codes[:, 30] + 0.1 * codes[:, 3] + rng.normal(size=len(codes)))


if __name__ == "__main__":
    main()
