"""Draw progress on the error stream: bars on a terminal, one line per stage elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Self

from lorascope.cli.say import say
from lorascope.reports.wording import visible

if TYPE_CHECKING:
    from rich.progress import TaskID


class Lines:
    """One line when a stage begins and one when it ends, for logs and pipes."""

    def __init__(self, label: str = "") -> None:
        self._label = f"[{label}] " if label else ""
        self._title, self._started = "", 0.0

    def start(self, title: str, total: int) -> None:
        """Say what begins."""
        self._title, self._started = title, time.monotonic()
        say(f"{self._label}{title} ({total}) ...", err=True)

    def advance(self, count: int = 1, note: str = "") -> None:
        """Nothing: a line per step would drown the log."""

    def finish(self, note: str = "") -> None:
        """Say what came out and how long it took."""
        took = time.monotonic() - self._started
        say(f"{self._label}{self._title}: {note or 'done'} ({took:.1f} s)", err=True)


class Display:
    """All the bars of a command. Use as a context manager; ``progress(label)`` gives one bar."""

    def __init__(self) -> None:
        self._bars = None
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
            from rich.table import Column

            def whole() -> Column:  # a number cut in half would mislead; the note may be cut instead
                return Column(no_wrap=True, min_width=7)

            console = Console(stderr=True)
            columns = [
                TextColumn("{task.description}", markup=False, table_column=Column(no_wrap=True)),
                BarColumn(16),
                MofNCompleteColumn(table_column=whole()),
            ]
            columns.append(TimeElapsedColumn(table_column=whole()))
            if console.width >= 100:
                columns.append(TimeRemainingColumn(table_column=whole()))
            note = TextColumn("{task.fields[note]}", table_column=Column(no_wrap=True, overflow="ellipsis"))
            self._bars = Progress(*columns, note, console=console)

    def __enter__(self) -> Self:
        if self._bars:
            self._bars.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._bars:
            self._bars.stop()

    def progress(self, label: str = "") -> Lines | Bar:
        """A new bar, or lines when there is no terminal."""
        return Bar(self._bars, label) if self._bars else Lines(label)


class LongStages:
    """Progress of stages with many units; shorter ones pass in silence, and nothing is loaded to draw them. Use as a context manager."""

    def __init__(self, least_units: int) -> None:
        self._least_units = least_units
        self._display: Display | None = None
        self._shown: Lines | Bar | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._display:
            self._display.__exit__(kind, error, trace)

    def start(self, title: str, total: int) -> None:
        """Draw the stage if it is long."""
        self._shown = None
        if total >= self._least_units:
            self._display = self._display or Display().__enter__()
            self._shown = self._display.progress()
            self._shown.start(title, total)

    def advance(self, count: int = 1, note: str = "") -> None:
        """Move on."""
        if self._shown:
            self._shown.advance(count, note)

    def finish(self, note: str = "") -> None:
        """The stage is over."""
        if self._shown:
            self._shown.finish(note)


class Bar:
    """One bar after another, one per stage; a finished stage leaves its line on the screen."""

    def __init__(self, bars: object, label: str) -> None:
        from rich.progress import Progress

        assert isinstance(bars, Progress)
        self._bars, self._label = bars, f"{label} " if label else ""
        self._task: TaskID | None = None

    def start(self, title: str, total: int) -> None:
        """Draw a new bar."""
        self._task = self._bars.add_task(visible(f"{self._label}{title}"), total=total, note="")

    def advance(self, count: int = 1, note: str = "") -> None:
        """Move it."""
        if self._task is not None:
            self._bars.update(self._task, advance=count, note=note)

    def finish(self, note: str = "") -> None:
        """Fill it."""
        if self._task is not None:
            total = self._bars.tasks[self._task].total
            self._bars.update(self._task, completed=total, note=note)
