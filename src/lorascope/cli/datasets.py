"""``lorascope datasets``: the versions of a dataset."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.difference import show_differences
from lorascope.cli.lab import lab_store
from lorascope.cli.say import say
from lorascope.cli.table import draw_table
from lorascope.reports.wording import counted, one_line

if TYPE_CHECKING:
    from lorascope.jobs.compare_datasets import Difference
    from lorascope.jobs.dataset_versions import History, Version
    from lorascope.jobs.undo_clean import Undone

_SHOWN = 10  # names of files in a line
_DIGITS = 12  # of a digest
JSON = click.option("--json", "as_json", is_flag=True, help="Print the same as one JSON object.")


@click.group("datasets")
def datasets_command() -> None:
    """Versions of a dataset: list them, tell how they came about, compare them, take a cleaning back.

    \b
    Example: lorascope datasets history my_dataset_clean/
    """


@datasets_command.command("list")
@JSON
def list_command(*, as_json: bool) -> None:
    """List the dataset versions that the lab's store knows, in the order they were recorded.

    \b
    Example: lorascope datasets list
    """
    with lab_store(required=True) as store:
        assert store is not None
        known = store.datasets()
    if as_json:
        keys = ("digest", "name", "folder", "parent", "note", "captions")
        listed = [{**{key: getattr(each, key) for key in keys}, "images": len(each.items)} for each in known]
        click.echo(json.dumps({"format": 1, "datasets": listed}, indent=1))
        return
    rows = [
        (each.digest[:_DIGITS], each.name, str(len(each.items)), str(each.captions), (each.parent or "-")[:_DIGITS], each.folder)
        for each in known
    ]
    if rows:
        draw_table(("version", "name", "images", "captions", "made from", "folder"), rows, left={"version", "name", "made from", "folder"})
    say(f"{counted(len(known), 'version')} in the store" + ("" if known else "; training and cleaning record them"))


@datasets_command.command("history")
@click.argument("dataset", metavar="FOLDER|DIGEST|NAME")
@JSON
def history_command(dataset: str, *, as_json: bool) -> None:
    """Tell how a dataset came about: every version before it, with what was mended and how many words went and came.

    \b
    Example: lorascope datasets history my_dataset_clean/
    """
    from lorascope.jobs.dataset_versions import history, version_json

    with lab_store(required=False) as store:
        found = history(dataset, store)
    if as_json:
        versions = [version_json(version) for version in found.versions]
        click.echo(json.dumps({"format": 1, "dataset": dataset, "versions": versions, "notes": [*found.notes]}, indent=1))
    else:
        _show_history(found)


@datasets_command.command("diff")
@click.argument("first", metavar="A")
@click.argument("second", metavar="[B]", required=False)
@click.option("--max", "most", metavar="N", type=click.IntRange(0), default=20, show_default=True, help="How many captions to show.")
@JSON
def diff_command(first: str, second: str | None, most: int, *, as_json: bool) -> None:
    """Show what differs between two datasets, word by word; A and B are folders, or names or digests in the store.

    With A alone it is compared with what it was before its last cleaning.

    \b
    Examples:
    lorascope datasets diff my_dataset/ my_dataset_clean/
    lorascope datasets diff my_dataset_clean/
    """
    from lorascope.jobs.compare_datasets import compare_datasets, difference_json

    with lab_store(required=False) as store:
        found = compare_datasets(first, second, store)
    if as_json:
        click.echo(json.dumps(difference_json(found), indent=1))
    else:
        _show_difference(found, most)


@datasets_command.command("undo")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Also restore captions that were changed since; what they say now is copied aside first.")
@JSON
def undo_command(folder: Path, *, force: bool, as_json: bool) -> None:
    """Bring back the captions in FOLDER as they were before its last cleaning in place, byte by byte.

    \b
    Example: lorascope datasets undo my_dataset/
    """
    from lorascope.jobs.undo_clean import undo

    undone = undo(folder, force=force)
    if as_json:
        keys = ("digest", "files", "kept", "interrupted", "left")
        click.echo(json.dumps({"format": 1, "folder": str(folder), **{key: getattr(undone, key) for key in keys}}, indent=1))
    else:
        _show_undone(undone)


def _show_history(found: History) -> None:
    """One line per version, the oldest first."""
    for note in found.notes:
        say(note)
    rows = [_row(version) for version in found.versions]
    titles = ("version", "how", "captions changed", "words removed", "words added", "folder")
    draw_table(titles, rows, left={"version", "how", "folder"})
    for version in found.versions:
        if version.step.counts:
            counts = sorted(version.step.counts.items(), key=lambda item: (-item[1], item[0]))
            say(f"\n{version.step.digest[:_DIGITS]}: " + ", ".join(f"{check} {count}" for check, count in counts))
    if any(version.can_be_restored for version in found.versions) and found.versions[-1].is_current:
        say(f"\nback to the version before: lorascope datasets undo {found.target}")


def _row(version: Version) -> tuple[str, ...]:
    step = version.step
    how = step.made_by or "-"
    if step.in_place:
        how += ", in place"
    changed = ["-"] * 3 if step.captions is None else [f"{step.captions:,}", f"{step.words_removed:,}", f"{step.words_added:,}"]
    here = version.folder or ("(can be restored)" if version.can_be_restored else "-")
    return step.digest[:_DIGITS], how, *changed, here


def _show_difference(found: Difference, most: int) -> None:
    sides = [f"{each.name} ({each.digest[:_DIGITS]}, {counted(len(each.items), 'image')})" for each in (found.before, found.after)]
    say(" -> ".join(sides) + "\n")
    if found.is_empty:
        say("no difference")
        return
    show_differences([*found.changed, *found.added, *found.removed], most, more="--max {count} shows all")
    words = found.words()
    counts = f"{len(found.changed)} changed, {len(found.added)} added, {len(found.removed)} removed"
    say(f"captions: {counts}, {len(found.rewritten)} in another encoding; words removed: {words['removed']:,}, added: {words['added']:,}")
    for what, names in (("changed", found.images_changed), ("added", found.images_added), ("removed", found.images_removed)):
        if names:
            more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
            say(f"images {what}: {', '.join(map(one_line, names[:_SHOWN]))}{more}")


def _show_undone(undone: Undone) -> None:
    if undone.interrupted:
        say("the cleaning had been interrupted half-way")
    captions = [name for name in undone.files if not name.endswith(".json")]
    say(f"{counted(len(captions), 'caption')} in {undone.folder} as they were before; version {undone.digest[:_DIGITS]}")
    for place in undone.kept:
        say(f"what had been changed since is kept in {place}")
    if undone.left:
        say(f"{counted(undone.left, 'earlier cleaning')} can still be taken back")
