"""A run: one training, from its parameters to how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

ParameterValue = bool | int | float | str | None
JsonValue = bool | int | float | str | None | list["JsonValue"] | dict[str, "JsonValue"]


class RunStatus(StrEnum):
    """Where a run stands. ``interrupted`` is found, never written by the run itself: its process is gone."""

    RUNNING = "running"
    FINISHED = "finished"
    INTERRUPTED = "interrupted"
    FAILED = "failed"
    IMPORTED = "imported"


class CountedIn(StrEnum):
    """What the number of a checkpoint counts: epochs, or optimizer steps where the trainer saves by steps."""

    EPOCHS = "epochs"
    STEPS = "steps"


@dataclass(frozen=True, slots=True)
class Run:
    """One training.

    ``parameters`` are flat, under kohya's names; unknown keys are kept. ``outcome`` holds what somebody measured elsewhere
    (metric → value). ``counted_in`` says what ``Checkpoint.epoch`` and its cousins in samples, scores and measurements count.
    ``extra`` holds fields of foreign records that have no place here: kept, never dropped.
    Times are seconds since the epoch, UTC.
    """

    name: str
    trainer: str
    status: RunStatus
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    outcome: Mapping[str, float | None] = field(default_factory=dict)
    parent: str | None = None
    dataset_digest: str | None = None
    base_model: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    reason: str = ""
    environment: Mapping[str, JsonValue] = field(default_factory=dict)
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    counted_in: CountedIn = CountedIn.EPOCHS

    def finished(self, at: float) -> Run:
        """The same run, ended well."""
        return replace(self, status=RunStatus.FINISHED, finished_at=at)

    def failed(self, at: float, reason: str) -> Run:
        """The same run, ended by an error."""
        return replace(self, status=RunStatus.FAILED, finished_at=at, reason=reason)
