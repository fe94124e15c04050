"""``lorascope runs``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table
from lorascope.cli.values import moment_shown, run_json, value_shown

if TYPE_CHECKING:
    from lorascope.jobs.list_runs import RunListing

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
        click.echo(json.dumps({"format": 1, "runs": [run_json(listing) for listing in listings]}, indent=1))
    elif not listings:
        say("No runs yet. Next: lorascope train ..., or lorascope import runs.jsonl")
    else:
        _show_list(listings)


def _show_list(listings: Sequence[RunListing]) -> None:
    from lorascope.jobs.list_runs import varying

    names = varying([listing.run for listing in listings])
    metrics = sorted({metric for listing in listings for metric in listing.run.outcome})
    heads = ["run", "status", "trainer", "started", "checkpoints", "scores", "complete", *names[:_MAX_COLUMNS], *metrics]
    rows = []
    for listing in listings:
        run, tally = listing.run, listing.tally
        facts = [run.name, run.status.value, run.trainer, moment_shown(run.started_at), str(tally.checkpoints), str(tally.scores)]
        values = [value_shown(run.parameters[name]) if name in run.parameters else "" for name in names[:_MAX_COLUMNS]]
        outcome = [value_shown(run.outcome[metric]) if metric in run.outcome else "" for metric in metrics]
        rows.append([*facts, f"{listing.completeness:.0%}", *values, *outcome])
    draw_table(heads, rows, left=("run", "status", "trainer", "started"))
    constant = len({name for listing in listings for name in listing.run.parameters}) - len(names)
    say()
    if len(names) > _MAX_COLUMNS:
        say(f"{len(names) - _MAX_COLUMNS} more parameters differ: {', '.join(names[_MAX_COLUMNS:])}")
    say(f"{len(listings)} {'run' if len(listings) == 1 else 'runs'}; {constant} parameters that do not differ are not shown")
    say("One in full: lorascope show NAME")
