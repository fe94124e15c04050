"""``lorascope compare``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table, in_column

if TYPE_CHECKING:
    from lorascope.jobs.compare import ComparedMetric, Comparison


@click.command("compare")
@click.argument("run_a")
@click.argument("run_b")
@click.option(
    "--metric", "metrics", multiple=True, help="Compare by this metric (may be given several times); all shared ones when left out."
)
@click.option("--epoch", "epochs", default="last", show_default=True, metavar="last|best|A:B", help="Which checkpoints to compare.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help='Seed of the random draws behind "best".')
@click.option("--json", "as_json", is_flag=True, help="Print the comparison as one JSON object.")
def compare_command(run_a: str, run_b: str, metrics: tuple[str, ...], epochs: str, seed: int, *, as_json: bool) -> None:
    """Compare RUN_A with RUN_B: settings that differ, and paired differences (B minus A) with intervals.

    Name the same run twice to compare two of its checkpoints.

    \b
    lorascope compare dirty clean --metric background_color_accuracy
    lorascope compare caption_fix caption_fix --epoch 5:8
    """
    from lorascope.jobs.compare import answer, compare
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        comparison = compare(store, run_a, run_b, metrics=metrics, epochs=epochs, seed=seed)
    if as_json:
        click.echo(json.dumps(answer(comparison)))
    else:
        _show(comparison)


def _show(comparison: Comparison) -> None:
    first, second = comparison.runs
    if comparison.different:
        settings = [(name, *("-" if value is None else str(value) for value in pair)) for name, pair in comparison.different.items()]
        titles = ("set differently", f"A: {first}", f"B: {second}")
        draw_table(titles, settings, left=titles)
        say()
    columns = ("metric", "epochs", "A", "B", "B - A", "low", "high", "p", "n", "detectable")
    draw_table(columns, [_row(item) for item in comparison.metrics], left=("metric",))
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
