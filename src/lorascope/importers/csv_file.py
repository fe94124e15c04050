"""Reads a table of text as spreadsheets and scripts write it: which delimiter, which decimal sign, and where each cell stands.

A cell that looks like a formula is text like any other; nothing is computed.
"""

from __future__ import annotations

import codecs
import csv
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import BadFile, MissingFile

DELIMITERS = ",;\t"
_MOST_BYTES = 200 * 2**20
_MOST_COLUMNS = 2_000
_MOST_LINE_BYTES = 2**20  # of a cell the csv module takes 128 KiB
# what people write into a cell that has no value
_ABSENT = frozenset({"", "-", "–", "n/a", "na", "nan", "#n/a", "null", "none", "?"})
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its text without blanks around it, and its place for messages."""

    text: str
    where: str
    column: str

    @property
    def is_absent(self) -> bool:
        """Whether it says that there is no value."""
        return self.text.lower() in _ABSENT

    @property
    def looks_like_number(self) -> bool:
        """Whether it begins and ends as a number does, percent sign or not."""
        return _NUMBER.fullmatch(self.text.removesuffix("%").rstrip()) is not None

    def bad(self, what: str) -> BadFile:
        """The error that names line and column."""
        shown = self.text if len(self.text) <= 60 else self.text[:57] + "..."
        return BadFile(f"column {self.column!r}: {shown!r} {what}", where=self.where, next_step="mend the cell; nothing was imported")


@dataclass(slots=True)
class Table:
    """A table being read. ``delimiter`` decides whether a comma can be a decimal sign; ``decimal_commas`` counts those that were."""

    path: Path
    delimiter: str
    columns: tuple[str, ...]
    decimal_commas: int = 0
    decimal_points: int = 0

    def number(self, cell: Cell) -> float | None:
        """A finite number; None when the cell says there is none.

        Raises:
            BadFile: it is something else; a percentage is refused, since 85 % may mean 0.85 or 85.
        """
        if cell.is_absent:
            return None
        if cell.text.endswith("%"):
            raise cell.bad("is a percentage: write 0.85 or 85, whichever the column means")
        if not _NUMBER.fullmatch(cell.text):
            raise cell.bad("is not a number")
        if "," in cell.text and self.delimiter == ",":
            raise cell.bad("has a comma: write 1.5 or 1500, whichever is meant")
        if "," in cell.text:
            self.decimal_commas += 1
        elif "." in cell.text:
            self.decimal_points += 1
        if self.decimal_commas and self.decimal_points:
            raise cell.bad("does not fit the table, in which both 1.5 and 1,5 stand: one of them must be something else")
        value = float(cell.text.replace(",", "."))
        if not math.isfinite(value):
            raise cell.bad("is too large a number")
        return value

    def plain(self, cell: Cell) -> int | float | bool | str | None:
        """A value of whatever kind it looks like: a number, true or false, else text; None when there is none."""
        if cell.is_absent:
            return None
        if cell.text.lower() in {"true", "false"}:
            return cell.text.lower() == "true"
        if not _NUMBER.fullmatch(cell.text) or ("," in cell.text and self.delimiter == ","):
            return cell.text
        digits = cell.text.lstrip("+-")
        return self.whole(cell) if digits.isdigit() and len(digits) < 19 else self.number(cell)

    def whole(self, cell: Cell) -> int | None:
        """A whole number of 64 bits; None when the cell says there is none. Raises BadFile."""
        if cell.is_absent:
            return None
        try:
            value = int(cell.text)
        except ValueError:
            number = self.number(cell)
            if number is None or number != int(number):
                raise cell.bad("is not a whole number") from None
            value = int(number)
        if abs(value) >= 2**63:
            raise cell.bad("does not fit into 64 bits")
        return value


def header_of(head: bytes) -> tuple[str, tuple[str, ...]] | None:
    """The delimiter and the column names in the first line of these bytes; None when it is no such line."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head[: len(head) // 2 * 2].decode("utf-16", "replace").encode()
    # "ä" in another encoding must not hide that it is a table: reading says what is wrong with it
    line = head.removeprefix(codecs.BOM_UTF8).decode("utf-8", "replace").split("\n", 1)[0].rstrip("\r")
    delimiter = max(DELIMITERS, key=_outside_quotes(line).count)
    try:
        names = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return None
    columns = tuple(name.strip() for name in names)
    return (delimiter, columns) if len(columns) > 1 else None


def _outside_quotes(line: str) -> str:
    return "".join(line.split('"')[::2])


def read_table(path: Path) -> Table:
    """The table in a file; ``rows_of`` reads its rows.

    Raises:
        MissingFile: it is not there or cannot be read.
        BadFile: it is not UTF-8, has no header, a column twice, or a row longer than the header.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(65_536)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error
    if size > _MOST_BYTES:
        raise _bad(path, 1, f"is larger than {_MOST_BYTES // 2**20} MiB", "split the table, or bring it in as JSON Lines")
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _bad(path, 1, "is UTF-16 text", 'save it as "CSV UTF-8"')
    found = header_of(head)
    if found is None or len(found[1]) > _MOST_COLUMNS:
        raise _bad(path, 1, "the first line must name the columns", "put a line with the names of the columns on top")
    delimiter, columns = found
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise _bad(path, 1, f"two columns are called {twice!r}", "give every column its own name")
    return Table(path, delimiter, columns)


def rows_of(table: Table) -> Iterator[dict[str, Cell]]:
    """The rows that hold anything, as cells by column. A row may end early: the cells behind its end are empty.

    Raises:
        MissingFile: the file cannot be read.
        BadFile: it is not UTF-8, or a row is longer than the header.
    """
    path, columns = table.path, table.columns
    reader = csv.reader(_lines(path), delimiter=table.delimiter, strict=True)
    is_header = True
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise _bad(path, reader.line_num, f"cannot be read as a table: {error}", "check the quotes of this line") from error
        if row is None:
            return
        line = reader.line_num
        if is_header and tuple(cell.strip() for cell in row) != columns:
            raise _bad(path, line, "the names of the columns must stand in one line", "check the quotes in the first line")
        if is_header or not any(cell.strip() for cell in row):
            is_header = False
            continue
        if any(cell.strip() for cell in row[len(columns) :]):
            raise _bad(path, line, f"has {len(row)} cells, the header {len(columns)}", "put texts with a delimiter in them into quotes")
        where = f"{path}:{line}"
        texts = [cell.strip() for cell in row[: len(columns)]] + [""] * (len(columns) - len(row))
        yield {name: Cell(text, where, name) for name, text in zip(columns, texts, strict=True)}


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open("rb") as file:
            for number, line in enumerate(iter(lambda: file.readline(_MOST_LINE_BYTES), b""), 1):
                if len(line) == _MOST_LINE_BYTES:
                    raise _bad(path, number, f"is longer than {_MOST_LINE_BYTES:,} bytes", "check the quotes of this line")
                yield _decoded(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, path, number)
    except OSError as error:
        raise MissingFile(f"cannot be read: {error.strerror}", where=str(path), next_step="check the path") from error


def _decoded(line: bytes, path: Path, number: int) -> str:
    if b"\0" in line:
        raise _bad(path, number, "holds a zero byte: this is no text file", 'save it as "CSV UTF-8"')
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise _bad(path, number, f"is not UTF-8 text (byte {error.start + 1} of the line)", 'save it as "CSV UTF-8"') from error


def _bad(path: Path, line: int, message: str, next_step: str) -> BadFile:
    return BadFile(message, where=f"{path}:{line}", next_step=next_step)
