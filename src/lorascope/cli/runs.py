"""``lorascope runs`` and ``lorascope show``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table
from lorascope.reports.wording import moment

if TYPE_CHECKING:
    from lorascope.jobs.list_runs import RunListing
    from lorascope.jobs.show_run import RunInFull
    from lorascope.records.run import ParameterValue

_MAX_COLUMNS = 8  # of varying parameters; more make no readable table


@click.command("runs")
@click.option("--json", "as_json", is_flag=True, help="Print all runs with all their parameters as one JSON object.")
def runs_command(*, as_json: bool) -> None:
    """List the recorded runs, with the parameters in which they differ.

    \b
    Example: lorascope runs --json
    """
    from lorascope.jobs.list_runs import list_runs
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        listings = list_runs(store)
    if as_json:
        click.echo(json.dumps({"format": 1, "runs": [_run_json(listing) for listing in listings]}, indent=1))
    elif not listings:
        say("No runs yet. Next: lorascope train ..., or lorascope import runs.jsonl")
    else:
        _show_list(listings)


@click.command("show")
@click.argument("run")
@click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")
def show_command(run: str, *, as_json: bool) -> None:
    """Show everything recorded of RUN: parameters, checkpoints, and the means of its scores.

    \b
    Example: lorascope show caption_fix
    """
    from lorascope.jobs.show_run import show_run
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        shown = show_run(store, run)
    if as_json:
        click.echo(json.dumps(_show_json(shown), indent=1))
    else:
        _show_run(shown)


def _run_json(listing: RunListing) -> dict[str, object]:
    run = listing.run
    return {
        "name": run.name,
        "status": run.status.value,
        "trainer": run.trainer,
        "parameters": dict(sorted(run.parameters.items())),
        "outcome": dict(sorted(run.outcome.items())),
        "completeness": listing.completeness,
        "missing": list(listing.missing),
        "parent": run.parent,
        "dataset_digest": run.dataset_digest,
        "base_model": run.base_model,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "reason": run.reason,
        "checkpoints": listing.counts.checkpoints,
        "scores": listing.counts.scores,
    }


def _show_json(shown: RunInFull) -> dict[str, object]:
    run = shown.listing.run
    return {
        "format": 1,
        "run": {**_run_json(shown.listing), "environment": dict(run.environment), "extra": dict(run.extra)},
        "dataset": shown.dataset and {"name": shown.dataset.name, "images": len(shown.dataset.items), "captions": shown.dataset.captions},
        "checkpoints": [asdict(checkpoint) for checkpoint in shown.checkpoints],
        "measurements": [asdict(measurement) for measurement in shown.measurements],
        "other_records": list(shown.kept),
    }


def _show_list(listings: Sequence[RunListing]) -> None:
    from lorascope.jobs.list_runs import varying

    names = varying([listing.run for listing in listings])
    metrics = sorted({metric for listing in listings for metric in listing.run.outcome})
    heads = ["run", "status", "trainer", "started", "checkpoints", "scores", "complete", *names[:_MAX_COLUMNS], *metrics]
    rows = []
    for listing in listings:
        run, counts = listing.run, listing.counts
        facts = [run.name, run.status.value, run.trainer, _moment(run.started_at), str(counts.checkpoints), str(counts.scores)]
        values = [_value(run.parameters[name]) if name in run.parameters else "" for name in names[:_MAX_COLUMNS]]
        outcome = [_value(run.outcome[metric]) if metric in run.outcome else "" for metric in metrics]
        rows.append([*facts, f"{listing.completeness:.0%}", *values, *outcome])
    draw_table(heads, rows, left=("run", "status", "trainer", "started"))
    constant = len({name for listing in listings for name in listing.run.parameters}) - len(names)
    say()
    if len(names) > _MAX_COLUMNS:
        say(f"{len(names) - _MAX_COLUMNS} more parameters differ: {', '.join(names[_MAX_COLUMNS:])}")
    say(f"{len(listings)} {'run' if len(listings) == 1 else 'runs'}; {constant} parameters that do not differ are not shown")
    say("One in full: lorascope show NAME")


def _show_run(shown: RunInFull) -> None:
    run, listing = shown.listing.run, shown.listing
    dataset = shown.dataset and f"{shown.dataset.name} ({len(shown.dataset.items)} images, {shown.dataset.captions} captions)"
    facts = {
        "status": f"{run.status.value}{f': {run.reason}' if run.reason else ''}",
        "trainer": run.trainer,
        "base model": run.base_model,
        "parent": run.parent,
        "dataset": dataset or run.dataset_digest,
        "started": _moment(run.started_at),
        "finished": _moment(run.finished_at),
        "complete": f"{listing.completeness:.0%}" + (f", missing: {', '.join(listing.missing)}" if listing.missing else ""),
        **{f"outcome {metric}": _value(value) for metric, value in sorted(run.outcome.items())},
        "other records": str(len(shown.kept)) if shown.kept else "",
    }
    say(f"run {run.name}")
    for name, fact in facts.items():
        if fact:
            say(f"  {name:<14} {fact}")
    say(f"\nparameters ({len(run.parameters)})")
    _show_parameters(run.parameters)
    if shown.checkpoints:
        say(f"\ncheckpoints ({len(shown.checkpoints)})")
        rows = [[str(c.epoch), _value(c.step), _value(c.samples_seen), _value(c.mean_loss), c.file or ""] for c in shown.checkpoints]
        draw_table(["epoch", "step", "samples seen", "mean loss", "file"], rows, left=("file",))
    if shown.measurements:
        say("\nmeasurements (mean over prompts of the mean over images; 95 % interval)")
        rows = [
            [
                m.metric,
                str(m.epoch),
                _level(m.mean),
                _interval(m.low, m.high),
                m.unit,
                str(m.prompts),
                str(m.images),
                str(m.not_measurable or ""),
            ]
            for m in shown.measurements
        ]
        draw_table(
            ["metric", "epoch", "mean", "interval", "unit", "prompts", "images", "not measurable"],
            rows,
            left=("metric", "interval", "unit"),
        )


def _show_parameters(parameters: Mapping[str, ParameterValue]) -> None:
    from lorascope.parameters.catalogue import grouped

    for category, members in grouped(parameters).items():
        say(f"  {category}: " + ", ".join(f"{name} = {_value(value)}" for name, value in members.items()))


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.4g} to {high:.4g}"


def _level(mean: float | None) -> str:
    return "-" if mean is None else f"{mean:.4g}"


def _value(value: ParameterValue) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _moment(seconds: float | None) -> str:
    return "" if seconds is None else moment(seconds)
