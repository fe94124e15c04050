"""The captions in a report: findings before and after cleaning, and repaired captions word by word."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from lorascope.reports.evidence import Evidence, Repair
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import counted, shortened, visible

SHOWN = 6  # examples in a report; the rest is counted
LONGEST_CHARACTERS = 1200  # of one caption in an example

_WORD = re.compile(r"\s+|[^\s,.;:()]+|[,.;:()]")
SAME, REMOVED, ADDED = "same", "removed", "added"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a caption: "same", "removed" or "added"."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class RepairView:
    """One caption with its changes."""

    file: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class CaptionsView:
    """``sentence`` says how much changed; ``findings`` is None when no dataset was audited."""

    sentence: str
    findings: Table | None
    repairs: tuple[RepairView, ...]


def captions_view(evidence: Evidence) -> CaptionsView | None:
    """What is known of the captions, or None when nothing is."""
    findings = findings_table(evidence)
    if findings is None and not evidence.repairs and evidence.repaired is None:
        return None
    repairs = tuple(RepairView(shortened(repair.file, 80), pieces(repair)) for repair in evidence.repairs[:SHOWN])
    return CaptionsView(_sentence(evidence), findings, repairs)


def _sentence(evidence: Evidence) -> str:
    datasets = [run.dataset for run in evidence.runs if run.dataset and run.dataset.findings is not None]
    parts = []
    for dataset in datasets:
        count = sum((dataset.findings or {}).values())
        parts.append(f"{shortened(dataset.name)} has {counted(count, 'finding')} in {counted(dataset.captions, 'caption')}")
    if evidence.repaired is not None:
        parts.append(f"{counted(evidence.repaired, 'caption')} differ between the two versions")
    return "; ".join(parts) + "." if parts else ""


def findings_table(evidence: Evidence) -> Table | None:
    """Findings by check, one column per audited dataset version."""
    datasets = {run.dataset.digest: run.dataset for run in evidence.runs if run.dataset and run.dataset.findings is not None}
    if not datasets:
        return None
    checks = sorted({check for dataset in datasets.values() for check, count in (dataset.findings or {}).items() if count})
    columns = (*text_columns("check"), *(Column(shortened(dataset.name), "findings") for dataset in datasets.values()))
    rows = [
        Row((visible(check).replace("_", " "), *(f"{(dataset.findings or {}).get(check, 0):,}" for dataset in datasets.values())))
        for check in checks
    ]
    rows.append(Row(("all checks", *(f"{sum((dataset.findings or {}).values()):,}" for dataset in datasets.values())), marked=True))
    return Table("Findings of the caption audit, by check", columns, tuple(rows))


def pieces(repair: Repair) -> tuple[Piece, ...]:
    """A repair word by word.

    >>> [(piece.kind, piece.text) for piece in pieces(Repair("a.txt", "red hair", "blue hair"))]
    [('removed', 'red'), ('added', 'blue'), ('same', ' hair')]
    """
    before, after = (_WORD.findall(text[:LONGEST_CHARACTERS]) for text in (repair.before, repair.after))
    found: list[Piece] = []
    for tag, start, end, start_after, end_after in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(Piece(SAME, visible("".join(before[start:end]))))
            continue
        if start < end:
            found.append(Piece(REMOVED, visible("".join(before[start:end]))))
        if start_after < end_after:
            found.append(Piece(ADDED, visible("".join(after[start_after:end_after]))))
    if max(len(repair.before), len(repair.after)) > LONGEST_CHARACTERS:
        found.append(Piece(SAME, " …"))
    return tuple(found)
