"""Tables of comma-separated values: runs, scores of images, measurements of epochs, series over steps.

Told apart by the names of their columns (``csv_columns.py``). An empty cell says nothing; errors name line and column.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lorascope.errors import BadFile
from lorascope.importers.csv_columns import Layout, Role, TableKind, layout_of
from lorascope.importers.csv_file import Table, header_of, read_table
from lorascope.importers.csv_rows import measurements_of, scores_of, series_of
from lorascope.importers.csv_runs import runs_of
from lorascope.importers.importer import Imported

# Captions are .txt files with commas in them, so the ending must say that it is a table.
_SUFFIXES = frozenset({".csv", ".tsv"})
_READERS = {
    TableKind.RUNS: runs_of,
    TableKind.SCORES: scores_of,
    TableKind.MEASUREMENTS: measurements_of,
    TableKind.SERIES: series_of,
}


class _CsvTable:
    """A table whose columns we know."""

    name = "CSV table"

    def recognizes(self, head: bytes, path: Path) -> bool:
        """Whether the ending says that it is a table and its first line names columns that we know."""
        if path.suffix.lower() not in _SUFFIXES:
            return False
        found = header_of(head)
        return found is not None and layout_of(found[1]) is not None

    def read(self, path: Path) -> Iterator[Imported]:
        """The rows as records, a part at a time.

        Raises:
            MissingFile: it is not there or cannot be read.
            BadFile: a cell is not what its column must hold; the message names line and column.
        """
        table = read_table(path)
        layout = layout_of(table.columns)
        if layout is None:
            step = "name the columns as docs/how-to/bring-in-your-numbers.md does"
            raise BadFile("these columns are of no table that is known", where=f"{path}:1", next_step=step)
        if layout.twice is not None:
            step = "keep one of the two"
            raise BadFile(
                f"the columns {layout.twice[0]!r} and {layout.twice[1]!r} are the same parameter", where=f"{path}:1", next_step=step
            )
        yield from _READERS[layout.kind](table, layout)
        yield Imported(notes=tuple(_notes(table, layout)))


CSV_TABLE = _CsvTable()


def _notes(table: Table, layout: Layout) -> Iterator[str]:
    if table.decimal_commas:
        yield f"{table.path}: {table.decimal_commas} numbers have a decimal comma (0,5): read as 0.5"
    if layout.kind is TableKind.RUNS and layout.others:
        names = ", ".join(repr(name) for name in layout.others[:10]) + (" …" if len(layout.others) > 10 else "")
        yield f"{table.path}: kept beside the parameters: {names} (write parameter:NAME or outcome:NAME to count a column in)"
    if layout.kind is TableKind.MEASUREMENTS and Role.IMAGES not in layout.roles:
        yield f"{table.path}: the table does not say how many images are behind each number: recorded as 0 (add a column images)"
