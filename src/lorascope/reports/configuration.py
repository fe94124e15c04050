"""A checked configuration as it is shown and as JSON: the findings by file, the numbers of the pre-flight, one sentence at the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from lorascope.parameters.flight_plan import FlightPlan
from lorascope.parameters.rules.facts import Facts
from lorascope.parameters.rules.rule import FAILING, Gravity, LintFinding
from lorascope.records.run import JsonValue
from lorascope.reports.wording import counted, listed

MIB = 2**20
_MOST_FILES_SHOWN = 3
_MOST_BUCKETS_SHOWN = 6
_WORDS = {
    Gravity.ABORT: "would stop the training",
    Gravity.WRONG: "would silently train something else",
    Gravity.NO_EFFECT: ("has no effect", "have no effect"),
    Gravity.NOTE: ("is worth knowing", "are worth knowing"),
}


@dataclass(frozen=True, slots=True)
class Captions:
    """Counts over the training images of all folders; regularization images are left out."""

    images: int
    missing: int
    broken: int
    more_lines: int
    beyond_window: int
    words_lost: int
    window_tokens: int


def captions_of(facts: Facts) -> Captions:
    """How the captions would be read."""
    images = [image for folder in facts.folders if not folder.is_reg for image in folder.images]
    return Captions(
        images=len(images),
        missing=sum(image.caption is None and not image.caption_problem for image in images),
        broken=sum(bool(image.caption_problem) for image in images),
        more_lines=sum(image.more_lines for image in images),
        beyond_window=sum(image.words_lost > 0 for image in images),
        words_lost=sum(image.words_lost for image in images),
        window_tokens=facts.window_tokens,
    )


def verdict(findings: Iterable[LintFinding]) -> str:
    """One sentence: how many findings of each gravity, and what follows.

    >>> verdict([])
    'Nothing found.'
    """
    counts = Counter(finding.severity for finding in findings)
    if not counts:
        return "Nothing found."
    parts = []
    for gravity in Gravity:
        if counts[gravity]:
            words = _WORDS[gravity]
            parts.append(f"{counts[gravity]} {words if isinstance(words, str) else words[counts[gravity] > 1]}")
    failing = sum(counts[gravity] for gravity in FAILING)
    advice = "" if not failing else "; mend it before you train" if failing == 1 else f"; mend these {failing} before you train"
    return f"{listed(parts)}{advice}."


def preflight_rows(facts: Facts) -> list[tuple[str, str]]:
    """The pre-flight as lines of a small table: what, and how much."""
    folders = ", ".join(f"{folder.path} ({_contents(len(folder.images), folder.repeats)})" for folder in facts.folders)
    rows = [("images", folders or "none")]
    captions = captions_of(facts)
    if captions.images:
        rows.append(("captions", _captions_shown(captions)))
    plan = facts.plan
    return rows + (_plan_rows(plan) if plan is not None else [("steps", f"cannot be worked out: {facts.no_plan}")])


def _contents(images: int, repeats: int) -> str:
    return counted(images, "image") + (f", {repeats} repeats" if repeats != 1 else "")


def _captions_shown(captions: Captions) -> str:
    problems = [
        f"{count} {what}"
        for count, what in (
            (captions.missing, "missing"),
            (captions.broken, "not readable"),
            (captions.more_lines, "read in their first line only"),
            (captions.beyond_window, f"cut at {captions.window_tokens} tokens ({counted(captions.words_lost, 'word')} lost)"),
        )
        if count
    ]
    return (
        f"of {captions.images}: {', '.join(problems)}"
        if problems
        else f"all {captions.images} read whole ({captions.window_tokens} tokens)"
    )


def _plan_rows(plan: FlightPlan) -> list[tuple[str, str]]:
    buckets = ", ".join(f"{bucket.width} x {bucket.height}: {bucket.count}" for bucket in plan.buckets[:_MOST_BUCKETS_SHOWN])
    more = f" and {len(plan.buckets) - _MOST_BUCKETS_SHOWN} more" if len(plan.buckets) > _MOST_BUCKETS_SHOWN else ""
    batch = listed(sorted(set(plan.batch_sizes)))
    rows = [
        ("buckets", f"{buckets}{more}  (px: images with repeats)"),
        ("batches an epoch", f"{plan.batches_per_epoch:,} of up to {batch}, each bucket rounded up"),
        ("steps an epoch", f"{plan.steps_per_epoch:,}" + (f" (accumulation {plan.accumulation})" if plan.accumulation > 1 else "")),
        (
            "steps in all",
            f"{plan.total_steps:,} = {counted(plan.epochs, 'epoch')}" + ("" if plan.whole_epochs else ", the last one cut short"),
        ),
        ("images shown", f"{plan.samples_seen:,} in all, {plan.shown_per_epoch:,} an epoch"),
    ]
    if plan.regularization_per_epoch:
        rows.append(("", f"of these {plan.regularization_per_epoch:,} an epoch are regularization images"))
    if plan.warmup_steps:
        rows.append(("warm-up", f"{plan.warmup_steps:,} steps, {100 * plan.warmup_steps / max(1, plan.total_steps):.0f} % of all"))
    rows.append(("adapter scale", "not known" if plan.adapter_scale is None else f"{plan.adapter_scale:.4g}"))
    rows.append(("files", _files_shown(plan)))
    if plan.deleted:
        rows.append(("", f"{plan.deleted} more are written and deleted on the way"))
    if plan.file_bytes is None or plan.all_bytes is None:
        rows.append(("file size", "not known"))
    else:
        rows.append(
            (
                "file size",
                f"{plan.file_bytes / MIB:.1f} MiB each, {plan.all_bytes / MIB:,.1f} MiB in all, and a header of about 0.1 to 0.4 MB each",
            )
        )
    if plan.states:
        rows.append(("training states", f"{plan.states} folders, each larger than its file"))
    return rows + [("note", note) for note in plan.notes]


def _files_shown(plan: FlightPlan) -> str:
    names = [file.name for file in plan.files]
    if len(names) > _MOST_FILES_SHOWN + 1:
        names = [*names[: _MOST_FILES_SHOWN - 1], "…", *names[-2:]]
    return f"{len(plan.files)}: {', '.join(names)}"


def check_json(config: str, findings: Sequence[LintFinding], facts: Facts | None, notes: Sequence[str]) -> dict[str, JsonValue]:
    """One checked configuration as the agreed object."""
    return {
        "config": config,
        "findings": [
            {
                "rule": finding.rule,
                "severity": finding.severity.value,
                "file": finding.file,
                "line": finding.line,
                "key": finding.key,
                "message": finding.message,
                "fix": finding.fix or None,
            }
            for finding in findings
        ],
        "preflight": None if facts is None else _preflight_json(facts),
        "notes": [*notes, *([f"no pre-flight: {facts.no_plan}"] if facts is not None and facts.no_plan else [])],
    }


def _preflight_json(facts: Facts) -> dict[str, JsonValue]:
    plan, captions = facts.plan, captions_of(facts)
    seen: dict[str, JsonValue] = {
        "folders": [
            {"path": folder.path, "images": len(folder.images), "repeats": folder.repeats, "regularization": folder.is_reg}
            for folder in facts.folders
        ],
        "captions": {
            "missing": captions.missing,
            "broken": captions.broken,
            "more_lines": captions.more_lines,
            "beyond_window": captions.beyond_window,
            "words_lost": captions.words_lost,
            "window_tokens": captions.window_tokens,
        },
    }
    if plan is None:
        names = "buckets batches_per_epoch steps_per_epoch total_steps epochs files file_bytes".split()
        return {**dict.fromkeys(names), **seen}
    return {
        "buckets": [{"width": bucket.width, "height": bucket.height, "count": bucket.count} for bucket in plan.buckets],
        "batches_per_epoch": plan.batches_per_epoch,
        "steps_per_epoch": plan.steps_per_epoch,
        "total_steps": plan.total_steps,
        "epochs": plan.epochs,
        "files": [file.name for file in plan.files],
        "file_bytes": plan.file_bytes,
        "all_files_bytes": plan.all_bytes,
        "files_deleted": plan.deleted,
        "training_states": plan.states,
        "warmup_steps": plan.warmup_steps,
        "samples_seen": plan.samples_seen,
        "shown_per_epoch": plan.shown_per_epoch,
        "regularization_per_epoch": plan.regularization_per_epoch,
        "adapter_scale": plan.adapter_scale,
        "notes": list(plan.notes),
        **seen,
    }
