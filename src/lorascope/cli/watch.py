"""``lorascope watch``: follow another trainer's run while it trains."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from lorascope.cli.say import say
from lorascope.reports.wording import visible

if TYPE_CHECKING:
    from rich.live import Live

    from lorascope.jobs.watch import WatchSummary
    from lorascope.jobs.watch_status import Standing

_LINE_EVERY_S = 60.0


@click.command("watch")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="Name the run; for a folder of one training.")
@click.option(
    "--every",
    "every_s",
    metavar="SECONDS",
    type=click.FloatRange(0.05, 3600),
    default=2.0,
    show_default=True,
    help="Seconds between two looks.",
)
@click.option(
    "--until-idle", "idle_minutes", metavar="MINUTES", type=click.FloatRange(0.01, 100_000), default=60.0, show_default=True,
    help="End after so many minutes without any change.",
)  # fmt: skip
@click.option("--pid", metavar="PID", type=click.IntRange(1), help="The trainer's process: the watch ends when it does, and not before.")
@click.option("--once", is_flag=True, help="Record what is there, and end.")
@click.option("--json", "as_json", is_flag=True, help="At the end, print where the runs stand as one JSON object.")
def watch_command(
    folder: Path, *, name: str | None, every_s: float, idle_minutes: float, pid: int | None, once: bool, as_json: bool
) -> None:
    """Follow a training of kohya, OneTrainer, ai-toolkit, SimpleTuner or diffusers while it trains.

    Records checkpoints, sample images and logged values as the trainer writes them into FOLDER, which may appear later and may
    hold several runs. It ends with the training: when the final file is there, when --pid has ended, or when nothing changed for
    a long time. Ctrl-C ends it too; started again, it goes on where it was.

    \b
    Example: lorascope watch outputs/my_lora
    """
    from lorascope.jobs.watch import WatchRequest, watch
    from lorascope.settings import Settings
    from lorascope.store import Store

    request = WatchRequest(folder, name, every_s, idle_minutes * 60, pid, once)
    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store, ExitStack() as stack:
        listener = stack.enter_context(_Screen()) if sys.stderr.isatty() else _Lines()
        summary = watch(store, request, listener)
    if as_json:
        click.echo(json.dumps(_as_json(summary), indent=1, allow_nan=False))
    else:
        _show(summary)


def _show(summary: WatchSummary) -> None:
    say(f"ended: {summary.ending.value}")
    for standing in summary.runs:
        say(f"{standing.run}: {standing.checkpoints} checkpoints, {standing.samples} sample images, {standing.points} logged values")
    for path in summary.imported.unfinished:
        say(f"note: {path} ends too early; it was left out")
    for note in summary.notes:
        say(f"note: {note}")
    if summary.runs:
        say(f"next: lorascope show {shlex.quote(summary.runs[0].run)}")
    else:
        say(f"nothing was recorded: no training was seen in {summary.folder}")


def _as_json(summary: WatchSummary) -> dict[str, object]:
    runs = [{**asdict(standing), "loss": _finite(standing.loss), "counted_in": standing.counted_in.value} for standing in summary.runs]
    unfinished = [str(path) for path in summary.imported.unfinished]
    return {
        "format": 1,
        "folder": str(summary.folder),
        "ending": summary.ending.name.lower().replace("_", "-"),
        "runs": runs,
        "unfinished": unfinished,
        "notes": list(summary.notes),
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < float("inf") else None


def standing_line(standing: Standing) -> str:
    """Where a run stands, in one line; what is not known is left out.

    >>> from lorascope.jobs.watch_status import Standing
    >>> from lorascope.records.run import CountedIn
    >>> standing_line(Standing("fox", CountedIn.EPOCHS, 2, 10, 102, 510, 0.0841, "loss/average", 1.5, 2, 4, 306))
    'fox  epoch 2 of 10  step 102 of 510  loss/average 0.0841  1.50 steps/s  about 5 min left'
    """
    parts = [standing.run]
    if standing.number is not None:
        total = standing.epochs if standing.counted_in.value == "epochs" else None
        parts.append(f"{standing.counted_in.value.removesuffix('s')} {standing.number}" + (f" of {total}" if total else ""))
    if standing.step is not None and not (standing.counted_in.value == "steps" and standing.step == standing.number):
        parts.append(f"step {standing.step}" + (f" of {standing.total_steps}" if standing.total_steps else ""))
    if standing.loss is not None:
        parts.append(f"{standing.loss_metric} {standing.loss:.4g}")
    if standing.steps_per_s:
        parts.append(f"{standing.steps_per_s:.2f} steps/s")
    if standing.remaining_s:
        parts.append(f"about {_duration(standing.remaining_s)} left")
    return "  ".join(parts)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


class _Lines:
    """For logs and pipes: a line for each thing that happens, and at most one a minute for where the runs stand."""

    def __init__(self) -> None:
        self._said: dict[str, str] = {}
        self._said_at = time.monotonic()

    def news(self, line: str) -> None:
        """Say it."""
        say(f"{time.strftime('%H:%M:%S')}  {line}", err=True)

    def standing(self, runs: Sequence[Standing]) -> None:
        """Say what is new, once a minute."""
        if time.monotonic() - self._said_at < _LINE_EVERY_S:
            return
        for standing in runs:
            line = standing_line(standing)
            if self._said.get(standing.run) != line:
                self._said[standing.run] = line
                self.news(line)
        self._said_at = time.monotonic()


class _Screen:
    """For a terminal: the runs' lines at the bottom, renewed in place; what happens scrolls above them."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live

        self._live: Live = Live(console=Console(stderr=True), refresh_per_second=4, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._live.stop()

    def news(self, line: str) -> None:
        """Print it above."""
        from rich.text import Text

        self._live.console.print(Text(visible(f"{time.strftime('%H:%M:%S')}  {line}")), soft_wrap=True)

    def standing(self, runs: Sequence[Standing]) -> None:
        """Renew the lines."""
        from rich.text import Text

        lines = "\n".join(visible(standing_line(standing)) for standing in runs)
        self._live.update(Text(f"{lines}\n(Ctrl-C ends the watch, not the training)" if lines else "", no_wrap=True, overflow="ellipsis"))
