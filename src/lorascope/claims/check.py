"""Check reports: every claim that can be recomputed, every flag, one claim to a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lorascope.claims.changes import change_claims
from lorascope.claims.claim import Claim, Found, gathered
from lorascope.claims.counting import count_claims
from lorascope.claims.flags import FLAGS
from lorascope.claims.lookups import lookup_claims
from lorascope.claims.markdown import Document
from lorascope.claims.recorded import recorded_claims
from lorascope.claims.report import Records, Report
from lorascope.claims.values import value_claims


def check_reports(documents: Sequence[Document], records: Records | None = None) -> tuple[Claim, ...]:
    """What the documents claim and what holds of it, by document and line. Documents are read together: one may contradict another."""
    report = Report(documents, records)
    order = {document.name: place for place, document in enumerate(documents)}
    return gathered(_every(report), order)


def _every(report: Report) -> Iterator[Found]:
    for derive in (change_claims, count_claims, value_claims, lookup_claims, recorded_claims):
        yield from derive(report)
    for flag in FLAGS:
        yield from flag.find(report)
