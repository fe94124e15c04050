"""``lorascope evaluate``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lorascope.cli.say import say


@click.command("evaluate")
@click.argument("run")
@click.option("--suite", type=click.Path(path_type=Path), help="TOML file with prompts and expectations; the demo's when left out.")
@click.option("--base", type=click.Path(path_type=Path), help="Folder of the base model, when it has moved since training.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def evaluate_command(run: str, suite: Path | None, base: Path | None, *, as_json: bool) -> None:
    """Sample every checkpoint of RUN on a prompt suite and measure the images.

    \b
    lorascope evaluate first --suite prompts.toml
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.evaluate import EvaluateRequest, evaluate
    from lorascope.jobs.read_suite import read_suite
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    prompts = read_suite(suite)
    with Store.open(lab.store_url, lab.blobs) as store, Display() as display:
        drawn = evaluate(store, EvaluateRequest(run, prompts, base), display.progress())
    if as_json:
        click.echo(json.dumps({"format": 1, "run": run, "suite": prompts.name, "images": drawn}))
    else:
        say(f"{drawn} pictures drawn and measured ({len(prompts.prompts)} prompts x {len(prompts.seeds)} seeds per checkpoint)")
        say(f"next: lorascope pick {run} --metric background_color_accuracy")
