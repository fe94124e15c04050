"""``lorascope predict``."""

from __future__ import annotations

import json
import textwrap
import time
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table, terminal_width
from lorascope.cli.values import value_shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lorascope.jobs.recorded_predictions import Resolved
    from lorascope.records.proposal import PredictedMetric, Prediction

_WIDTH = 100
_COLORS = {"RUN": "green", "SKIP": "red", "UNDECIDED": "yellow"}


@click.command("predict")
@click.argument("config", metavar="CONFIG")
@click.option("--metric", metavar="METRIC", help="What the verdict is on; the metric measured most when left out.")
@click.option("--target", type=float, metavar="X", help="What must be reached; the best run's shrunken value when left out.")
@click.option("--direction", type=click.Choice(["lower", "higher"]), help="Which way is better, where the metric does not say.")
@click.option("--set", "changes", metavar="NAME=VALUE", multiple=True, help="Change a setting; may be given several times.")
@click.option(
    "--trainer",
    type=click.Choice(["kohya", "onetrainer", "ai-toolkit", "simpletuner", "diffusers"]),
    help="Whose configuration it is; read from the file by default.",
)
@click.option(
    "--price", type=click.FloatRange(0), metavar="PER_GPU_HOUR", help="What a GPU hour costs; price_per_gpu_hour in settings.toml."
)
@click.option("--record", "name", metavar="NAME", help="Write the prediction down, to be held against the run later.")
@click.option("--json", "as_json", is_flag=True, help="Print the prediction as one JSON object.")
def predict_command(
    config: str,
    metric: str | None,
    target: float | None,
    direction: str | None,
    changes: Sequence[str],
    trainer: str | None,
    price: float | None,
    name: str | None,
    *,
    as_json: bool,
) -> None:
    """RUN, SKIP or UNDECIDED, before a training is paid for.

    RUN: expected to come out no worse than the best run so far, or to reach the target. SKIP: it almost surely would not, or the trainer
    would stop. UNDECIDED: all else, with the reason.

    CONFIG is a trainer's configuration file, or the name of a recorded run whose settings are changed with --set. Each metric is predicted
    with a 95 % interval from the runs so far; risks come from rules that they show (with n) and from what is known of the trainer (n 0).

    \b
    Examples:
    lorascope predict train.toml
    lorascope predict my_run --set network_dim=16 --set network_alpha=8
    lorascope predict train.toml --metric background_color_accuracy --target 0.9 --record dim_16
    """
    from dataclasses import replace

    from lorascope.jobs.predict import predict, read_plan
    from lorascope.jobs.read_history import read_history
    from lorascope.jobs.recorded_predictions import calibration, record, resolved
    from lorascope.reports.proposals import prediction_json
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    changed = _changes(changes)
    with Store.open(lab.store_url, lab.blobs) as store:
        history = read_history(store)
        plan = read_plan(history, config, changed, trainer=trainer)
        price = price if price is not None else lab.price_per_gpu_hour
        found = predict(history, plan, metric=metric, target=target, direction=direction, price_per_gpu_hour=price)
        if name is not None:
            record(store, name, found, plan.settings, history, time.time())
        earlier = resolved(store, history)
    found = replace(found, calibration=calibration(earlier))
    if as_json:
        listed = [_earlier_json(one) for one in earlier]
        click.echo(json.dumps({**prediction_json(found), "predictions": listed, "recorded": name}))
    else:
        _show(found, price)
        _show_calibration(found, earlier, name)


def _changes(given: Sequence[str]) -> dict[str, object]:
    """NAME=VALUE pairs. Raises a usage error for what is none."""
    changes: dict[str, object] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--set {text}: write NAME=VALUE")
        if name.strip() in changes:
            raise click.UsageError(f"--set {name.strip()} is given twice")
        changes[name.strip()] = value.strip()
    return changes


def _show(found: Prediction, price: float | None) -> None:
    verdict = click.style(found.verdict.value, fg=_COLORS[found.verdict.value], bold=True)
    click.echo(f"{verdict}", nl=False)
    _fill(f": {found.reason}", "", "")
    say()
    if found.metrics:
        rows = [_row(one) for one in found.metrics]
        draw_table(("metric", "expected", "95 % interval", "target", "P(reached)", "n runs"), rows, left=("metric",))
        say()
    for what in found.unseen:
        _fill(f"never seen: {what}", "- ", "  ")
    if found.risks:
        say("risks")
        for risk in found.risks:
            chance = "" if risk.probability is None else f", probability {risk.probability:.2f}"
            source = "known of the trainer" if risk.n == 0 else f"n = {risk.n} runs"
            _fill(f"{risk.rule} ({source}{chance}): {risk.evidence}", "- ", "  ")
        say()
    if found.nearest is not None:
        pairs = [f"{name} {value_shown(own)} -> {value_shown(new)}" for name, (own, new) in list(found.change.items())[:8]]
        more = f" and {len(found.change) - 8} more" if len(found.change) > 8 else ""
        _fill(f"nearest run: {found.nearest}; different: {', '.join(pairs) + more if pairs else 'nothing that both say'}")
    if found.gpu_hours is None:
        _fill(f"cost: unknown ({found.cost_basis})")
    else:
        low, high = found.gpu_hours_low, found.gpu_hours_high
        spread = f" ({low:.2g} to {high:.2g})" if low is not None and high is not None else ""
        money = f", {found.money:.2f} at {price:g} an hour" if found.money is not None else ""
        _fill(f"cost: {found.gpu_hours:.2g} GPU hours{spread}{money} by {found.cost_basis}")
    for note in found.notes:
        _fill(note, "- ", "  ")


def _row(one: PredictedMetric) -> tuple[str, ...]:
    unit = f" ({one.unit})" if one.unit else ""
    expected = one.expected
    interval = "-" if expected.low is None or expected.high is None else f"{expected.low:.4g} to {expected.high:.4g}"
    return (
        f"{one.metric}{unit}",
        "-" if expected.estimate is None else f"{expected.estimate:.4g}",
        interval,
        "-" if one.target is None else f"{one.target:.4g}",
        "-" if one.p_reached is None else f"{one.p_reached:.2f}",
        str(one.runs),
    )


def _show_calibration(found: Prediction, earlier: Sequence[Resolved], name: str | None) -> None:
    if name is not None:
        _fill(f"recorded as {name}: once a run with these settings is measured, it counts for the calibration")
    scores = found.calibration
    if scores is None:
        return
    done = [one for one in earlier if one.covered is not None]  # one without an interval, or without a run, has nothing to show
    _fill(f"earlier predictions: {scores['recorded']} recorded, {scores['resolved']} measured, {scores['covered']} inside their interval")
    if scores["coverage"] is not None:
        brier = "" if scores["brier"] is None else f"; Brier score of P(reached) {scores['brier']:.3f}"
        _fill(f"coverage of the 95 % intervals: {scores['coverage']:.0%}{brier}")
    elif done:
        for one in done:
            inside = "inside" if one.covered else "outside"
            _fill(
                f"{one.name}: {one.metric} predicted {one.low:.4g} to {one.high:.4g}, measured {one.measured:.4g} ({one.run}): {inside}",
                "- ",
                "  ",
            )
        _fill("fewer than 20: no score yet, the list is all there is to show")


def _earlier_json(one: Resolved) -> dict[str, object]:
    from lorascope.reports.proposals import rounded

    return {
        "name": one.name, "metric": one.metric, "low": rounded(one.low), "high": rounded(one.high), "run": one.run,
        "measured": rounded(one.measured), "covered": one.covered, "p_reached": rounded(one.p_reached), "reached": one.reached,
    }  # fmt: skip


def _fill(text: str, first: str = "", rest: str = "  ") -> None:
    from lorascope.reports.wording import one_line

    width = max(40, min(_WIDTH, terminal_width() or _WIDTH))
    say(textwrap.fill(one_line(text), width, initial_indent=first, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False))
