"""How far the statements of ``lorascope pick`` and ``compare`` can be trusted, on series whose truth is known.

``python benchmarks/bench_pick.py [--series N]``.
Ten epochs of a known shape, prompts that differ, and prompts that disagree about epochs (tests/evaluation/simulated_epochs.py);
everything seeded. One row per number of prompts and seeds:

- truly best: how often the leading epoch is the best; stated: the probability it was given; ECE: expected calibration error;
- set: how often the 90 % set holds the truly best epoch, and its mean size;
- bias: reported value of the leading epoch against its true level, raw minimum and shrunk;
- F test: how often it finds a difference between epochs that are all equal (5 % is right);
- interval: how often the 95 % interval of a paired difference holds the truth.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "evaluation"))

from simulated_epochs import simulate

from lorascope.evaluation.best_checkpoint import choose
from lorascope.evaluation.epoch_effects import fit
from lorascope.evaluation.metric import Direction
from lorascope.records.interval import mean_interval

RESULTS = Path(__file__).parent / "results" / "pick.jsonl"
DESIGNS = ((8, 1), (8, 4), (16, 1), (16, 4), (32, 1), (32, 4))  # prompts, seeds


def calibration_error(stated: list[float], right: list[bool], bins: int = 10) -> float:
    """Mean distance between stated and observed frequency over ten bins, weighted by their size."""
    probability, hit = np.array(stated), np.array(right, float)
    which = np.minimum((probability * bins).astype(int), bins - 1)
    return float(sum((which == at).mean() * abs(probability[which == at].mean() - hit[which == at].mean()) for at in set(which.tolist())))


def best_of_ten(prompts: int, seeds: int, count: int) -> dict[str, float]:
    """What ``choose`` says on ``count`` series, against the truth."""
    held, size, stated, right, shrunk, raw = [], [], [], [], [], []
    for series in simulate(count, prompts, seeds, seed=100 * prompts + seeds):
        choice = choose(fit(series.cells), Direction.LOWER)
        assert choice is not None
        truth = int(series.truth.argmin()) + 1
        held.append(truth in choice.set90)
        size.append(len(choice.set90))
        stated.append(choice.leader.p_best)
        right.append(choice.leader.epoch == truth)
        shrunk.append(choice.leader.shrunk / series.truth[choice.leader.epoch - 1] - 1)
        means = series.cells.values.mean(axis=1)
        raw.append(means.min() / series.truth[means.argmin()] - 1)
    return {
        "truly_best": float(np.mean(right)), "stated": float(np.mean(stated)), "ece": calibration_error(stated, right),
        "set_holds": float(np.mean(held)), "set_size": float(np.mean(size)),
        "raw_bias": float(np.mean(raw)), "shrunk_bias": float(np.mean(shrunk)),
    }  # fmt: skip


def without_effect(prompts: int, seeds: int, count: int) -> dict[str, float]:
    """Equal epochs: how often the F test fires, and how often the interval of epoch 2 minus epoch 1 holds zero."""
    fired, held = [], []
    for series in simulate(count, prompts, seeds, seed=100 * prompts + seeds + 1, effect=0):
        p_value = fit(series.cells).p_value
        assert p_value is not None
        fired.append(p_value < 0.05)
        interval = mean_interval((series.cells.values[1] - series.cells.values[0]).tolist())
        assert interval is not None
        held.append(interval.low <= 0 <= interval.high)
    return {"f_test_fires": float(np.mean(fired)), "interval_holds": float(np.mean(held))}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2000, help="series per row with an effect (twice as many without)")
    args = parser.parse_args()
    print(f"{args.series} series of 10 epochs per row, {2 * args.series} without effect for the last two columns")
    print("prompts x seeds  truly best  stated    ECE  set holds  size  raw bias  shrunk bias  F test  interval")
    rows = []
    for prompts, seeds in DESIGNS:
        row = best_of_ten(prompts, seeds, args.series) | without_effect(prompts, seeds, 2 * args.series)
        rows.append({"prompts": prompts, "seeds": seeds, **row})
        best = f"{row['truly_best']:>10.1%}  {row['stated']:>6.2f}  {row['ece']:>5.3f}"
        bias = f"{row['raw_bias']:>8.1%}  {row['shrunk_bias']:>11.1%}"
        null = f"{row['f_test_fires']:>6.1%}  {row['interval_holds']:>8.1%}"
        print(f"{prompts:>7} x {seeds:<5}  {best}  {row['set_holds']:>9.1%}  {row['set_size']:>4.1f}  {bias}  {null}")
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), "series": args.series, "rows": rows}) + "\n")


if __name__ == "__main__":
    main()
