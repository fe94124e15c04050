"""``lorascope compare``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table, in_column
from lorascope.cli.values import value_shown

if TYPE_CHECKING:
    from lorascope.jobs.compare import ComparedMetric, Comparison


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="RUN_A RUN_B [RUN_C]...")
@click.option(
    "--metric",
    "metrics",
    metavar="METRIC",
    multiple=True,
    help="Compare by this metric (may be given several times); all shared ones when left out.",
)
@click.option("--epoch", "epochs", default="last", show_default=True, metavar="last|best|A:B", help="Which checkpoints to compare.")
@click.option(
    "--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help='Seed of the random draws behind "best".'
)
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON object.")
def compare_command(runs: tuple[str, ...], metrics: tuple[str, ...], epochs: str, seed: int, *, as_json: bool) -> None:
    """Compare runs with RUN_A: what was set differently, and paired differences (run minus RUN_A) with intervals.

    Name the same run twice to compare two of its checkpoints.

    \b
    Examples:
    lorascope compare dirty clean --metric background_color_accuracy
    lorascope compare caption_fix caption_fix --epoch 5:8
    lorascope compare dim_16 dim_32 dim_64
    """
    from lorascope.jobs.compare import answer, compare
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        comparison = compare(store, *runs, metrics=metrics, epochs=epochs, seed=seed)
    if as_json:
        click.echo(json.dumps(answer(comparison)))
    else:
        _show(comparison)


def _show(comparison: Comparison) -> None:
    letters = [chr(ord("A") + place) if place < 26 else str(place + 1) for place in range(len(comparison.runs))]
    names = [f"{letter}: {run}" for letter, run in zip(letters, comparison.runs, strict=True)]
    for title, rows in (("set differently", comparison.different), ("outcome, as reported", comparison.outcomes)):
        if rows:
            titles = (title, *names)
            draw_table(
                titles,
                [(name, *("-" if value is None else value_shown(value) for value in values)) for name, values in rows.items()],
                left=titles,
            )
            say()
    if comparison.metrics:
        several = len(comparison.runs) > 2
        columns = (*(("run",) if several else ()), "metric", "epochs", "A", "B", "B - A", "low", "high", "p", "n", "detectable")
        if several:
            columns = tuple({"B": "run's", "B - A": "run's - A"}.get(title, title) for title in columns)
        rows_shown = [((item.runs[1], *_row(item)) if several else _row(item)) for item in comparison.metrics]
        draw_table(columns, rows_shown, left=("metric", "run"))
        say()
    for note in comparison.notes:
        say(f"- {note}")


def _row(item: ComparedMetric) -> tuple[str, ...]:
    paired, at = item.paired, f"{item.epochs[0]} : {item.epochs[1]}"
    if paired is None:
        return item.metric, at, *["-"] * 8
    values = (paired.first_mean, paired.second_mean, paired.difference, paired.low, paired.high, paired.detectable)
    *numbers, seen = in_column(values)
    p_value = "-" if paired.p_value is None else f"{paired.p_value:.2g}"
    return item.metric, at, *numbers, p_value, str(paired.n), seen
