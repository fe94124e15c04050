"""Series in the database: points in packed blocks, and one row of each series that says its last, least and greatest value.

Functions of an open transaction. Summaries and blocks change together, so a run can be found by its best value without
reading a single point.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, select, update

from lorascope.records.series import Series
from lorascope.store import runs
from lorascope.store.glance import Glance
from lorascope.store.packing import pack, pack_positions, unpack
from lorascope.store.summaries import LOGGED, SERIES_KEY, SUMMARY_COLUMNS, Summary
from lorascope.store.tables import metric_blocks, metric_series, training_runs
from lorascope.store.upsert import upsert

_BLOCK_POINTS = 4096  # a block's values fill deflate's window of 32 KB
_GROWING_POINTS = 512  # a shorter last block is packed anew with what comes, a longer one stays


@dataclass(frozen=True, slots=True)
class Points:
    """Points of one metric, in the order they were logged: steps, values and times (seconds) of one length."""

    steps: list[int]
    values: list[float]
    times: list[float]


def put(connection: Connection, series: Sequence[Series]) -> int:
    """Each series of a run and metric becomes exactly these points. Returns how many changed.

    Raises:
        NotFound: there is no such run.
    """
    run_ids = runs.ids(connection, [one.run for one in series])
    wanted = {(run_ids[one.run], one.metric): one for one in series}
    if len(wanted) != len(series):
        return sum(put(connection, [one]) for one in series)  # named twice: the last one stays
    known = {(row.run_id, row.metric): row.series_id for row in _rows(connection, set(run_ids.values()), LOGGED)}
    before = _blocks(connection, [known[key] for key in wanted if key in known])
    changed, rows = 0, []
    positions = _SharedPositions()
    for (run_id, metric), one in wanted.items():
        points = Points(list(one.steps), [float(value) for value in one.values], list(one.times))
        blocks = _packed(0, points, positions)
        series_id = known.get((run_id, metric))
        if series_id is not None and _same(before.get(series_id, []), blocks, points):
            continue
        changed += 1
        rows.append(({"run_id": run_id, "metric": metric, "source": LOGGED, **Summary.of(points.steps, points.values).row()}, blocks))
    _replace(connection, rows)
    return changed


def _replace(connection: Connection, rows: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]]) -> None:
    if not rows:
        return
    upsert(connection, metric_series, SERIES_KEY, SUMMARY_COLUMNS, [row for row, _ in rows])
    found = _rows(connection, {row["run_id"] for row, _ in rows}, LOGGED)
    ids = {(row.run_id, row.metric): row.series_id for row in found}
    connection.execute(
        delete(metric_blocks).where(metric_blocks.c.series_id == bindparam("of")),
        [{"of": ids[row["run_id"], row["metric"]]} for row, _ in rows],
    )
    blocks = [{"series_id": ids[row["run_id"], row["metric"]], **block} for row, blocks in rows for block in blocks]
    if blocks:
        connection.execute(insert(metric_blocks), blocks)


def append(connection: Connection, run_id: int, batch: Mapping[str, Points]) -> None:
    """Add points behind those that the run's series have."""
    tails = {row.metric: row for row in connection.execute(_TAILS, {"run": run_id})}
    new = [name for name in batch if name not in tails]
    if new:
        summaries = (Summary.of(batch[name].steps, batch[name].values) for name in new)
        rows = [{"run_id": run_id, "metric": name, "source": LOGGED, **summary.row()} for name, summary in zip(new, summaries, strict=True)]
        connection.execute(insert(metric_series), rows)
        ids = {row.metric: row.series_id for row in connection.execute(_IDS, {"run": run_id})}
    added, grown, updates, positions = [], [], [], _SharedPositions()
    for name, points in batch.items():
        tail = tails.get(name)
        if tail is None:
            series_id, start, joined = ids[name], 0, points
        else:
            series_id = tail.series_id
            start, joined = _grown(tail, points)
            summary = Summary(*(getattr(tail, column) for column in SUMMARY_COLUMNS)).then(Summary.of(points.steps, points.values))
            updates.append({"of": series_id, **summary.row()})
        blocks = [{"series_id": series_id, **block} for block in _packed(start, joined, positions)]
        if tail is not None and start < tail.points:
            first = blocks.pop(0)
            grown.append({"of": series_id, "at": start, "points": first["points"], "packed": first["packed"]})
        added += blocks
    for statement, rows in ((_UPDATE, updates), (_REWRITE, grown), (_INSERT, added)):
        if rows:
            connection.execute(statement, rows)


def _grown(tail: Row[Any], points: Points) -> tuple[int, Points]:
    """Where the next block begins, and what it holds: a short last block is packed anew together with the new points."""
    if tail.block_points is None or tail.block_points >= _GROWING_POINTS:
        return tail.points, points
    steps, values, times = unpack(tail.packed)
    return tail.position, Points(steps + points.steps, values + points.values, times + points.times)


def of_run(connection: Connection, run: str, metric: str | None) -> list[Series]:
    """The series of a run, of one metric if named, by name.

    Raises:
        NotFound: there is no such run.
    """
    found = _rows(connection, {runs.ids(connection, [run])[run]}, LOGGED)
    wanted = [row for row in found if metric in {None, row.metric}]
    blocks = _blocks(connection, [row.series_id for row in wanted])
    found = [(row.metric, _joined(blocks.get(row.series_id, []))) for row in wanted]
    return [Series(run, name, tuple(steps), tuple(values), tuple(times)) for name, (steps, values, times) in found]


def with_points(found: Sequence[Series], run: str, more: Mapping[str, Points]) -> list[Series]:
    """These series with more points behind them."""
    by_name = {one.metric: one for one in found}
    for name, points in more.items():
        before = by_name.get(name) or Series(run, name, (), (), ())
        steps, values, times = (*before.steps, *points.steps), (*before.values, *points.values), (*before.times, *points.times)
        by_name[name] = Series(run, name, steps, values, times)
    return [by_name[name] for name in sorted(by_name)]


def glance(connection: Connection, run: str) -> Glance | None:
    """The status of a run and the last step that was logged; None when there is no such run."""
    last = select(func.max(metric_series.c.last_step)).where(
        metric_series.c.run_id == training_runs.c.run_id, metric_series.c.source == LOGGED
    )
    row = connection.execute(select(training_runs.c.status, last.scalar_subquery()).where(training_runs.c.run_name == run)).first()
    return None if row is None else Glance(*row)


def _joined(blocks: Iterable[bytes]) -> tuple[list[int], list[float], list[float]]:
    steps: list[int] = []
    values: list[float] = []
    times: list[float] = []
    for block in blocks:
        more = unpack(block)
        steps += more[0]
        values += more[1]
        times += more[2]
    return steps, values, times


class _SharedPositions:
    """Packs the steps and times that several metrics share only once."""

    def __init__(self) -> None:
        self._packed: dict[tuple[int, int, int], tuple[Points, bytes]] = {}

    def of(self, points: Points, start: int) -> bytes:
        key = id(points.steps), id(points.times), start
        if key not in self._packed:
            end = start + _BLOCK_POINTS
            self._packed[key] = points, pack_positions(points.steps[start:end], points.times[start:end])
        return self._packed[key][1]


def _packed(position: int, points: Points, positions: _SharedPositions) -> list[dict[str, Any]]:
    blocks = []
    for start in range(0, len(points.values), _BLOCK_POINTS):
        values = points.values[start : start + _BLOCK_POINTS]
        blocks.append({"position": position + start, "points": len(values), "packed": pack(positions.of(points, start), values)})
    return blocks


def _same(before: list[bytes], after: list[dict[str, Any]], points: Points) -> bool:
    """Whether the stored blocks hold these points; how they are packed may differ."""
    if before == [block["packed"] for block in after]:
        return True
    steps, values, times = _joined(before)
    return steps == points.steps and times == points.times and list(map(repr, values)) == list(map(repr, points.values))


def _rows(connection: Connection, run_ids: set[int], source: str) -> Sequence[Any]:
    table = metric_series.c
    wanted = select(table.series_id, table.run_id, table.metric).where(table.run_id.in_(run_ids), table.source == source)
    return connection.execute(wanted.order_by(table.run_id, table.metric)).all()


def _blocks(connection: Connection, series_ids: Sequence[int]) -> dict[int, list[bytes]]:
    """The packed blocks of these series, in order."""
    found: dict[int, list[bytes]] = {}
    table = metric_blocks.c
    for start in range(0, len(series_ids), 500):  # databases limit how many values a statement may name
        wanted = select(table.series_id, table.packed).where(table.series_id.in_(series_ids[start : start + 500]))
        for series_id, packed in connection.execute(wanted.order_by(table.series_id, table.position)):
            found.setdefault(series_id, []).append(packed)
    return found


_IS_LOGGED = and_(metric_series.c.run_id == bindparam("run"), metric_series.c.source == LOGGED)
_IDS = select(metric_series.c.metric, metric_series.c.series_id).where(_IS_LOGGED)
_last = metric_blocks.alias()
_TAILS = (
    select(metric_series, _last.c.position, _last.c.points.label("block_points"), _last.c.packed)
    .select_from(metric_series)
    .outerjoin(
        _last,
        and_(
            _last.c.series_id == metric_series.c.series_id,
            _last.c.position
            == select(func.max(metric_blocks.c.position))
            .where(metric_blocks.c.series_id == metric_series.c.series_id)
            .correlate(metric_series)
            .scalar_subquery(),
        ),
    )
    .where(_IS_LOGGED)
)
_INSERT = insert(metric_blocks)
_REWRITE = update(metric_blocks).where(metric_blocks.c.series_id == bindparam("of"), metric_blocks.c.position == bindparam("at"))
_UPDATE = update(metric_series).where(metric_series.c.series_id == bindparam("of"))
