"""Write a repaired version of a dataset into a new folder. The original is only read."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lorascope.captions.check import Check
from lorascope.captions.checks import CHECKS
from lorascope.captions.clean import Repair, repair
from lorascope.captions.encoding import Encoding
from lorascope.errors import AlreadyExists, BadParameter, MissingFile, did_you_mean
from lorascope.jobs.audit import AuditResult, audit
from lorascope.jobs.progress import Progress
from lorascope.jobs.read_dataset import LINEAGE_FILE, read_dataset
from lorascope.records.dataset import Dataset, dataset_digest
from lorascope.records.finding import FixKind


@dataclass(frozen=True, slots=True)
class CleanResult:
    """What cleaning did. ``dataset`` is the new version (with ``--dry-run`` as it would be, its folder empty text).

    ``left_out`` are the files that the new version lacks: neither images nor captions, or not to be read.
    """

    audited: AuditResult
    dataset: Dataset
    repairs: tuple[Repair, ...]
    left_out: tuple[str, ...]

    def counts(self) -> dict[str, int]:
        """How many captions each check changed."""
        return dict(Counter(check for repair in self.repairs for check in repair.checks))

    def refused(self) -> int:
        """How many findings could not be mended because their edits would overlap with others or cut through a word."""
        return sum(len(repair.refused) for repair in self.repairs)


def clean(
    folder: Path,
    out: Path | None,
    *,
    include_ask: bool = False,
    only: Sequence[str] = (),
    window_tokens: int = 75,
    trigger: str = "",
    caption_extension: str = ".txt",
    progress: Progress | None = None,
) -> CleanResult:
    """Audit a folder and write the repaired version to ``out``; with None nothing is written.

    ``include_ask`` also makes the fixes that people may want to judge; ``only`` names the checks whose fixes are made.

    Raises:
        MissingFile, BadFile: as :func:`audit`; also when the folder that ``out`` should stand in is not there.
        AlreadyExists: ``out`` is there already.
        BadParameter: ``only`` names no check, or ``out`` lies inside the original.
    """
    checks = _checks(only)
    if out is not None:
        _refuse_bad_target(folder, out)
    audited = audit(folder, window_tokens=window_tokens, trigger=trigger, caption_extension=caption_extension, progress=progress)
    kinds = frozenset({FixKind.SAFE, FixKind.ASK} if include_ask else {FixKind.SAFE})
    repairs = tuple(repair(entry, audited.around, kinds, checks) for entry in audited.entries if entry.caption is not None)
    changed = tuple(repair for repair in repairs if repair.changed or repair.refused)
    planned = _planned(audited, changed)
    left_out = (*audited.reading.others, *audited.reading.problems)
    if out is None:
        return CleanResult(audited, planned, changed, left_out)
    _write(folder, out, audited, planned, changed)
    written = read_dataset(out, caption_extension=caption_extension)
    return CleanResult(audited, written, changed, left_out)


def _checks(only: Sequence[str]) -> tuple[Check, ...]:
    names = [check.name for check in CHECKS]
    for name in only:
        if name not in names:
            raise BadParameter(f"no check {name!r}", next_step=did_you_mean(name, names) or "one of " + ", ".join(names))
    return tuple(check for check in CHECKS if not only or check.name in only)


def _refuse_bad_target(folder: Path, out: Path) -> None:
    try:
        is_there = out.exists() or out.is_symlink()
    except OSError as error:
        raise MissingFile(f"no folder can be made there: {error.strerror}", where=str(out), next_step="give another name") from error
    if is_there:
        raise AlreadyExists(
            "this folder is there already", where=str(out), next_step="give a new name: an existing folder is never changed"
        )
    if not out.resolve().parent.is_dir():
        raise MissingFile("the folder to write in is not there", where=str(out.resolve().parent), next_step="make it first")
    if folder.resolve() in out.resolve().parents:
        raise BadParameter("the new version cannot lie inside the original", where=str(out), next_step="give a folder beside it")


def _planned(audited: AuditResult, repairs: Iterable[Repair]) -> Dataset:
    """The new version as a record: without the files that cannot be read."""
    dataset, unread = audited.dataset, audited.reading.problems
    after = {repair.file: repair.after for repair in repairs}
    items = tuple(
        replace(item, caption_file=None, caption=None)
        if item.caption_file in unread
        else replace(item, caption=after.get(item.caption_file or "", item.caption))
        for item in dataset.items
        if item.image_file not in unread
    )
    return replace(dataset, folder="", items=items, digest=dataset_digest(items), parent=dataset.digest)


def _write(folder: Path, out: Path, audited: AuditResult, planned: Dataset, repairs: Sequence[Repair]) -> None:
    """Fill a folder beside the target, then rename it: the new version is there whole, or not at all."""
    partial = out.with_name(f".{out.name}.partial-{os.getpid()}")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        partial.mkdir()
    except OSError as error:
        next_step = "choose a place you may write in"
        raise MissingFile(f"no folder can be made there: {error.strerror}", where=str(out), next_step=next_step) from error
    try:
        for item in planned.items:
            _link(folder / item.image_file, partial / item.image_file)
        _write_captions(folder, partial, audited, repairs)
        lineage = {
            "format": 1,
            "parent": audited.dataset.digest,
            "digest": planned.digest,
            "made_by": "lorascope clean",
            "edits": [{"file": repair.file, **asdict(edit)} for repair in repairs for edit in repair.edits],
            "rewritten_as_utf8": [repair.file for repair in repairs if repair.rewritten],
        }
        (partial / LINEAGE_FILE).write_text(json.dumps(lineage, indent=1) + "\n", "ascii")
        partial.rename(out)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _write_captions(folder: Path, partial: Path, audited: AuditResult, repairs: Sequence[Repair]) -> None:
    """Repaired captions in the encoding they had (or UTF-8 when that was repaired); all others byte by byte."""
    repaired = {repair.file: repair for repair in repairs if repair.changed}
    for name, encoding in audited.reading.encodings.items():
        if name in repaired:
            new_encoding = Encoding() if repaired[name].rewritten else encoding
            (partial / name).write_bytes(new_encoding.encode(repaired[name].after))
        elif name not in audited.reading.problems:
            shutil.copyfile(folder / name, partial / name)


def _link(source: Path, target: Path) -> None:
    """A hard link where the file system allows it, else a copy: images are never changed, and weigh most."""
    try:
        os.link(source.resolve(), target)
    except OSError:
        shutil.copyfile(source, target)
