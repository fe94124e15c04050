"""A word for the background's pattern that the pixels refute: "solid" on a checkered one, "checkered" on a plain one.

The kind of a background is told along the upper and side edges, at a scale that is certain. Only what is beyond doubt there is held
against a word: a solid background is not split, checkered or striped, and not a gradient unless it has several near colors; a split,
checkered or gradient one is not solid. Dots and other patterns may lie where the edges do not show them. The word is replaced when
asked to, where it stands before the background and no other word depends on it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.features import PatternClaim, background_feature, pattern_claim
from lorascope.captions.ownership import OWNED_SHARE
from lorascope.captions.sight import Sight
from lorascope.pixels.background import BackgroundKind
from lorascope.pixels.cells import Scale
from lorascope.records.color import hex_code
from lorascope.records.finding import Edit, Finding, FixKind, Severity

_CERTAIN = frozenset({Scale.NATIVE, Scale.EXACT, Scale.DETECTED})
# For each kind of background, the claims that it refutes.
_REFUTED = {
    BackgroundKind.SOLID: frozenset({"split", "checkered", "striped", "gradient"}),
    BackgroundKind.SPLIT: frozenset({"solid", "checkered", "gradient"}),
    BackgroundKind.CHECKERED: frozenset({"solid", "gradient"}),
    BackgroundKind.GRADIENT: frozenset({"solid", "split", "checkered"}),
}


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """A finding when the background is of another kind than the caption says."""
    sight = entry.sight
    if entry.caption is None or sight is None or sight.kind not in _REFUTED or sight.scale not in _CERTAIN:
        return
    claim = pattern_claim(entry.caption)
    if claim is None or claim.kind not in _REFUTED[sight.kind] or (claim.kind == "gradient" and _has_near_colors(sight)):
        return
    colors = [hex_code(rgb) for rgb in sight.background_colors]
    seen = f"{sight.kind.value} ({' and '.join(colors[:2])})" if colors else sight.kind.value
    yield CHECK.finding(
        entry,
        f'"{claim.text}", but the background is {seen}',
        spans=[(claim.start, claim.end)],
        edits=_edits(entry, claim, sight.kind),
        evidence={"said": claim.kind, "seen": sight.kind.value, "background_colors": [*colors], "scale": sight.scale.value},
    )


def _has_near_colors(sight: Sight) -> bool:
    """Whether a solid background has several colors, too near each other to be told apart: perhaps a faint gradient."""
    return sight.behind is None or int(np.count_nonzero(sight.behind >= OWNED_SHARE)) > 1


def _edits(entry: Entry, claim: PatternClaim, kind: BackgroundKind) -> tuple[Edit, ...]:
    """Put the right word for the wrong one, where the sentence stays whole."""
    feature = background_feature(entry.caption) if entry.caption else None
    if feature is None or claim.end > feature.start or len(feature.colors) > 1:
        return ()
    return (Edit(claim.start, claim.end, kind.value),)


def _backed(kind: BackgroundKind, *codes: str) -> Sight:
    """A picture of which only the background is known."""
    sight = Sight.of_colors([tuple(bytes.fromhex(code)) for code in codes])
    colors = tuple((int(red), int(green), int(blue)) for red, green, blue in sight.palette)
    solid = colors[0] if kind is BackgroundKind.SOLID else None
    return replace(sight, kind=kind, background=solid, background_colors=colors, behind=np.ones(len(codes)), shares=np.ones(len(codes)))


_SOLID, _CHECKERED = _backed(BackgroundKind.SOLID, "03dc73"), _backed(BackgroundKind.CHECKERED, "aa1122", "f0f0f0")
_SPLIT, _GRADIENT = _backed(BackgroundKind.SPLIT, "aa1122", "2961ca"), _backed(BackgroundKind.GRADIENT, "2961ca", "a5d8ff")
_COMPLEX = _backed(BackgroundKind.COMPLEX, "2961ca", "a5d8ff")

CHECK = Check(
    name="background_pattern_contradicts_pixels",
    title="background's pattern against its pixels",
    reason="The model learns that the word means another pattern.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    signal=r"background|backdrop|\bbg\b|_bg",
    good=(
        Example("lad, brown hair, solid green background", sight=_SOLID),
        Example("1girl, checkered_background", sight=_CHECKERED),
        Example("A girl before a plain wall of a solid green background."),
        Example("lad, solid background", sight=_COMPLEX),
        Example("lad, dotted green background", sight=_SOLID),
        Example("lad, gradient background", sight=_backed(BackgroundKind.SOLID, "03dc73", "04dd74")),
        Example("lad, green background", sight=_CHECKERED),
    ),
    bad=(
        Example("lad, hair (#7e351a), solid red background", ("solid",), "lad, hair (#7e351a), checkered red background", sight=_CHECKERED),
        Example("1girl, checkered_background, smile", ("checkered",), "1girl, solid_background, smile", sight=_SOLID),
        Example(
            "A girl stands before a solid blue background.", ("solid",), "A girl stands before a gradient blue background.", sight=_GRADIENT
        ),
        Example("lad, split red and blue background", ("split",), sight=_SOLID),
        Example("lad, gradient background", ("gradient",), "lad, solid background", sight=_SOLID),
        Example("lad, solid red background", ("solid",), "lad, split red background", sight=_SPLIT),
    ),
)
