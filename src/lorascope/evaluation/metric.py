"""What a metric is: a rule that turns one image (and what its prompt asked for) into one number."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lorascope.records.prompt import Prompt


class Direction(StrEnum):
    """Which way is better. ``none``: the number describes, it does not judge."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Picture:
    """What a metric may look at. ``pixels`` are (height, width, 3), uint8, read-only.

    ``palette`` holds the training images' colors, (n, 3) uint8, or None when no dataset is known.
    """

    pixels: NDArray[np.uint8]
    prompt: Prompt
    palette: NDArray[np.uint8] | None = None


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """The honest answer when an image or prompt gives a metric nothing to measure."""

    reason: str


@dataclass(frozen=True, slots=True)
class Metric:
    """A rule with its unit, range and direction. ``measure`` is deterministic and leaves its input untouched."""

    name: str
    title: str
    unit: str
    low: float
    high: float
    direction: Direction
    meaning: str
    measure: Callable[[Picture], float | NotMeasurable] = field(repr=False)
