"""Series of epochs with a known truth: epoch means of some shape, prompts that differ, and prompts that disagree about epochs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lorascope.evaluation.epoch_effects import Cells, Floats

EPOCHS = 10
PROMPT_SD, PROMPT_SEED_SD, PROMPT_EPOCH_SD, IMAGE_SD = 0.25, 0.15, 0.12, 0.20


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured, and each epoch's true level."""

    cells: Cells
    truth: Floats


def simulate(count: int, prompts: int, seeds: int, *, seed: int, effect: float = 0.25) -> Iterator[Series]:
    """Series of ten epochs, lower is better; with ``effect`` 0 all epochs are equal."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        truth = effect * _shape(rng) + rng.normal(0, 0.2 * effect, EPOCHS)
        prompt = rng.normal(0, PROMPT_SD, (1, prompts, 1)) + rng.normal(0, PROMPT_SEED_SD, (1, prompts, seeds))
        noise = rng.normal(0, PROMPT_EPOCH_SD, (EPOCHS, prompts, 1)) + rng.normal(0, IMAGE_SD, (EPOCHS, prompts, seeds))
        values = 300 * (1 + truth[:, None, None] + prompt + noise)
        names = tuple(f"p{index:03d}" for index in range(prompts))
        cells = Cells(tuple(range(1, EPOCHS + 1)), names, values.mean(axis=2), np.full((EPOCHS, prompts), seeds))
        yield Series(cells, 300 * (1 + truth))


def _shape(rng: np.random.Generator) -> Floats:
    at, knee = np.linspace(0, 1, EPOCHS), rng.uniform(0.4, 0.8)
    shapes = (0 * at, -at, np.exp(-4 * at), abs(at - knee), 0.5 * (-1.0) ** np.arange(EPOCHS), np.where(at > knee, 1.0, 0.0))
    return shapes[int(rng.integers(len(shapes)))]
