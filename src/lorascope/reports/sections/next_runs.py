"""What to run next: what it teaches, gains and costs."""

from __future__ import annotations

from lorascope.records.proposal import Next, Proposal
from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.section import Part, Section, Sentence, SourcedTable, missing
from lorascope.reports.source import Source, command
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import NOTHING, interval, number, signed, unit_shown, value_shown, visible

SHOWN = 6


def next_runs(_: Evidence, inquiry: Inquiry) -> Section:
    """The next experiments, in the order to make them."""
    return Section("next", "Next", "Next experiments", tuple(proposal_parts(inquiry.proposals, inquiry.missing.get("next", ""))))


def proposal_parts(found: Next | None, said: str) -> list[Part]:
    """Proposals as a table; without any, why."""
    if found is None or not found.proposals:
        notes = [missing("next", visible(note)) for note in (found.notes if found else ())]
        return [missing("next", said or "No proposal was computed: lorascope next"), *notes]
    metric = found.metric or ""
    source = Source(
        "next", "all runs", metric, f"expected information and gain, to {visible(found.objective)}",
        command=command("next", "--metric", metric, "--objective", found.objective),
    )  # fmt: skip
    unit = unit_shown(found.unit)
    columns = (
        *text_columns("change", "on top of", "why"), Column("information", "bits"), Column("expected gain", unit),
        Column("95 % interval", unit), Column("cost", "GPU hours"),
    )  # fmt: skip
    rows = tuple(_row(proposal, found.unit) for proposal in found.proposals[:SHOWN])
    parts: list[Part] = [SourcedTable(Table(f"Next runs, by {visible(metric)}", columns, rows), source)]
    return parts + [Sentence(visible(note), source) for note in found.notes]


def _row(proposal: Proposal, unit: str) -> Row:
    change = ", ".join(f"{visible(name)} = {value_shown(value)}" for name, value in sorted(proposal.change.items()))
    gain = proposal.gain
    return Row(
        (
            change or f"nothing: {visible(proposal.kind)}",
            visible(proposal.base) or NOTHING,
            visible(proposal.why),
            number(proposal.information_bits, digits=2),
            signed(gain.estimate, unit),
            interval(gain.low, gain.high, unit, with_sign=True),
            number(proposal.gpu_hours, digits=2),
        )
    )
