"""The same phrases in nearly every caption: "sharp pixel edges, no anti-aliasing".

What stands in every caption tells no picture from another; it fuses with the trigger word and spends tokens. Counted over the
dataset: a clause in 80 % of the captions, or talk about rendering in 20 %. What nearly all captions begin with is the trigger
and the class and stays, and so does whatever names a color. Removed only when asked to, since some people mean it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.edits import delete_clauses
from lorascope.captions.wording import COMMON_SHARE, is_boilerplate
from lorascope.records.finding import Finding, FixKind, Severity

LONGEST_SHOWN = 100  # characters of a phrase in a message


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding for each run of boilerplate clauses."""
    if entry.caption is None:
        return
    clauses = entry.caption.clauses
    flags = [is_boilerplate(clause, around) for clause in clauses]
    if all(flags):
        return
    first = 0
    while first < len(clauses):
        if not flags[first]:
            first += 1
            continue
        last = first
        while last + 1 < len(clauses) and flags[last + 1]:
            last += 1
        start, end = clauses[first].start, clauses[last].end
        share = min(around.clause_shares.get(clause.key, 0.0) for clause in clauses[first : last + 1])
        yield CHECK.finding(
            entry,
            f'"{_cut(entry.caption.text[start:end])}" stands in {share:.0%} of the captions: {_why(share, around)}',
            spans=[(start, end)],
            edits=[delete_clauses(entry.caption, first, last)],
            evidence={"share": round(share, 4), "captions": around.captions},
        )
        first = last + 1


def _why(share: float, around: Surroundings) -> str:
    """Why a phrase is called boilerplate."""
    if share < COMMON_SHARE:
        return "it speaks of how pictures are made, not of what this one shows"
    known = around.trigger or around.likely_trigger
    return "it tells no picture from another" + ("" if known else "; if it is your trigger, say so with --trigger")


def _cut(words: str) -> str:
    """Words short enough for a message."""
    plain = " ".join(words.split())
    return plain if len(plain) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"


_TAIL = "sharp pixel edges, no anti-aliasing"
_OTHERS = tuple(f"bespoke, {words}, {_TAIL}" for words in ("red hat", "blue hat", "smiling", "frowning", "beard"))

CHECK = Check(
    name="boilerplate_tail",
    title="boilerplate",
    reason="A phrase in every caption tells no picture from another and spends tokens of the window.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("bespoke, long hair, glasses", others=_OTHERS),
        Example(f"bespoke, green hair, {_TAIL}"),
        Example("bespoke", others=_OTHERS),
        Example("1girl, a frog", others=tuple(f"1girl, {words}" for words in ("hat", "tree", "car", "sun", "sea"))),
        Example(
            "a frog, in the style of inkwash_mei",
            others=tuple(f"{words}, in the style of inkwash_mei" for words in ("a cat", "hills", "rain", "a boat", "tea")),
        ),
    ),
    bad=(
        Example(f"bespoke, green hair, {_TAIL}", (_TAIL,), "bespoke, green hair", others=_OTHERS),
        Example(f"bespoke, {_TAIL}, green background", (_TAIL,), "bespoke, green background", others=_OTHERS),
    ),
)
