"""Finds out which run of the store a training is, if it was imported before, and what that run remembers of its files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lorascope.importers.csv_table import CSV_TABLE
from lorascope.importers.evidence import Evidence
from lorascope.importers.evidence_memory import recall
from lorascope.importers.grouping import free_name
from lorascope.importers.loss_log import LOSS_LOG
from lorascope.importers.tensorboard_events import TENSORBOARD_EVENTS
from lorascope.importers.training import Training
from lorascope.jobs.moved_files import after_moves, remembered
from lorascope.records.run import JsonValue, Run, RunStatus

FILE_DELETED = "file_deleted"
_LOGS = {CSV_TABLE.name, LOSS_LOG.name, TENSORBOARD_EVENTS.name}


@dataclass(frozen=True, slots=True)
class _Identity:
    """What makes a training the same one: its sessions, or where no session is known, its files."""

    sessions: frozenset[str]
    files: frozenset[str]

    def is_of(self, other: _Identity) -> bool:
        if self.sessions and other.sessions:
            return bool(self.sessions & other.sessions)
        return bool(self.files & other.files)


class KnownRuns:
    """The runs of a store, as an import of some evidence sees them: of files that were moved it knows the new place."""

    def __init__(self, runs: Sequence[Run], evidence: Sequence[Evidence]) -> None:
        self._runs = {run.name: run for run in after_moves(runs, evidence)}
        self._identities = {name: _identity(run) for name, run in self._runs.items() if _is_of_files(run)}
        self._taken = set(self._runs)

    def recalled(self, evidence: Sequence[Evidence]) -> list[Evidence]:
        """What else the runs remember that the evidence may belong to, of files that are not among it.

        So that one new file of a run of which ten are known gives what all eleven would have given at once, even if some of the
        ten are gone. The points of logs are not remembered: see ``logs``.
        """
        seen = {(str(each.source), each.session) for each in evidence}
        found: dict[tuple[str, str | None], Evidence] = {}  # two runs may remember one file: that counts once
        for run, source in self._related(evidence):
            each = recall(source, run)
            if each is not None and (key := (str(each.source), each.session)) not in seen:
                found.setdefault(key, _with_whether_gone(each))
        return [*found.values()]

    def more_files(self, evidence: Sequence[Evidence]) -> list[Path]:
        """The files of those runs that are not among the evidence and are still there."""
        files = {str(each.source) for each in evidence}
        paths = {str(source.get("file")) for _, source in self._related(evidence)} - files
        return sorted(path for path in map(Path, paths) if path.is_file())

    def logs(self, evidence: Sequence[Evidence]) -> list[Path]:
        """The other logs of those runs, where a log is among the evidence: a metric is recorded with the points of all of them."""
        if not any(each.series for each in evidence):
            return []
        logs = {str(source.get("file")) for _, source in self._related(evidence) if source.get("format") in _LOGS}
        return [path for path in self.more_files(evidence) if str(path) in logs]

    def at_home(self, evidence: Sequence[Evidence]) -> list[str]:
        """The runs whose folder the evidence is of, or that share a file or session with it."""
        folders, files = {str(each.folder) for each in evidence}, {str(each.source) for each in evidence}
        sessions = {each.session for each in evidence if each.session}
        return [
            name
            for name, known in self._identities.items()
            if self._runs[name].extra.get("folder") in folders or known.sessions & sessions or known.files & files
        ]

    def _related(self, evidence: Sequence[Evidence]) -> Iterator[tuple[Run, Mapping[str, JsonValue]]]:
        """The files of the runs that share a session, a file or a folder, or one around or beside it, with the evidence."""
        files = {str(each.source) for each in evidence}
        sessions = {each.session for each in evidence if each.session}
        folders = {str(folder) for each in evidence for folder in (each.folder, *each.folder.parents[:2])}
        for name, identity in self._identities.items():
            run = self._runs[name]
            folder = Path(str(run.extra.get("folder", "")))
            near = not folders.isdisjoint(map(str, (folder, *folder.parents[:2])))
            if near or not identity.sessions.isdisjoint(sessions) or not identity.files.isdisjoint(files):
                yield from ((run, source) for source in remembered(run))

    def recognized(self, training: Training) -> tuple[Run | None, tuple[str, ...]]:
        """The imported run that this training is, if any, and the names of others that are part of the same one.

        There are others where its files were imported one by one, and what shows that they belong together came last. A run is found
        once: no two trainings are the same one.
        """
        files = frozenset((*map(str, training.sources), _place(training.run)))
        wanted = _Identity(frozenset(training.sessions), files)
        same = [name for name, identity in self._identities.items() if identity.is_of(wanted)]
        same.sort(key=lambda name: (self._identities[name].sessions.isdisjoint(wanted.sessions), name != training.run.name))
        for name in same:
            del self._identities[name]
        return (self._runs[same[0]] if same else None), tuple(same[1:])

    def recorded_here(self, training: Training) -> Run | None:
        """The run of this name, if lorascope itself trained or recorded it."""
        run = self._runs.get(training.run.name)
        return run if run is not None and not _is_of_files(run) else None

    def new_name(self, name: str) -> str:
        """A name that no run has, now taken."""
        free = free_name(name, self._taken)
        self._taken.add(free)
        return free

    def has(self, name: str) -> bool:
        """Whether some run has this name."""
        return name in self._taken


def joined(before: Run, training: Training) -> Training:
    """A training as the run that it is in the store: with its name, and what was recorded of it there."""
    run = replace(
        training.run,
        outcome=before.outcome,
        parent=before.parent,
        dataset_digest=before.dataset_digest,
        environment=before.environment,
        extra={**before.extra, **training.run.extra},
    )
    return replace(training, run=run).named(before.name)


def _is_of_files(run: Run) -> bool:
    """Whether a run was put together from files: imported, or followed while another program trains it."""
    return run.status is RunStatus.IMPORTED or "sources" in run.extra


def _with_whether_gone(each: Evidence) -> Evidence:
    """Evidence that says with its checkpoint when the file is gone, as trainers delete all but the last few."""
    if each.checkpoint is None:
        return each
    kept = {key: value for key, value in each.checkpoint.kept.items() if key != FILE_DELETED}
    if not each.source.is_file():
        kept[FILE_DELETED] = True
    return replace(each, checkpoint=replace(each.checkpoint, kept=kept))


def _identity(run: Run) -> _Identity:
    sessions = frozenset(each for each in _list(run.extra, "sessions") if isinstance(each, str))
    files = {path for source in remembered(run) if isinstance(path := source.get("file"), str)}
    return _Identity(sessions, frozenset((*files, _place(run))))


def _place(run: Run) -> str:
    """Where its files lie, under which name: what images alone, which are no sources, are known by."""
    return f"{run.extra.get('folder')}: {run.extra.get('training')}"


def _list(extra: Mapping[str, JsonValue], key: str) -> list[JsonValue]:
    value = extra.get(key)
    return value if isinstance(value, list) else []
