"""``lorascope report``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say, say_line

if TYPE_CHECKING:
    from lorascope.jobs.report import Report
    from lorascope.jobs.verify_report import Verified
    from lorascope.reports.reference_block import Doubt

SHOWN = 30  # doubts printed; --json lists all


@click.command("report")
@click.argument("run", required=False)
@click.argument("run2", required=False)
@click.option("--metric", metavar="METRIC", help="What to judge by; background_color_accuracy when left out and measured.")
@click.option("--out", "folder", metavar="DIR", type=click.Path(path_type=Path), help="Folder to write to; report-RUN here when left out.")
@click.option("--images", "with_pictures", is_flag=True, help="Also write the pictures as PNG files, linked from the Markdown.")
@click.option(
    "--verify", "file", metavar="FILE", type=click.Path(path_type=Path), help="Recompute every number of a report written earlier."
)
@click.option("--json", "as_json", is_flag=True, help="Print the answer as one JSON object.")
@click.pass_context
def report_command(
    context: click.Context, run: str | None, run2: str | None, metric: str | None, folder: Path | None, file: Path | None,
    *, with_pictures: bool, as_json: bool,
) -> None:  # fmt: skip
    """Write a report of RUN, of RUN and RUN2 compared, or without a name of the whole project: report.md and report.html.

    Results of every checkpoint, the choice and what cannot be told apart, the course of the curve, the parent beside it, causes,
    settings, recommendations, next runs, hypotheses, lessons; a section without data says what is missing.
    The HTML file holds its pictures and charts, needs no script and no network, and can be sent as it is.
    The same records give the same files. Every number has a reference (r12) that leads to where it comes from;
    --verify recomputes them all and exits with 1 when one does not hold.

    \b
    Examples:
    lorascope report my_run
    lorascope report dirty clean --metric background_color_accuracy --out comparison/
    lorascope report
    lorascope report --verify report-my_run/report.html
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.report import ReportRequest, answer, default_folder, write_report
    from lorascope.settings import Settings
    from lorascope.store import Store

    if file is not None and (run is not None or folder is not None or metric is not None or with_pictures):
        raise click.UsageError("--verify takes a file and nothing else: which runs it reports stands in it")
    names = tuple(name for name in (run, run2) if name is not None)
    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        if file is not None:
            context.exit(_verify(store, file, as_json=as_json))
        request = ReportRequest(names, folder or default_folder(names), metric, with_pictures)
        with Display() as display:
            written = write_report(store, request, display.progress())
    if as_json:
        click.echo(json.dumps(answer(written)))
    else:
        _show(written)


def _show(written: Report) -> None:
    for sentence in written.summary:
        say(f"- {sentence}")
    if written.missing_pictures:
        say(f"{written.missing_pictures} pictures were not found in the store; their places say so")
    say(f"\n{written.html}\n{written.markdown}")
    if written.grid:
        say(str(written.grid))


def _verify(store: object, file: Path, *, as_json: bool) -> int:
    from lorascope.jobs.verify_report import answer, verify_report
    from lorascope.store import Store

    assert isinstance(store, Store)
    verified = verify_report(store, file)
    if as_json:
        click.echo(json.dumps(answer(verified)))
    else:
        _show_verified(verified)
    return 0 if verified.holds else 1


def _show_verified(verified: Verified) -> None:
    found = verified.found
    say_line(f"{verified.file}: {found.hold} of {found.numbers} numbers hold")
    titles = {
        "edited": "edited by hand: the text differs from its reference",
        "changed": "a report written now would say otherwise here",
        "unreferenced": "without a reference: added by somebody, or their reference was removed",
    }
    for kind, title in titles.items():
        doubts = [doubt for doubt in found.doubts if doubt.kind == kind]
        if doubts:
            say(f"\n{title} ({len(doubts)})")
        for doubt in doubts[:SHOWN]:
            say_line(f"  {_said(doubt)}")
        if len(doubts) > SHOWN:
            say(f"  and {len(doubts) - SHOWN} more: --json lists them all")
    if found.reworded:
        say(f"\n{len(found.reworded)} lines were reworded while their numbers hold: {', '.join(map(str, found.reworded[:SHOWN]))}")
    if found.removed:
        say(f"{len(found.removed)} pieces of the report were removed; what is left was checked")
    if verified.holds:
        say("every number is what the store says")


def _said(doubt: Doubt) -> str:
    place = f"line {doubt.line}" if doubt.line else ""
    written, expected = ", ".join(doubt.written), ", ".join(doubt.expected)
    numbers = f"{written or 'nothing'} instead of {expected}" if expected else written
    return " ".join(filter(None, (place, doubt.reference and f"[{doubt.reference}]", numbers and f"{numbers}:", doubt.text)))
