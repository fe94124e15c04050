"""Findings to a repaired caption: only announced edits, never overlapping ones, and a second cleaning changes nothing.

``repair`` is a function of one caption and what is known of it (its pixels, its dataset). Text outside its edits stays as it is
to the byte; the words that are lost and gained are exactly those that the edits name; what cannot be done so is refused and told.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from lorascope.captions.audit import audit_entry
from lorascope.captions.check import Check, Entry, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import read_caption
from lorascope.captions.edits import apply, loses_only_what_it_says, overlap, words
from lorascope.captions.encoding import Encoding, decode
from lorascope.records.finding import Edit, Finding, FixKind

LONGEST_RUN = 5000  # signs without white space: a caption with more of them is no text, and stays as it is
MOST_PASSES = 16  # every pass removes at least one finding; more than two are rare


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
    """What cleaning made of one caption. ``rewritten`` is True when the file's encoding changed, perhaps with equal text.

    ``encoding`` is that of the new file; ``refused`` are the findings that were to be mended and could not be.
    """

    file: str
    before: str
    after: str
    edits: tuple[AppliedEdit, ...]
    rewritten: bool
    checks: tuple[str, ...]
    refused: tuple[Finding, ...]
    encoding: Encoding = field(default_factory=Encoding)

    @property
    def changed(self) -> bool:
        """Whether the new file differs from the old one."""
        return self.rewritten or self.before != self.after

    @property
    def words_removed(self) -> int:
        """How many words the caption lost (each as often as it stood there)."""
        return (words(self.before) - words(self.after)).total()

    @property
    def words_added(self) -> int:
        """How many words it gained."""
        return (words(self.after) - words(self.before)).total()


def choose_edits(text: str, findings: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings whose edits go together, in order, and those refused: their edits overlap with others or cut through a word.

    Two findings may want the very same edit; it is made once.
    """
    accepted: list[Finding] = []
    refused: list[Finding] = []
    taken = _Taken()
    for finding in findings:
        if taken.clashes(finding.edits) or not loses_only_what_it_says(text, finding.edits):
            refused.append(finding)
        else:
            accepted.append(finding)
            taken.add(finding.edits)
    if loses_only_what_it_says(text, taken.edits):
        return accepted, refused
    return _one_by_one(text, accepted, refused)  # two deletions that meet would join the words on both sides


class _Taken:
    """Edits that do not overlap, in order of their places."""

    def __init__(self) -> None:
        self.edits: list[Edit] = []

    def clashes(self, edits: Sequence[Edit]) -> bool:
        """Whether one of the edits overlaps with one that is taken, or with another of its own."""
        own = _Taken()
        for edit in edits:
            if self._clashes(edit) or own._clashes(edit):
                return True
            own.add([edit])
        return False

    def add(self, edits: Iterable[Edit]) -> None:
        for edit in edits:
            at = bisect_left(self.edits, (edit.start, edit.end), key=_place)
            if self.edits[at : at + 1] != [edit]:
                self.edits.insert(at, edit)

    def _clashes(self, edit: Edit) -> bool:
        at = bisect_left(self.edits, (edit.start, edit.end), key=_place)
        return any(overlap(edit, other) for other in self.edits[max(0, at - 1) : at + 2])


def _place(edit: Edit) -> tuple[int, int]:
    return edit.start, edit.end


def _one_by_one(text: str, accepted: Iterable[Finding], refused: Iterable[Finding]) -> tuple[list[Finding], list[Finding]]:
    """The findings whose edits lose only what they say also when made together."""
    kept: list[Finding] = []
    left = [*refused]
    together: dict[Edit, None] = {}
    for finding in accepted:
        tried = together | dict.fromkeys(finding.edits)
        if loses_only_what_it_says(text, [*tried]):
            kept.append(finding)
            together = tried
        else:
            left.append(finding)
    return kept, left


def repair(
    entry: Entry,
    around: Surroundings,
    kinds: frozenset[FixKind],
    checks: Sequence[Check] = CHECKS,
    *,
    wanted: Callable[[Finding], bool] | None = None,
    found: Sequence[Finding] | None = None,
) -> Repair:
    """Mend one caption by the fixes of the given kinds, of these only what is ``wanted``; edits refused in one pass have their turn later.

    ``found`` are this caption's findings where somebody has audited it already, so that it is not done twice.

    A caption whose fixes come to no end (one check brings back what another removes), or whose new text could not be written in the
    file's encoding, stays as it is; its findings are refused. So does one that is no text: 5000 signs without white space.
    """
    assert entry.caption is not None
    before = text = entry.caption.text
    old = entry.encoding
    made: list[AppliedEdit] = []
    rewritten, used = False, dict[str, None]()
    first: list[Finding] = []
    for number in range(MOST_PASSES):
        seen = found if found is not None and not number else audit_entry(entry, around, checks)
        findings = [finding for finding in seen if finding.fix in kinds and (wanted is None or wanted(finding))]
        first = first or findings
        if max(map(len, text.split()), default=0) > LONGEST_RUN:  # whether an edit cuts a word cannot be told in sensible time
            return Repair(entry.file, before, before, (), rewritten=False, checks=(), refused=tuple(first), encoding=old)
        rewriting = [finding.check for finding in findings if not finding.edits]
        if rewriting and not entry.encoding.plain:
            rewritten, used = True, used | dict.fromkeys(rewriting)
            entry = replace(entry, encoding=Encoding())
        accepted, refused = choose_edits(text, [finding for finding in findings if finding.edits])
        if not accepted:
            break
        used |= dict.fromkeys(finding.check for finding in accepted)
        owners = {edit: finding.check for finding in reversed(accepted) for edit in finding.edits}
        made += _applied(text, owners, number)
        text = apply(text, owners)
        entry = replace(entry, caption=read_caption(text))
    else:
        return Repair(entry.file, before, before, (), rewritten=False, checks=(), refused=tuple(first), encoding=old)
    if not _can_be_read_again(text, entry.encoding):
        return Repair(entry.file, before, before, (), rewritten=False, checks=(), refused=tuple(first), encoding=old)
    return Repair(entry.file, before, text, tuple(made), rewritten, tuple(used), tuple(refused), entry.encoding)


def _applied(text: str, owners: dict[Edit, str], number: int) -> list[AppliedEdit]:
    return [
        AppliedEdit(owners[edit], number, edit.start, edit.end, text[edit.start : edit.end], edit.text)
        for edit in sorted(owners, key=lambda edit: edit.start)
    ]


def _can_be_read_again(text: str, encoding: Encoding) -> bool:
    """Whether a file of this text in this encoding is read as this text: cp1252 has few letters, and some words in it are UTF-8 too."""
    try:
        return decode(encoding.encode(text))[0] == text
    except UnicodeEncodeError:
        return False


def total_words(repairs: Iterable[Repair]) -> Counter[str]:
    """How many words all captions together lost ("removed") and gained ("added")."""
    total = Counter(removed=0, added=0)
    for each in repairs:
        total.update(removed=each.words_removed, added=each.words_added)
    return total
