"""How many prompts and seeds would show a difference of two checkpoints: prompts before seeds.

The noise of one epoch x prompt value has two parts: how prompts disagree about the epoch, which only more prompts average out, and
how images of one prompt differ, which more seeds average out too. Several seeds per prompt show the second; with one
they cannot be told apart, and a split that was measured elsewhere is assumed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from lorascope.evaluation.choice_words import POWER_FACTOR
from lorascope.evaluation.epoch_effects import Cells, EpochEffects, Floats
from lorascope.records.sample import Score

PROMPTS, SEEDS = (8, 16, 32, 64, 128), (1, 2, 4)
ASSUMED_PROMPT_SHARE = 0.12**2 / (0.12**2 + 0.20**2)  # standard deviations of prompt x checkpoint and of an image, one published table


@dataclass(frozen=True, slots=True)
class Noise:
    """Variances, in the metric's unit squared: of prompts' disagreement about an epoch, and of one image. ``assumed``: their split is."""

    prompt: float
    image: float
    assumed: bool

    def detectable(self, prompts: int, seeds: int) -> float:
        """The true difference of two checkpoints that is found with 80 % power (two-sided 5 %), the same prompts and seeds for both."""
        return POWER_FACTOR * math.sqrt(2 * (self.prompt + self.image / seeds) / prompts)


@dataclass(frozen=True, slots=True)
class Needed:
    """A size of evaluation, images of one checkpoint, and the difference that it shows with 80 % power."""

    prompts: int
    seeds: int
    images: int
    detectable: float


def noise_parts(scores: Iterable[Score], cells: Cells, effects: EpochEffects) -> Noise | None:
    """The noise of a fit in its two parts; None without noise, or where one prompt's seeds stand in for prompts."""
    if not effects.noise_variance or cells.by_seed:
        return None
    images = float(np.mean(cells.images[cells.images > 0]))
    own = _image_variance(scores, cells)
    if own is None:
        prompt = (
            ASSUMED_PROMPT_SHARE if images < 1.5 else ASSUMED_PROMPT_SHARE / (ASSUMED_PROMPT_SHARE + (1 - ASSUMED_PROMPT_SHARE) / images)
        )
        return Noise(prompt * effects.noise_variance, (1 - prompt) * effects.noise_variance * images, assumed=True)
    return Noise(max(0.0, effects.noise_variance - own / images), own, assumed=False)


def needed_images(noise: Noise) -> tuple[Needed, ...]:
    """The table of sizes, by prompts and seeds."""
    return tuple(Needed(p, s, p * s, noise.detectable(p, s)) for p in PROMPTS for s in SEEDS)


def _image_variance(scores: Iterable[Score], cells: Cells) -> float | None:
    """The variance of one image, pooled over prompts whose seeds are the same at all epochs: seed effects do not count. None: unknown."""
    found: dict[str, dict[tuple[int, int, int], float]] = {}
    for score in scores:
        if score.value is not None and score.seed is not None and score.epoch in cells.epochs:
            found.setdefault(score.prompt, {})[score.epoch, score.seed, score.draw] = score.value
    squares, df = 0.0, 0
    for _, values in sorted(found.items()):
        table = _table(values)
        if table is not None:
            residual = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
            squares += float((residual**2).sum())
            df += (table.shape[0] - 1) * (table.shape[1] - 1)
    return squares / df if df >= 4 and squares > 0 else None


def _table(values: dict[tuple[int, int, int], float]) -> Floats | None:
    """Epochs x seeds of one prompt; None unless all are there, two of each at least."""
    epochs = sorted({epoch for epoch, _, _ in values})
    seeds = sorted({(seed, draw) for _, seed, draw in values})
    if len(epochs) < 2 or len(seeds) < 2 or len(values) != len(epochs) * len(seeds):
        return None
    return np.array([[values[epoch, *seed] for seed in seeds] for epoch in epochs])
