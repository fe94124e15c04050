"""Draw tables of short cells: aligned, never cut; wrapped only where a terminal is too narrow even with shorter bars."""

from __future__ import annotations

import math
import shutil
import sys
from collections.abc import Collection, Iterable, Sequence

from lorascope.reports.wording import visible

ABSENT = "-"
GAP = 2  # spaces between two columns
_BAR = "█"


def draw_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, left: Collection[str] = ()) -> None:
    """Print rows under titles; the columns named in ``left`` are aligned left, all others right. Bars are drawn as long as fits."""
    from rich.console import Console
    from rich.table import Table

    limit = terminal_width()
    drawn = [[visible(cell) for cell in row] for row in rows]
    table = Table(box=None, pad_edge=False, padding=(0, GAP, 0, 0))
    for title in titles:
        table.add_column("" if title == "<" else visible(title), justify="left" if title in left else "right", overflow="fold")
    for row in drawn if limit is None else _with_shorter_bars(titles, drawn, limit):
        table.add_row(*row)
    Console(width=limit or 10_000, highlight=False, markup=False).print(table)


def terminal_width() -> int | None:
    """Columns of the terminal that is written to; None where there is none, so nothing limits a line."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None


def column_width(title: str, cells: Iterable[str]) -> int:
    """What a column takes of a line, with the gap behind it."""
    from rich.cells import cell_len

    return GAP + max(map(cell_len, (visible(title), *map(visible, cells))))


def _with_shorter_bars(titles: Sequence[str], rows: Sequence[Sequence[str]], limit: int) -> Sequence[Sequence[str]]:
    """The rows with all bars of the last column shortened by one factor, where the longest would not fit."""
    longest = max((len(row[-1]) for row in rows if row[-1].strip(_BAR) == ""), default=0)
    others = sum(column_width("" if title == "<" else title, (row[at] for row in rows)) for at, title in enumerate(titles[:-1]))
    room = max(0, limit - others - GAP)
    if longest <= room or any(row[-1].strip(_BAR) for row in rows):
        return rows
    return [[*row[:-1], _BAR * round(len(row[-1]) * room / longest)] for row in rows]


def in_column(values: Sequence[float | None], digits: int = 4) -> list[str]:
    """Numbers for one column: equal decimals, so that the largest shows ``digits`` digits; None is a dash."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    if largest >= 1e15:
        return [ABSENT if value is None else f"{value:.{digits - 1}e}" for value in values]
    whole = math.floor(math.log10(largest)) + 1 if largest >= 1 else 1
    decimals = max(0, digits - whole)
    return [ABSENT if value is None else f"{value:.{decimals}f}" for value in values]
