"""An image without words.

Trainers take a missing caption for an empty one, or for the folder's class: the image then teaches its looks to every
prompt. Nothing is written in its place; a caption claims what somebody has seen.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    elif around.trigger and entry.caption.text.strip(" ,\t\r\n").lower() == around.trigger.lower():
        yield CHECK.finding(
            entry, "the caption is nothing but the trigger", spans=[(0, len(entry.caption.text.rstrip()))], severity=Severity.NOTE
        )


CHECK = Check(
    name="missing_or_empty_caption",
    title="missing or empty caption",
    reason="An image without words teaches its looks to every prompt.",
    severity=Severity.ERROR,
    fix=FixKind.NONE,
    find=find,
    good=(Example("bespoke, smiling"),),
    bad=(Example(None), Example(" \n")),
)
