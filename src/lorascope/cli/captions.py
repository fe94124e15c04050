"""``lorascope audit`` and ``lorascope clean``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.reports.wording import counted

if TYPE_CHECKING:
    from lorascope.captions.clean import Repair
    from lorascope.jobs.audit import AuditResult
    from lorascope.jobs.clean import CleanResult
    from lorascope.records.finding import Finding

_COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}
_FIXES = {"none": "-", "safe": "clean", "ask": "clean --all"}

FOLDER = click.argument("folder", type=click.Path(path_type=Path))
WINDOW = click.option(
    "--window",
    "window_tokens",
    type=click.Choice(["75", "150", "225"]),
    default="75",
    show_default=True,
    help="How many tokens the trainer lets the text encoder read (its max_token_length).",
)
TRIGGER = click.option("--trigger", default="", metavar="WORD", help="The trigger word; it is never taken for boilerplate.")
EXTENSION = click.option(
    "--caption-extension", type=click.Choice([".txt", ".caption"]), default=".txt", show_default=True, help="Which files hold the captions."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")


@click.command("audit")
@FOLDER
@click.option("--max", "most", metavar="N", type=click.IntRange(0), default=12, show_default=True, help="How many findings to show.")
@WINDOW
@TRIGGER
@EXTENSION
@click.option("--strict", is_flag=True, help="Exit with 1 when there are errors.")
@JSON
def audit_command(
    folder: Path, most: int, window_tokens: str, trigger: str, caption_extension: str, *, strict: bool, as_json: bool
) -> None:
    """Check the captions in FOLDER against their pixels, the text encoder's window, and each other.

    Nothing is changed.

    \b
    Examples:
    lorascope audit my_dataset/
    lorascope audit my_dataset/ --window 225 --trigger bespoke --max 40
    """
    from lorascope.jobs.audit import audit
    from lorascope.records.finding import Severity
    from lorascope.reports.captions import audit_json

    result = audit(folder, window_tokens=int(window_tokens), trigger=trigger, caption_extension=caption_extension)
    if as_json:
        click.echo(json.dumps(audit_json(result.dataset, result.findings, result.counts())))
    else:
        _show_audit(result, folder, most)
    if strict and any(finding.severity is Severity.ERROR for finding in result.findings):
        sys.exit(1)


@click.command("clean")
@FOLDER
@click.option("--out", metavar="DIR", type=click.Path(path_type=Path), help="The new folder; it must not exist yet.")
@click.option("--all", "include_ask", is_flag=True, help="Also make the fixes that you may want to judge yourself.")
@click.option("--safe", is_flag=True, help="Only fixes of codes, lists of codes and encodings; no other word is touched (the default).")
@click.option("--only", multiple=True, metavar="CHECK", help="Only the fixes of this check; may be given several times.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--max", "most", metavar="N", type=click.IntRange(0), default=5, show_default=True, help="How many captions to show.")
@WINDOW
@TRIGGER
@EXTENSION
@JSON
def clean_command(
    folder: Path,
    out: Path | None,
    only: Sequence[str],
    most: int,
    window_tokens: str,
    trigger: str,
    caption_extension: str,
    *,
    include_ask: bool,
    safe: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Write a repaired version of the dataset in FOLDER to a new folder. FOLDER itself is only read.

    \b
    Examples:
    lorascope clean my_dataset/ --dry-run
    lorascope clean my_dataset/ --out my_dataset_2/ --all
    """
    from lorascope.jobs.clean import clean

    if safe and include_ask:
        raise click.UsageError("--safe and --all contradict each other: give one of them")
    if (out is None) != dry_run:
        raise click.UsageError("give either --out NEW_FOLDER or --dry-run")
    result = clean(
        folder,
        out,
        include_ask=include_ask,
        only=only,
        window_tokens=int(window_tokens),
        trigger=trigger,
        caption_extension=caption_extension,
    )
    if as_json:
        click.echo(json.dumps(_clean_json(result, out)))
    else:
        _show_clean(result, out, most)


def _show_audit(result: AuditResult, folder: Path, most: int) -> None:
    from lorascope.cli.table import draw_table
    from lorascope.reports.captions import check_lines, worst

    dataset = result.dataset
    size = f"{counted(len(dataset.items), 'image')}, {counted(dataset.captions, 'caption')}"
    click.echo(f"{folder}: {size}, version {dataset.digest[:12]}")
    lines = check_lines(result.findings)
    if not lines:
        click.echo("nothing found")
        return
    click.echo()
    rows = [
        (line.check, line.severity.value, str(line.findings), str(line.files), " | ".join(_FIXES[fix] for fix in line.fixes))
        for line in lines
    ]
    draw_table(("check", "severity", "findings", "files", "mended by"), rows, left={"check", "severity", "mended by"})
    texts = result.texts()
    shown = worst(result.findings, most)
    for finding in shown:
        _show_finding(finding, texts.get(finding.file, ""))
    if len(result.findings) > len(shown):
        click.echo(
            f"\n{counted(len(result.findings) - len(shown), 'more finding')}: --max {len(result.findings)} shows all, --json lists them"
        )
    if any(line.fixes != ("none",) for line in lines):
        click.echo(f"next: lorascope clean {shlex.quote(str(folder))} --all --dry-run")


def _show_finding(finding: Finding, text: str) -> None:
    """File and message, then the caption with the span between arrows (and colored on a terminal)."""
    from lorascope.reports.captions import excerpt
    from lorascope.reports.wording import one_line

    color = _COLORS[finding.severity.value]
    click.echo(f"\n{one_line(finding.file)}  {click.style(finding.severity.value, fg=color)}  {finding.check}: {one_line(finding.message)}")
    if finding.spans:
        pieces = excerpt(text, finding.spans).pieces
        click.echo("    " + "".join(click.style(f">{piece}<", fg=color, bold=True) if marked else piece for piece, marked in pieces))


def _show_clean(result: CleanResult, out: Path | None, most: int) -> None:
    from lorascope.cli.table import draw_table
    from lorascope.reports.wording import one_line

    changed = [repair for repair in result.repairs if repair.changed]
    for repair in changed[:most]:
        click.echo(f"{one_line(repair.file)}\n    {difference(repair)}\n")
    if len(changed) > most:
        click.echo(f"and {len(changed) - most} more captions: --max {len(changed)} shows all\n")
    if changed:
        counts = sorted(result.counts().items(), key=lambda item: (-item[1], item[0]))
        draw_table(("mended", "captions"), [(check, str(count)) for check, count in counts], left={"mended"})
    audited = result.audited.dataset
    verb = "would change" if out is None else "changed"
    click.echo(f"\n{len(changed)} of {audited.captions} captions {verb}; version {audited.digest[:12]} -> {result.dataset.digest[:12]}")
    if result.refused():
        click.echo(f"{result.refused()} findings left alone: their edits would overlap or cut through a word")
    if out is None:
        click.echo("nothing was written (--dry-run)")
        return
    if result.left_out:
        click.echo(f"{len(result.left_out)} other files were not taken along: {', '.join(map(one_line, result.left_out[:5]))}")
    click.echo(f"written to {out}; the original is unchanged")


def difference(repair: Repair) -> str:
    """A caption word by word: removed words as [-…-], added ones as {+…+}, colored on a terminal."""
    from lorascope.reports.evidence import Repair as Shown
    from lorascope.reports.repairs import ADDED, REMOVED, pieces

    if repair.before == repair.after:
        return "(same text, written as plain UTF-8)"
    parts = []
    for piece in pieces(Shown(repair.file, repair.before.strip(), repair.after.strip())):
        if piece.kind == REMOVED:
            parts.append(click.style(f"[-{piece.text}-]", fg="red"))
        elif piece.kind == ADDED:
            parts.append(click.style(f"{{+{piece.text}+}}", fg="green"))
        else:
            parts.append(piece.text)
    return "".join(parts)


def _clean_json(result: CleanResult, out: Path | None) -> dict[str, object]:
    changed = [repair for repair in result.repairs if repair.changed]
    return {
        "format": 1,
        "dataset": {"digest": result.dataset.digest, "images": len(result.dataset.items), "captions": result.dataset.captions},
        "parent": result.audited.dataset.digest,
        "folder": None if out is None else str(out),
        "counts": result.counts(),
        "refused": result.refused(),
        "left_out": list(result.left_out),
        "changes": [
            {"file": repair.file, "before": repair.before, "after": repair.after, "checks": list(repair.checks)} for repair in changed
        ],
    }
