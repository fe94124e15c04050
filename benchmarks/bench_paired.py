"""How often the statements of ``lorascope compare`` hold, on pairs of checkpoints whose true difference is known.

``python benchmarks/bench_paired.py [--simulations N]``.
Prompts differ, seeds of a prompt differ, and prompts disagree about the two checkpoints, by the sizes of one published experiment
(tools/simulated_checkpoints.py); ``heavy`` draws the last two from Student's t with three degrees of freedom; ``yes or no`` asks whether a
value lies above a limit. Everything seeded. One row per number of prompts and seeds:

- holds: how often the 95 % interval holds the true difference (goal: 92 to 97 % for measured values); none: where it has no interval;
- fires: how often p < 0.05 without any difference (goal: 5 % at most, exact tests of few prompts below it);
- found: how often a difference as large as the one said to be detectable with 80 % power is found (the average such difference).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from table import keep, show

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from lorascope.analysis.paired import PairedDifference, compare_paired
from lorascope.records.sample import Score
from simulated_checkpoints import IMAGE_SD, PROMPT_EPOCH_SD, PROMPT_SD, PROMPT_SEED_SD

DESIGNS = tuple((prompts, seeds) for prompts in (8, 16, 32) for seeds in (1, 4))
GOAL = (0.92, 0.97)
Noise = Callable[[tuple[int, ...]], np.ndarray]


def pair(rng: np.random.Generator, noise: Noise, prompts: int, seeds: int, difference: float) -> np.ndarray:
    """Values (2, prompts, seeds) of two checkpoints, in shares of the level."""
    common = rng.normal(0, PROMPT_SD, (1, prompts, 1)) + rng.normal(0, PROMPT_SEED_SD, (1, prompts, seeds))
    own = PROMPT_EPOCH_SD * noise((2, prompts, 1)) + IMAGE_SD * noise((2, prompts, seeds))
    return 1 + common + own + np.array([0, difference])[:, None, None]


def compared(values: np.ndarray) -> PairedDifference:
    """What ``compare`` says of them."""
    first, second = (
        [Score("r", 1, f"p{p:02d}", s, "m", float(of_checkpoint[p, s])) for p in range(values.shape[1]) for s in range(values.shape[2])]
        for of_checkpoint in values
    )
    found = compare_paired(first, second)
    assert found is not None
    return found


def one_design(kind: str, prompts: int, seeds: int, count: int) -> dict[str, object]:
    """How often the statements hold in ``count`` simulations."""
    rng = np.random.default_rng([{"measured": 1, "heavy": 2, "yes or no": 3}[kind], prompts, seeds])
    noise: Noise = (lambda size: rng.standard_t(3, size) / np.sqrt(3)) if kind == "heavy" else (lambda size: rng.normal(0, 1, size))
    limit = 1.0 if kind == "yes or no" else None
    truth = _share_difference(rng) if limit is not None else 0.1
    held, none, fired, seen = [], 0, [], []
    for _ in range(count):
        with_effect, without = (pair(rng, noise, prompts, seeds, difference) for difference in (0.1, 0.0))
        if limit is not None:
            with_effect, without = (with_effect > limit) * 1.0, (without > limit) * 1.0
        found = compared(with_effect)
        if found.low is None or found.high is None:
            none += 1
        else:
            held.append(found.low <= truth <= found.high)
            seen.append(found.detectable or np.nan)
        p_value = compared(without).p_value
        fired.append(p_value is not None and p_value < 0.05)
    row: dict[str, object] = {"values": kind, "prompts": prompts, "seeds": seeds, "holds": float(np.mean(held)), "none": none / count}
    row |= {"fires": float(np.mean(fired)), "detectable": float(np.nanmean(seen))}
    if limit is None:
        powered = [compared(pair(rng, noise, prompts, seeds, float(np.nanmean(seen)))).p_value for _ in range(count // 10)]
        row["found"] = float(np.mean([p is not None and p < 0.05 for p in powered]))
    row["goal"] = "" if kind != "measured" else "met" if GOAL[0] <= float(np.mean(held)) <= GOAL[1] else "MISSED"
    return row


def _share_difference(rng: np.random.Generator) -> float:
    """The true difference of two shares above the limit, from a million prompts."""
    spread = np.sqrt(PROMPT_SD**2 + PROMPT_SEED_SD**2 + PROMPT_EPOCH_SD**2 + IMAGE_SD**2)
    draws = rng.normal(0, spread, 1_000_000)
    return float((draws + 0.1 > 0).mean() - (draws > 0).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=10_000, help="simulations per row of measured values (a fifth of it otherwise)")
    args = parser.parse_args()
    counts = {"measured": args.simulations, "heavy": args.simulations // 5, "yes or no": args.simulations // 5}
    rows = [one_design(kind, *design, count) for kind, count in counts.items() for design in DESIGNS]
    show(f"paired comparisons, {args.simulations} simulations per row of measured values, true difference 0.1 of the level", rows)
    keep("paired", rows, simulations=args.simulations)


if __name__ == "__main__":
    main()
