"""``lorascope promote``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table

if TYPE_CHECKING:
    from lorascope.jobs.promote import Promotion
    from lorascope.records.run import JsonValue


@click.command("promote")
@click.argument("run")
@click.argument("epoch", type=click.IntRange(min=0), required=False)
@click.option("--purpose", metavar="TEXT", help='What it is for, such as "green backgrounds"; one decision per purpose stands.')
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write to; promoted/RUN-EPOCH-PURPOSE when left out.")
@click.option("--metric", metavar="METRIC", help="What the evidence is taken from; left out: what the purpose's prompts ask for.")
@click.option("--yes", "insist", is_flag=True, help="Promote it even where the measurements speak clearly against it.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as one JSON object.")
def promote_command(
    run: str, epoch: int | None, purpose: str | None, out: Path | None, metric: str | None, *, insist: bool, as_json: bool
) -> None:  # fmt: skip
    """Record that checkpoint EPOCH of RUN ships, with its evidence; write it with a model card and inference settings.

    Weak evidence is said, not refused. A later decision for the same purpose supersedes the earlier one, which stays
    recorded. Without EPOCH the decisions so far are listed.

    \b
    Examples:
    lorascope promote my_run 8 --purpose "green backgrounds"
    lorascope promote my_run 8 --purpose general --out release/
    lorascope promote my_run
    """
    from lorascope.jobs.promote import PromoteRequest, answer, decisions, promote
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        if epoch is None:
            store.run(run)
            _show_decisions(run, decisions(store, run), as_json=as_json)
            return
        if purpose is None:
            raise click.UsageError('a purpose is needed: --purpose "green backgrounds"')
        slug = re.sub(r"[^a-z0-9]+", "-", purpose.lower()).strip("-")[:40] or "purpose"
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", run).strip("._-")[:60] or "run"
        folder = out or Path("promoted") / f"{name}-{epoch}-{slug}"
        done = promote(store, PromoteRequest(run, epoch, purpose, folder, metric, insist))
    if as_json:
        click.echo(json.dumps(answer(done)))
    else:
        _show(done)


def _show(done: Promotion) -> None:
    decision = done.decision
    say(f"decision {decision['number']} of run {decision['run']}: epoch {decision['epoch']} for {decision['purpose']}")
    if decision["p_best"] is not None:
        say(f"evidence: {decision['evidence']}, P(best) = {decision['p_best']:.2g} by {decision['metric']} (n = {decision['n']})")
    for warning in done.warnings:
        say(f"- {warning}")
    if done.written is not None:
        say(f"\nwritten to {done.written.folder}: {', '.join(done.written.files)}")
        say("next: choose a license and write it into the head of README.md")


def _show_decisions(run: str, made: Sequence[dict[str, JsonValue]], *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"format": 1, "run": run, "decisions": list(made)}))
        return
    if not made:
        say(f"no checkpoint of run {run} was promoted yet")
        return
    rows = [
        (
            str(one.get("number")),
            str(one.get("epoch")),
            str(one.get("purpose")),
            str(one.get("evidence")),
            f"{p_best:.2g}" if isinstance(p_best := one.get("p_best"), int | float) else "-",  # another program may have written it
            f"superseded by {one['superseded_by']}" if one.get("superseded_by") is not None else "stands",
        )
        for one in made
    ]
    draw_table(("decision", "epoch", "purpose", "evidence", "P(best)", ""), rows, left=("purpose", "evidence", ""))
