"""The same picture twice, or but for a few cells.

A picture that is there twice counts twice in training, unless repeats were meant; with two captions it teaches that they mean the
same. Pictures are compared cell by cell at their native scale, so that size and file format do not matter; a photograph, which
has no cells, only by its whole reduced picture. Perceptual hashes are not used: sprites before one background all look alike to them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.sight import Sight
from lorascope.captions.twins import digest, nearly_same
from lorascope.pixels.cells import Scale
from lorascope.records.finding import Finding, FixKind, Severity
from lorascope.records.run import JsonValue

NEAR_SHARE = 0.005  # of the cells: 2 of 576
SHOWN = 3
NAMED = 20  # in the evidence


def survey(entries: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each picture that is there again; for nearly equal ones on both."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for position, entry in enumerate(entries):
        name = digest(entry.sight) if entry.sight is not None else None
        if name is not None and entry.image_file is not None:
            groups[name].append(position)
    for positions in groups.values():
        if len(positions) > 1:
            yield from _equal([entries[position] for position in positions])
    singles = {positions[0]: sight for positions in groups.values() if (sight := entries[positions[0]].sight) is not None}
    twins, left = nearly_same(singles, NEAR_SHARE)
    near: defaultdict[int, dict[int, int]] = defaultdict(dict)
    for twin in twins:
        near[twin.first][twin.second] = near[twin.second][twin.first] = twin.cells
    for position in sorted(near):
        yield _nearly(entries[position], {_image(entries[other]): cells for other, cells in near[position].items()})
    if left:
        message = f"{left} pairs of pictures that share much were not compared: there are too many like them"
        yield Finding(CHECK.name, "", Severity.NOTE, message, evidence={"pairs_not_compared": left})


def _equal(same: Sequence[Entry]) -> Iterator[Finding]:
    captions = len({entry.caption.text.strip() if entry.caption else None for entry in same})
    told = f"; their captions differ ({captions} texts)" if captions > 1 else ""
    first, count = same[: NAMED + 1], len(same) - 1
    for entry in same:
        others = [_image(other) for other in first if other is not entry][:NAMED]  # all of them, for each, would be the square of them
        names = ", ".join(others[:SHOWN]) + (f" and {count - SHOWN} more" if count > SHOWN else "")
        evidence: dict[str, JsonValue] = {"same": [*others], "copies": count, "different_cells": 0, "texts": captions}
        yield CHECK.finding(entry, f"the same picture as {names}, cell by cell{told}", evidence=evidence)


def _nearly(entry: Entry, others: dict[str, int]) -> Finding:
    name, cells = min(others.items(), key=lambda item: (item[1], item[0]))
    more = f" ({len(others) - 1} more are as near)" if len(others) > 1 else ""
    size = entry.sight.cells.shape if entry.sight is not None and entry.sight.cells is not None else (0, 0)
    return CHECK.finding(
        entry,
        f"differs from {name} in {cells} of {size[0] * size[1]} cells{more}",
        severity=Severity.NOTE,
        evidence={"near": [*others], "different_cells": cells},
    )


def _image(entry: Entry) -> str:
    return entry.image_file or entry.file


def _drawn(letters: str, scale: Scale = Scale.NATIVE) -> Sight:
    """A picture written as letters, a row after each slash."""
    rows = [[ord(letter) for letter in row] for row in letters.split("/")]
    cells = np.repeat(np.array(rows, np.uint8)[..., None], 3, axis=2)
    sight = Sight.of_colors(cells.reshape(-1, 3))
    return Sight(None, sight.palette, sight.palette_lab, scale=scale, cells=cells)


_FACE = _drawn("....../.oooo./.o..o./.oooo./..oo../......")

CHECK = Check(
    name="duplicate_image",
    title="the same picture twice",
    reason="It counts twice in training, and with two captions it teaches that they mean the same.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    survey=survey,
    good=(
        Example("bespoke, red hat", others=("bespoke, red hat",)),
        Example("1girl, hat", others=("1girl, hat",), sight=_FACE),
        Example("A girl with a hat.", sight=_FACE),
    ),
    bad=(
        Example("bespoke, red hat (#aa1122)", others=("bespoke, blue hat (#1122aa)",), sight=_FACE, others_look_alike=True),
        Example("1girl, red_hat", others=("1girl, red_hat",), sight=_FACE, others_look_alike=True),
        Example("A girl with a hat.", others=("A girl.", "A lad."), sight=_FACE, others_look_alike=True),
        Example(None, others=("A girl.",), sight=_FACE, others_look_alike=True),
    ),
)
