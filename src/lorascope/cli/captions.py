"""``lorascope audit``."""

from __future__ import annotations

import json
import shlex
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.reports.wording import counted

if TYPE_CHECKING:
    from lorascope.captions.check import Reader
    from lorascope.jobs.audit import AuditResult
    from lorascope.records.finding import Finding
    from lorascope.records.window_map import WindowMap

_COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}
PROMPTS = "test prompts"
MANY_PICTURES = 400  # fewer are looked at before a bar could be read
_FIXES = {"none": "-", "safe": "clean", "ask": "clean --ask"}

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
FUSE = click.option(
    "--fuse",
    "intended",
    multiple=True,
    metavar="PHRASE",
    help="A phrase that is meant to belong to the trigger, such as a character's red scarf; may be given several times.",
)
EXTENSION = click.option(
    "--caption-extension", type=click.Choice([".txt", ".caption"]), default=".txt", show_default=True, help="Which files hold the captions."
)
JSON = click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON object.")


CONFIG = click.option(
    "--config",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A trainer's configuration: its window, shuffling, keep_tokens and caption files are taken from there.",
)


@click.command("audit")
@FOLDER
@click.option("--max", "most", metavar="N", type=click.IntRange(0), default=12, show_default=True, help="How many findings to show.")
@WINDOW
@TRIGGER
@FUSE
@EXTENSION
@CONFIG
@click.option("--shuffle", is_flag=True, help="The trainer shuffles tags (shuffle_caption).")
@click.option("--keep-tokens", metavar="N", type=click.IntRange(0), default=0, help="How many tags it keeps in front (keep_tokens).")
@click.option("--report", metavar="FILE.html", type=click.Path(path_type=Path), help="Write a page about the dataset, to look at.")
@click.option("--sheet", metavar="FILE.png", type=click.Path(path_type=Path), help="Write a contact sheet of the findings.")
@click.option("--window-map", is_flag=True, help="Also show what the text encoder reads: tokens, what they are spent on, what is lost.")
@click.option("--prompts", metavar="SUITE.toml", type=click.Path(path_type=Path), help="Test prompts whose window is shown too.")
@click.option("--no-pixels", is_flag=True, help="Look at the words only.")
@click.option("--no-cache", is_flag=True, help="Look at every picture anew, and remember nothing.")
@click.option("--strict", is_flag=True, help="Exit with 1 when there are errors.")
@JSON
def audit_command(
    folder: Path,
    most: int,
    window_tokens: str,
    trigger: str,
    intended: tuple[str, ...],
    caption_extension: str,
    config: Path | None,
    keep_tokens: int,
    report: Path | None,
    sheet: Path | None,
    prompts: Path | None,
    *,
    window_map: bool,
    shuffle: bool,
    no_pixels: bool,
    no_cache: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Check the captions in FOLDER against their pixels, the text encoder's window, and each other.

    Nothing in FOLDER is changed. What was seen in pictures is remembered in the user's cache folder, so that a second audit is fast.

    \b
    Examples:
    lorascope audit my_dataset/ --trigger bespoke --report my_dataset.html
    lorascope audit my_dataset/ --config my_training.toml --max 40
    """
    from lorascope.captions.check import Reader
    from lorascope.cli.progress import LongStages
    from lorascope.jobs.audit import audit
    from lorascope.records.finding import Severity
    from lorascope.settings import cache_folder

    reader = Reader(window_tokens=int(window_tokens), shuffles=shuffle, keep_tokens=keep_tokens)
    if config is not None:
        reader, caption_extension = _from_config(config)
    with LongStages(MANY_PICTURES) as progress:
        result = audit(
            folder,
            reader=reader,
            trigger=trigger,
            intended=intended,
            caption_extension=caption_extension,
            look_at_pixels=not no_pixels,
            progress=progress,
            caches=None if no_cache else cache_folder(),
        )
    _keep(result)
    texts = _texts(prompts)
    windows = _windows(result, texts) if window_map or prompts else {}
    if as_json:
        _print_json(result, windows)
    else:
        _show_audit(result, folder, most)
        _show_windows(windows)
    _write_pages(result, folder, report, sheet, texts)
    if strict and any(finding.severity is Severity.ERROR for finding in result.findings):
        sys.exit(1)


def _keep(result: AuditResult) -> None:
    """In a lab that knows this dataset version, keep what was found, for lorascope why. An audit needs no lab: nothing here stops it."""
    from lorascope.errors import LorascopeError, MissingFile
    from lorascope.settings import Settings

    with suppress(MissingFile):
        lab = Settings.find()
        from lorascope.jobs.keep_findings import keep_findings
        from lorascope.store import Store

        try:
            with Store.open(lab.store_url, lab.blobs, must_exist=True) as store:
                keep_findings(store, result)
        except LorascopeError as error:
            click.echo(f"the findings are not kept in the lab: {error}", err=True)


def _from_config(config: Path) -> tuple[Reader, str]:
    """How a trainer will read the captions, and which files hold them."""
    from lorascope.jobs.caption_reader import caption_settings

    settings = caption_settings(config)
    for note in settings.notes:
        click.echo(note, err=True)
    return settings.reader, settings.extension


def _print_json(result: AuditResult, windows: dict[str, WindowMap]) -> None:
    from lorascope.reports.captions import audit_json
    from lorascope.reports.window import window_json

    answer = audit_json(result.dataset, result.findings, result.counts(), result.byte_spans())
    seen = {what: window_json(found) for what, found in windows.items()}
    click.echo(json.dumps({**answer, "window": seen} if seen else answer))


def _texts(prompts: Path | None) -> dict[str, str]:
    """The prompts of a suite, by name."""
    if prompts is None:
        return {}
    from lorascope.jobs.read_suite import read_suite

    return {prompt.name: prompt.text for prompt in read_suite(prompts).prompts}


def _windows(result: AuditResult, prompts: dict[str, str]) -> dict[str, WindowMap]:
    from lorascope.jobs.window import captions_window, prompts_window

    windows = {"captions": captions_window(result)}
    return {**windows, PROMPTS: prompts_window(prompts, result.around.reader)} if prompts else windows


def _show_windows(windows: dict[str, WindowMap]) -> None:
    if not windows:
        return
    from lorascope.reports.window import window_lines

    for what, found in windows.items():
        click.echo()
        for line in window_lines(found, what, "prompt" if what == PROMPTS else "caption"):
            click.echo(line)


def _write_pages(result: AuditResult, folder: Path, report: Path | None, sheet: Path | None, prompts: dict[str, str]) -> None:
    if report is None and sheet is None:
        return
    from lorascope.errors import BadParameter
    from lorascope.jobs.dataset_page import write_page, write_sheet

    for file in (report, sheet):
        if file is not None and file.name in result.reading.files and file.resolve().parent == folder.resolve():
            raise BadParameter(
                "this is a file of the dataset", where=str(file), next_step="give another name: nothing in FOLDER is changed"
            )
    if report is not None:
        from lorascope.jobs.training_set import described

        write_page(result, folder, report, prompts=prompts, training=described(folder, result.dataset))
        click.echo(f"written to {report}", err=True)
    if sheet is not None:
        write_sheet(result, folder, sheet)
        click.echo(f"written to {sheet}", err=True)


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
        click.echo(f"next: lorascope clean {shlex.quote(str(folder))} --ask --dry-run")


def _show_finding(finding: Finding, text: str) -> None:
    """File and message, then the caption with the span between arrows (and colored on a terminal)."""
    from lorascope.reports.captions import excerpt
    from lorascope.reports.wording import one_line

    color = _COLORS[finding.severity.value]
    place = one_line(finding.file) if finding.file else "the dataset"
    click.echo(f"\n{place}  {click.style(finding.severity.value, fg=color)}  {finding.check}: {one_line(finding.message)}")
    if finding.spans:
        pieces = excerpt(text, finding.spans).pieces
        click.echo("    " + "".join(click.style(f">{piece}<", fg=color, bold=True) if marked else piece for piece, marked in pieces))
