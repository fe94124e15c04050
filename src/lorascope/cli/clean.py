"""``lorascope clean``."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.captions import EXTENSION, FOLDER, FUSE, JSON, TRIGGER, WINDOW
from lorascope.cli.difference import show_differences
from lorascope.cli.lab import lab_store
from lorascope.cli.say import say
from lorascope.reports.wording import counted, one_line, visible

if TYPE_CHECKING:
    from lorascope.captions.clean import Repair
    from lorascope.jobs.clean import CleaningPlan, CleanResult
    from lorascope.jobs.progress import Progress

_SHOWN = 5  # names of files in a line


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked for: where to write, which fixes, and whether to ask."""

    out: Path | None
    in_place: bool
    dry_run: bool
    include_ask: bool
    asks: bool
    yes: bool
    most: int

    @property
    def fixes(self) -> str:
        """How the fixes were chosen, for the new version's record."""
        return "chosen" if self.asks else "all" if self.include_ask else "safe"


@click.command("clean")
@FOLDER
@click.option(
    "--out", metavar="DIR", type=click.Path(path_type=Path), help="The new folder; FOLDER_clean beside the original when left out."
)
@click.option("--in-place", is_flag=True, help="Change FOLDER itself; lorascope datasets undo brings back what it was.")
@click.option("--dry-run", is_flag=True, help="Show what would change and write nothing.")
@click.option("--safe", is_flag=True, help="Make the safe fixes and ask nothing (the default without a terminal).")
@click.option("--ask", "include_ask", is_flag=True, help="Also make the fixes that you may want to judge yourself.")
@click.option("--all", "include_all", is_flag=True, hidden=True, help="The same as --ask.")
@click.option("--only", multiple=True, metavar="CHECK", help="Only the fixes of this check; may be given several times.")
@click.option("--interactive", is_flag=True, help="Ask for every class of fixes, and for single captions (the default on a terminal).")
@click.option("--yes", is_flag=True, help="Ask nothing.")
@click.option("--max", "most", metavar="N", type=click.IntRange(0), default=5, show_default=True, help="How many captions to show.")
@WINDOW
@TRIGGER
@FUSE
@EXTENSION
@JSON
def clean_command(
    folder: Path,
    out: Path | None,
    only: Sequence[str],
    most: int,
    window_tokens: str,
    trigger: str,
    intended: tuple[str, ...],
    caption_extension: str,
    *,
    in_place: bool,
    dry_run: bool,
    safe: bool,
    include_ask: bool,
    include_all: bool,
    interactive: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Mend the captions in FOLDER: a repaired copy beside it, or in place with a way back.

    On a terminal you are asked for every class of fixes. Without --in-place FOLDER is only read.

    \b
    Examples:
    lorascope clean my_dataset/ --ask --dry-run
    lorascope clean my_dataset/ --in-place --only palette_tail
    """
    from lorascope.captions.check import Reader
    from lorascope.cli.progress import Display
    from lorascope.jobs.clean import plan_cleaning
    from lorascope.jobs.progress import Silent

    include_ask = include_ask or include_all
    _refuse_contradictions(
        out, in_place=in_place, dry_run=dry_run, safe=safe, ask=include_ask, interactive=interactive, quiet=yes or as_json
    )
    settled = safe or include_ask or dry_run or yes or as_json
    asks = interactive or (not settled and sys.stdin.isatty() and sys.stdout.isatty())
    wish = _Wish(_target(folder, out, writes_copy=not in_place and not dry_run), in_place, dry_run, include_ask, asks, yes or as_json, most)
    with Display() as display:
        shown: Progress = display.progress() if sys.stderr.isatty() and not as_json else Silent()
        plan = plan_cleaning(
            folder,
            only=only,
            reader=Reader(window_tokens=int(window_tokens)),
            trigger=trigger,
            intended=intended,
            caption_extension=caption_extension,
            progress=shown,
        )
        if not asks:
            repairs = _unasked(plan, wish, shown)
    if asks:
        answered = _asked(plan, wish)
        if answered is None:
            say("nothing was written")
            return
        repairs = answered
    _write(plan, repairs, wish, out_is_default=out is None, as_json=as_json)


def _refuse_contradictions(
    out: Path | None, *, in_place: bool, dry_run: bool, safe: bool, ask: bool, interactive: bool, quiet: bool
) -> None:
    if safe and ask:
        raise click.UsageError("--safe and --ask contradict each other: give one of them")
    if interactive and (safe or ask or quiet or dry_run):
        raise click.UsageError("--interactive asks: leave --safe, --ask, --yes, --json and --dry-run away")
    if sum([out is not None, in_place]) > 1 or (out is not None and dry_run):
        raise click.UsageError("give one of --out, --in-place and --dry-run (--in-place with --dry-run writes nothing)")


def _target(folder: Path, out: Path | None, *, writes_copy: bool) -> Path | None:
    """Where the copy goes; checked before anything is read."""
    from lorascope.jobs.write_version import check_target, free_target

    if out is not None:
        check_target(folder, out)
    return (out or free_target(folder)) if writes_copy and folder.is_dir() else None


def _unasked(plan: CleaningPlan, wish: _Wish, progress: Progress) -> tuple[Repair, ...]:
    from lorascope.records.finding import FixKind

    kinds = {FixKind.SAFE, FixKind.ASK} if wish.include_ask else {FixKind.SAFE}
    return plan.repairs(lambda finding: finding.fix in kinds, progress)


def _asked(plan: CleaningPlan, wish: _Wish) -> tuple[Repair, ...] | None:
    """Show what could be mended, then ask; None when somebody quits."""
    from lorascope.cli.ask_fixes import ask_fixes
    from lorascope.jobs.clean import MENDED

    _show_head(plan)
    everything = [repair for repair in plan.repairs(lambda finding: finding.fix in MENDED) if repair.changed]
    show_differences(everything, wish.most, more="[s]how and [e]ach show them")
    chosen = ask_fixes(plan, wish.most)
    if chosen is None:
        return None
    click.echo()
    return plan.repairs(chosen.wants)


def _write(plan: CleaningPlan, repairs: tuple[Repair, ...], wish: _Wish, *, out_is_default: bool, as_json: bool) -> None:
    """Show what will change, write it, and say where."""
    from lorascope.jobs.clean import carry_out
    from lorascope.jobs.dataset_versions import record_versions

    changed = [repair for repair in repairs if repair.changed]
    if not as_json:
        if not wish.asks:
            _show_head(plan)
        _show_counts(plan, changed, wish.most)
    nothing = not changed and (wish.in_place or out_is_default)
    if wish.in_place and changed and not wish.dry_run and not wish.yes and sys.stdin.isatty():
        question = f"Change {counted(len(changed), 'caption')} in {visible(str(plan.folder))}? They are kept as they are beside it"
        click.confirm(question, abort=True)
    writes = not wish.dry_run and not nothing
    result = carry_out(plan, repairs, wish.out if writes else None, in_place=wish.in_place and writes, fixes=wish.fixes)
    where = (plan.folder if wish.in_place else wish.out) if writes else None
    if where is not None:
        with lab_store(required=False) as store:
            if store is not None:
                record_versions(store, result, where)
    if as_json:
        click.echo(json.dumps(_answer(plan, result, where)))
    else:
        _show_end(plan, result, where, wish)


def _show_head(plan: CleaningPlan) -> None:
    dataset = plan.audited.dataset
    size = f"{counted(len(dataset.items), 'image')}, {counted(dataset.captions, 'caption')}"
    if plan.mended:
        say(plan.mended)
    say(f"{plan.folder}: {size}, version {dataset.digest[:12]}\n")


def _show_counts(plan: CleaningPlan, changed: Sequence[Repair], most: int) -> None:
    from lorascope.cli.table import draw_table

    show_differences(changed, most, more="--max {count} shows all")
    if not changed:
        return
    kinds: dict[str, list[str]] = {}
    for each in plan.classes:
        kinds.setdefault(each.check, []).append(each.fix.value)
    counts: dict[str, int] = {}
    for repair in changed:
        for check in repair.checks:
            counts[check] = counts.get(check, 0) + 1
    rows = [
        (check, " | ".join(kinds.get(check, ["-"])), str(count)) for check, count in sorted(counts.items(), key=lambda it: (-it[1], it[0]))
    ]
    draw_table(("mended", "fix", "captions"), rows, left={"mended", "fix"})
    click.echo()


def _show_end(plan: CleaningPlan, result: CleanResult, where: Path | None, wish: _Wish) -> None:
    changed, audited, words = sum(each.changed for each in result.repairs), result.audited.dataset, result.words()
    verb = "would change" if where is None else "changed"
    say(f"{changed} of {counted(audited.captions, 'caption')} {verb}; words removed: {words['removed']:,}, added: {words['added']:,}")
    if result.refused():
        say(f"{counted(result.refused(), 'finding')} left alone: their edits would overlap or cut through a word")
    for file, why in [*result.refused_files.items()][:_SHOWN]:
        say(f"not changed: {one_line(file)} {why}")
    if len(result.refused_files) > _SHOWN:
        say(f"and {len(result.refused_files) - _SHOWN} more files were not changed (--json lists them)")
    if where is None:
        offers = not wish.include_ask and not wish.asks and any(each.fix.value == "ask" for each in plan.classes)
        say("nothing was written (--dry-run)" if wish.dry_run else "nothing to mend: nothing was written")
        if offers:
            say(f"more can be mended: lorascope clean {shlex.quote(str(plan.folder))} --ask --dry-run")
        return
    if result.left_out:
        say(f"{counted(len(result.left_out), 'other file')} not taken along: {', '.join(map(one_line, result.left_out[:_SHOWN]))}")
    say(f"version {audited.digest[:12]} -> {result.dataset.digest[:12]}")
    if wish.in_place:
        say(f"changed in {where}; back to what it was: lorascope datasets undo {shlex.quote(str(where))}")
    else:
        say(f"written to {where}; the original is unchanged")


def _answer(plan: CleaningPlan, result: CleanResult, where: Path | None) -> dict[str, object]:
    changed = [repair for repair in result.repairs if repair.changed]
    return {
        "format": 1,
        "dataset": {"digest": result.dataset.digest, "images": len(result.dataset.items), "captions": result.dataset.captions},
        "parent": result.audited.dataset.digest,
        "folder": None if where is None else str(where),
        "backup": None if result.backup is None else str(result.backup),
        "counts": result.counts(),
        "classes": [{"check": each.check, "fix": each.fix.value, "captions": len(each.files)} for each in plan.classes],
        "words": result.words(),
        "refused": result.refused(),
        "refused_files": dict(result.refused_files),
        "left_out": list(result.left_out),
        "changes": [
            {"file": repair.file, "before": repair.before, "after": repair.after, "checks": list(repair.checks)} for repair in changed
        ],
        "notes": [plan.mended] if plan.mended else [],
    }
