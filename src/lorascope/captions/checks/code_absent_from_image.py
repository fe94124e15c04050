"""A hex code that no pixel shows.

A code tells the model an exact color; when the picture does not hold it, the model learns that codes mean nothing. A near
miss is replaced by the picture's own color (never by the background's, for a thing before it, nor by one that is said of another
thing), anything farther is dropped, both only when asked to. The background's code is held against the background alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Code
from lorascope.captions.edits import delete_codes
from lorascope.captions.features import is_background
from lorascope.captions.ownership import ABSENT_DISTANCE, exact_colors, nearest_front, share_of
from lorascope.captions.sight import Sight
from lorascope.records.color import Rgb, hex_code, oklab_distance, parse_hex
from lorascope.records.finding import Edit, Finding, FixKind, Severity

NEAR_DISTANCE = 0.08  # OKLab; up to here the picture's own color was meant


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each code said of something that the picture does not show there."""
    caption, sight = entry.caption, entry.sight
    if caption is None or sight is None or not caption.codes:
        return
    codes = caption.feature_codes()
    exact = exact_colors(sight)
    nouns: dict[str, set[str]] = {}
    for code in codes:
        nouns.setdefault(code.color, set()).add(code.noun)
    used = {code.color for code in codes}
    for code in codes:
        place_is_known = is_background(code.noun) and sight.background is not None
        if parse_hex(code.color) in ({sight.background} if place_is_known else exact):
            continue
        place, nearest, distance = _nearest(code, sight)
        if distance <= ABSENT_DISTANCE + sight.blur or (place == "background" and len(nouns[code.color]) > 1):
            continue
        share = share_of(nearest, sight)
        meant = _meant(code, sight, used)
        used |= {meant} if meant else set()
        yield CHECK.finding(
            entry,
            f"{code.color} is not in the {place}: its nearest color is {hex_code(nearest)}"
            + (f" ({share:.1%} of the picture)" if share else ""),
            spans=[(code.start, code.end)],
            edits=[Edit(code.start, code.end, meant)] if meant else delete_codes(caption, [code]),
            evidence={
                "code": code.color,
                "nearest": hex_code(nearest),
                "distance_oklab": round(distance, 4),
                "share": None if share is None else round(share, 4),
                "place": place,
            },
        )


def _nearest(code: Code, sight: Sight) -> tuple[str, Rgb, float]:
    """Where the code is looked for, the nearest color there, and its OKLab distance."""
    rgb = parse_hex(code.color)
    if is_background(code.noun) and sight.background is not None:
        return "background", sight.background, float(oklab_distance(rgb, sight.background))
    return "picture", *sight.nearest(rgb)


def _meant(code: Code, sight: Sight, used: set[str]) -> str | None:
    """The picture's color that the code was meant to be: near it, not the background's for a thing before it, and said of nothing else."""
    found = _nearest(code, sight)[1:] if is_background(code.noun) else nearest_front(parse_hex(code.color), sight)
    if found is None or found[1] > NEAR_DISTANCE or hex_code(found[0]) in used:
        return None
    return hex_code(found[0])


CHECK = Check(
    name="code_absent_from_image",
    title="code that no pixel shows",
    reason="A code that the picture does not hold teaches the model that codes mean nothing.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    signal="#[0-9a-f]{3}",
    good=(
        Example("brown hair (#7e351a), smiling", palette=("#7e351a", "#8c8391")),
        Example("brown hair (#7e351a), smiling"),
        Example("smiling, palette: #00ff00", palette=("#7e351a",)),
    ),
    bad=(
        Example("brown hair (#00ff00), smiling", ("#00ff00",), "brown hair, smiling", palette=("#7e351a", "#8c8391")),
        Example("brown hair (#8c4428), smiling", ("#8c4428",), "brown hair (#7e351a), smiling", palette=("#7e351a", "#8c8391")),
        Example("gray background (#7e351a)", ("#7e351a",), "gray background", background="#8c8391", palette=("#7e351a", "#8c8391")),
        Example("1boy, brown_hair (#00ff00)", ("#00ff00",), "1boy, brown_hair", palette=("#7e351a",)),
        Example(
            "A lad with brown hair (#00ff00) before a wall.", ("#00ff00",), "A lad with brown hair before a wall.", palette=("#7e351a",)
        ),
        Example("lad, brown hair (#8c4428), smiling", ("#8c4428",), "lad, brown hair, smiling", background="#7e351a", palette=("#00ff00",)),
        Example("hat, hair (#00ff00), smiling", ("#00ff00",), "hat, smiling", palette=("#7e351a",)),
    ),
)
