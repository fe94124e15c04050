"""Evidence: what one file says about one training. ``importers/grouping.py`` puts the evidence of many files together into runs.

A trainer leaves a dozen files that speak of one training: checkpoints with metadata, the configuration, event logs, samples. None
of them is complete, some contradict each other, and each is worth reading alone.

What grouping makes of it: evidence with a checkpoint or a session begins a training; all other joins the training of its name in its
folder (or one inside, around or beside it) whose values it contradicts least and whose time is nearest, and a name is not needed where
only one fits. Evidence that fits none is a training without checkpoints, if it has parameters, series or samples. In ``kept`` no value
is ever changed: equal texts of many files share one object. Everything but samples and the points of series is remembered with the run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path

from lorascope.records.run import CountedIn, JsonValue, ParameterValue


class Authority(IntEnum):
    """Whose word counts when two files of one training name different values: the higher one's."""

    NAME = 0  # read from a file's name
    INTENDED = 1  # what a user interface was set to, what a preset says
    CONFIGURED = 2  # the configuration that the trainer was started with
    RECORDED = 3  # what the trainer itself wrote down while it ran


@dataclass(frozen=True, slots=True)
class CheckpointSeen:
    """A saved LoRA as its file shows it. ``number`` counts what ``counted_in`` says; None for a final file that does not say it.

    ``is_final`` marks the file that a trainer writes at its end under no number. ``samples_seen`` and ``step`` as in Checkpoint.
    """

    file: Path
    file_bytes: int
    number: int | None
    counted_in: CountedIn = CountedIn.EPOCHS
    step: int | None = None
    is_final: bool = False
    samples_seen: int | None = None
    saved_at: float | None = None
    tensor_hash: str | None = None
    kept: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SampleSeen:
    """A sample image that the trainer drew. ``prompt_text`` is None when only its position in the prompt file is known."""

    file: Path
    number: int
    counted_in: CountedIn
    position: int
    prompt_text: str | None = None
    seed: int | None = None
    drawn_at: float | None = None


@dataclass(frozen=True, slots=True)
class SeriesSeen:
    """A metric's points, as in ``records.series.Series``, of a run that has no name yet."""

    metric: str
    steps: tuple[int, ...]
    values: tuple[float, ...]
    times: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one file says about one training.

    ``training`` is what the file calls it (ss_output_name, output_name, name), ``session`` an id that all files of one session
    share. ``folder`` is the training's own folder as far as the file's place shows it: files of one folder belong together when
    nothing better is known. ``parameters`` are under kohya's names, parsed where the catalogue knows them; what it does not know
    is under the trainer's own key. ``kept`` holds what else the file said. ``prompts`` are the sampling prompts by position.
    ``notes`` say what was unclear, contradictory or left out, in sentences that name the file.
    """

    source: Path
    format: str
    folder: Path
    trainer: str = "unknown"
    authority: Authority = Authority.RECORDED
    training: str | None = None
    session: str | None = None
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    base_model: str | None = None
    started_at: float | None = None
    finished_at: float | None = None
    checkpoint: CheckpointSeen | None = None
    samples: tuple[SampleSeen, ...] = ()
    series: tuple[SeriesSeen, ...] = ()
    prompts: Mapping[int, str] = field(default_factory=dict)
    kept: Mapping[str, JsonValue] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
