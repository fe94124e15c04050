"""Finds and sorts runs by their parameters, facts and metrics, without reading a single point.

Two ways lead to "the best twenty of the runs that …" on SQLite: through the runs that match, or along the index of the metric
until twenty match. The first is taken when few match, the second when many do, so that neither reads the whole store.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from math import isqrt
from typing import Any

from sqlalchemy import Connection

from lorascope.analysis.where import Field, MetricField, Name, ParameterField, RunField, Value, Where, Which, field_of, fields
from lorascope.analysis.where_text import parse_name
from lorascope.store.summaries import SOURCES
from lorascope.store.where_sql import Bound, Sql

_LOSS = re.compile(r"(^|[/_.\s-])loss($|[/_.\s-])")


@dataclass(frozen=True, slots=True)
class Sort:
    """Sort by a field; for a metric ``which`` of its values. Runs that do not have it come last."""

    name: str
    descending: bool = False
    which: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A run that a question found, and the values that were asked for."""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)

    def __getitem__(self, column: str) -> Value:
        return self.values[column]


@dataclass(frozen=True, slots=True)
class Question:
    """Which runs, in which order, with which of their values, and how many at most."""

    where: Where | None = None
    sort: Sort | None = None
    columns: Sequence[str] = ()
    limit: int | None = None


def query(connection: Connection, question: Question, interrupted: Callable[[], Sequence[int]] = tuple) -> list[Found]:
    """The runs that answer a question. ``interrupted`` tells the rows of those whose process is gone though they say that they run.

    Raises:
        NotFound: a field, parameter or metric is not there; the nearest ones are suggested.
        BadParameter: a value cannot be compared so.
    """
    columns = [parse_name(column) for column in question.columns]
    order = _sort_name(question.sort) if question.sort else None
    names = [*(fields(question.where) if question.where else ()), *columns, *([order] if order else [])]
    sources = _Sources(connection)
    meaning = {name.text: field_of(name, lambda metric: bool(sources[metric]), sources.others) for name in names}
    gone = interrupted() if RunField("status") in meaning.values() else ()
    sql = Sql(connection.dialect.name, meaning, sources, higher_is_better, gone)
    condition, bound = sql.condition(question.where) if question.where else ("", [])
    selected = ["r.run_id", "r.run_name", *(_selected(sql, column) for column in columns)]
    return _Answer(connection, sql, selected, condition, bound, question, columns).rows(order)


def higher_is_better(metric: str) -> bool | None:
    """Which way of a metric is better: what we know of it, or what its name says; None where neither does."""
    if _LOSS.search(metric):
        return False
    from lorascope.evaluation.direction import direction_of
    from lorascope.evaluation.metric import Direction

    return {Direction.HIGHER: True, Direction.LOWER: False}.get(direction_of(metric, []) or Direction.NONE)


def _sort_name(sort: Sort) -> Name:
    name = parse_name(sort.name)
    return Name(f"{sort.which}.{name.text}") if sort.which else name


def _selected(sql: Sql, name: Name) -> str:
    column = sql.column(name)
    if isinstance(sql.fields[name.text], ParameterField) and sql.dialect != "postgresql":
        kind = column.replace("json_extract(", "json_type(", 1)  # true stays true, and is not 1
        return f"CASE {kind} WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE json_quote({column}) END"
    return column


class _Sources(dict[str, Sequence[str]]):
    """Where the numbers of a metric come from, asked once: of a metric that no run has, from nowhere."""

    def __init__(self, connection: Connection) -> None:
        super().__init__()
        self._connection = connection

    def __missing__(self, metric: str) -> Sequence[str]:
        mark = "%s" if self._connection.dialect.name == "postgresql" else "?"
        one = f"SELECT %d WHERE EXISTS (SELECT 1 FROM metric_series WHERE metric = {mark} AND source = {mark})"  # noqa: S608
        sql = " UNION ALL ".join(one.replace("%d", str(index)) for index in range(len(SOURCES)))
        bound = tuple(value for source in SOURCES for value in (metric, source))
        self[metric] = [SOURCES[row[0]] for row in self._connection.exec_driver_sql(sql, bound)]
        return self[metric]

    def others(self) -> Collection[str]:
        """All metrics, and all parameters that the catalogue does not know. Only asked when a name is not known."""
        metrics = {row[0] for row in self._connection.exec_driver_sql("SELECT DISTINCT metric FROM metric_series")}
        if self._connection.dialect.name == "postgresql":
            keys = "SELECT DISTINCT jsonb_object_keys(all_parameters -> 'other') FROM training_runs WHERE all_parameters ? 'other'"
            keys = keys.replace("?", "??") if "?" in self._connection.dialect.paramstyle else keys
        else:
            keys = "SELECT DISTINCT key FROM training_runs, json_each(all_parameters, '$.other')"
        return metrics | {row[0] for row in self._connection.exec_driver_sql(keys)}


@dataclass(slots=True)
class _Answer:
    connection: Connection
    sql: Sql
    selected: list[str]
    condition: str
    bound: list[Bound]
    question: Question
    columns: list[Name]

    def rows(self, order: Name | None) -> list[Found]:
        sort, limit = self.question.sort, self.question.limit
        if order is None or sort is None:
            return self._found(self._select("r.started_at IS NULL, r.started_at, r.run_id", limit))
        direction = "DESC" if sort.descending else "ASC"
        meaning = self.sql.fields[order.text]
        if not isinstance(meaning, MetricField):
            column = self.sql.column(order)
            return self._found(self._select(f"{self._null(column, meaning)}, {column} {direction}, r.run_id", limit))
        column = self.sql.metric_column(meaning, order, descending=sort.descending)
        by_value = f"{column} {direction}, r.run_id"
        if limit is None or len(self.sql.sources[meaning.metric]) != 1:
            return self._found(self._select(f"{column} IS NULL, {by_value}", limit))
        along_index = self.sql.dialect == "sqlite" and not self._few_match(self.sql.joins[meaning.metric], limit)
        found = self._select(by_value, limit, first=meaning.metric, along_index=along_index, extra=f"{column} IS NOT NULL")
        if len(found) < limit:
            found += self._select("r.run_id", limit - len(found), extra=f"{column} IS NULL")
        return self._found(found)

    def _null(self, column: str, meaning: Field) -> str:
        jsonb = self.sql.dialect == "postgresql" and isinstance(meaning, ParameterField)
        return f"NULLIF({column}, 'null'::jsonb) IS NULL" if jsonb else f"{column} IS NULL"

    def _few_match(self, alias: str, limit: int) -> bool:
        """Whether only a few runs match, so that they can all be looked at."""
        if not self.condition:
            return False
        if f"{alias}." in self.condition:
            return False  # it asks for this metric itself, whose index is in the order asked for
        if any(f"{other}." in self.condition for other in self.sql.joins.values()):
            return True  # asking would cost as much as looking
        # Looking at m matches costs m steps, going along the index of N runs until L match about 2 L N / m.
        runs = int(self.connection.exec_driver_sql("SELECT coalesce(max(run_id), 0) FROM training_runs").scalar_one())
        few = isqrt(2 * limit * runs) + 1
        counted = f"SELECT count(*) FROM (SELECT 1 FROM training_runs r WHERE {self.condition} LIMIT {few})"  # noqa: S608
        return int(self.connection.exec_driver_sql(self.sql.text(counted), tuple(self.bound)).scalar_one()) < few

    def _select(
        self, order: str, limit: int | None, *, first: str | None = None, along_index: bool = False, extra: str = ""
    ) -> list[Sequence[Any]]:
        tables, bound = self._tables(first, along_index=along_index)
        wheres = " AND ".join(part for part in (self.condition, extra) if part)
        sql = f"SELECT {', '.join(self.selected)} FROM {tables}{' WHERE ' + wheres if wheres else ''} ORDER BY {order}"  # noqa: S608
        if limit is not None:
            sql += f" LIMIT {int(limit)}"
        return list(self.connection.exec_driver_sql(self.sql.text(sql), (*bound, *self.bound)).all())

    def _tables(self, first: str | None, *, along_index: bool) -> tuple[str, list[Bound]]:
        """The runs, joined with the metrics asked about; ``first`` is one that the run must have."""
        tables, bound = "training_runs r", list[Bound]()
        if first is not None:
            alias = self.sql.joins[first]
            on, bound = self._on(first, alias)
            join = "CROSS JOIN" if self.sql.dialect == "sqlite" else "JOIN"  # there it also fixes the order of the two
            both = ("training_runs r", f"metric_series {alias}")
            tables = f" {join} ".join(reversed(both) if along_index else both) + f" ON {on}"
        for metric, alias in self.sql.joins.items():
            if metric != first:
                on, more = self._on(metric, alias)
                tables += f" LEFT JOIN metric_series {alias} ON {on}"
                bound += more
        return tables, bound

    def _on(self, metric: str, alias: str) -> tuple[str, list[Bound]]:
        sources = self.sql.sources[metric]
        if len(sources) == 1:
            return f"{alias}.run_id = r.run_id AND {alias}.metric = \0 AND {alias}.source = \0", [metric, sources[0]]
        ranks = " ".join(f"WHEN '{source}' THEN {rank}" for rank, source in enumerate(SOURCES))
        best = f"SELECT series_id FROM metric_series WHERE run_id = r.run_id AND metric = \0 ORDER BY CASE source {ranks} END LIMIT 1"  # noqa: S608
        return f"{alias}.series_id = ({best})", [metric]

    def _found(self, rows: Sequence[Sequence[Any]]) -> list[Found]:
        read: Callable[[Any], Value] = json.loads if self.sql.dialect == "sqlite" else lambda value: value
        parameters = [isinstance(self.sql.fields[column.text], ParameterField) for column in self.columns]
        return [
            Found(
                row[1],
                {
                    name: read(value) if is_parameter and value is not None else value
                    for name, value, is_parameter in zip(self.question.columns, row[2:], parameters, strict=True)
                },
            )
            for row in rows
        ]


__all__ = ["Found", "Question", "Sort", "Which", "higher_is_better", "query"]
