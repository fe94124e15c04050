"""A hex code that no pixel shows.

A code tells the model an exact color; when the picture does not hold it, the model learns that codes mean nothing. A near
miss is replaced by the picture's own color, anything farther is dropped, both only when asked to. The background's code is
held against the background alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, Code
from lorascope.captions.edits import delete_codes
from lorascope.captions.features import is_background
from lorascope.captions.sight import Sight
from lorascope.records.color import Rgb, hex_code, oklab_distance, parse_hex
from lorascope.records.finding import Edit, Finding, FixKind, Severity

ABSENT_DISTANCE = 0.04  # OKLab, to the nearest color of the picture
NEAR_DISTANCE = 0.08  # up to here the picture's own color was meant


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each code said of something that the picture does not show there."""
    if entry.caption is None or entry.sight is None:
        return
    nouns: dict[str, set[str]] = {}
    for code in entry.caption.feature_codes():
        nouns.setdefault(code.color, set()).add(code.noun)
    for code in entry.caption.feature_codes():
        place, nearest, distance = _nearest(code, entry.sight)
        if distance <= ABSENT_DISTANCE + entry.sight.blur or (place == "background" and len(nouns[code.color]) > 1):
            continue
        yield CHECK.finding(
            entry,
            f"{code.color} is not in the {place}: its nearest color is {hex_code(nearest)}",
            spans=[(code.start, code.end)],
            edits=_edits(entry.caption, code, nearest, distance),
            evidence={"code": code.color, "nearest": hex_code(nearest), "distance_oklab": round(distance, 4), "place": place},
        )


def _nearest(code: Code, sight: Sight) -> tuple[str, Rgb, float]:
    """Where the code is looked for, the nearest color there, and its OKLab distance."""
    rgb = parse_hex(code.color)
    if is_background(code.noun) and sight.background is not None:
        return "background", sight.background, float(oklab_distance(rgb, sight.background))
    return "picture", *sight.nearest(rgb)


def _edits(caption: Caption, code: Code, nearest: Rgb, distance: float) -> tuple[Edit, ...]:
    if distance <= NEAR_DISTANCE:
        return (Edit(code.start, code.end, hex_code(nearest)),)
    return delete_codes(caption, [code])


CHECK = Check(
    name="code_absent_from_image",
    title="code that no pixel shows",
    reason="A code that the picture does not hold teaches the model that codes mean nothing.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("brown hair (#7e351a), smiling", palette=("#7e351a", "#8c8391")),
        Example("brown hair (#7e351a), smiling"),
        Example("smiling, palette: #00ff00", palette=("#7e351a",)),
    ),
    bad=(
        Example("brown hair (#00ff00), smiling", ("#00ff00",), "brown hair, smiling", palette=("#7e351a", "#8c8391")),
        Example("brown hair (#8c4428), smiling", ("#8c4428",), "brown hair (#7e351a), smiling", palette=("#7e351a", "#8c8391")),
        Example("gray background (#7e351a)", ("#7e351a",), "gray background", background="#8c8391", palette=("#7e351a", "#8c8391")),
        Example("hat, hair (#00ff00), smiling", ("#00ff00",), "hat, smiling", palette=("#7e351a",)),
    ),
)
