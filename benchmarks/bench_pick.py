"""How far the statements of ``lorascope pick`` and ``compare`` can be trusted, on series whose truth is known.

``python benchmarks/bench_pick.py [--series N]``.
Ten epochs of a known shape, prompts that differ, and prompts that disagree about epochs (tools/simulated_checkpoints.py); everything
seeded. One row per number of prompts and seeds, the noise of bell curves or with heavy tails (Student's t, 3 degrees of freedom):

- truly best: how often the epoch with the best mean is the best; said: the probability that the leading epoch was given; ECE: its expected
  calibration error; bootstrap: what resampling prompts says instead (stated probability, ECE, how often its 90 % set holds the best);
- set: how often the 90 % set holds the truly best epoch, and its mean size;
- refused: how often no epoch is called best (its probability is below one half, the set is offered);
- curse: reported value of the leading epoch against its true level, raw minimum and shrunk; regret: how much worse than the best it is;
- F test: how often it finds a difference between epochs that are all equal (5 % is right);
- interval: how often the 95 % interval of a paired difference holds the truth;
- shape: how often the most probable shape of the curve is the one it was drawn from (six shapes, chance 17 %), and how often a flat
  series is called anything else.

A number beyond its goal is marked with !. Goals: set 88 % at 8 x 1 and 90 % above, ECE 0.10, curse 2 %, F test 4 to 6 %, interval
92 to 97 %, shape 70, 78 and 85 % at 8 x 1, 8 x 4 and 32 x 4, flat called otherwise 10 %. Heavy tails have no goals: they show what the
model's assumption costs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tools"))


from lorascope.evaluation.best_checkpoint import choose
from lorascope.evaluation.curve_shape import shape_of
from lorascope.evaluation.epoch_effects import Cells, fit
from lorascope.evaluation.metric import Direction
from lorascope.records.interval import mean_interval
from simulated_checkpoints import Series, simulate
from table import keep, show

DESIGNS = ((8, 1), (8, 4), (16, 1), (16, 4), (32, 1), (32, 4), (64, 8))  # prompts, seeds
SHAPE_GOALS = {(8, 1): 0.70, (8, 4): 0.78, (32, 4): 0.85}
FIRST_SEED = 1000  # those below are for development
DRAWS = 400
Row = dict[str, object]


def calibration_error(stated: Sequence[float], right: Sequence[bool], bins: int = 10) -> float:
    """Mean distance between stated and observed frequency over ten bins, weighted by their size."""
    probability, hit = np.array(stated), np.array(right, float)
    which = np.minimum((probability * bins).astype(int), bins - 1)
    return float(sum((which == at).mean() * abs(probability[which == at].mean() - hit[which == at].mean()) for at in set(which.tolist())))


def bootstrap(cells: Cells, rng: np.random.Generator) -> np.ndarray:
    """How often each epoch has the least mean when prompts are drawn anew: what one does without a model."""
    drawn = rng.integers(len(cells.blocks), size=(DRAWS, len(cells.blocks)))
    best = cells.values[:, drawn].mean(axis=2).argmin(axis=0)
    return np.bincount(best, minlength=len(cells.epochs)) / DRAWS


def smallest_set(probability: np.ndarray) -> list[int]:
    order = np.argsort(-probability)
    return order[: int(np.searchsorted(np.cumsum(probability[order]), 0.9 - 1e-9)) + 1].tolist()


def best_of_ten(series: Sequence[Series]) -> dict[str, float]:
    """What ``choose`` says, against the truth and beside the bootstrap."""
    found: dict[str, list[float]] = {name: [] for name in ("truly", "held", "size", "said", "right", "refused", "raw", "shrunk", "regret")}
    naive: dict[str, list[float]] = {name: [] for name in ("said", "right", "held")}
    rng = np.random.default_rng(0)
    for one in series:
        choice = choose(fit(one.cells), Direction.LOWER)
        assert choice is not None
        truth, leader = int(one.truth.argmin()), choice.leader.epoch - 1
        means = one.cells.values.mean(axis=1)
        found["truly"].append(int(means.argmin()) == truth)
        found["held"].append(truth + 1 in choice.set90)
        found["size"].append(len(choice.set90))
        found["said"].append(choice.leader.p_best)
        found["right"].append(leader == truth)
        found["refused"].append(choice.best is None)
        found["raw"].append(means.min() / one.truth[means.argmin()] - 1)
        found["shrunk"].append(choice.leader.shrunk / one.truth[leader] - 1)
        found["regret"].append(one.truth[leader] / one.truth[truth] - 1)
        share = bootstrap(one.cells, rng)
        naive["said"].append(float(share.max()))
        naive["right"].append(int(share.argmax()) == truth)
        naive["held"].append(truth in smallest_set(share))
    mean = {name: float(np.mean(values)) for name, values in found.items()}
    mean["ece"] = calibration_error(found["said"], [bool(hit) for hit in found["right"]])
    mean["naive_ece"] = calibration_error(naive["said"], [bool(hit) for hit in naive["right"]])
    return mean | {f"naive_{name}": float(np.mean(values)) for name, values in naive.items()}


def shapes(series: Sequence[Series]) -> dict[str, float]:
    """How often the most probable shape is the true one; of flat series, how often another is named."""
    named = [(one.shape, shape_of(one.cells, Direction.LOWER).name) for one in series]
    flat = [name for shape, name in named if shape == "flat"]
    return {
        "shape": float(np.mean([shape == name for shape, name in named])),
        "not_flat": float(np.mean([name != "flat" for name in flat])),
    }


def without_effect(series: Sequence[Series]) -> dict[str, float]:
    """Equal epochs: how often the F test fires, and how often the interval of epoch 2 minus epoch 1 holds zero."""
    fired, held = [], []
    for one in series:
        p_value = fit(one.cells).p_value
        interval = mean_interval((one.cells.values[1] - one.cells.values[0]).tolist())
        assert p_value is not None
        assert interval is not None
        fired.append(p_value < 0.05)
        held.append(interval.low <= 0 <= interval.high)
    return {"f_test_fires": float(np.mean(fired)), "interval_holds": float(np.mean(held))}


def measured(prompts: int, seeds: int, count: int, *, heavy: bool) -> dict[str, float]:
    first = FIRST_SEED + 100 * prompts + seeds
    series = list(simulate(count, prompts, seeds, seed=first, heavy=heavy))
    null = list(simulate(count, prompts, seeds, seed=first + 1, effect=0, heavy=heavy))
    return best_of_ten(series) | without_effect(null) | shapes(series)


def row_of(prompts: int, seeds: int, found: dict[str, float], *, judged: bool) -> Row:
    def share(name: str, holds: Callable[[float], bool] | None = None, form: str = ".1%") -> str:
        value = found[name]
        return f"{value:{form}}" + ("" if not judged or holds is None or holds(value) else " !")

    least_shape = SHAPE_GOALS.get((prompts, seeds))
    return {
        "prompts x seeds": f"{prompts} x {seeds}", "truly best": share("truly"), "said": share("said", form=".2f"),
        "ECE": share("ece", lambda value: value <= 0.10, ".3f"), "bootstrap": f"{found['naive_said']:.2f} ({found['naive_ece']:.2f})",
        "set": share("held", lambda value: value >= (0.88 if (prompts, seeds) == (8, 1) else 0.90)), "size": share("size", form=".1f"),
        "its set": share("naive_held"), "refused": share("refused"), "raw": share("raw"),
        "shrunk": share("shrunk", lambda value: abs(value) <= 0.02), "regret": share("regret"),
        "F test": share("f_test_fires", lambda value: 0.04 <= value <= 0.06),
        "interval": share("interval_holds", lambda value: 0.92 <= value <= 0.97),
        "shape": share("shape", None if least_shape is None else lambda value: value >= least_shape),
        "flat otherwise": share("not_flat", lambda value: value <= 0.10),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=2000, help="series per row with an effect, and as many without")
    args = parser.parse_args()
    kept: list[Row] = []
    for heavy in (False, True):
        designs = DESIGNS if not heavy else DESIGNS[:2]
        rows = []
        for prompts, seeds in designs:
            found = measured(prompts, seeds, args.series, heavy=heavy)
            rows.append(row_of(prompts, seeds, found, judged=not heavy))
            kept.append({"noise": "heavy tails" if heavy else "bell curves", "prompts": prompts, "seeds": seeds, **found})
        noise = "heavy tails" if heavy else "bell curves"
        show(f"Best of ten epochs, noise of {noise}: {args.series} series with an effect and as many without", rows)
    keep("pick", kept, series=args.series, first_seed=FIRST_SEED)


if __name__ == "__main__":
    main()
