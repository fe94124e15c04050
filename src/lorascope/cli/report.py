"""``lorascope report``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from lorascope.cli.say import say


@click.command("report")
@click.argument("run")
@click.argument("run2", required=False)
@click.option("--metric", metavar="METRIC", help="What to judge by; background_color_accuracy when left out and measured.")
@click.option("--out", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write to; report-RUN here when left out.")
@click.option("--images", "with_pictures", is_flag=True, help="Also write the pictures as PNG files, linked from the Markdown.")
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON object.")
def report_command(run: str, run2: str | None, metric: str | None, folder: Path | None, *, with_pictures: bool, as_json: bool) -> None:
    """Write a report of RUN, or of RUN and RUN2 compared: report.md, report.html and grid.png.

    The HTML file holds its pictures and charts, needs no script and no network, and can be sent as it is.
    The same records give the same files.

    \b
    Examples:
    lorascope report my_run
    lorascope report dirty clean --metric background_color_accuracy --out comparison/
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.report import ReportRequest, answer, default_folder, write_report
    from lorascope.settings import Settings
    from lorascope.store import Store

    names = (run, run2) if run2 is not None else (run,)
    lab = Settings.find()
    request = ReportRequest(names, folder or default_folder(names), metric, with_pictures)
    with Store.open(lab.store_url, lab.blobs) as store, Display() as display:
        written = write_report(store, request, display.progress())
    if as_json:
        click.echo(json.dumps(answer(written)))
        return
    for sentence in written.summary:
        say(f"- {sentence}")
    if written.missing_pictures:
        say(f"{written.missing_pictures} pictures were not found in the store; their places say so")
    say(f"\n{written.html}\n{written.markdown}")
    if written.grid:
        say(str(written.grid))
