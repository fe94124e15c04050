"""Tables about runs that are known already: scores of images, measurements of epochs, series over steps.

A metric is a column of its own, or there is a column ``metric`` beside a column ``value``. Without a column that names the run, the file's
name does.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from lorascope.importers.csv_columns import Layout, Role
from lorascope.importers.csv_file import Cell, Table, rows_of
from lorascope.importers.evidence import Evidence, SeriesSeen
from lorascope.importers.importer import Imported
from lorascope.importers.interchange_keys import LARGEST_MEASURED
from lorascope.records.measurement import Measurement
from lorascope.records.run import JsonValue
from lorascope.records.sample import Score
from lorascope.records.series import Series

_PART_RECORDS = 5_000
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "+inf": math.inf, "-inf": -math.inf, "infinity": math.inf, "-infinity": -math.inf}


@dataclass(slots=True)
class _Rows:
    """Reads the cells that all these tables share, and remembers which runs and records there were."""

    table: Table
    layout: Layout
    needed: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)  # the columns that hold texts
    seen: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        """The first value of a column tells what the column holds."""
        open_columns = set() if self._has_metric_column else set(self.layout.others)
        for row in rows_of(self.table):
            for column in [column for column in open_columns if not row[column].is_absent]:
                open_columns.remove(column)
                if not row[column].looks_like_number:
                    self.texts.add(column)
            if not open_columns:
                return

    @property
    def _has_metric_column(self) -> bool:
        return {Role.METRIC, Role.VALUE} <= self.layout.roles.keys()

    def cell(self, row: dict[str, Cell], role: Role) -> Cell | None:
        """The cell of a role; None when there is no such column or nothing in it."""
        column = self.layout.roles.get(role)
        return row[column] if column is not None and row[column].text else None

    def text(self, row: dict[str, Cell], role: Role, default: str = "") -> str:
        """The text of a role's cell."""
        cell = self.cell(row, role)
        return cell.text if cell is not None else default

    def run(self, row: dict[str, Cell]) -> str:
        """The run a row speaks of."""
        column = self.layout.roles.get(Role.RUN)
        if column is not None and not row[column].text:
            raise row[column].bad("is empty: every row must name its run")
        name = row[column].text if column is not None else self.table.path.stem
        self.needed.setdefault(name, next(iter(row.values())).where)
        return name

    def number_of(self, row: dict[str, Cell], *roles: Role) -> int:
        """The epoch (or step) of a row."""
        role = next(role for role in roles if role in self.layout.roles)
        cell = row[self.layout.roles[role]]
        number = self.table.whole(cell)
        if number is None or number < 0:
            raise cell.bad(f"is not the number of {'an epoch' if role is Role.EPOCH else 'a step'}")
        return number

    def values(self, row: dict[str, Cell]) -> Iterator[tuple[str, Cell]]:
        """The metrics of a row, each with its cell; empty cells are left out."""
        if self._has_metric_column:
            metric, value = row[self.layout.roles[Role.METRIC]], row[self.layout.roles[Role.VALUE]]
            if not metric.text:
                raise metric.bad("is empty: every row must name its metric")
            yield metric.text, value
            return
        if Role.VALUE in self.layout.roles:  # what TensorBoard exports: one metric, named by the file
            yield self.table.path.stem, row[self.layout.roles[Role.VALUE]]
        for column in self.layout.others:
            if row[column].text and column not in self.texts:
                yield column, row[column]

    def others(self, row: dict[str, Cell]) -> dict[str, JsonValue]:
        """What else a row says."""
        kept = self.layout.others if self._has_metric_column else [column for column in self.layout.others if column in self.texts]
        values = {column or "unnamed column": self.table.plain(row[column]) for column in kept}
        return {column: value for column, value in values.items() if value is not None}

    def measured(self, cell: Cell) -> float | None:
        """A number that can be averaged and squared; None when the cell says that it could not be measured."""
        value = self.table.number(cell)
        if value is not None and abs(value) > LARGEST_MEASURED:
            raise cell.bad(f"must lie within {LARGEST_MEASURED:g} of zero")
        return value

    def once(self, cell: Cell, *key: object) -> None:
        """Refuse a second number for the same thing."""
        digest = hash(key)
        if digest in self.seen:
            raise cell.bad("is a second number for the same thing: an earlier row has the first")
        self.seen.add(digest)

    def needs(self) -> tuple[tuple[str, str], ...]:
        """The runs that were not asked for yet, each with the line that names it first."""
        news = tuple((run, where) for run, where in self.needed.items() if run not in self.asked)
        self.asked.update(run for run, _ in news)
        return news


def scores_of(table: Table, layout: Layout) -> Iterator[Imported]:
    """The scores, some at a time. Rows without a seed are images of their own, numbered in the order of the table. Raises BadFile."""
    rows = _Rows(table, layout)
    draws: Counter[int] = Counter()
    found: list[Score] = []
    for row in rows_of(table):
        run, epoch, prompt = rows.run(row), rows.number_of(row, Role.EPOCH, Role.STEP), rows.text(row, Role.PROMPT)
        seed_cell, draw_cell = rows.cell(row, Role.SEED), rows.cell(row, Role.DRAW)
        seed = table.whole(seed_cell) if seed_cell is not None else None
        for metric, cell in rows.values(row):
            if not cell.text:
                continue
            draw = table.whole(draw_cell) if draw_cell is not None else None
            if draw is None and seed is None:
                key = hash((run, epoch, prompt, metric))
                draw = draws[key]
                draws[key] += 1
            rows.once(cell, run, epoch, prompt, seed, draw or 0, metric)
            value = rows.measured(cell)
            reason = rows.text(row, Role.REASON, "" if value is not None else f"the table says {cell.text}")
            found.append(Score(run, epoch, prompt, seed, metric, value, reason, rows.others(row), draw or 0))
        if len(found) >= _PART_RECORDS:
            yield Imported(scores=tuple(found), needs=rows.needs())
            found.clear()
    yield Imported(scores=tuple(found), needs=rows.needs())


def measurements_of(table: Table, layout: Layout) -> Iterator[Imported]:
    """The measurements of epochs, at once: there are few. Raises BadFile."""
    rows = _Rows(table, layout)
    found: list[Measurement] = []
    for row in rows_of(table):
        run, epoch = rows.run(row), rows.number_of(row, Role.EPOCH)
        counts = {role: table.whole(cell) or 0 for role in (Role.PROMPTS, Role.IMAGES) if (cell := rows.cell(row, role)) is not None}
        ends = {role: rows.measured(cell) for role in (Role.LOW, Role.HIGH) if (cell := rows.cell(row, role)) is not None}
        for metric, cell in rows.values(row):
            if not cell.text:
                continue
            rows.once(cell, run, epoch, metric)
            found.append(
                Measurement(
                    run,
                    epoch,
                    metric,
                    rows.text(row, Role.UNIT),
                    rows.measured(cell),
                    ends.get(Role.LOW),
                    ends.get(Role.HIGH),
                    counts.get(Role.PROMPTS, 0),
                    counts.get(Role.IMAGES, 0),
                    extra=rows.others(row),
                )
            )
    yield Imported(measurements=tuple(found), needs=rows.needs())


def series_of(table: Table, layout: Layout) -> Iterator[Imported]:
    """The series over steps. Where no column names the run, they are evidence of the training in whose folder the table lies."""
    rows = _Rows(table, layout)
    points: dict[tuple[str, str], list[tuple[int, float, float]]] = {}
    for row in rows_of(table):
        run, step = rows.run(row), rows.number_of(row, Role.STEP)
        time_cell = rows.cell(row, Role.TIME)
        time = table.number(time_cell) if time_cell is not None else None
        for metric, cell in rows.values(row):
            value = _NOT_FINITE.get(cell.text.lower())
            value = table.number(cell) if value is None else value
            if value is not None:
                points.setdefault((run, metric), []).append((step, value, math.nan if time is None else time))
    series = {key: tuple(zip(*found, strict=True)) for key, found in points.items()}
    if Role.RUN in layout.roles:
        yield Imported(series=tuple(Series(run, metric, *columns) for (run, metric), columns in series.items()), needs=rows.needs())
    else:
        seen = tuple(SeriesSeen(metric, *columns) for (_, metric), columns in series.items())
        yield Imported(evidence=(Evidence(table.path, "CSV table", table.path.parent, series=seen),))
