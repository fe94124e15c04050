"""Hypotheses in the database: what somebody claims, and what the data have said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select

from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.store.tables import hypotheses
from lorascope.store.upsert import upsert

_COLUMNS = ("statement", "source", "claimed_n", "metric", "direction", "threshold", "prior")


def put(connection: Connection, news: Sequence[Hypothesis]) -> int:
    """Record hypotheses; one of the same name is replaced, but what is open does not undo a verdict. Returns how many are new or changed.

    A file of claims that is imported again says "open" of all of them, also of those that were judged meanwhile.
    """
    wanted = select(hypotheses).where(hypotheses.c.hypothesis_name.in_({new.name for new in news}))
    before = {row.hypothesis_name: _hypothesis(row) for row in connection.execute(wanted)}
    after = dict(before)
    for new in news:
        old = after.get(new.name)
        after[new.name] = replace(new, verdict=old.verdict) if old is not None and new.verdict is Verdict.OPEN else new
    changed = [_row(hypothesis) for name, hypothesis in after.items() if before.get(name) != hypothesis]
    upsert(connection, hypotheses, [hypotheses.c.hypothesis_name], [*_COLUMNS, "verdict", "runs", "extra"], changed)
    return len(changed)


def listed(connection: Connection) -> list[Hypothesis]:
    """All hypotheses in the order they were recorded."""
    return [_hypothesis(row) for row in connection.execute(select(hypotheses).order_by(hypotheses.c.hypothesis_id))]


def _row(hypothesis: Hypothesis) -> dict[str, Any]:
    return {
        "hypothesis_name": hypothesis.name,
        **{name: getattr(hypothesis, name) for name in _COLUMNS},
        "verdict": str(hypothesis.verdict),
        "runs": list(hypothesis.runs),
        "extra": dict(hypothesis.extra) or None,
    }


def _hypothesis(row: Row[Any]) -> Hypothesis:
    return Hypothesis(
        name=row.hypothesis_name,
        **{name: getattr(row, name) for name in _COLUMNS},
        verdict=Verdict(row.verdict),
        runs=tuple(row.runs),
        extra=row.extra or {},
    )
