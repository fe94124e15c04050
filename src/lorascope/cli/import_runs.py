"""``lorascope import``: what trainers left on disk, and files of records, into the store."""

from __future__ import annotations

import json
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say_line as say

if TYPE_CHECKING:
    from lorascope.jobs.import_runs import ImportSummary
    from lorascope.jobs.record_trainings import ImportedRun

_NOTES_SHOWN, _RUNS_SHOWN, _FILES_SHOWN = 6, 30, 10


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--name", metavar="NAME", help="What to call the run, where there is only one.")
@click.option("--hash", "with_hash", is_flag=True, help="Hash the weights of files that do not say their hash (reads them whole).")
@click.option("--dry-run", is_flag=True, help="Say what would be imported; change nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print what came in as one JSON object.")
def import_command(paths: tuple[Path, ...], *, name: str | None, with_hash: bool, dry_run: bool, as_json: bool) -> None:
    """Read what trainers left on disk: LoRA files, configurations, logs, sample images; and lorascope's own JSON Lines.

    Folders are searched through. Files are known by what they hold, checkpoints of one training become one run, and every run is
    recorded whole or not at all. The same files twice change nothing, and a run recorded here is never overwritten.

    \b
    Example: lorascope import output/ logs/
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.import_runs import import_paths
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store, Display() as display:
        progress = display.progress() if any(path.is_dir() for path in paths) else None
        summary = import_paths(paths, store, name=name, with_hash=with_hash, dry_run=dry_run, progress=progress)
    if as_json:
        click.echo(json.dumps(_answer(summary, dry_run=dry_run), indent=1))
    else:
        _show(summary, dry_run=dry_run)
    failures = summary.named_failures
    if failures:
        raise failures[0]


def _answer(summary: ImportSummary, *, dry_run: bool) -> dict[str, object]:
    """The machine-readable answer."""
    failed = summary.failed or {}
    runs = [
        {"name": run.name, "trainer": run.trainer, "new": run.is_new, "counted_in": run.counted_in}
        | {"checkpoints": run.checkpoints, "samples": run.samples, "points": run.points, "sessions": run.sessions}
        | {"changed": dict(run.changed), "notes": list(run.notes)}
        for run in summary.runs
    ]
    return {
        "format": 1,
        "files": [str(file) for file in summary.files],
        "read": dict(summary.read),
        "changed": dict(summary.changed),
        "notes": list(summary.notes),
        "dry_run": dry_run,
        "runs": runs,
        "failed": [{"file": str(path), "message": error.message} for path, error in failed.items()],
        "unfinished": [str(path) for path in summary.unfinished],
        "pickled": [str(path) for path in summary.pickled],
        "unknown": summary.unknown,
    }


def _show(summary: ImportSummary, *, dry_run: bool) -> None:
    for run in summary.runs[:_RUNS_SHOWN]:
        _show_run(run, dry_run=dry_run)
    if len(summary.runs) > _RUNS_SHOWN:
        say(f"… and {len(summary.runs) - _RUNS_SHOWN} more runs (all of them: --json)")
    say(f"read {', '.join(_counts(summary.read)) or 'no records'}")
    if not dry_run and any(summary.read.values()):
        changed = ", ".join(_counts(summary.changed))
        say(f"new or changed: {changed}" if changed else "nothing new: the store had all of it")
    for note in summary.notes[:_NOTES_SHOWN]:
        say(f"note: {note}")
    if len(summary.notes) > _NOTES_SHOWN:
        say(f"… {_count(len(summary.notes) - _NOTES_SHOWN, 'more notes')} (all of them: --json)")
    _show_left_out(summary)
    if dry_run:
        say("a dry run: nothing was changed")
    elif summary.runs:
        say(f"next: lorascope show {_quoted(summary.runs[0].name)}" + ("   (all: lorascope runs)" if len(summary.runs) > 1 else ""))
    elif any(summary.read.values()):
        say("next: lorascope runs")


def _show_run(run: ImportedRun, *, dry_run: bool) -> None:
    state = ("would be new" if dry_run else "new") if run.is_new else ("changed" if any(run.changed.values()) else "known")
    parts = {"checkpoints": run.checkpoints, "sample images": run.samples, "points": run.points, "parameters": run.parameters}
    sessions = f", trained in {run.sessions} sessions" if run.sessions > 1 else ""
    say(f"{run.name}  [{run.trainer}, {state}]  {', '.join(_counts(parts)) or 'nothing'}{sessions}")
    if state == "known":
        return
    for note in run.notes[:_NOTES_SHOWN]:
        say(f"  unclear: {note}")
    if len(run.notes) > _NOTES_SHOWN:
        say(f"  … {_count(len(run.notes) - _NOTES_SHOWN, 'more notes')}, all in lorascope show --json {_quoted(run.name)}")


def _show_left_out(summary: ImportSummary) -> None:
    """What was not read, and why."""
    for path in summary.unfinished[:_FILES_SHOWN]:
        say(f"not complete yet: {path} (import again when it is written)")
    if len(summary.unfinished) > _FILES_SHOWN:
        say(f"… {len(summary.unfinished) - _FILES_SHOWN:,} more that are not complete (all of them: --json)")
    errors = [error for path, error in (summary.failed or {}).items() if path not in {*summary.unfinished, *summary.named}]
    for error in errors[:_FILES_SHOWN]:
        say(f"left out: {error}")
    if len(errors) > _FILES_SHOWN:
        say(f"… {len(errors) - _FILES_SHOWN:,} more left out (all of them: --json)")
    if summary.pickled:
        say(
            f"{_count(len(summary.pickled), 'pickles')} not opened, since a pickle can run code (convert what you trust to .safetensors): "
            f"{summary.pickled[0]}{' …' if len(summary.pickled) > 1 else ''}"
        )
    if summary.unknown:
        what = "1 other file is" if summary.unknown == 1 else f"{summary.unknown} other files are"
        say(f"{what} of no format known here (images and captions of a dataset, for instance)")
    failed = Counter(path in summary.named for path in summary.failed or {})
    if failed[True] and (summary.evidence or any(summary.read.values())):
        say(f"{failed[True]} of the named files could not be read; the rest is in")


def _quoted(name: str) -> str:
    """A name as an argument of a command line: to be copied to a shell, which must not run what is in it."""
    return f"-- {shlex.quote(name)}" if name.startswith("-") else shlex.quote(name)


def _counts(counts: Mapping[str, int]) -> Iterator[str]:
    """Such as "1 run" and "8 scores"; what there is none of is left out."""
    for nouns, count in counts.items():
        if count:
            yield _count(count, nouns)


def _count(count: int, nouns: str) -> str:
    singular = nouns if nouns == "series" else nouns.removesuffix("s")
    return f"{count:,} {singular if count == 1 else nouns}"
