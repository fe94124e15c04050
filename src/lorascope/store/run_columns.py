"""All that is known of runs as columns, read in two passes: fast enough for thousands of runs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection

from lorascope.analysis.where import RUN_FIELDS
from lorascope.store.queries import higher_is_better
from lorascope.store.summaries import SOURCES

_MOST_NAMED = 500


def run_columns(connection: Connection, names: Sequence[str], gone: Sequence[int], *, everything: bool) -> dict[str, list[Any]]:
    """Columns of equal length, in the order of ``names``: facts, parameters, ``last.METRIC``, ``best.METRIC`` where a direction is known.

    ``everything`` says that these are all runs; ``gone`` are the rows of runs whose process is.
    """
    facts = ", ".join(f"r.{column}" for column in RUN_FIELDS.values())
    rows = _read(connection, f"SELECT r.run_id, {facts}, r.all_parameters FROM training_runs r", names, everything=everything)  # noqa: S608
    place = {name: index for index, name in enumerate(names)}
    table: dict[str, list[Any]] = {field: [None] * len(names) for field in RUN_FIELDS}
    where: dict[int, int] = {}
    interrupted = set(gone)
    for run_id, *values, parameters in rows:
        index = place.get(values[0])
        if index is None:
            continue
        where[run_id] = index
        for field, value in zip(RUN_FIELDS, values, strict=True):
            table[field][index] = value
        if run_id in interrupted:
            table["status"][index] = "interrupted"
        _put_parameters(table, index, len(names), parameters)
    _put_metrics(connection, table, names, where, everything=everything)
    return table


def _put_parameters(table: dict[str, list[Any]], index: int, count: int, parameters: str | Mapping[str, Mapping[str, Any]]) -> None:
    groups: Mapping[str, Mapping[str, Any]] = json.loads(parameters) if isinstance(parameters, str) else parameters
    for members in groups.values():
        for name, value in members.items():
            column = table.get(name)
            if column is None or name in RUN_FIELDS:
                column = table.setdefault(f"parameter.{name}" if name in RUN_FIELDS else name, [None] * count)
            column[index] = value


def _put_metrics(
    connection: Connection, table: dict[str, list[Any]], names: Sequence[str], where: Mapping[int, int], *, everything: bool
) -> None:
    select = "SELECT s.run_id, s.metric, s.source, s.last_value, s.min_value, s.max_value FROM metric_series s"
    if not everything:
        select += " JOIN training_runs r ON r.run_id = s.run_id"
    ways: dict[str, tuple[list[Any], list[Any] | None, bool, list[int]]] = {}
    for run_id, metric, source, last, least, greatest in _read(connection, select, names, everything=everything):
        index = where.get(run_id)
        if index is None:
            continue
        way = ways.get(metric)
        if way is None:
            way = ways[metric] = _columns_of(table, metric, len(names))
        columns, best, higher, ranks = way
        rank = SOURCES.index(source)
        if rank < ranks[index]:
            ranks[index] = rank
            columns[index] = last
            if best is not None:
                best[index] = greatest if higher else least


def _columns_of(table: dict[str, list[Any]], metric: str, count: int) -> tuple[list[Any], list[Any] | None, bool, list[int]]:
    higher = higher_is_better(metric)
    last = table.setdefault(f"last.{metric}", [None] * count)
    best = None if higher is None else table.setdefault(f"best.{metric}", [None] * count)
    return last, best, bool(higher), [len(SOURCES)] * count


def _read(connection: Connection, select: str, names: Sequence[str], *, everything: bool) -> list[Sequence[Any]]:
    if everything:
        return list(connection.exec_driver_sql(select).all())
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    found: list[Sequence[Any]] = []
    for start in range(0, len(names), _MOST_NAMED):
        some = tuple(names[start : start + _MOST_NAMED])
        found += connection.exec_driver_sql(f"{select} WHERE r.run_name IN ({', '.join(mark for _ in some)})", some).all()
    return found
