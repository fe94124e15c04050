"""The hypotheses that these runs touch, with their verdicts."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry, LedgerNote
from lorascope.reports.section import Part, Section, SourcedTable, missing
from lorascope.reports.source import Source
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import NOTHING, counted, probability, shortened, visible

SHOWN = 12
ORDER = ("supported", "refuted", "undecided", "open")


def ledger(_: Evidence, inquiry: Inquiry) -> Section:
    """What the ledger says of these runs."""
    said = f"No hypothesis in the ledger speaks of {shortened(inquiry.run)}: lorascope hypothesis add"
    return Section(
        "ledger", "Hypotheses", "Hypotheses that it touches", tuple(ledger_parts(inquiry.ledger, inquiry.missing.get("ledger", said)))
    )


def ledger_parts(notes: Sequence[LedgerNote], said: str) -> list[Part]:
    """The ledger as a table, the decided ones first; without any, ``said``."""
    if not notes:
        return [missing("ledger", said)]
    ranked = sorted(notes, key=lambda note: (ORDER.index(note.verdict) if note.verdict in ORDER else len(ORDER), note.name))
    columns = (
        *text_columns("hypothesis", "statement", "verdict"), Column("n"), Column("probability before"), Column("and now"),
        *text_columns("why"),
    )  # fmt: skip
    rows = tuple(_row(note) for note in ranked[:SHOWN])
    counts = ", ".join(f"{sum(note.verdict == verdict for note in notes)} {verdict}" for verdict in ORDER)
    left = len(ranked) - len(rows)
    more = (f"{left} more: lorascope hypothesis list",) if left > 0 else ()
    table = Table(f"{counted(len(notes), 'hypothesis', 'hypotheses')}: {counts}", columns, rows, more)
    return [
        SourcedTable(table, Source("ledger", "hypotheses of the ledger", statistic="latest verdict", command="lorascope hypothesis list"))
    ]


def _row(note: LedgerNote) -> Row:
    n = f"{note.n} {note.of}".strip() if note.n else f"0 (claimed: {note.claimed_n})" if note.claimed_n else "0"
    verdict = f"{note.verdict} (exploratory)" if note.exploratory and note.verdict in {"supported", "refuted"} else note.verdict
    prior, posterior = probability(note.prior), probability(note.posterior)
    return Row((shortened(note.name, 48), visible(note.statement), verdict, n, prior, posterior, visible(note.reason) or NOTHING))
