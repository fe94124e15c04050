"""One hex code said of two things.

Scripts that sample colors at the wrong place write the same code behind the hair and the background. The model cannot
know which pixels the code means. Pixels settle it for the background: if the code is its color, the other things lose it;
if it is not, the background loses it. Where pixels cannot decide, all lose it, and only when asked to.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Code
from lorascope.captions.edits import delete_codes
from lorascope.captions.features import is_background
from lorascope.captions.sight import Sight
from lorascope.records.color import oklab_distance, parse_hex
from lorascope.records.finding import Finding, FixKind, Severity

SAME_DISTANCE = 0.02  # OKLab: just visible
OTHER_DISTANCE = 0.04  # beyond it a code is not the background's color


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """One finding for each code that stands on two or more nouns."""
    if entry.caption is None:
        return
    by_color: dict[str, list[Code]] = {}
    for code in entry.caption.feature_codes():
        by_color.setdefault(code.color, []).append(code)
    for color, codes in by_color.items():
        nouns = list(dict.fromkeys(code.noun for code in codes))
        if len(nouns) < 2:
            continue
        going, fix, why = _going(codes, entry.sight)
        keeps = next((code.noun for code in codes if code not in going), "")
        yield CHECK.finding(
            entry,
            f"{color} is said of the {' and the '.join(nouns)}; {why}",
            spans=((code.start, code.end) for code in codes),
            edits=delete_codes(entry.caption, going),
            fix=fix,
            evidence={
                "code": color,
                "nouns": [*nouns],
                "kept_on": keeps,
                "background": entry.sight.background_code if entry.sight else None,
            },
        )


def _going(codes: Sequence[Code], sight: Sight | None) -> tuple[list[Code], FixKind, str]:
    """Which of the codes have to go, how surely, and why."""
    on_background = [code for code in codes if is_background(code.noun)]
    others = [code for code in codes if not is_background(code.noun)]
    if not on_background or sight is None or sight.background is None:
        return list(codes), FixKind.ASK, "pixels do not tell whose it is"
    distance = float(oklab_distance(parse_hex(codes[0].color), sight.background))
    if distance <= SAME_DISTANCE:
        return others, FixKind.SAFE, "it is the background's color"
    fix = FixKind.SAFE if distance > OTHER_DISTANCE else FixKind.ASK
    if len({code.noun for code in others}) > 1:
        return list(codes), FixKind.ASK, f"the background is {sight.background_code}, and pixels do not tell whose the code is"
    return on_background, fix, f"the background is {sight.background_code}"


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
    ),
)
