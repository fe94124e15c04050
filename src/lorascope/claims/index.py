"""Places of a document found fast: the series of a table or line, and the tables nearest to a statement."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from lorascope.claims.series import Series

MOST_POINTS = 1_000  # of a column that sentences may speak of: longer ones are logs
MOST_TABLES = 12  # near a statement: more would make long documents take the square of their length


class SeriesIndex:
    """All series by table, by line, and by nearness."""

    def __init__(self, series: Iterable[Series]) -> None:
        tables: dict[tuple[str, int], list[Series]] = defaultdict(list)
        lines: dict[tuple[str, int], list[Series]] = defaultdict(list)
        for one in series:
            if len(one.points) > MOST_POINTS:
                continue
            tables[one.document, one.table].append(one)
            if one.ordered:
                for point in one.points:
                    lines[one.document, point.line].append(one)
        self._tables: Mapping[tuple[str, int], Sequence[Series]] = tables
        self._lines: Mapping[tuple[str, int], Sequence[Series]] = lines
        curves: dict[str, list[int]] = defaultdict(list)
        for document, table in sorted(tables):
            if any(one.ordered for one in tables[document, table]):
                curves[document].append(table)
        self._curves: Mapping[str, Sequence[int]] = curves
        named: dict[str, list[int]] = defaultdict(list)
        for document, table in sorted(tables):
            if any(not one.ordered for one in tables[document, table]):
                named[document].append(table)
        self._named: Mapping[str, Sequence[int]] = named
        self._near: dict[tuple[str, int], tuple[Series, ...]] = {}

    def of_table(self, document: str, table: int) -> Sequence[Series]:
        """The series of one table."""
        return self._tables.get((document, table), ())

    def of_line(self, document: str, line: int) -> Sequence[Series]:
        """The series by epoch that have a point in a line."""
        return self._lines.get((document, line), ())

    def named_near(self, document: str, line: int) -> tuple[Series, ...]:
        """The columns of tables whose rows have names, of the tables nearest above a line and the first below it."""
        tables = self._named.get(document, ())
        at = bisect_left(tables, line)
        return tuple(one for table in tables[max(0, at - 3) : at + 1] for one in self._tables[document, table] if not one.ordered)

    def near(self, document: str, line: int) -> tuple[Series, ...]:
        """The series by epoch of the tables nearest to a line, in order; of all tables where there are few."""
        tables = self._curves.get(document, ())
        begin = 0
        if len(tables) > MOST_TABLES:
            begin = min(max(0, bisect_left(tables, line) - MOST_TABLES * 2 // 3), len(tables) - MOST_TABLES)
        found = self._near.get((document, begin))
        if found is None:
            chosen = tables[begin : begin + MOST_TABLES]
            found = tuple(one for table in chosen for one in self._tables[document, table] if one.ordered)
            self._near[document, begin] = found
        return found
