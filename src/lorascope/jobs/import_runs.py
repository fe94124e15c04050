"""Bring in what was recorded elsewhere: what trainers left on disk, and files of records, into the store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import AlreadyExists, BadFile, UserError, did_you_mean
from lorascope.importers.evidence import Evidence
from lorascope.importers.grouping import group
from lorascope.importers.importer import Imported, Importer
from lorascope.jobs.find_files import find_files
from lorascope.jobs.known_runs import KnownRuns
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_files import FilesRead, importer_of, read_files
from lorascope.jobs.record_trainings import ImportedRun, Recorded, record_trainings
from lorascope.store import Store

__all__ = ["NOUNS", "ImportSummary", "ImportedRun", "import_paths", "import_runs", "importer_of"]

NOUNS = ("runs", "datasets", "suites", "checkpoints", "samples", "scores", "measurements", "series", "hypotheses", "other records")


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What came in: for each noun of ``NOUNS`` how many records were read, and how many of them are new or changed.

    ``runs`` are the trainings put together from a trainer's files. ``failed`` are files that are damaged or cannot be read;
    ``named`` those of them that were named one by one. ``unfinished`` are those that end too early, perhaps because they are still
    being written. ``unknown`` counts files in folders that are of no known format, ``pickled`` those never opened. ``evidence`` is how many
    files spoke of trainings, ``refused`` says why trainings that were read could not be recorded.
    """

    files: tuple[Path, ...]
    read: Mapping[str, int]
    changed: Mapping[str, int]
    notes: tuple[str, ...] = ()
    runs: tuple[ImportedRun, ...] = ()
    failed: Mapping[Path, UserError] | None = None
    named: tuple[Path, ...] = ()
    unfinished: tuple[Path, ...] = ()
    unknown: int = 0
    pickled: tuple[Path, ...] = ()
    evidence: int = 0
    refused: tuple[UserError, ...] = ()

    @property
    def named_failures(self) -> list[UserError]:
        """What is wrong with files that were named one by one, and why trainings could not be recorded."""
        return [*(error for path, error in (self.failed or {}).items() if path in self.named), *self.refused]


def import_runs(paths: Sequence[Path], store: Store) -> ImportSummary:
    """Import files and folders as :func:`import_paths` does, and raise the first error of a file that was named.

    Files of records (JSON Lines, tables) are one transaction: after an error in one nothing of them is in the store.

    Raises:
        MissingFile: a file is not there or cannot be read.
        BadFile: a file is of no known format, or something in it is wrong; the message names file, place and key.
        AlreadyExists: a run or suite of the same name is in the store and must not be overwritten.
    """
    summary = import_paths(paths, store)
    for error in summary.named_failures:
        raise error
    return summary


def import_paths(
    paths: Sequence[Path],
    store: Store,
    *,
    name: str | None = None,
    with_hash: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> ImportSummary:
    """Import files, and all that is known in folders. The same twice changes nothing; a run recorded here is never overwritten.

    Every training is a transaction of its own. A file that cannot be read is in the summary's ``failed`` and stops no other.
    ``name`` names the one training there is; ``with_hash`` hashes weights whose file does not say their hash; after a ``dry_run``
    the summary says what would have been read, and nothing is changed.

    Raises:
        BadParameter: a name is given, and there is not exactly one training.
        AlreadyExists: another run has the given name.
    """
    progress = progress or Silent()
    found = find_files(paths)
    files = read_files(found.named, found.inside, progress, with_hash=with_hash)
    read: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    if not dry_run:
        _record_records(files, found.named, store, read, changed)
    recorded = _record_evidence(files, store, progress, name=name, with_hash=with_hash, dry_run=dry_run)
    for run in recorded.runs:
        read.update({"runs": 1, "checkpoints": run.checkpoints, "samples": run.samples, "series": run.series})
        changed.update(run.changed)
    return ImportSummary(
        files=tuple(paths),
        read=_in_order(read),
        changed=_in_order(changed),
        notes=(*found.notes, *files.notes, *recorded.notes),
        runs=tuple(recorded.runs),
        failed=files.failed,
        named=found.named,
        unfinished=tuple(files.unfinished),
        unknown=len(files.unknown),
        pickled=tuple(files.pickled),
        evidence=len(files.evidence),
        refused=tuple(recorded.failures),
    )


def _record_evidence(files: FilesRead, store: Store, progress: Progress, *, name: str | None, with_hash: bool, dry_run: bool) -> Recorded:
    """Put evidence together into trainings, with the other files of runs that it belongs to, and record them."""
    if not files.evidence:
        return Recorded()
    known = KnownRuns(store.runs(), files.evidence)
    mine = {each.source for each in files.evidence}
    logs = [path for path in known.logs(files.evidence) if path not in files.failed]
    again = [*logs, *(path for path in _pictures(files.evidence, known, store) if path not in files.failed)]
    evidence = files.evidence + (read_files([], again, Silent(), with_hash=with_hash).evidence if again else [])
    evidence = [*evidence, *known.recalled(evidence)]
    trainings = group(evidence)
    alone = sorted(mine.difference(*(training.sources for training in trainings)))
    files.notes += [f"{path}: belongs to no training found here: left out" for path in alone]
    trainings = [training for training in trainings if mine & set(training.sources)]
    return record_trainings(trainings, store, known, progress, name=name, dry_run=dry_run, keep_going=name is None)


def _pictures(evidence: Sequence[Evidence], known: KnownRuns, store: Store) -> list[Path]:
    """The other sample images of those runs: a prompt or a checkpoint that comes later tells what they are of."""
    here = {str(sample.file) for each in evidence for sample in each.samples}
    there = {str(sample.extra["file"]) for run in known.at_home(evidence) for sample in store.samples(run) if "file" in sample.extra}
    return [path for path in map(Path, sorted(there - here)) if path.is_file()]


def _record_records(files: FilesRead, named: Sequence[Path], store: Store, read: Counter[str], changed: Counter[str]) -> None:
    """Write the files of records: those that were named all or none, since one may speak of another's runs; those found each alone."""
    waiting = [batch for batch in ([each for each in files.with_records if each[0] in named],) if batch]
    waiting += [[each] for each in files.with_records if each[0] not in named]
    count = len(waiting) + 1
    while waiting and len(waiting) < count:  # a file may speak of the runs of one that comes later
        count = len(waiting)
        waiting = [batch for batch in waiting if not _record_together(batch, files, store, read, changed)]


def _record_together(
    batch: Sequence[tuple[Path, Importer]], files: FilesRead, store: Store, read: Counter[str], changed: Counter[str]
) -> bool:
    """Write some files of records: all of them, or after an error nothing of any. Returns whether they were written."""
    counts = Counter[str](), Counter[str]()
    notes: list[str] = []
    path = Path()
    try:
        with store.transaction():
            for path, importer in batch:
                notes += _record_file(path, importer, store, *counts)
    except UserError as error:
        files.failed[path] = error
        return False
    for path, _ in batch:
        files.failed.pop(path, None)
    read.update(counts[0])
    changed.update(counts[1])
    files.notes += notes
    return True


def _record_file(path: Path, importer: Importer, store: Store, read: Counter[str], changed: Counter[str]) -> list[str]:
    notes: list[str] = []
    try:
        for part in importer.read(path):
            _record(store, part, read, changed)
            notes += part.notes
    except AlreadyExists as error:
        raise AlreadyExists(error.message, where=str(path), next_step=error.next_step) from error
    return notes


def _record(store: Store, part: Imported, read: Counter[str], changed: Counter[str]) -> None:
    """Write one part; what others refer to goes first."""
    changes = {
        "runs": store.import_runs(part.runs),
        "datasets": sum(store.add_dataset(dataset) for dataset in part.datasets),
        "suites": sum(store.add_suite(suite) for suite in part.suites),
    }
    _check_needs(store, part)
    changes["checkpoints"] = store.add_checkpoints(part.checkpoints)
    changes["samples"] = store.add_samples(part.samples)
    changes["scores"] = store.add_scores(part.scores)
    changes["measurements"] = store.add_measurements(part.measurements)
    changes["series"] = store.put_series(part.series) if part.series else 0
    changes["hypotheses"] = store.put_hypotheses(part.hypotheses) if part.hypotheses else 0
    changes["other records"] = store.keep_foreign(part.foreign)
    for noun in NOUNS:
        read[noun] += len(part.foreign if noun == "other records" else getattr(part, noun))
        changed[noun] += changes[noun]


def _check_needs(store: Store, part: Imported) -> None:
    if not part.needs:
        return
    known = {run.name for run in store.runs()}
    for run, where in part.needs:
        if run not in known:
            suggestion = did_you_mean(run, known)
            raise BadFile(
                f"run = {run!r}: no such run above this line or in the store",
                where=where,
                next_step=suggestion or "put the run's own line before the lines that speak of it",
            )


def _in_order(counts: Mapping[str, int]) -> dict[str, int]:
    return {noun: counts.get(noun, 0) for noun in NOUNS}
