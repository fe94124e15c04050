"""A caption whose image is not there: a renamed or deleted picture, or a slip in a name.

A caption whose name differs from an image's in case or Unicode form only is told of beside that image, not here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.pairing import same, split_name
from lorascope.errors import did_you_mean
from lorascope.records.finding import Finding, FixKind, Severity

MOST_NAMES = 2000  # looking for a name like another costs time for every image there is


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """A finding for a caption without an image, with the nearest image names."""
    if entry.image_file is not None:
        return
    stem = split_name(entry.file)[0]
    if around.files and same(stem) in _alike(around.image_names):
        return
    hint = ""
    if len(around.image_names) <= MOST_NAMES:
        hint = did_you_mean(stem, {split_name(name)[0] for name in around.image_names})
    yield CHECK.finding(entry, "no image of this name" + (f"; {hint}" if hint else ""))


@lru_cache(maxsize=4)
def _alike(image_names: frozenset[str]) -> frozenset[str]:
    """The names of all images, with and without ending, made the same in case and Unicode form."""
    return frozenset(same(part) for name in image_names for part in (name, split_name(name)[0]))


CHECK = Check(
    name="orphan_caption",
    title="caption without an image",
    reason="The trainer never reads it; often an image was renamed and has lost its caption.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    find=find,
    good=(Example("bespoke, smiling"), Example("1girl, solo, smile"), Example("A girl smiles.")),
    bad=(
        Example("bespoke, smiling", image_file=None),
        Example("1girl, solo, smile", image_file=None),
        Example("A girl smiles.", image_file=None),
    ),
)
