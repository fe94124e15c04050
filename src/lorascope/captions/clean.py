"""Findings to a repaired caption: only announced edits, never overlapping ones, and a second cleaning changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from lorascope.captions.audit import audit_entry
from lorascope.captions.check import Check, Entry, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.edits import apply, loses_only_what_it_says, overlap
from lorascope.captions.encoding import Encoding
from lorascope.records.finding import Finding, FixKind

MOST_PASSES = 8  # every pass removes at least one finding; more than two are rare


@dataclass(frozen=True, slots=True)
class AppliedEdit:
    """One edit that was made. ``start`` and ``end`` count in the caption as it was before the pass (0 is the first)."""

    check: str
    pass_number: int
    start: int
    end: int
    removed: str
    text: str


@dataclass(frozen=True, slots=True)
class Repair:
    """What cleaning made of one caption. ``rewritten`` is True when the file's encoding changed, perhaps with equal text."""

    file: str
    before: str
    after: str
    edits: tuple[AppliedEdit, ...]
    rewritten: bool
    checks: tuple[str, ...]
    refused: tuple[Finding, ...]

    @property
    def changed(self) -> bool:
        """Whether the new file differs from the old one."""
        return self.rewritten or self.before != self.after


def choose_edits(text: str, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings whose edits go together, in order, and those refused: their edits overlap with others or cut through a word.

    Two findings may want the very same edit; it is made once.
    """
    accepted: list[Finding] = []
    refused: list[Finding] = []
    for finding in findings:
        taken = [edit for other in (*accepted, finding) for edit in other.edits]
        clash = any(overlap(edit, other) for edit in finding.edits for other in taken)
        (refused if clash or not loses_only_what_it_says(text, finding.edits) else accepted).append(finding)
    return accepted, refused


def repair(entry: Entry, around: Surroundings, kinds: frozenset[FixKind], checks: Sequence[Check] = CHECKS) -> Repair:
    """Mend one caption by the fixes of the given kinds; edits refused in one pass get their turn in the next."""
    assert entry.caption is not None
    before = text = entry.caption.text
    made: list[AppliedEdit] = []
    rewritten, used = False, dict[str, None]()
    refused: list[Finding] = []
    for number in range(MOST_PASSES):
        findings = [finding for finding in audit_entry(entry, around, checks) if finding.fix in kinds]
        if not entry.encoding.plain and any(finding.check == "encoding" and not finding.edits for finding in findings):
            rewritten, used["encoding"] = True, None
            entry = replace(entry, encoding=Encoding())
        accepted, refused = choose_edits(text, [finding for finding in findings if finding.edits])
        if not accepted:
            break
        used |= dict.fromkeys(finding.check for finding in accepted)
        owners = {edit: finding.check for finding in reversed(accepted) for edit in finding.edits}
        made += [
            AppliedEdit(owners[edit], number, edit.start, edit.end, text[edit.start : edit.end], edit.text)
            for edit in sorted(owners, key=lambda edit: edit.start)
        ]
        text = apply(text, owners)
        entry = replace(entry, caption=read_caption(text))
    return Repair(entry.file, before, text, tuple(made), rewritten, tuple(used), tuple(refused))
