"""``lorascope show``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import PurePath
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table
from lorascope.cli.values import band_shown, moment_shown, run_json, value_shown
from lorascope.reports.wording import counted

if TYPE_CHECKING:
    from lorascope.analysis.completeness import Checked
    from lorascope.evaluation.training_set import Band
    from lorascope.jobs.show_run import RunInFull
    from lorascope.records.checkpoint import Checkpoint
    from lorascope.records.hypothesis import Hypothesis
    from lorascope.records.measurement import Measurement
    from lorascope.records.run import JsonValue, ParameterValue
    from lorascope.records.series import Series


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


def _show_json(shown: RunInFull) -> dict[str, object]:
    run = shown.listing.run
    return {
        "format": 1,
        "run": {**run_json(shown.listing), "environment": dict(run.environment), "extra": dict(run.extra)},
        "dataset": shown.dataset and {"name": shown.dataset.name, "images": len(shown.dataset.items), "captions": shown.dataset.captions},
        "checkpoints": [asdict(checkpoint) for checkpoint in shown.checkpoints],
        "series": [
            {"metric": one.metric, "points": len(one.values), "last_step": one.steps[-1] if one.steps else None} for one in shown.series
        ],
        "measurements": [asdict(measurement) for measurement in shown.measurements],
        "training_bands": {metric: asdict(band) for metric, band in shown.bands.items()},
        "completeness": [
            {"item": checked.item.name, "stage": checked.item.stage.value, "share": checked.share, "next_step": checked.item.next_step}
            for checked in shown.listing.checked
        ],
        "hypotheses": [asdict(hypothesis) for hypothesis in shown.hypotheses],
        "other_records": list(shown.kept),
    }


def _show_run(shown: RunInFull) -> None:
    run, listing = shown.listing.run, shown.listing
    dataset = shown.dataset and f"{shown.dataset.name} ({len(shown.dataset.items)} images, {shown.dataset.captions} captions)"
    facts = {
        "status": f"{run.status.value}{f': {run.reason}' if run.reason else ''}",
        "trainer": run.trainer,
        "base model": run.base_model,
        "parent": run.parent,
        "dataset": dataset or run.dataset_digest,
        "started": moment_shown(run.started_at),
        "finished": moment_shown(run.finished_at),
        "complete": f"{listing.completeness:.0%} of {len(listing.checked)} items (below)",
        **{f"outcome {metric}": value_shown(value) for metric, value in sorted(run.outcome.items())},
        "other records": str(len(shown.kept)) if shown.kept else "",
    }
    say(f"run {run.name}")
    for name, fact in facts.items():
        if fact:
            say(f"  {name:<14} {fact}")
    _show_environment(run.environment)
    say(f"\nparameters ({len(run.parameters)})")
    _show_parameters(run.parameters)
    _show_series(shown.series)
    unit = run.counted_in.value.removesuffix("s")
    _show_checkpoints(shown.checkpoints, unit)
    _show_measurements(shown.measurements, shown.bands, unit)
    _show_hypotheses(shown.hypotheses)
    _show_sources(run.extra.get("sources"), run.extra.get("unclear"))
    _show_completeness(listing.checked)


def _show_checkpoints(checkpoints: Sequence[Checkpoint], unit: str) -> None:
    if checkpoints:
        folders = {PurePath(checkpoint.file).parent for checkpoint in checkpoints if checkpoint.file}
        folder = folders.pop() if len(folders) == 1 else PurePath()
        say(f"\ncheckpoints ({len(checkpoints)})" + (f" in {folder}" if folder.name else ""))
        files = [str(PurePath(c.file).relative_to(folder)) if c.file else "" for c in checkpoints]
        facts = [[value_shown(value) for value in (c.step, c.samples_seen, c.mean_loss, c.file_bytes)] for c in checkpoints]
        rows = [(str(c.epoch), *known, file) for c, known, file in zip(checkpoints, facts, files, strict=True)]
        also = () if unit == "step" else ("step",)
        draw_table(
            [unit, *also, "samples seen", "mean loss", "bytes", "file"], [row[:1] + row[2 - len(also) :] for row in rows], left=("file",)
        )


def _show_measurements(measurements: Sequence[Measurement], bands: Mapping[str, Band], unit: str) -> None:
    if measurements:
        beside = "; training: 5th to 95th percentile of the training images" if bands else ""
        say(f"\nmeasurements (mean over prompts of the mean over images; 95 % interval{beside})")
        rows = [
            (
                m.metric,
                str(m.epoch),
                _level(m.mean),
                _interval(m.low, m.high),
                band_shown(bands.get(m.metric), m.mean),
                m.unit,
                str(m.prompts),
                str(m.images),
                str(m.not_measurable or ""),
            )
            for m in measurements
        ]
        titles = ("metric", unit, "mean", "interval", "training", "unit", "prompts", "images", "not measurable")
        draw_table(titles, rows, left=("metric", "interval", "training", "unit"))


def _show_series(series: Sequence[Series]) -> None:
    if series:
        say(f"\nseries ({len(series)})")
        rows = []
        for one in series:
            known = [value for value in one.values if value == value]  # noqa: PLR0124 - NaN is not equal to itself
            least, most = (min(known), max(known)) if known else (None, None)
            last = one.values[-1] if one.values else None
            rows.append((one.metric, str(len(one.values)), str(one.steps[-1]) if one.steps else "", *map(value_shown, (last, least, most))))
        draw_table(("metric", "points", "last step", "last", "least", "greatest"), rows, left=("metric",))


def _show_hypotheses(hypotheses: Sequence[Hypothesis]) -> None:
    """What was claimed of the run: statements to be judged, not results."""
    if hypotheses:
        say(f"\nclaims about it ({len(hypotheses)}), not results: data decide")
        for one in hypotheses:
            rests_on = "n not said" if one.claimed_n is None else f"n = {one.claimed_n}"
            say(f"  {one.verdict.value}: {one.statement} ({rests_on}; {one.source})")


def _show_sources(sources: JsonValue, notes: JsonValue) -> None:
    """Which files an imported run was put together from, and what was unclear in them."""
    if isinstance(sources, list) and sources:
        formats = Counter(str(source.get("format")) for source in sources if isinstance(source, dict))
        say(f"\nread from {counted(len(sources), 'file')}: {', '.join(f'{count} x {name}' for name, count in sorted(formats.items()))}")
    for note in notes if isinstance(notes, list) else []:
        say(f"  unclear: {note}")


def _show_environment(environment: Mapping[str, JsonValue]) -> None:
    """The few facts of the machine that explain results; all of them are in --json."""
    versions, gpus, git = environment.get("versions"), environment.get("gpus"), environment.get("git")
    if isinstance(gpus, list):
        names = [f"{gpu.get('name')} ({_gibibytes(gpu.get('memory_bytes'))})" for gpu in gpus if isinstance(gpu, dict)]
        say(f"  {'gpu':<14} {', '.join(names) or 'none'}")
    if isinstance(versions, dict):
        shown = [f"{package} {version}" for package, version in sorted(versions.items()) if version]
        say(f"  {'versions':<14} {', '.join(shown)}")
    if isinstance(git, dict):
        changed = git.get("changed_files")
        also = f", {counted(changed, 'file')} changed" if isinstance(changed, int) and changed else ""
        say(f"  {'code':<14} {str(git.get('commit'))[:12]} on {git.get('branch')}{also}")


def _gibibytes(count: JsonValue) -> str:
    return f"{count / 2**30:.0f} GiB" if isinstance(count, int | float) else "memory unknown"


def _show_completeness(checked: tuple[Checked, ...]) -> None:
    """What is missing and how to supply it; what is there in one line per stage."""
    say("\nrecord")
    for stage in dict.fromkeys(item.item.stage for item in checked):
        of_stage = [item for item in checked if item.item.stage is stage]
        complete = [item.item.name for item in of_stage if item.share == 1]
        say(f"  {stage.value}: {len(complete)} of {len(of_stage)}" + (f" ({'; '.join(complete)})" if complete else ""))
        for item in of_stage:
            if item.share < 1:
                state = "missing" if item.share == 0 else f"{item.share:.0%} there"
                say(f"    {item.item.name}: {state}. {item.item.next_step[0].upper()}{item.item.next_step[1:]}")


def _show_parameters(parameters: Mapping[str, ParameterValue]) -> None:
    from lorascope.parameters.catalogue import grouped

    for category, members in grouped(parameters).items():
        say(f"  {category}: " + ", ".join(f"{name} = {value_shown(value)}" for name, value in members.items()))


def _interval(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:.4g} to {high:.4g}"


def _level(mean: float | None) -> str:
    return "-" if mean is None else f"{mean:.4g}"
