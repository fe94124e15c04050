"""Records what the files of a watched folder say, as an import of the folder would, but only what changed since the last time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lorascope.errors import BadParameter, Busy
from lorascope.importers.evidence import Evidence
from lorascope.importers.grouping import group
from lorascope.importers.training import Drawn, Training
from lorascope.jobs.known_runs import KnownRuns
from lorascope.jobs.progress import Silent
from lorascope.jobs.read_files import read_files
from lorascope.jobs.record_trainings import record_trainings
from lorascope.jobs.watch_folder import Stamp
from lorascope.jobs.watch_status import Standing, standing_of
from lorascope.records.run import RunStatus
from lorascope.store import Store

# A final file is the last thing a training writes, but for the end of its log.
_AFTER_FINAL_NS = 10_000_000_000


class HeldElsewhere(Busy):
    """Another process follows one of the runs."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A training as of the last recording.

    ``is_live``: written to lately, and no final file ends it; ``is_running``: the store says so.
    """

    training: Training
    is_live: bool
    has_ended: bool
    is_running: bool
    standing: Standing


@dataclass(slots=True)
class Recording:
    """What is recorded of a folder so far. ``runs`` are its trainings by the names of their runs.

    ``unnamed`` are living trainings of which only a log is there: what they are called is known from their first checkpoint on.
    """

    store: Store
    name: str | None = None
    runs: dict[str, Followed] = field(default_factory=dict)
    unnamed: list[Standing] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    _elsewhere: dict[Path, list[Evidence]] = field(default_factory=dict)

    def record(
        self, evidence: Sequence[Evidence], files: Mapping[str, Stamp], changed: Collection[Path], live_since_ns: int, *, as_running: bool
    ) -> None:
        """Write what is new. ``live_since_ns``: a training written to after this moment lives, unless its final file is there.

        Raises:
            HeldElsewhere: another process follows one of the runs.
            Busy: another process keeps the store too long.
            OperationFailed: the store is away.
            BadParameter: a name was given, and there is more than one training.
            AlreadyExists: another run has the given name.
        """
        stored = self.store.runs()
        finding, naming = KnownRuns(stored, evidence), KnownRuns(stored, evidence)  # each gives out a run once
        self.unnamed = []
        trainings = self._trainings(evidence, finding)
        if self.name is not None and len(trainings) > 1:
            shown = ", ".join(training.run.name for training in trainings[:5])
            raise BadParameter(f"--name is for one training, and there are {len(trainings)}: {shown}", next_step="name one run's folder")
        for training in trainings:
            found, _ = finding.recognized(training)
            is_live, has_ended = _life(training, evidence, files, live_since_ns)
            runs = as_running and is_live
            if found is None and runs and self.name is None and not _is_named(training, evidence):
                self.unnamed.append(standing_of(training.run, training.checkpoints, training.series, len(training.drawn)))
                continue
            if found is not None and runs:
                self._claim(found.name)
            name = self._record_one(training, naming, changed, found.name if found else None, runs=runs)
            if name is not None:
                named = training.named(name)
                standing = standing_of(named.run, named.checkpoints, named.series, len(named.drawn))
                self.runs[name] = Followed(named, is_live, has_ended, runs, standing)

    def _trainings(self, evidence: Sequence[Evidence], known: KnownRuns) -> list[Training]:
        """The trainings of the folder, with what the store remembers of them from files that are gone or lie elsewhere."""
        mine = {each.source for each in evidence}
        for path in known.logs(evidence):
            if path not in mine and path not in self._elsewhere:
                self._elsewhere[path] = read_files((), [path], Silent()).evidence
        logs = [each for path, said in self._elsewhere.items() if path not in mine for each in said]
        found = [*evidence, *logs]
        return [training for training in group([*found, *known.recalled(found)]) if mine & set(training.sources)]

    def _record_one(self, training: Training, known: KnownRuns, changed: Collection[Path], name: str | None, *, runs: bool) -> str | None:
        """Record one training but for what is recorded of it already; returns its run's name, None when it is not ours to write."""
        before = self.runs.get(name) if name else None
        if before is not None and training.named(before.training.run.name) == before.training and before.is_running == runs:
            return name
        training = replace(training, run=replace(training.run, status=RunStatus.RUNNING)) if runs else training
        news = _without(training, before.training, changed) if before else training
        recorded = record_trainings([news], self.store, known, Silent(), name=None if before else self.name, dry_run=False)
        self.notes += [note for note in recorded.notes if note not in self.notes]
        if not recorded.runs:
            return None
        name = recorded.runs[0].name
        self.name = None  # it has been given
        if runs:
            self._claim(name)
            self.store.follow_runs([name])
        return name

    def _claim(self, name: str) -> None:
        try:
            self.store.claim_run(name)
        except Busy as error:
            raise HeldElsewhere(error.message, where=error.where, next_step=error.next_step) from error


def _without(training: Training, before: Training, changed: Collection[Path]) -> Training:
    """A training without the samples and series that are recorded as they are; its checkpoints are few, and are told as a whole."""
    drawn: dict[Path, Drawn] = {each.file: each for each in before.drawn}
    series = {each.metric: each for each in before.series}
    return replace(
        training,
        drawn=tuple(each for each in training.drawn if drawn.get(each.file) != each or each.file in changed),
        series=tuple(
            each for each in training.series if (known := series.get(each.metric)) is None or known != replace(each, run=known.run)
        ),
    )


def _is_named(training: Training, evidence: Sequence[Evidence]) -> bool:
    """Whether a training's name will stay: some file says it, or nothing later will say more."""
    sources = set(training.sources)
    return any(each.training is not None or each.checkpoint is not None for each in evidence if each.source in sources)


def _life(training: Training, evidence: Sequence[Evidence], files: Mapping[str, Stamp], live_since_ns: int) -> tuple[bool, bool]:
    """Whether a training lives, and whether a final file ended it: one that nothing else was written long after."""
    sources = set(training.sources)
    changed = {path: files[str(path)].changed_ns for path in sources if str(path) in files}
    finals = [each.source for each in evidence if each.source in changed and each.checkpoint is not None and each.checkpoint.is_final]
    last = max(changed.values(), default=0)
    has_ended = any(changed[path] + _AFTER_FINAL_NS >= last for path in finals)
    return last >= live_since_ns and not has_ended, has_ended
