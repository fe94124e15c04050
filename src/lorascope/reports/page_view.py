"""A report as frozen view data: everything that is said, in the order in which it is read. HTML and Markdown only draw it."""

from __future__ import annotations

from dataclasses import dataclass, field

from lorascope.reports.curves import Curve
from lorascope.reports.grid import Grid
from lorascope.reports.repairs import CaptionsView
from lorascope.reports.run import RunView
from lorascope.reports.section import Section
from lorascope.reports.source import Numbering
from lorascope.reports.table import Table


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the lead; ``place`` is that of the run it speaks of, None when it speaks of all."""

    sentence: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One report. ``lead`` is what was asked and found in three to six sentences; ``overview`` shows base and chosen epochs.

    ``sections`` are what analyses say of it; ``numbering`` gives each sentence and table its reference.
    """

    title: str
    recorded: str
    lead: tuple[Statement, ...]
    overview: Grid | None
    setting: str
    datasets: Table
    different: Table | None
    same: Table | None
    captions: CaptionsView | None
    runs: tuple[RunView, ...]
    curves: tuple[Curve, ...]
    differences: tuple[Table, ...]
    difference: tuple[str, ...]
    undecided: tuple[str, ...]
    measured_by: str
    protocol: Table
    metrics: Table | None
    prompts: Table | None
    sections: tuple[Section, ...] = ()
    numbering: Numbering = field(default_factory=Numbering)
