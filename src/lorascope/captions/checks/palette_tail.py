"""A list of hex codes said of nothing: "palette: #03dc73, #7e351a".

Codes without a noun tell the model nothing and cost 5 to 7 tokens each. The list goes, and only the list: what follows it
stays.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, ClauseKind
from lorascope.captions.edits import delete_clauses
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each "palette:" list and for each run of two or more bare codes."""
    if entry.caption is None:
        return
    clauses = entry.caption.clauses
    for first, last in _runs(entry.caption):
        start, end = clauses[first].start, clauses[last].end
        codes = sum(start <= code.start < end for code in entry.caption.codes)
        yield CHECK.finding(
            entry,
            f"{codes} codes said of nothing",
            spans=[(start, end)],
            edits=[delete_clauses(entry.caption, first, last)] if last - first + 1 < len(clauses) else (),
            evidence={"codes": codes},
        )


def _runs(caption: Caption) -> list[tuple[int, int]]:
    """First and last clause of every list of codes."""
    runs, index, clauses = [], 0, caption.clauses
    while index < len(clauses):
        first = index
        if clauses[index].kind is ClauseKind.WORDS:
            index += 1
            continue
        while index + 1 < len(clauses) and clauses[index + 1].kind is ClauseKind.CODES:
            index += 1
        codes = sum(clauses[first].start <= code.start < clauses[index].end for code in caption.codes)
        if clauses[first].kind is ClauseKind.PALETTE or codes > 1:
            runs.append((first, index))
        index += 1
    return runs


CHECK = Check(
    name="palette_tail",
    title="list of codes said of nothing",
    reason="Codes without a noun teach nothing, cost 5 to 7 tokens each and push words out of the window.",
    severity=Severity.WARNING,
    fix=FixKind.SAFE,
    find=find,
    good=(Example("brown hair (#7e351a, #03dc73), a soft palette"), Example("limited palette, smiling")),
    bad=(
        Example("bespoke, smiling, palette: #03dc73, #7e351a", ("palette: #03dc73, #7e351a",), "bespoke, smiling"),
        Example("smiling, Palette: #03dc73 #7e351a, green background", ("Palette: #03dc73 #7e351a",), "smiling, green background"),
        Example("#03dc73, #7e351a, green background", ("#03dc73, #7e351a",), "green background"),
    ),
)
