"""An image that cannot be read: broken, cut off, not an image at all, or far too large."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """A finding that says why the image could not be read."""
    if entry.image_problem:
        yield CHECK.finding(entry, f"{entry.image_file}: {entry.image_problem}")


CHECK = Check(
    name="unreadable_image",
    title="unreadable image",
    reason="It stops the training, or is skipped without a word.",
    severity=Severity.ERROR,
    fix=FixKind.NONE,
    find=find,
    good=(Example("bespoke, smiling"),),
    bad=(Example("bespoke, smiling", image_problem="not an image"),),
)
