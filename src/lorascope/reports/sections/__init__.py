"""What analyses say of a run, a section each, in the order in which they are read."""

from __future__ import annotations

from collections.abc import Callable

from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.section import Section
from lorascope.reports.sections.advice import advice
from lorascope.reports.sections.causes import causes
from lorascope.reports.sections.changes import changes
from lorascope.reports.sections.ledger import ledger
from lorascope.reports.sections.lessons import lessons
from lorascope.reports.sections.next_runs import next_runs
from lorascope.reports.sections.parent import parent
from lorascope.reports.sections.shape import shape

SECTIONS: tuple[Callable[[Evidence, Inquiry], Section | None], ...] = (
    shape,
    parent,
    causes,
    changes,
    advice,
    next_runs,
    ledger,
    lessons,
)

__all__ = ["SECTIONS"]
