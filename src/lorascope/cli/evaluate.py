"""``lorascope evaluate``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table
from lorascope.cli.values import band_shown

if TYPE_CHECKING:
    from lorascope.jobs.evaluate import EvaluateRequest
    from lorascope.jobs.training_set import Beside
    from lorascope.store import Store


@click.command("evaluate")
@click.argument("run")
@click.option(
    "--suite", metavar="FILE", type=click.Path(path_type=Path), help="TOML file with prompts and expectations; the demo's when left out."
)
@click.option("--base", metavar="DIR", type=click.Path(path_type=Path), help="Folder of the base model, when it has moved since training.")
@click.option(
    "--labels",
    metavar="CSV",
    type=click.Path(path_type=Path),
    help="What is in which training image (FILE,LABEL,LABEL …), to learn accessories from instead of the captions.",
)
@click.option(
    "--scorer",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder of a CLIP model (safetensors): adds its clip_score. Nothing is downloaded.",
)
@click.option("--until-decided", is_flag=True, help="Race: draw more only of checkpoints that may still be the best, then stop.")
@click.option("--metric", metavar="METRIC", help="What the race is decided by; left out: what the prompts ask for.")
@click.option("--max-images", metavar="N", type=click.IntRange(min=1), help="The most pictures that the race may ask for.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def evaluate_command(
    run: str, suite: Path | None, base: Path | None, labels: Path | None, scorer: Path | None, metric: str | None, max_images: int | None,
    *, until_decided: bool, as_json: bool,
) -> None:  # fmt: skip
    """Sample every checkpoint of RUN on a prompt suite and measure the images.

    What is there already is not drawn again, so an interrupted evaluation goes on where it was.

    \b
    Examples:
    lorascope evaluate first                         the demo's eight prompts
    lorascope evaluate first --suite prompts.toml    your own
    lorascope evaluate first --scorer my_clip        and how well a CLIP model finds the prompts in the pictures
    lorascope evaluate first --suite prompts.toml --until-decided --max-images 400
    """
    if not until_decided and (metric is not None or max_images is not None):
        raise click.UsageError("--metric and --max-images belong to a race: add --until-decided")
    if until_decided and scorer is not None:
        raise click.UsageError("a race draws only some of the pictures: run it without --scorer, and score them in an evaluation after it")
    from lorascope.jobs.evaluate import EvaluateRequest
    from lorascope.jobs.read_suite import read_suite
    from lorascope.jobs.read_traits import read_labels
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    prompts = read_suite(suite)
    with Store.open(lab.store_url, lab.blobs) as store:
        request = EvaluateRequest(run, prompts, base, labels=read_labels(labels) if labels is not None else None)
        if until_decided:
            _race(store, request, metric, max_images, as_json=as_json)
        else:
            _evaluate(store, request, scorer, as_json=as_json)


def _race(store: Store, request: EvaluateRequest, metric: str | None, max_images: int | None, *, as_json: bool) -> None:
    """Evaluate until a checkpoint is chosen, or none can be."""
    from lorascope.cli.progress import Display
    from lorascope.jobs.race import answer, race_checkpoints
    from lorascope.reports.wording import counted

    with Display() as display:
        raced = race_checkpoints(store, request, metric, max_images, display.progress())
    if as_json:
        head = {"format": 1, "run": raced.run, "suite": request.suite.name, "images": raced.drawn}
        click.echo(json.dumps({**head, "race": answer(raced), "notes": list(raced.notes)}))
        return
    say(f"race of run {raced.run} by {raced.metric}: {counted(raced.drawn, 'picture')} drawn now")
    rows = [
        (
            str(number),
            str(len(done.epochs)),
            f"{counted(done.prompts, 'prompt')}, seed {done.seed}",
            str(done.images),
            "-" if done.leader is None else f"{done.leader} ({done.p_best:.2f})",
            ", ".join(map(str, done.left)),
        )
        for number, done in enumerate(raced.race.rounds, start=1)
    ]
    draw_table(("round", "checkpoints", "drew", "pictures", "leader (P best)", "left in the race"), rows, left=("drew", "left in the race"))
    say()
    for note in raced.notes:
        say(f"- {note}")
    say(f"\nnext: lorascope pick {shlex.quote(raced.run)} --metric {raced.metric}")


def _evaluate(store: Store, request: EvaluateRequest, scorer: Path | None, *, as_json: bool) -> None:
    """Evaluate every checkpoint on the whole suite."""
    from lorascope.cli.progress import Display
    from lorascope.jobs.evaluate import evaluate
    from lorascope.jobs.read_traits import undecided
    from lorascope.jobs.score_pictures import read_scorer, score_pictures
    from lorascope.jobs.training_set import band_json, beside_training
    from lorascope.reports.wording import counted

    run, prompts = request.run, request.suite
    with Display() as display:
        model = read_scorer(scorer) if scorer is not None else None
        drawn = evaluate(store, request, display.progress())
        scored = score_pictures(store, run, prompts, model, display.progress()) if model is not None else None
        beside = beside_training(store, run)
        reasons = undecided(store, run, prompts)
    if as_json:
        also = {"undecided": reasons, "scorer": scored[0] if scored else None}
        measurements = [{**asdict(one.measured), "band": band_json(one.band), "place": one.place} for one in beside]
        click.echo(json.dumps({"format": 1, "run": run, "suite": prompts.name, "images": drawn, "last_epoch": measurements, **also}))
    else:
        each = f"{counted(len(prompts.prompts), 'prompt')} x {counted(len(prompts.seeds), 'seed')} per checkpoint"
        say(f"{counted(drawn, 'picture')} drawn and measured ({each})" if drawn else f"nothing to do: every picture is there ({each})")
        _show(beside)
        for reason, pictures in reasons.items():
            say(f"undecided in {counted(pictures, 'picture')}: {reason}")
        if scored is not None:
            say(f"{counted(scored[1], 'picture')} scored as {scored[0]}")
        say(f"\nnext: lorascope pick {shlex.quote(run)} --metric background_color_accuracy")


def _show(beside: Sequence[Beside]) -> None:
    """What was measured of the last checkpoint, beside the training images; then what could not be."""
    if not beside:
        return
    say(f"\nepoch {beside[0].measured.epoch}, beside the training images (5th to 95th percentile)")
    known = [one for one in beside if one.measured.mean is not None]
    rows = [
        (
            one.measured.metric,
            f"{one.measured.mean:.4g}",
            band_shown(one.band, one.measured.mean),
            one.measured.unit,
            str(one.measured.images),
        )
        for one in known
    ]
    draw_table(("metric", "mean", "training", "unit", "n"), rows, left=("metric", "training", "unit"))
    nothing = [one.measured.metric for one in beside if one.measured.mean is None]
    if nothing:
        say(f"not measurable here: {', '.join(nothing)}")
