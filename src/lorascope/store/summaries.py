"""What is known of each number of a run without reading its points: how many, the last, the least and the greatest.

Runs are found and sorted by these. Every write that adds numbers keeps them, in the same transaction.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import Connection, delete

from lorascope.store.tables import metric_series
from lorascope.store.upsert import upsert

LOGGED, MEASURED, OUTCOME = "logged", "measured", "outcome"  # where a number comes from
SOURCES = (MEASURED, LOGGED, OUTCOME)  # the one that counts first
SERIES_KEY = [metric_series.c.run_id, metric_series.c.metric, metric_series.c.source]


@dataclass(frozen=True, slots=True)
class Summary:
    """What is known of a series without its points. Values that are not finite are neither least nor greatest."""

    points: int
    last_step: int | None = None
    last_value: float | None = None
    min_step: int | None = None
    min_value: float | None = None
    max_step: int | None = None
    max_value: float | None = None

    @classmethod
    def of(cls, steps: Sequence[int], values: Sequence[float]) -> Self:
        """The summary of these points."""
        if not values:
            return cls(0)
        last = None if math.isnan(values[-1]) else values[-1]
        if not math.isfinite(sum(values)):  # seldom: only then is each value looked at
            finite = [(step, value) for step, value in zip(steps, values, strict=True) if math.isfinite(value)]
            if not finite:
                return cls(len(values), steps[-1], last)
            steps_, values_ = [step for step, _ in finite], [value for _, value in finite]
        else:
            steps_, values_ = list(steps), list(values)
        low, high = min(values_), max(values_)
        return cls(len(values), steps[-1], last, steps_[values_.index(low)], low, steps_[values_.index(high)], high)

    def then(self, later: Summary) -> Summary:
        """The summary of a series that goes on with other points. The earlier of two equal values counts."""
        low, high = _least(self, later), _greatest(self, later)
        last = later if later.points else self
        return Summary(
            self.points + later.points, last.last_step, last.last_value, low.min_step, low.min_value, high.max_step, high.max_value
        )

    def row(self) -> dict[str, Any]:
        """As the columns of ``metric_series``."""
        return {name: getattr(self, name) for name in SUMMARY_COLUMNS}


def _least(one: Summary, other: Summary) -> Summary:
    return other if one.min_value is None or (other.min_value is not None and other.min_value < one.min_value) else one


def _greatest(one: Summary, other: Summary) -> Summary:
    return other if one.max_value is None or (other.max_value is not None and other.max_value > one.max_value) else one


SUMMARY_COLUMNS = ("points", "last_step", "last_value", "min_step", "min_value", "max_step", "max_value")


def put_summaries(connection: Connection, source: str, summaries: Mapping[tuple[int, str], Summary]) -> None:
    """Keep summaries of numbers whose points lie elsewhere (measurements, outcomes), by run and metric."""
    rows = [{"run_id": run, "metric": metric, "source": source, **found.row()} for (run, metric), found in summaries.items()]
    upsert(connection, metric_series, SERIES_KEY, SUMMARY_COLUMNS, rows)


def put_outcome(connection: Connection, run_id: int, outcome: Mapping[str, float | None]) -> None:
    """The run's outcome becomes exactly this."""
    here = (metric_series.c.run_id == run_id) & (metric_series.c.source == OUTCOME)
    connection.execute(delete(metric_series).where(here, metric_series.c.metric.not_in(outcome)))
    numbers = {metric: float(value) for metric, value in outcome.items() if isinstance(value, int | float)}
    found = {
        (run_id, metric): Summary(1, None, value, None, value, None, value) for metric, value in numbers.items() if math.isfinite(value)
    }
    put_summaries(connection, OUTCOME, found)
