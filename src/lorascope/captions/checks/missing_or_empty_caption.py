"""An image without words.

Trainers take a missing caption for an empty one, or for the folder's class: the image then teaches its looks to every
prompt. Nothing is written in its place; a caption claims what somebody has seen. Where every caption is the trigger alone, that is
a style set and meant so: it is said once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """A finding when there is no caption, nothing in it, or nothing but the trigger."""
    if entry.image_file is None:
        return
    if entry.caption is None:
        yield CHECK.finding(entry, "no caption file")
    elif not entry.caption.text.strip():
        yield CHECK.finding(entry, "the caption is empty")
    elif around.trigger and not around.bare and entry.caption.text.strip(" ,.\t\r\n").lower() == around.trigger.lower():
        yield CHECK.finding(
            entry, "the caption is nothing but the trigger", spans=[(0, len(entry.caption.text.rstrip()))], severity=Severity.NOTE
        )


def survey(entries: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding on a dataset whose captions all say the same and nothing more."""
    if around.bare:
        message = (
            f"all {around.captions} captions say nothing but what all begin with: the model learns a style, and no word but the trigger"
        )
        yield Finding(CHECK.name, "", Severity.NOTE, message, evidence={"captions": around.captions})


CHECK = Check(
    name="missing_or_empty_caption",
    title="missing or empty caption",
    reason="An image without words teaches its looks to every prompt.",
    severity=Severity.ERROR,
    fix=FixKind.NONE,
    find=find,
    survey=survey,
    good=(
        Example("bespoke, smiling", trigger="bespoke"),
        Example("1girl, solo", others=("1girl, smile", "1girl, hat", "1girl, tree", "1girl, car")),
        Example("A girl smiles."),
        Example("bespoke", others=("bespoke",) * 5, trigger="bespoke"),
    ),
    bad=(
        Example(None),
        Example(" \n"),
        Example("bespoke, ", ("bespoke,",), trigger="bespoke", others=("bespoke, smiling",)),
        Example("bespoke", others=("bespoke",) * 5, trigger="bespoke", in_dataset=True),
    ),
)
