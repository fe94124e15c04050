"""``lorascope evaluate``."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import click

from lorascope.cli.say import say


@click.command("evaluate")
@click.argument("run")
@click.option(
    "--suite", metavar="FILE", type=click.Path(path_type=Path), help="TOML file with prompts and expectations; the demo's when left out."
)
@click.option("--base", metavar="DIR", type=click.Path(path_type=Path), help="Folder of the base model, when it has moved since training.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")
def evaluate_command(run: str, suite: Path | None, base: Path | None, *, as_json: bool) -> None:
    """Sample every checkpoint of RUN on a prompt suite and measure the images.

    What is there already is not drawn again, so an interrupted evaluation goes on where it was.

    \b
    Examples:
    lorascope evaluate first                         the demo's eight prompts
    lorascope evaluate first --suite prompts.toml    your own
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.evaluate import EvaluateRequest, evaluate
    from lorascope.jobs.read_suite import read_suite
    from lorascope.reports.wording import counted
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    prompts = read_suite(suite)
    with Store.open(lab.store_url, lab.blobs) as store, Display() as display:
        drawn = evaluate(store, EvaluateRequest(run, prompts, base), display.progress())
    if as_json:
        click.echo(json.dumps({"format": 1, "run": run, "suite": prompts.name, "images": drawn}))
    else:
        each = f"{counted(len(prompts.prompts), 'prompt')} x {counted(len(prompts.seeds), 'seed')} per checkpoint"
        say(f"{counted(drawn, 'picture')} drawn and measured ({each})" if drawn else f"nothing to do: every picture is there ({each})")
        say(f"next: lorascope pick {shlex.quote(run)} --metric background_color_accuracy")
