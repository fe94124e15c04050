"""``lorascope runs``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.cli.table import GAP, column_width, draw_table, terminal_width
from lorascope.cli.values import moment_shown, run_json, value_shown
from lorascope.reports.wording import counted

if TYPE_CHECKING:
    from lorascope.jobs.list_runs import RunListing
    from lorascope.records.run import ParameterValue

_MAX_COLUMNS = 8  # of varying parameters; more make no readable table
_FEW = 3  # of them stand before the outcomes where a terminal has no room for all
_FIRST = ("network_dim", "network_alpha", "learning_rate", "unet_lr", "text_encoder_lr", "optimizer_type", "lr_scheduler")
_GIVING_WAY = ("status", "trainer", "scores")
_MOST_NAMES = 24  # in a line that says what is not shown


@click.command("runs")
@click.option("--where", metavar="CONDITION", help="Only runs for which this holds, such as 'network_dim > 32 and keep_tokens = 1'.")
@click.option(
    "--sort", metavar="[-]NAME", help="Sort by a fact, a parameter or a metric (its best value); a leading - puts the largest first."
)
@click.option("--columns", metavar="NAME,NAME", help="Show these facts, parameters and metrics: best.NAME, last.NAME, min.NAME, max.NAME.")
@click.option("--limit", metavar="N", type=click.IntRange(min=1), help="Show at most so many.")
@click.option("--csv", "as_csv", is_flag=True, help="Print a CSV table for a spreadsheet.")
@click.option("--json", "as_json", is_flag=True, help="Print the runs with all their parameters as one JSON object.")
def runs_command(
    where: str | None, sort: str | None, columns: str | None, limit: int | None, *, as_csv: bool, as_json: bool
) -> None:  # fmt: skip
    """List the recorded runs, with the parameters in which they differ.

    A CONDITION compares names with values: = != < <= > >= in (...) like contains, joined by and, or, not. A value that a run does
    not have compares to nothing but "= none".

    \b
    Examples:
    lorascope runs --where "network_dim >= 32 and status = finished" --sort -background_color_accuracy
    lorascope runs --columns network_dim,network_alpha,best.unique_colors --csv > runs.csv
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
        say("No run answers this." if where else "No runs yet. next: lorascope import FOLDER, or lorascope train FOLDER --name RUN")
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

    names = sorted(varying([listing.run for listing in listings]), key=_place)
    metrics = sorted({metric for listing in listings for metric in listing.run.outcome})
    facts, shown = _columns(listings, names[:_MAX_COLUMNS], metrics, terminal_width())
    cells = [*facts.values(), *shown.values()]
    draw_table([*facts, *shown], zip(*cells, strict=True), left=("run", "status", "trainer", "started"))
    constant = len({name for listing in listings for name in listing.run.parameters}) - len(names)
    say()
    hidden = [name for name in names if name not in shown]
    if hidden:
        say(f"{counted(len(hidden), 'more parameter differs', 'more parameters differ')}: {_listed(hidden)}")
    unseen = [metric for metric in metrics if metric not in shown]
    if unseen:
        say(f"{counted(len(unseen), 'more outcome')}: {_listed(unseen)}")
    same = "1 parameter that does not differ is" if constant == 1 else f"{constant} parameters that do not differ are"
    say(f"{len(listings)} {'run' if len(listings) == 1 else 'runs'}{f'; {same} not shown' if constant else ''}")
    say("Other columns: lorascope runs --columns NAME,NAME. One in full: lorascope show RUN")


def _listed(names: Sequence[str]) -> str:
    left = f" and {len(names) - _MOST_NAMES} others (--csv has all)" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + left


def _place(name: str) -> tuple[int, str]:
    """Where a parameter stands among the columns: what people vary first, then all others by name, what only follows from them last."""
    from lorascope.parameters.derived import DERIVED

    derived = any(parameter.name == name for parameter in DERIVED)
    return (_FIRST.index(name) if name in _FIRST else len(_FIRST) + derived), name


def _columns(
    listings: Sequence[RunListing], names: Sequence[str], metrics: Sequence[str], limit: int | None
) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The columns of facts, and those of parameters and outcomes: all of them, or, on a terminal, as many as stand in one line."""
    runs = [listing.run for listing in listings]
    facts = {
        "run": [run.name for run in runs],
        "status": [run.status.value for run in runs],
        "trainer": [run.trainer for run in runs],
        "started": [moment_shown(run.started_at) for run in runs],
        "checkpoints": [str(listing.tally.checkpoints) for listing in listings],
        "scores": [str(listing.tally.scores) for listing in listings],
        "complete": [f"{listing.completeness:.0%}" for listing in listings],
    }
    values = {name: [value_shown(run.parameters[name]) if name in run.parameters else "" for run in runs] for name in names}
    values |= {metric: [value_shown(run.outcome[metric]) if metric in run.outcome else "" for run in runs] for metric in metrics}
    if limit is None:
        return facts, values
    facts["started"] = [moment.split(" ")[0] for moment in facts["started"]]  # the day
    if len(runs) > 1:  # a fact that tells no run from another gives way to a parameter that does
        facts = {title: cells for title, cells in facts.items() if any(cells) and (title not in _GIVING_WAY or len(set(cells)) > 1)}
    room = limit - sum(column_width(title, cells) for title, cells in facts.items())
    fitting = []
    for name in (*names[:_FEW], *metrics, *names[_FEW:]):
        width = column_width(name, values[name])
        if width <= room + GAP:  # the gap behind the last column may lie beyond the edge
            room -= width
            fitting.append(name)
    return facts, {name: cells for name, cells in values.items() if name in fitting}
