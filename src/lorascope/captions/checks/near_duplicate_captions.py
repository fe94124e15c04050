"""The same caption, or nearly the same, beside different pictures.

What differs between two pictures is learned from what differs between their captions. Where nothing does, the model averages the
pictures. Captions are compared by their clauses, whatever their order (sentences by their words): a Jaccard index of 0.9, shared by
all, counts as nearly the same. Pictures that are the same but for 5 % of their cells are another check's. One reads the
captions against the pictures and says what differs; nothing is edited.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from lorascope.captions.alike import nearly_equal
from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.dialect import Dialect
from lorascope.captions.sight import Sight
from lorascope.captions.twins import different_share
from lorascope.records.finding import Finding, FixKind, Severity

LEAST_SHARED = 0.9
DIFFERENT_CELLS = 0.05  # pictures that differ in more cells are different pictures
SHOWN = 3


def survey(entries: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:
    """One finding for each caption that has a like one beside a different picture."""
    if around.bare:
        return
    groups: defaultdict[frozenset[str], list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.caption is not None and entry.image_file is not None:
            members = _members(entry.caption)
            if members:
                groups[members].append(entry)
    sets = list(groups)
    likeness = nearly_equal(sets, LEAST_SHARED)
    for position, members in enumerate(sets):
        near = {sets[other]: share for other, share in likeness.like.get(position, {}).items()}
        if near or len(groups[members]) > 1:
            yield from _findings(groups[members], near, groups)
    if likeness.not_compared:
        message = f"{likeness.not_compared} pairs of captions that share much were not compared: there are too many like them"
        yield Finding(CHECK.name, "", Severity.NOTE, message, evidence={"pairs_not_compared": likeness.not_compared})


def _findings(
    same: Sequence[Entry], near: Mapping[frozenset[str], float], groups: Mapping[frozenset[str], Sequence[Entry]]
) -> Iterator[Finding]:
    """A finding for each of the entries with equal captions, against each other and against those with nearly equal ones."""
    nearly = [(other, share) for members, share in near.items() for other in groups[members][: SHOWN + 1]]
    for entry in same:
        equal = [(other, 1.0) for other in same[: SHOWN + 2] if other.file != entry.file]
        different = [(other, share, cells) for other, share in (*equal, *nearly) if (cells := _cells(entry, other)) is not False]
        if not different:
            continue
        count = len(different) + max(0, len(same) - SHOWN - 2)
        names = ", ".join(dict.fromkeys(other.file for other, _, _ in different[:SHOWN])) + (
            f" and {count - SHOWN} more" if count > SHOWN else ""
        )
        share, cells = different[0][1], different[0][2]
        how = "the same caption as" if share == 1.0 else f"{share:.0%} of the caption is shared with"
        seen = "" if cells is None else f", whose picture differs in {cells:.0%} of its cells"
        yield CHECK.finding(
            entry,
            f"{how} {names}{seen}",
            spans=_whole(entry.caption),
            evidence={
                "like": [other.file for other, _, _ in different],
                "jaccard": round(share, 4),
                "different_cells": None if cells is None else round(cells, 4),
            },
        )


def _members(caption: Caption) -> frozenset[str]:
    """What a caption is compared by: its clauses, or the words of sentences."""
    if caption.dialect is Dialect.PROSE:
        return frozenset(word for clause in caption.clauses for word in clause.key.split())
    return frozenset(clause.key for clause in caption.clauses if clause.key)


def _cells(entry: Entry, other: Entry) -> float | bool | None:
    """The share of cells in which two pictures differ; None where that is not known, False where they are the same picture."""
    share = _share(entry.sight, other.sight)
    return False if share is not None and share <= DIFFERENT_CELLS else share


def _share(first: Sight | None, second: Sight | None) -> float | None:
    return None if first is None or second is None else different_share(first, second)


def _whole(caption: Caption | None) -> list[tuple[int, int]]:
    """The whole caption without the white space around it."""
    return [(caption.clauses[0].start, caption.clauses[-1].end)] if caption and caption.clauses else []


_TEN = "lad, red hat, blue eyes, green scarf, gloves, boots, belt, beard, glasses, smiling"

CHECK = Check(
    name="near_duplicate_captions",
    title="nearly the same caption beside different pictures",
    reason="What the captions do not tell apart, the model averages.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    survey=survey,
    good=(
        Example("bespoke, red hat, smiling", others=("bespoke, blue hat, smiling", "bespoke, red hat, frowning")),
        Example("1girl, red_hat, smile", others=("1girl, blue_hat, smile",)),
        Example("A girl with a red hat smiles at a dog.", others=("A boy with a blue hat waits for the bus in the rain.",)),
        Example("bespoke", others=("bespoke",) * 5),
    ),
    bad=(
        Example("lad, red hat (#aa1122), smiling", ("lad, red hat (#aa1122), smiling",), others=("smiling, lad, red hat (#aa1122)",)),
        Example("1girl, red_hat, smile\n", ("1girl, red_hat, smile",), others=("1girl, red hat, smile", "1girl, tree")),
        Example(f"{_TEN}, tie", (f"{_TEN}, tie",), others=(_TEN,)),
        Example("A girl with a red hat smiles.", ("A girl with a red hat smiles.",), others=("A girl with a red hat smiles.",)),
    ),
)
