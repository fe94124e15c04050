"""Draw tables of short cells: aligned, and never cut or wrapped where no terminal limits the width."""

from __future__ import annotations

import math
import sys
from collections.abc import Collection, Iterable, Sequence

from lorascope.reports.wording import visible

ABSENT = "-"


def draw_table(titles: Sequence[str], rows: Iterable[Sequence[str]], *, left: Collection[str] = ()) -> None:
    """Print rows under titles; the columns named in ``left`` are aligned left, all others right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for title in titles:
        table.add_column("" if title == "<" else visible(title), justify="left" if title in left else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(visible, row))
    Console(width=None if sys.stdout.isatty() else 10_000, highlight=False, markup=False).print(table)


def in_column(values: Sequence[float | None], digits: int = 4) -> list[str]:
    """Numbers for one column: equal decimals, so that the largest shows ``digits`` digits; None is a dash."""
    largest = max((abs(value) for value in values if value is not None), default=0.0)
    whole = math.floor(math.log10(largest)) + 1 if largest >= 1 else 1
    decimals = max(0, digits - whole)
    return [ABSENT if value is None else f"{value:.{decimals}f}" for value in values]
