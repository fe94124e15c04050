"""What a race of checkpoints saves, and what it costs the choice, beside drawing everything.

``python benchmarks/bench_race.py [--series N]``.
Ten checkpoints of a known course (tools/simulated_checkpoints.py), everything seeded; ``equal``: no difference at all. Of suites with 16
prompts and more a quarter is held back. One row per suite:

- pictures: the share of the suite's pictures that the race asked for; right, loss: how often its leader is truly the best, and how much
  worse it truly is, in percent of the level; all right, all loss: the same for the best mean when everything is drawn;
- stated: the leader's P(best); shrunk: its shrunk value against its true one; fresh: its value on the prompts held back against it.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from table import keep, show

sys.path.insert(0, str(Path(__file__).parents[1] / "tools"))

from lorascope.evaluation.metric import Direction
from lorascope.evaluation.racing import RaceRules, Round, Stop, plan, race
from lorascope.records.sample import Score
from simulated_checkpoints import IMAGE_SD, LEVEL, PROMPT_EPOCH_SD, PROMPT_SD, PROMPT_SEED_SD, simulate

SUITES = ((8, 4), (16, 2), (32, 1), (32, 4), (64, 2))


def one_suite(prompts: int, seeds: int, count: int, effect: float) -> dict[str, object]:
    """Race ``count`` series over a suite."""
    rounds, held = plan([f"p{n:03d}" for n in range(prompts)], range(seeds))
    raced = sorted({prompt for each in rounds for prompt in each.prompts})
    stops: Counter[Stop] = Counter()
    found: dict[str, list[float]] = {
        name: [] for name in ("pictures", "right", "all right", "loss", "all loss", "stated", "shrunk", "fresh")
    }
    for truth, values in _series(count, prompts, seeds, 7000 + 10 * prompts + seeds, effect):

        def draw(epochs: Sequence[int], each: Round, values: np.ndarray = values) -> list[Score]:
            return [Score("r", e, p, each.seed, "m", float(values[e - 1, int(p[1:]), each.seed])) for e in epochs for p in each.prompts]

        done = race(range(1, len(truth) + 1), rounds, draw, RaceRules("m", Direction.LOWER))
        assert done.choice is not None
        stops[done.stop] += 1
        leader = done.choice.leader
        own, least = truth[leader.epoch - 1], truth.min()
        full = truth[values[:, [int(p[1:]) for p in raced]].mean(axis=(1, 2)).argmin()]
        found["pictures"].append(done.images / done.full_images)
        found["right"].append(own == least)
        found["all right"].append(full == least)
        found["loss"].append(100 * (own / least - 1))
        found["all loss"].append(100 * (full / least - 1))
        found["stated"].append(leader.p_best)
        found["shrunk"].append(100 * (leader.shrunk / own - 1))
        if held:
            found["fresh"].append(100 * (values[leader.epoch - 1, [int(p[1:]) for p in held], 0].mean() / own - 1))
    row: dict[str, object] = {"prompts": prompts, "seeds": seeds, "equal": effect == 0}
    row |= {name: float(np.mean(numbers)) if numbers else None for name, numbers in found.items()}
    return row | {"stops": ", ".join(f"{stop} {number}" for stop, number in stops.most_common())}


def _series(count: int, prompts: int, seeds: int, seed: int, effect: float) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """True levels (epochs,) and images (epochs, prompts, seeds). The simulator gives the levels; its noise is drawn image by image here."""
    rng = np.random.default_rng(seed)
    for series in simulate(count, 2, 1, seed=seed, effect=effect):
        epochs = len(series.truth)
        prompt = rng.normal(0, PROMPT_SD, (1, prompts, 1)) + rng.normal(0, PROMPT_SEED_SD, (1, prompts, seeds))
        noise = rng.normal(0, PROMPT_EPOCH_SD, (epochs, prompts, 1)) + rng.normal(0, IMAGE_SD, (epochs, prompts, seeds))
        yield series.truth, series.truth[:, None, None] + LEVEL * (prompt + noise)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--series", type=int, default=400, help="series per row")
    args = parser.parse_args()
    rows = [one_suite(*suite, args.series, effect) for effect in (0.25, 0.0) for suite in SUITES]
    show(f"races of 10 checkpoints, {args.series} series per row", rows)
    keep("race", rows, series=args.series)


if __name__ == "__main__":
    main()
