"""What a metric is: a rule that turns one image (and what its prompt asked for) into one number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.training_set import TrainingSet
from lorascope.pixels.look import Look
from lorascope.records.color_names import ColorNames
from lorascope.records.prompt import Prompt
from lorascope.records.run import JsonValue


class Direction(StrEnum):
    """Which way is better. ``none``: the number describes, it does not judge."""

    HIGHER = "higher"
    LOWER = "lower"
    NONE = "none"


@dataclass(frozen=True)
class Picture:
    """What a metric may look at. ``pixels`` are (height, width, 3), uint8, read-only.

    ``training`` is what the training images look like, None when no dataset is known; ``names`` what color words mean (None only in
    tests of metrics that read no words). ``itself`` is the picture's place among the training images when it is one of them: it is then
    not compared with itself. ``look`` is the picture looked at, shared by all metrics.
    """

    pixels: NDArray[np.uint8]
    prompt: Prompt
    training: TrainingSet | None = None
    names: ColorNames | None = None
    itself: int | None = None

    @cached_property
    def look(self) -> Look:
        """Cells, background and colors; the number of cells is that of the training images where they agree on one."""
        return Look(self.pixels, self.training.side_cells if self.training else None)

    def of(self, metric: Metric) -> float | Reading | NotMeasurable:
        """What a metric measures here; metrics that build on others share their answers."""
        if metric.name not in self._found:
            self._found[metric.name] = metric.measure(self)
        return self._found[metric.name]

    @property
    def lab(self) -> NDArray[np.float32]:
        """The cells in OKLab, (rows, columns, 3)."""
        return self.look.lab

    @cached_property
    def _found(self) -> dict[str, float | Reading | NotMeasurable]:
        return {}


@dataclass(frozen=True, slots=True)
class NotMeasurable:
    """The honest answer when an image or prompt gives a metric nothing to measure."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A number with what it was read from (JSON-able): it is recorded as the score's ``extra``, such as the color that was seen."""

    value: float
    extra: Mapping[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Metric:
    """A rule with its unit, range and direction. ``measure`` is deterministic and leaves its input untouched.

    ``version`` is raised when the rule changes: values of two versions are not compared, and old ones are measured anew.
    ``of_training``: it compares with the training images. ``yes_or_no``: each picture is answered with 1 or 0, so the mean is a share.
    """

    name: str
    title: str
    unit: str
    low: float
    high: float
    direction: Direction
    meaning: str
    measure: Callable[[Picture], float | Reading | NotMeasurable] = field(repr=False)
    version: int = 1
    of_training: bool = False
    yes_or_no: bool = False
