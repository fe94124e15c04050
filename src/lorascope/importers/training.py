"""What grouping makes of evidence: trainings, with everything that belongs to each, not yet in any store."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from lorascope.importers.evidence import Evidence
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import JsonValue, Run
from lorascope.records.series import Series


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sample image as it will be recorded, but for the digest of its file."""

    file: Path
    epoch: int
    prompt: str
    seed: int | None
    draw: int
    extra: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Training:
    """One run and what belongs to it. ``sessions`` are the trainer's ids of it, ``sources`` the files it was put together from."""

    run: Run
    checkpoints: tuple[Checkpoint, ...] = ()
    drawn: tuple[Drawn, ...] = ()
    series: tuple[Series, ...] = ()
    sessions: tuple[str, ...] = ()
    sources: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    def named(self, name: str) -> Training:
        """The same training under another name."""
        return replace(
            self,
            run=replace(self.run, name=name),
            checkpoints=tuple(replace(checkpoint, run=name) for checkpoint in self.checkpoints),
            series=tuple(replace(series, run=name) for series in self.series),
        )


@dataclass(slots=True)
class Session:
    """Evidence of one session of a training: what it shares an id, or a folder and a name with. Checkpoints and what saw them."""

    id: str | None
    folder: Path
    training: str | None
    evidence: list[Evidence] = field(default_factory=list)

    @property
    def started_at(self) -> float | None:
        """When it began, as far as any file says so."""
        return min((each.started_at for each in self.evidence if each.started_at is not None), default=None)

    @property
    def ended_at(self) -> float | None:
        """When it wrote something for the last time."""
        return max((each.finished_at for each in self.evidence if each.finished_at is not None), default=None)


@dataclass(slots=True)
class Lineage:
    """The sessions of one training in their order, and the evidence that is of no session: configurations, logs, samples."""

    sessions: list[Session] = field(default_factory=list)
    others: list[Evidence] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def all(self) -> list[Evidence]:
        """All its evidence."""
        return [each for session in self.sessions for each in session.evidence] + self.others

    @property
    def training(self) -> str | None:
        """What its files call it."""
        return next((name for name in (*(each.training for each in self.sessions), *(each.training for each in self.others)) if name), None)

    @property
    def folder(self) -> Path:
        """Its own folder."""
        return self.sessions[0].folder if self.sessions else self.others[0].folder
