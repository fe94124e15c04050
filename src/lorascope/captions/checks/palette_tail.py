"""A list of hex codes said of the whole picture: "palette: #03dc73, #7e351a".

Codes without a noun tell the model nothing and cost 5 to 7 tokens each. The list goes, and only the list: what follows it
stays. Codes in a row without the word "palette" are another check's.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, ClauseKind
from lorascope.captions.edits import delete_clauses
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each "palette:" list."""
    if entry.caption is None or not entry.caption.codes:
        return
    clauses = entry.caption.clauses
    for first, last in _runs(entry.caption):
        start, end = clauses[first].start, clauses[last].end
        codes = sum(start <= code.start < end for code in entry.caption.codes)
        yield CHECK.finding(
            entry,
            f"{codes} codes in a list that no word of the caption belongs to",
            spans=[(start, end)],
            edits=[delete_clauses(entry.caption, first, last)] if last - first + 1 < len(clauses) else (),
            evidence={"codes": codes},
        )


def _runs(caption: Caption) -> Iterator[tuple[int, int]]:
    """First and last clause of every list."""
    clauses = caption.clauses
    for first, clause in enumerate(clauses):
        if clause.kind is ClauseKind.PALETTE:
            last = first
            while last + 1 < len(clauses) and clauses[last + 1].kind is ClauseKind.CODES:
                last += 1
            yield first, last


CHECK = Check(
    name="palette_tail",
    title="list of codes said of nothing",
    reason="Codes without a noun teach nothing, cost 5 to 7 tokens each and push words out of the window.",
    severity=Severity.WARNING,
    fix=FixKind.SAFE,
    find=find,
    signal=r"palette\s*:[\s(]*#",
    good=(
        Example("brown hair (#7e351a, #03dc73), a soft palette"),
        Example("limited palette, smiling"),
        Example("smiling, #03dc73, #7e351a"),
    ),
    bad=(
        Example("bespoke, smiling, palette: #03dc73, #7e351a", ("palette: #03dc73, #7e351a",), "bespoke, smiling"),
        Example("smiling, Palette: #03dc73 #7e351a, green background", ("Palette: #03dc73 #7e351a",), "smiling, green background"),
        Example("A lad in a red hat. Palette: #03dc73, #7e351a", ("Palette: #03dc73, #7e351a",), "A lad in a red hat."),
    ),
)
