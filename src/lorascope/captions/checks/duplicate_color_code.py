"""One hex code said of two things.

Scripts that sample colors at the wrong place write the same code behind the hair and the background. The model cannot
know which pixels the code means. Pixels settle it for the background: if the code is its color, and at least 90 % of the
pixels that have it lie there, the other things lose it; if it is not its color, the background loses it. Where a thing and the
background do have the same color, nothing is removed. Where pixels cannot decide, all lose it, and only when asked to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Code
from lorascope.captions.edits import delete_codes
from lorascope.captions.features import is_background
from lorascope.captions.ownership import Owner, Ownership, owner_of
from lorascope.records.color import parse_hex
from lorascope.records.finding import Finding, FixKind, Severity
from lorascope.records.run import JsonValue

FEWEST_CODES = 2


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each code that stands on two or more nouns."""
    if entry.caption is None or len(entry.caption.codes) < FEWEST_CODES:
        return
    by_color: dict[str, list[Code]] = {}
    for code in entry.caption.feature_codes():
        by_color.setdefault(code.color, []).append(code)
    for color, codes in by_color.items():
        nouns = list(dict.fromkeys(code.noun for code in codes))
        if len(nouns) < 2:
            continue
        owner = owner_of(parse_hex(color), entry.sight)
        going, fix, why = _going(codes, owner, entry.sight.background_code if entry.sight else None)
        kept = [code.noun for code in codes if code not in going]
        evidence: dict[str, JsonValue] = {
            "code": color,
            "nouns": [*nouns],
            "kept_on": kept[0] if len(kept) == 1 else "",
            "background": entry.sight.background_code if entry.sight else None,
            "distance_oklab": None if owner.distance is None else round(owner.distance, 4),
            "share_in_background": None if owner.behind is None else round(owner.behind, 4),
        }
        yield CHECK.finding(
            entry,
            f"{color} is said of the {' and the '.join(nouns)}; {why}",
            spans=((code.start, code.end) for code in codes),
            edits=delete_codes(entry.caption, going),
            fix=fix,
            severity=Severity.ERROR if going else Severity.NOTE,
            evidence=evidence,
        )


def _going(codes: Sequence[Code], owner: Ownership, background: str | None) -> tuple[list[Code], FixKind, str]:
    """Which of the codes have to go, how surely, and why."""
    on_background = [code for code in codes if is_background(code.noun)]
    others = [code for code in codes if not is_background(code.noun)]
    if owner.owner is Owner.BACKGROUND:
        return others, FixKind.SAFE, "it is the background's color" + (_share(owner) if owner.behind is not None else "")
    if owner.owner is Owner.BOTH and len({code.noun for code in others}) == 1 and on_background:
        return [], FixKind.NONE, f"both have it{_share(owner)}, so that a code cannot tell them apart"
    if owner.distance is None or not on_background or owner.owner is Owner.BOTH:
        return list(codes), FixKind.ASK, "pixels do not tell whose it is"
    seen = f"the background is {background}" if background else "it is no color of the background"
    if len({code.noun for code in others}) > 1:
        return list(codes), FixKind.ASK, f"{seen}, and pixels do not tell whose the code is"
    return on_background, FixKind.SAFE if owner.owner is Owner.FRONT else FixKind.ASK, seen


def _share(owner: Ownership) -> str:
    return f" ({owner.behind:.0%} of its pixels lie there)"


CHECK = Check(
    name="duplicate_color_code",
    title="one code on two things",
    reason="The model cannot learn which pixels a code means when two things carry it.",
    severity=Severity.ERROR,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("bespoke, brown hair (#7e351a), gray background (#8c8391)", background="#8c8391"),
        Example("bespoke, brown hair (#7e351a, #7e351a), smiling, palette: #7e351a"),
    ),
    bad=(
        Example(
            "brown hair (#7e351a), gray background (#7e351a)",
            ("#7e351a", "#7e351a"),
            "brown hair (#7e351a), gray background",
            background="#8c8391",
        ),
        Example(
            "gray hair (#8c8391), gray background (#8c8391)",
            ("#8c8391", "#8c8391"),
            "gray hair, gray background (#8c8391)",
            background="#8c8391",
        ),
        Example("red hat (#aa1122), red scarf (#aa1122), smiling", ("#aa1122", "#aa1122"), "red hat, red scarf, smiling"),
        Example(
            "A lad with brown hair (#7e351a) stands before a gray background (#7e351a).",
            ("#7e351a", "#7e351a"),
            "A lad with brown hair (#7e351a) stands before a gray background.",
            background="#8c8391",
        ),
        Example(
            "1boy, gray_hair (#8c8391), gray_eyes (#8c8391)",
            ("#8c8391", "#8c8391"),
            "1boy, gray_hair, gray_eyes",
            background="#8c8391",
        ),
    ),
)
