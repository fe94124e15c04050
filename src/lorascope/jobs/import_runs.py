"""Bring in what was recorded elsewhere: files of any known format into the store, all of them or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import AlreadyExists, BadFile, MissingFile, did_you_mean
from lorascope.importers import IMPORTERS
from lorascope.importers.importer import HEAD_BYTES, Imported, Importer
from lorascope.store import Store

NOUNS = ("runs", "datasets", "suites", "checkpoints", "samples", "scores", "measurements", "other records")


@dataclass(frozen=True, slots=True)
class ImportSummary:
    """What came in: for each noun of ``NOUNS`` how many records were read, and how many of them are new or changed."""

    files: tuple[Path, ...]
    read: Mapping[str, int]
    changed: Mapping[str, int]
    notes: tuple[str, ...] = ()


def import_runs(paths: Sequence[Path], store: Store) -> ImportSummary:
    """Import files, in one transaction: after an error nothing of them is in the store. The same file twice changes nothing.

    Raises:
        MissingFile: a file is not there or cannot be read.
        BadFile: a file is of no known format, or a line of it is wrong; the message names file, line and key.
        AlreadyExists: a run or suite of the same name is in the store and must not be overwritten.
    """
    readers = [(path, importer_of(path)) for path in paths]
    read: Counter[str] = Counter()
    changed: Counter[str] = Counter()
    notes: list[str] = []
    with store.transaction():
        for path, importer in readers:
            try:
                for part in importer.read(path):
                    _record(store, part, read, changed)
                    notes += part.notes
            except AlreadyExists as error:
                raise AlreadyExists(error.message, where=str(path), next_step=error.next_step) from error
    return ImportSummary(tuple(paths), _in_order(read), _in_order(changed), tuple(notes))


def importer_of(path: Path) -> Importer:
    """The importer that knows this file by its first bytes.

    Raises:
        MissingFile: it is not there or cannot be read.
        BadFile: no importer knows it.
    """
    if path.is_dir():
        raise BadFile("this is a folder", where=str(path), next_step="name the files in it")
    if path.exists() and not path.is_file():
        raise BadFile("this is a pipe or a device", where=str(path), next_step="write it to a file first: an import reads it twice")
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    for importer in IMPORTERS:
        if importer.recognizes(head, path):
            return importer
    formats = ", ".join(importer.name for importer in IMPORTERS)
    raise BadFile(
        f"the file is of no known format ({formats})" if head else "the file is empty",
        where=str(path),
        next_step='its first line must be {"type": "lorascope", "format": 1}',
    )


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
