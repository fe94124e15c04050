"""A finding: a defect at a place in a caption or dataset, perhaps with a fix."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from lorascope.records.run import JsonValue


class FixKind(StrEnum):
    """Whether a fix may be applied without asking. ``none`` is report-only."""

    SAFE = "safe"
    ASK = "ask"
    NONE = "none"


class Severity(StrEnum):
    """How much harm the defect does to a training."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters ``start`` to ``end`` of a caption by ``text``."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect. ``spans`` are character offsets into the caption; ``evidence`` says what was measured (JSON-able)."""

    check: str
    file: str
    severity: Severity
    message: str
    spans: tuple[tuple[int, int], ...] = ()
    fix: FixKind = FixKind.NONE
    edits: tuple[Edit, ...] = ()
    evidence: Mapping[str, JsonValue] = field(default_factory=dict)
