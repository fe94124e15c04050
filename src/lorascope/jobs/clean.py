"""Mend the captions of a dataset: plan it, choose what to mend, write a new version. The original is only read, unless asked otherwise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lorascope.captions.check import Check, Reader
from lorascope.captions.checks import CHECKS
from lorascope.captions.clean import Repair, repair, total_words
from lorascope.errors import BadParameter, did_you_mean
from lorascope.jobs.audit import AuditResult, audit
from lorascope.jobs.change_in_place import mend
from lorascope.jobs.collector import without_collector
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.write_version import Stamps, Written, change_folder, check_target, planned, stamps_of, write_copy
from lorascope.records.dataset import Dataset
from lorascope.records.finding import Finding, FixKind
from lorascope.records.run import JsonValue

MENDED = frozenset({FixKind.SAFE, FixKind.ASK})


@dataclass(frozen=True, slots=True)
class FixClass:
    """Fixes of one kind that one check offers, with the captions they would change."""

    check: str
    fix: FixKind
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CleaningPlan:
    """A dataset with its findings, and what could be mended. ``mended`` tells of an interrupted change that was settled first."""

    folder: Path
    audited: AuditResult
    classes: tuple[FixClass, ...]
    checks: tuple[Check, ...]
    stamps: Stamps
    options: Mapping[str, JsonValue]
    mended: str = ""

    @without_collector()
    def repairs(self, wanted: Callable[[Finding], bool], progress: Progress | None = None) -> tuple[Repair, ...]:
        """The captions that the wanted fixes would change, and those where one was refused."""
        shown = progress or Silent()
        names = {check.name for check in self.checks}
        found: dict[str, list[Finding]] = {}
        for finding in self.audited.findings:
            if finding.fix in MENDED and finding.check in names and wanted(finding):
                found.setdefault(finding.file, []).append(finding)
        entries = [entry for entry in self.audited.entries if entry.file in found and entry.caption is not None]
        shared = Counter(entry.file for entry in entries)  # two images with one caption may differ in what is found
        shown.start("mending captions", len(entries))
        made: dict[str, Repair] = {}
        for entry in entries:
            known = found[entry.file] if shared[entry.file] == 1 else None
            one = repair(entry, self.audited.around, MENDED, self.checks, wanted=wanted, found=known)
            other = made.get(one.file)
            made[one.file] = (
                one if other is None or (other.after, other.rewritten) == (one.after, one.rewritten) else _undecided(other, one)
            )
            shown.advance()
        shown.finish()
        return tuple(each for each in made.values() if each.changed or each.refused)


@dataclass(frozen=True, slots=True)
class CleanResult:
    """What cleaning did. ``dataset`` is the new version (as it would be, its folder empty text, when nothing was written).

    ``left_out`` are the files that the new version lacks: neither images nor captions, or not to be read. ``refused_files`` were left
    alone as a whole (file → reason); ``backup`` is where the files lie as they were before a change in place.
    """

    audited: AuditResult
    dataset: Dataset
    repairs: tuple[Repair, ...]
    left_out: tuple[str, ...]
    refused_files: Mapping[str, str] = field(default_factory=dict)
    backup: Path | None = None
    step: Mapping[str, JsonValue] = field(default_factory=dict)

    def counts(self) -> dict[str, int]:
        """How many captions each check changed."""
        return dict(Counter(check for repair in self.repairs for check in repair.checks))

    def refused(self) -> int:
        """How many findings could not be mended because their edits would overlap with others or cut through a word."""
        return sum(len(repair.refused) for repair in self.repairs)

    def words(self) -> dict[str, int]:
        """How many words all captions together lost and gained ("removed", "added")."""
        return dict(total_words(self.repairs))


def plan_cleaning(
    folder: Path,
    *,
    only: Sequence[str] = (),
    reader: Reader | None = None,
    trigger: str = "",
    intended: Sequence[str] = (),
    caption_extension: str = ".txt",
    progress: Progress | None = None,
) -> CleaningPlan:
    """Audit a folder and list what could be mended in it; ``only`` names the checks whose fixes are looked at.

    A change in place that was interrupted is finished first.

    Raises:
        MissingFile, BadFile: as :func:`audit`. BadParameter: ``only`` names no check. Busy: the folder is being changed.
    """
    checks = _checks(only)
    mended = mend(folder)
    stamps = stamps_of(folder)
    audited = audit(folder, reader=reader, trigger=trigger, intended=intended, caption_extension=caption_extension, progress=progress)
    names = {check.name for check in checks}
    files: dict[tuple[str, FixKind], dict[str, None]] = {}
    for finding in audited.findings:
        if finding.fix in MENDED and finding.check in names:
            files.setdefault((finding.check, finding.fix), {})[finding.file] = None
    order = [(check.name, fix) for fix in (FixKind.SAFE, FixKind.ASK) for check in checks]
    classes = tuple(FixClass(*key, tuple(files[key])) for key in order if key in files)
    options: dict[str, JsonValue] = {
        "only": [*only],
        "trigger": trigger,
        "window_tokens": audited.around.window_tokens,
        "caption_extension": caption_extension,
    }
    return CleaningPlan(folder, audited, classes, checks, stamps, options, mended)


def carry_out(
    plan: CleaningPlan,
    repairs: Sequence[Repair],
    out: Path | None,
    *,
    in_place: bool = False,
    fixes: str = "chosen",
    progress: Progress | None = None,
) -> CleanResult:
    """Write what was decided: a copy to ``out``, or into the folder itself; with neither nothing is written.

    ``fixes`` says in the new version's record how they were chosen ("safe", "all", "chosen").

    Raises:
        AlreadyExists, MissingFile, BadParameter: ``out`` cannot be written. Busy: another process changes the folder.
    """
    left_out = (*plan.audited.reading.others, *plan.audited.reading.problems)
    options = {"fixes": fixes, **plan.options}
    if in_place:
        written = change_folder(plan.folder, plan.audited, repairs, plan.stamps, options, progress or Silent())
    elif out is not None:
        written = write_copy(plan.folder, out, plan.audited, repairs, plan.stamps, options, progress or Silent())
    else:
        return CleanResult(plan.audited, planned(plan.audited, repairs), tuple(repairs), left_out)
    return _result(plan, repairs, written, () if in_place else left_out)


def clean(
    folder: Path,
    out: Path | None,
    *,
    include_ask: bool = False,
    only: Sequence[str] = (),
    reader: Reader | None = None,
    trigger: str = "",
    caption_extension: str = ".txt",
    in_place: bool = False,
    progress: Progress | None = None,
) -> CleanResult:
    """Audit a folder and write the repaired version to ``out``, or into the folder itself; with neither nothing is written.

    ``include_ask`` also makes the fixes that people may want to judge; ``only`` names the checks whose fixes are made.

    Raises:
        MissingFile, BadFile: as :func:`audit`; also when the folder that ``out`` should stand in is not there.
        AlreadyExists: ``out`` is there already.
        BadParameter: ``only`` names no check, or ``out`` lies inside the original.
    """
    _checks(only)
    if out is not None:
        check_target(folder, out)
    plan = plan_cleaning(folder, only=only, reader=reader, trigger=trigger, caption_extension=caption_extension, progress=progress)
    kinds = MENDED if include_ask else {FixKind.SAFE}
    repairs = plan.repairs(lambda finding: finding.fix in kinds, progress)
    return carry_out(plan, repairs, out, in_place=in_place, fixes="all" if include_ask else "safe", progress=progress)


def _result(plan: CleaningPlan, repairs: Sequence[Repair], written: Written, left_out: tuple[str, ...]) -> CleanResult:
    made = tuple(each for each in repairs if each.file not in written.refused)
    return CleanResult(plan.audited, written.dataset, made, left_out, written.refused, written.backup, written.step)


def _checks(only: Sequence[str]) -> tuple[Check, ...]:
    names = [check.name for check in CHECKS]
    for name in only:
        if name not in names:
            raise BadParameter(f"no check {name!r}", next_step=did_you_mean(name, names) or "one of " + ", ".join(names))
    return tuple(check for check in CHECKS if not only or check.name in only)


def _undecided(first: Repair, second: Repair) -> Repair:
    """Two images share a caption and want it mended in different ways: it stays as it is."""
    refused = (*first.refused, *second.refused)
    return Repair(first.file, first.before, first.before, (), rewritten=False, checks=(), refused=refused)
