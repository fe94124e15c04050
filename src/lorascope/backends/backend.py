"""What a trainer and a renderer must offer. Training is a stream of events, so that a job can record each as it happens."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lorascope.records.dataset import Dataset
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """Everything a training depends on. ``folder`` is where its checkpoints go; ``base_model`` a folder or file."""

    run: str
    parameters: Mapping[str, ParameterValue]
    dataset: Dataset
    folder: Path
    base_model: Path


@dataclass(frozen=True, slots=True)
class TrainingStarted:
    """The plan was understood: how much work it is (steps already done by an earlier process are in ``first_step``)."""

    total_steps: int
    steps_per_epoch: int
    first_step: int = 0


@dataclass(frozen=True, slots=True)
class StepDone:
    """One optimizer step. ``loss`` is the mean over its samples."""

    step: int
    epoch: int
    loss: float


@dataclass(frozen=True, slots=True)
class EpochDone:
    """An epoch ended and its checkpoint is on disk, whole."""

    epoch: int
    step: int
    samples_seen: int
    mean_loss: float
    duration_s: float
    file: Path | None


TrainingEvent = TrainingStarted | StepDone | EpochDone


class Trainer(Protocol):
    """Trains LoRA adapters."""

    name: str

    def refused(self, parameters: Mapping[str, ParameterValue]) -> Mapping[str, str]:
        """The parameters this trainer cannot honor, each with the reason."""

    def train(self, plan: TrainingPlan, *, resume: bool = False) -> Iterator[TrainingEvent]:
        """Train, yielding events: first TrainingStarted, then steps, an EpochDone after each epoch, in order."""


@dataclass(frozen=True, slots=True)
class RenderedImage:
    """One picture, (height, width, 3) uint8."""

    prompt: str
    seed: int
    pixels: NDArray[np.uint8]


class Renderer(Protocol):
    """Draws the prompts of a suite with a checkpoint, or with the base model when ``checkpoint`` is None."""

    def check(self, suite: PromptSuite) -> None:
        """Refuse a suite that cannot be drawn. Raises BadParameter, which says why."""

    def render(self, checkpoint: Path | None, suite: PromptSuite) -> Iterator[RenderedImage]:
        """One image per prompt and seed; prompts outermost. The same checkpoint and suite give the same images."""
