"""Series of epochs with a known truth: epoch means of a known shape, prompts that differ, and prompts that disagree about epochs.

Sizes of noise are those of one published experiment, its split assumed: prompt 0.25, prompt x seed 0.15, prompt x epoch 0.12, image 0.20,
as shares of the level. ``heavy`` draws the last two from Student's t with three degrees of freedom instead, scaled to the same spread:
methods that assume bell curves are not to be judged by bell curves only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.epoch_effects import Cells

EPOCHS = 10
LEVEL = 300.0
PROMPT_SD, PROMPT_SEED_SD, PROMPT_EPOCH_SD, IMAGE_SD = 0.25, 0.15, 0.12, 0.20
SHAPES = ("flat", "improving", "plateau", "overfit", "oscillation", "collapse")
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """What was measured, each epoch's true level, and the shape that the levels were drawn around (lower is better)."""

    cells: Cells
    truth: Floats
    shape: str = "flat"


def simulate(
    count: int, prompts: int, seeds: int, *, seed: int, effect: float = 0.25, epochs: int = EPOCHS, heavy: bool = False
) -> Iterator[Series]:  # fmt: skip
    """Series of epochs, lower is better; with ``effect`` 0 all epochs are equal."""
    rng = np.random.default_rng(seed)
    for _ in range(count):
        levels, shape = _shape(rng, epochs)
        truth = effect * levels + rng.normal(0, 0.2 * effect, epochs)
        prompt = rng.normal(0, PROMPT_SD, (1, prompts, 1)) + rng.normal(0, PROMPT_SEED_SD, (1, prompts, seeds))
        noise = _noise(rng, PROMPT_EPOCH_SD, (epochs, prompts, 1), heavy) + _noise(rng, IMAGE_SD, (epochs, prompts, seeds), heavy)
        values = LEVEL * (1 + truth[:, None, None] + prompt + noise)
        names = tuple(f"p{index:03d}" for index in range(prompts))
        cells = Cells(tuple(range(1, epochs + 1)), names, values.mean(axis=2), np.full((epochs, prompts), seeds))
        yield Series(cells, LEVEL * (1 + truth), shape if effect else "flat")


def _noise(rng: np.random.Generator, sd: float, size: tuple[int, ...], heavy: bool) -> Floats:  # noqa: FBT001
    return sd * rng.standard_t(3, size) / np.sqrt(3) if heavy else rng.normal(0, sd, size)


def _shape(rng: np.random.Generator, epochs: int) -> tuple[Floats, str]:
    at, knee = np.linspace(0, 1, epochs), rng.uniform(0.4, 0.8)
    levels = (0 * at, -at, np.exp(-4 * at), abs(at - knee), 0.5 * (-1.0) ** np.arange(epochs), np.where(at > knee, 1.0, 0.0))
    which = int(rng.integers(len(levels)))
    return levels[which], SHAPES[which]
