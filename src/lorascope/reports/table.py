"""A table of a report: texts in rows, with a heading that carries units. HTML and Markdown draw the same one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``unit`` stands in the heading; ``numeric`` columns are aligned to the right."""

    title: str
    unit: str = ""
    numeric: bool = True

    @property
    def heading(self) -> str:
        """Title and unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


@dataclass(frozen=True, slots=True)
class Row:
    """One row; its first cell names it. ``marked`` rows are highlighted; ``share`` (0 to 1) is drawn as a bar in the last cell."""

    cells: tuple[str, ...]
    marked: bool = False
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """``caption`` says what is counted, over what; ``notes`` stand below, ``more`` is folded away where that is possible."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


def text_columns(*titles: str) -> tuple[Column, ...]:
    """Columns of words."""
    return tuple(Column(title, numeric=False) for title in titles)
