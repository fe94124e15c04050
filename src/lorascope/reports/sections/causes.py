"""Why the run came out as it did: ranked causes, what speaks for and against each, and the cheapest test."""

from __future__ import annotations

from lorascope.records.cause import Cause, Explanation
from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.section import Part, Section, Sentence, SourcedTable, missing
from lorascope.reports.source import Source, command
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import probability, shortened, visible

SHOWN = 6  # causes in the table
TOLD = 3  # of which the evidence is told
CALLED_FROM = 0.5


def causes(_: Evidence, inquiry: Inquiry) -> Section:
    """The explanation of the run, as far as there is one."""
    title = "Why it came out as it did"
    if inquiry.explanation is None or not inquiry.explanation.causes:
        said = inquiry.missing.get("causes", f"No explanation was computed: {command('why', inquiry.run)}")
        notes = tuple(missing("causes", visible(note)) for note in (inquiry.explanation.notes if inquiry.explanation else ()))
        return Section("causes", "Causes", title, (missing("causes", said), *notes))
    return Section("causes", "Causes", title, tuple(_parts(inquiry.explanation)))


def _parts(found: Explanation) -> list[Part]:
    beside = f"beside {shortened(found.compared_with)}" if found.compared_with else "without a good run to compare with"
    typed = command("why", found.run, *(["--metric", found.metric] if found.metric else []))
    source = Source(f"causes:{found.run}", shortened(found.run), found.metric or "", f"probability of each cause, {beside}", "", "", typed)
    ranked = sorted(found.causes, key=lambda cause: -cause.probability)
    first = ranked[0]
    if first.probability >= CALLED_FROM:
        lead = f"Most probably: {visible(first.title)} ({probability(first.probability)}, {beside})."
    else:
        lead = f"No cause is more probable than not; {visible(first.title)} comes first with {probability(first.probability)} ({beside})."
    parts: list[Part] = [Sentence(lead, source)]
    columns = (*text_columns("cause"), Column("probability"), *text_columns("cheapest test", "cost"))
    shown = ranked[:SHOWN]
    rows = tuple(
        Row(
            (visible(cause.title), probability(cause.probability), visible(cause.test.what), visible(cause.test.cost)),
            marked=cause is first,
        )
        for cause in shown
    )
    left = len(ranked) - len(shown)
    more = (f"{left} less probable causes are not shown: {typed}",) if left > 0 else ()
    parts.append(SourcedTable(Table("Causes by probability", columns, rows, (*more, *map(visible, found.notes))), source))
    parts += [Sentence(_evidence(cause), source, "point") for cause in ranked[:TOLD]]
    if found.first_test is not None:
        parts.append(Sentence(f"Test first: {visible(found.first_test.what)} ({visible(found.first_test.cost)}).", source))
    return parts


def _evidence(cause: Cause) -> str:
    return f"{visible(cause.title).capitalize()}. For it: {_joined(cause.evidence_for)}. Against it: {_joined(cause.evidence_against)}."


def _joined(reasons: tuple[str, ...]) -> str:
    return "; ".join(map(visible, reasons)) or "none found"
