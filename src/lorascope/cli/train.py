"""``lorascope train``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from lorascope.cli.say import say


@click.command("train")
@click.argument("dataset", required=False, type=click.Path(path_type=Path))
@click.option("--name", metavar="RUN", help="The run's name; unique in this lab.")
@click.option("--recipe", metavar="FILE", type=click.Path(path_type=Path), help="TOML file with parameters under kohya's names.")
@click.option(
    "--set", "settings", multiple=True, metavar="NAME=VALUE", help="One parameter; overrides the recipe; may be given several times."
)
@click.option(
    "--base", metavar="DIR", type=click.Path(path_type=Path), help="Folder of the base model; the built-in toy model when left out."
)
@click.option(
    "--output", metavar="DIR", type=click.Path(path_type=Path), help="Folder for checkpoints; .lorascope/checkpoints/NAME when left out."
)
@click.option("--parent", metavar="RUN", help="The run this one varies.")
@click.option("--trainer", metavar="NAME", default="toy", show_default=True, help="Which trainer to use.")
@click.option("--resume", is_flag=True, help="Go on with the interrupted run that --name names.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def train_command(
    dataset: Path | None, name: str | None, recipe: Path | None, settings: tuple[str, ...], base: Path | None,
    output: Path | None, parent: str | None, trainer: str, *, resume: bool, as_json: bool,
) -> None:  # fmt: skip
    """Train a LoRA on DATASET and record everything.

    \b
    Examples:
    lorascope train sprites/ --name first --set max_train_epochs=4
    lorascope train --resume --name first
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs import train as job
    from lorascope.jobs.read_assets import demo_base_model
    from lorascope.jobs.read_recipe import read_recipe
    from lorascope.parameters.catalogue import validate
    from lorascope.settings import Settings
    from lorascope.store import Store

    if name is None:
        raise click.UsageError("say how the run is called: --name NAME")
    if resume and (dataset or recipe or settings or base or output or parent):
        raise click.UsageError("--resume goes on with what was recorded: give it --name only")
    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store, Display() as display:
        if resume:
            run = job.resume(store, name, display.progress())
        else:
            if dataset is None:
                raise click.UsageError("name the folder with images and captions: lorascope train DATASET --name NAME")
            if parent is not None:
                store.run(parent)  # or the error that suggests the nearest names
            said = (read_recipe(recipe) if recipe else {}) | validate(dict(_split(setting) for setting in settings))
            request = job.TrainRequest(
                name, dataset, base or demo_base_model(), output or lab.lab / "checkpoints" / name, said, trainer, parent
            )
            run = job.train(store, request, display.progress())
        checkpoints = store.checkpoints(name)
    if as_json:
        files = [{"epoch": checkpoint.epoch, "step": checkpoint.step, "file": checkpoint.file} for checkpoint in checkpoints]
        click.echo(json.dumps({"format": 1, "run": run.name, "status": run.status, "checkpoints": files}))
    else:
        say(f"run {run.name} is {run.status}: {len(checkpoints)} checkpoints in {run.environment['output']}")
        say(f"next: lorascope evaluate {shlex.quote(run.name)}   (with prompts of your own: --suite FILE)")


def _split(setting: str) -> tuple[str, str]:
    name, sign, value = setting.partition("=")
    if not sign:
        raise click.UsageError(f"--set {setting!r}: write NAME=VALUE")
    return name.strip(), value.strip()
