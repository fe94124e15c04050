"""A caption whose image is not there: a renamed or deleted picture, or a slip in a name."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.errors import did_you_mean
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """A finding for a caption without an image, with the nearest image names."""
    if entry.image_file is None:
        hint = did_you_mean(entry.file.rpartition(".")[0], {name.rpartition(".")[0] for name in around.image_names})
        yield CHECK.finding(entry, "no image of this name" + (f"; {hint}" if hint else ""))


CHECK = Check(
    name="orphan_caption",
    title="caption without an image",
    reason="The trainer never reads it; often an image was renamed and has lost its caption.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    find=find,
    good=(Example("bespoke, smiling"),),
    bad=(Example("bespoke, smiling", image_file=None),),
)
