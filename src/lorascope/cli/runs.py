"""``lorascope runs``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import draw_table
from lorascope.cli.values import moment_shown, run_json, value_shown

if TYPE_CHECKING:
    from lorascope.jobs.list_runs import RunListing
    from lorascope.records.run import ParameterValue

_MAX_COLUMNS = 8  # of varying parameters; more make no readable table


@click.command("runs")
@click.option("--where", metavar="CONDITION", help="Only runs for which this holds, such as 'network_dim > 32 and keep_tokens = 1'.")
@click.option(
    "--sort", metavar="[-]NAME", help="Sort by a fact, a parameter or a metric (its best value); a leading - puts the largest first."
)
@click.option("--columns", metavar="NAME,NAME", help="Show these facts, parameters and metrics: best.NAME, last.NAME, min.NAME, max.NAME.")
@click.option("--limit", type=click.IntRange(min=1), help="Show at most so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV table for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print the runs with all their parameters as one JSON object.")
def runs_command(
    where: str | None, sort: str | None, columns: str | None, limit: int | None, *, as_csv: bool, as_json: bool
) -> None:  # fmt: skip
    """List the recorded runs, with the parameters in which they differ.

    A value that a run does not have compares to nothing but "= none". Operators: = != < <= > >= in (...) like contains and or not.

    \b
    Examples:
    lorascope runs --where "network_dim >= 32 and status = finished" --sort -background_color_accuracy
    lorascope runs --columns network_dim,adapter_scale,best.unique_colors --csv > runs.csv
    """
    from lorascope.jobs.list_runs import RunsQuestion, list_runs
    from lorascope.settings import Settings
    from lorascope.store import Store

    wanted = tuple(name.strip() for name in columns.split(",") if name.strip()) if columns else ()
    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        listings = list_runs(store, RunsQuestion(where, sort, wanted, limit))
    if as_json:
        click.echo(json.dumps({"format": 1, "runs": [_answer(listing) for listing in listings]}, indent=1))
    elif as_csv:
        click.echo(_csv(listings, wanted), nl=False)
    elif not listings:
        say("No run answers this." if where else "No runs yet. Next: lorascope train ..., or lorascope import FOLDER")
    else:
        _show_list(listings, wanted)


def _answer(listing: RunListing) -> dict[str, object]:
    return {**run_json(listing), **({"columns": dict(listing.values)} if listing.values else {})}


def _csv(listings: Sequence[RunListing], wanted: Sequence[str]) -> str:
    """A table for spreadsheets: the columns asked for, or all parameters and outcomes. No cell is taken for a formula."""
    names = list(wanted) or sorted({name for listing in listings for name in listing.run.parameters})
    metrics = [] if wanted else sorted({metric for listing in listings for metric in listing.run.outcome})
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    facts = ["run", "status", "trainer", "started", "checkpoints", "scores", "completeness"]
    table.writerow([*facts, *map(_cell, (*names, *metrics))])
    for listing in listings:
        run, tally = listing.run, listing.tally
        values = listing.values if wanted else run.parameters
        row: list[ParameterValue] = [run.name, run.status.value, run.trainer, moment_shown(run.started_at), tally.checkpoints, tally.scores]
        row += [round(listing.completeness, 3), *(values.get(name) for name in names), *(run.outcome.get(metric) for metric in metrics)]
        table.writerow([_cell(value) for value in row])
    return text.getvalue()


def _cell(value: ParameterValue) -> str:
    """A cell as spreadsheets should take it: a text that would be run as a formula gets an apostrophe before it."""
    if value is None:
        return ""
    if not isinstance(value, str):
        return value_shown(value) if isinstance(value, bool) else repr(value)
    return f"'{value}" if value.startswith(("=", "+", "-", "@", "\t", "\r")) else value


def _show_list(listings: Sequence[RunListing], wanted: Sequence[str]) -> None:
    from lorascope.jobs.list_runs import varying

    if wanted:
        rows = [
            [listing.run.name, listing.run.status.value, *(value_shown(listing.values.get(name)) for name in wanted)]
            for listing in listings
        ]
        draw_table(["run", "status", *wanted], rows, left=("run", "status"))
        return

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
    same = "1 parameter that does not differ is" if constant == 1 else f"{constant} parameters that do not differ are"
    say(f"{len(listings)} {'run' if len(listings) == 1 else 'runs'}; {same} not shown")
    say("One in full: lorascope show NAME")
