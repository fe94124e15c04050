"""``lorascope claims``."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say, say_line
from lorascope.cli.table import terminal_width

if TYPE_CHECKING:
    from lorascope.claims.claim import Claim, Found
    from lorascope.jobs.check_claims import CheckedReport
    from lorascope.store import Store

_WIDEST = 100


@click.command("claims")
@click.argument("files", nargs=-1, required=True, metavar="FILE [FILE2]...", type=click.Path(path_type=Path))
@click.option("--all", "show_all", is_flag=True, help="Show the claims that hold, too.")
@click.option("--flag", "only", metavar="F01", multiple=True, help="Show only claims with this flag (may be given several times).")
@click.option("--json", "as_json", is_flag=True, help="Print every claim as one JSON object.")
@click.pass_context
def claims_command(ctx: click.Context, files: tuple[Path, ...], only: tuple[str, ...], *, show_all: bool, as_json: bool) -> None:
    """Check somebody's report, written in Markdown: does it agree with itself, and with the records of this lab?

    Percentages, differences, bests, counts, targets and trends are recomputed from the report's own tables, and from
    the store where it has the same quantity. What is right and misleads all the same is flagged (F01 to F30, see
    docs/reference/flags.md). Several files are read together: one may contradict another.

    \b
    Exit code: 0 nothing is inconsistent, 1 something is, 2 a file cannot be read.

    \b
    Examples:
    lorascope claims REPORT.md
    lorascope claims analysis.md taxonomy.md --all
    lorascope claims REPORT.md --json
    """
    from lorascope.jobs.check_claims import answer, check_claims

    with _store() as store:
        checked = check_claims(files, store)
    if as_json:
        click.echo(json.dumps(answer(checked)))
    else:
        _show(checked, show_all=show_all, only=tuple(flag.upper() for flag in only))
    ctx.exit(int(any(claim.verdict == "inconsistent" for claim in checked.claims)))


@contextmanager
def _store() -> Iterator[Store | None]:
    """The lab's store, or None outside a lab: a report can be checked against itself anywhere."""
    from lorascope.errors import MissingFile
    from lorascope.settings import Settings
    from lorascope.store import Store

    try:
        lab = Settings.find()
    except MissingFile:
        yield None
        return
    with Store.open(lab.store_url, lab.blobs) as store:
        yield store


def _show(checked: CheckedReport, *, show_all: bool, only: tuple[str, ...]) -> None:
    from lorascope.claims.claim import Verdict

    _summary(checked)
    for verdict in Verdict:
        claims = [claim for claim in checked.claims if claim.verdict is verdict and (not only or set(only) & set(claim.flags))]
        if not claims or (verdict is Verdict.CONSISTENT and not show_all and not only):
            continue
        say(f"\n{verdict.upper()} ({len(claims)})")
        for claim in claims:
            _claim(claim, with_file=len(checked.files) > 1)
    _legend(checked, only)
    for note in checked.notes:
        say_line(f"- {note}")


def _summary(checked: CheckedReport) -> None:
    said = ", ".join(f"{count} {verdict}" for verdict, count in checked.counts.items())
    flags = {flag for claim in checked.claims for flag in claim.flags}
    say_line(f"{' and '.join(checked.files)}: {len(checked.claims)} claims looked at: {said}; {len(flags)} different flags")


def _claim(claim: Claim, *, with_file: bool) -> None:
    file = f"{claim.place.document}:" if with_file else "line "
    flags = f"  [{' '.join(claim.flags)}]" if claim.flags else ""
    _wrapped(f'{file}{claim.place.line}  "{_shortened(claim.place.text)}"{flags}', "  ", "      ")
    for one in claim.found:
        if one.recomputed:
            _wrapped(f"{_lead(one)}{one.recomputed}", "      ", "          ")


def _lead(one: Found) -> str:
    return f"{one.flag}: " if one.flag else "holds: " if one.verdict == "consistent" else "recomputed: "


def _legend(checked: CheckedReport, only: tuple[str, ...]) -> None:
    """What each flag that was raised means, and what would settle it."""
    from lorascope.claims.flags import FLAGS

    raised = {flag for claim in checked.claims for flag in claim.flags if not only or flag in only}
    if raised:
        say("\nWHAT THE FLAGS MEAN, AND WHAT WOULD SETTLE THEM")
    for flag in FLAGS:
        if flag.id in raised:
            _wrapped(f"{flag.id} {flag.title}. {flag.misleads}", "  ", "      ")
            _wrapped(f"do: {flag.remedy}", "      ", "          ")
    if raised:
        say()


def _wrapped(text: str, first: str, rest: str) -> None:
    width = min(terminal_width() or _WIDEST, _WIDEST)
    one_line = " ".join(text.split())
    say("\n".join(textwrap.wrap(one_line, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)))


def _shortened(text: str, limit: int = 160) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"
