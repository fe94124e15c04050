"""Bare hex codes, one after the other: "smiling, #03dc73, #7e351a".

Scripts that strip words, or append a palette without saying so, leave codes of which nobody knows what they are the color of.
They tell the model nothing and cost 5 to 7 tokens each. A single bare code is left alone: it may belong to the clause before it.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, ClauseKind
from lorascope.captions.edits import delete_clauses
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each run of two or more bare codes that belongs to no "palette:" list."""
    if entry.caption is None or len(entry.caption.codes) < 2:
        return
    clauses = entry.caption.clauses
    if ClauseKind.CODES not in [clause.kind for clause in clauses]:
        return
    for first, last in _runs(entry.caption):
        start, end = clauses[first].start, clauses[last].end
        codes = sum(start <= code.start < end for code in entry.caption.codes)
        if codes < 2:
            continue
        yield CHECK.finding(
            entry,
            f"{codes} codes in a row, said of nothing",
            spans=[(start, end)],
            edits=[delete_clauses(entry.caption, first, last)] if last - first + 1 < len(clauses) else (),
            evidence={"codes": codes},
        )


def _runs(caption: Caption) -> Iterator[tuple[int, int]]:
    """First and last clause of every run of bare codes, those of a palette list left out."""
    first, before = -1, ClauseKind.WORDS
    for index, clause in enumerate(caption.clauses):
        if clause.kind is ClauseKind.CODES and before is ClauseKind.PALETTE:
            continue
        before = clause.kind
        if clause.kind is ClauseKind.CODES and first < 0:
            first = index
        elif clause.kind is not ClauseKind.CODES and first >= 0:
            yield first, index - 1
            first = -1
    if first >= 0:
        yield first, len(caption.clauses) - 1


CHECK = Check(
    name="anonymous_codes",
    title="bare codes in a row",
    reason="Nobody can know what a bare code is the color of; each costs 5 to 7 tokens.",
    severity=Severity.WARNING,
    fix=FixKind.SAFE,
    find=find,
    signal=r"#[0-9a-f]{3,8}\W+#[0-9a-f]{3}",
    good=(
        Example("bespoke, brown hair (#7e351a, #03dc73), smiling"),
        Example("bespoke, smiling, palette: #03dc73, #7e351a, #8c8391"),
        Example("bespoke, brown hair, #7e351a"),
        Example("1girl, solo, brown_hair"),
        Example("A lad with brown hair (#7e351a) on gray (#8c8391)."),
    ),
    bad=(
        Example("#03dc73, #7e351a, green background", ("#03dc73, #7e351a",), "green background"),
        Example("bespoke, smiling, #03dc73, #7e351a", ("#03dc73, #7e351a",), "bespoke, smiling"),
        Example("bespoke, (#03dc73, #7e351a), red hat (#aa1122)", ("(#03dc73, #7e351a)",), "bespoke, red hat (#aa1122)"),
        Example("1girl, solo, #03dc73 #7e351a, red_hat", ("#03dc73 #7e351a",), "1girl, solo, red_hat"),
        Example("A lad with a red hat, smiling. #03dc73, #7e351a", ("#03dc73, #7e351a",), "A lad with a red hat, smiling."),
        Example("#03dc73, #7e351a", ("#03dc73, #7e351a",)),
    ),
)
