"""Findings on captions as tables and as JSON: counts for each check, and the findings that matter most."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from lorascope.records.dataset import Dataset
from lorascope.records.finding import Finding, FixKind, Severity
from lorascope.records.run import JsonValue
from lorascope.reports.wording import visible

GRAVITY = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.NOTE: 2}
_BOLDNESS = {FixKind.NONE: 0, FixKind.SAFE: 1, FixKind.ASK: 2}
CONTEXT_CHARACTERS = 44  # shown on each side of a span
MOST_CHARACTERS = 400  # from the first span on


@dataclass(frozen=True, slots=True)
class CheckLine:
    """One check's findings: how many, in how many files, the gravest severity, and how they can be mended.

    No files: they are about the whole dataset.
    """

    check: str
    findings: int
    files: int
    severity: Severity
    fixes: tuple[FixKind, ...]


def check_lines(findings: Iterable[Finding]) -> tuple[CheckLine, ...]:
    """One line for each check that found something, the gravest and most frequent first."""
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        by_check.setdefault(finding.check, []).append(finding)
    lines = [
        CheckLine(
            check,
            len(group),
            len({finding.file for finding in group if finding.file}),
            min((finding.severity for finding in group), key=GRAVITY.__getitem__),
            tuple(sorted({finding.fix for finding in group}, key=_BOLDNESS.__getitem__)),
        )
        for check, group in by_check.items()
    ]
    return tuple(sorted(lines, key=lambda line: (GRAVITY[line.severity], -line.findings, line.check)))


def worst(findings: Iterable[Finding], most: int) -> tuple[Finding, ...]:
    """The findings to show first: errors before warnings before notes, and of every check some rather than all of one."""
    turn: Counter[str] = Counter()
    ranked = []
    for order, finding in enumerate(findings):
        ranked.append((GRAVITY[finding.severity], turn[finding.check], order, finding))
        turn[finding.check] += 1
    return tuple(finding for *_, finding in sorted(ranked, key=lambda rank: rank[:3])[:most])


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A caption around its first span: pieces with whether they lie in a span."""

    pieces: tuple[tuple[str, bool], ...]


def excerpt(text: str, spans: Sequence[tuple[int, int]]) -> Excerpt:
    """The part of a caption that a finding speaks of, on one line.

    >>> excerpt("red hat, green background", [(9, 14)]).pieces
    (('red hat, ', False), ('green', True), (' background', False))
    """
    ordered = sorted(spans)
    if ordered:
        first = ordered[0][0]
        ordered = [(start, min(end, first + MOST_CHARACTERS)) for start, end in ordered if start < first + MOST_CHARACTERS]
    if not ordered:
        return Excerpt(((_line(text[: 2 * CONTEXT_CHARACTERS]), False),))
    at = max(0, ordered[0][0] - CONTEXT_CHARACTERS)
    pieces = [("… ", False)] if at else []
    last = min(len(text), max(ordered[-1][1], ordered[0][1]) + CONTEXT_CHARACTERS)
    for start, end in ordered:
        if at < start:
            pieces.append((_line(text[at:start]), False))
        pieces.append((_line(text[max(at, start) : end]), True))
        at = max(at, end)
    if at < last:
        pieces.append((_line(text[at:last]), False))
    if last < len(text.rstrip()):
        pieces.append((" …", False))
    return Excerpt(tuple(piece for piece in pieces if piece[0]))


def _line(text: str) -> str:
    return visible(text).replace("\n", " ").replace("\t", " ")


ByteSpans = Callable[[Finding], Sequence[tuple[int, int]]]


def audit_json(dataset: Dataset, findings: Iterable[Finding], counts: Mapping[str, int], byte_spans: ByteSpans) -> dict[str, JsonValue]:
    """The answer of ``audit --json``. ``byte_spans`` gives a finding's place in its file."""
    return {
        "format": 1,
        "dataset": {
            "digest": dataset.digest,
            "images": len(dataset.items),
            "captions": dataset.captions,
            "name": dataset.name,
            "parent": dataset.parent,
        },
        "counts": dict(counts),
        "findings": [finding_json(finding, byte_spans(finding)) for finding in findings],
    }


def finding_json(finding: Finding, byte_spans: Sequence[tuple[int, int]]) -> dict[str, JsonValue]:
    """One finding: ``spans`` in characters of the decoded caption, ``byte_spans`` in bytes of its file. No file: the whole dataset."""
    return {
        "check": finding.check,
        "file": finding.file,
        "severity": finding.severity.value,
        "spans": [[start, end] for start, end in finding.spans],
        "byte_spans": [[start, end] for start, end in byte_spans],
        "message": finding.message,
        "fix": finding.fix.value,
        "evidence": dict(finding.evidence),
    }
