"""What every tool records in the comparisons: runs of 45 parameters and 10 epochs of 20 metrics. Standard library only.

The best epoch of a run is its 7th or 8th, not the last: a tool that sorts by the last value answers another question.
"""

from __future__ import annotations

import random

METRICS = ["loss/train", "eval/quality", *(f"eval/metric_{number}" for number in range(18))]
EPOCHS = 10
DIMS = (4, 8, 16, 32, 64, 128)


def parameters(number: int) -> dict[str, object]:
    chance = random.Random(number)
    chosen = {
        "network_dim": DIMS[number % 6],
        "keep_tokens": chance.choice([1, 3]),
        "learning_rate": chance.choice([1e-4, 5e-5]),
        "seed": number,
    }
    return chosen | {"optimizer_type": chance.choice(["AdamW", "Prodigy"]), **{f"setting_{place}": chance.random() for place in range(40)}}


def epoch_metrics(number: int, epoch: int) -> dict[str, float]:
    chance = random.Random(1000 * number + epoch)
    found = {name: chance.random() for name in METRICS}
    found["eval/quality"] = 9 - abs(epoch - 7 - number // 6 % 2) * 0.3 + ((number * 7919) % 100_003) / 100_003
    return found


def step_metrics(step: int) -> dict[str, float]:
    """Numbers without a pattern: how a tool packs them shows what it does with real ones at worst."""
    x = step * 0.6180339887498949 % 1
    return {name: x * (1.37 + place) % 1 for place, name in enumerate(METRICS)}


def best(number: int) -> float:
    return max(epoch_metrics(number, epoch)["eval/quality"] for epoch in range(1, EPOCHS + 1))


def last(number: int) -> float:
    return epoch_metrics(number, EPOCHS)["eval/quality"]


def expected_top(runs: int, limit: int = 20) -> list[str]:
    """The runs with ``network_dim`` 32 with the best epochs."""
    chosen = [number for number in range(runs) if parameters(number)["network_dim"] == 32]
    return [f"run-{number}" for number in sorted(chosen, key=best, reverse=True)[:limit]]
