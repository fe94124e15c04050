"""A thing's code that is the background's color: "brown hair (#03dc73)" before a green that is #03dc73.

A script that reads one pixel too far out writes the background into hair, eyes and lips, and the model learns to paint them in
it. The background's color is certain, and at least 90 % of the pixels that have the code's color lie in the background: so the
code is not the thing's, and is removed. Where things before the background do have its color, nothing is said. A code that stands
on two things is another check's.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.edits import delete_codes
from lorascope.captions.features import is_background
from lorascope.captions.ownership import Owner, background_colors, owner_of
from lorascope.records.color import parse_hex
from lorascope.records.finding import Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each code of a thing that only the background has."""
    caption, sight = entry.caption, entry.sight
    if caption is None or not caption.codes or sight is None or not background_colors(sight):
        return
    codes = caption.feature_codes()
    for code in codes:
        if is_background(code.noun) or any(other.color == code.color and other.noun != code.noun for other in codes):
            continue
        owner = owner_of(parse_hex(code.color), sight)
        if owner.owner is not Owner.BACKGROUND or owner.distance is None:
            continue
        counted = "" if owner.behind is None else f"; {owner.behind:.0%} of its pixels lie there"
        yield CHECK.finding(
            entry,
            f"{code.color} is said of the {code.noun}, but it is the background's color{counted}",
            spans=[(code.start, code.end)],
            edits=delete_codes(caption, [code]),
            evidence={
                "code": code.color,
                "noun": code.noun,
                "background": sight.background_code,
                "distance_oklab": round(owner.distance, 4),
                "share_in_background": None if owner.behind is None else round(owner.behind, 4),
            },
        )


CHECK = Check(
    name="feature_code_is_background",
    title="a thing's code is the background's color",
    reason="The model learns to paint hair and eyes in the background's color.",
    severity=Severity.ERROR,
    fix=FixKind.SAFE,
    find=find,
    signal="#[0-9a-f]{3}",
    good=(
        Example("brown hair (#7e351a), green background (#03dc73)", background="#03dc73", palette=("#7e351a",)),
        Example("brown hair (#03dc73), green background (#03dc73)", background="#03dc73"),
        Example("brown hair (#03dc73), green background"),
        Example("1boy, brown_hair, green_background, #03dc73", background="#03dc73"),
        Example("A lad with red hair (#aa1122) before a green background.", background="#03dc73", palette=("#aa1122",)),
    ),
    bad=(
        Example(
            "lad, brown hair (#03dc73), green background",
            ("#03dc73",),
            "lad, brown hair, green background",
            background="#03dc73",
            palette=("#7e351a",),
        ),
        Example(
            "lad, brown eyes (#7e351a, #04dd74), green background (#03dc73)",
            ("#04dd74",),
            "lad, brown eyes (#7e351a), green background (#03dc73)",
            background="#03dc73",
            palette=("#7e351a",),
        ),
        Example("1boy, lips (#03dc73), smile", ("#03dc73",), "1boy, smile", background="#03dc73"),
        Example("A lad with brown hair (#03dc73) smiles.", ("#03dc73",), "A lad with brown hair smiles.", background="#03dc73"),
    ),
)
