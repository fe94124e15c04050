"""Read from the ledger what it says of some runs: hypotheses with their latest judgment."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.records.hypothesis import Hypothesis
from lorascope.records.judgment import JUDGMENT, Judgment, judgment_of
from lorascope.reports.inquiry import LedgerNote
from lorascope.store import Store


def ledger_notes(store: Store, runs: Sequence[str] | None = None, metric: str | None = None) -> tuple[LedgerNote, ...]:
    """The hypotheses that speak of one of these runs or are judged by it, or of this metric; all of them when no run is named."""
    latest: dict[str, Judgment] = {}
    for record in store.foreign_records(JUDGMENT):
        judged = judgment_of(record)
        if judged:
            latest[judged.hypothesis] = judged
    found = [one for one in store.hypotheses() if runs is None or _touches(one, latest.get(one.name), runs, metric)]
    return tuple(_note(one, latest.get(one.name)) for one in found)


def _touches(hypothesis: Hypothesis, judged: Judgment | None, runs: Sequence[str], metric: str | None) -> bool:
    named = {*hypothesis.runs, *(judged.runs + judged.to if judged else ())}
    return bool(named & set(runs)) or (metric is not None and hypothesis.metric == metric)


def _note(hypothesis: Hypothesis, judged: Judgment | None) -> LedgerNote:
    return LedgerNote(
        name=hypothesis.name,
        statement=hypothesis.statement,
        metric=hypothesis.metric,
        verdict=str(judged.verdict if judged else hypothesis.verdict),
        prior=judged.prior if judged and judged.prior is not None else hypothesis.prior,
        posterior=judged.posterior if judged else None,
        n=judged.n if judged else 0,
        of=judged.of if judged else "",
        claimed_n=hypothesis.claimed_n,
        reason=judged.reason if judged else "",
        exploratory=judged.exploratory if judged else True,
    )
