"""A word for skin that its code belies: "light skin (#604134)".

Skin has words of its own; "brown" or "dark" beside it name no color of the color tables. Only the lightness (OKLab) is compared,
with limits far apart: on the Monk scale of ten skin tones (0.95, 0.93, 0.94, 0.89, 0.81, 0.62, 0.51, 0.41, 0.32, 0.26) light is
wrong for the last four, dark for the first four. Codes of no skin's hue (green, blue) are left alone. Only noted: light falls on skin, too.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.features import Feature, features
from lorascope.records.color import oklab, parse_hex
from lorascope.records.finding import Finding, FixKind, Severity

DARKEST_LIGHT, LIGHTEST_DARK = 0.56, 0.85  # OKLab lightness
_LIGHT = frozenset({"light", "pale", "fair", "white"})
_DARK = frozenset({"dark", "deep", "ebony", "black"})
_NEITHER = frozenset({"medium", "tan", "olive", "brown"})


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:  # noqa: ARG001 - the protocol
    """A finding when the lightness of skin's code contradicts its word."""
    if entry.caption is None or not entry.caption.codes or "skin" not in entry.caption.text.lower():
        return
    for feature in features(entry.caption):
        words = {*feature.modifiers, *(word for claim in feature.colors for word in claim.text.lower().split())}
        if feature.codes and (feature.noun == "skin" or "skin" in words):
            yield from _judged(entry, feature, words)


def _judged(entry: Entry, feature: Feature, words: set[str]) -> Iterator[Finding]:
    said_light, said_dark = bool(words & _LIGHT), bool(words & _DARK)
    lab = [[float(level) for level in oklab(parse_hex(code.color))] for code in feature.codes]
    if said_light == said_dark or words & _NEITHER or any(a < 0 or b < 0 for _, a, b in lab):
        return
    if said_light and all(lightness < DARKEST_LIGHT for lightness, _, _ in lab):
        wrong, really = words & _LIGHT, "dark"
    elif said_dark and all(lightness > LIGHTEST_DARK for lightness, _, _ in lab):
        wrong, really = words & _DARK, "light"
    else:
        return
    code, word = feature.codes[0], min(wrong)
    yield CHECK.finding(
        entry,
        f'"{word}" is said of the skin, but {code.color} beside it is {really} (lightness {lab[0][0]:.2f} of 1)',
        spans=[(code.start, code.end) for code in feature.codes],
        evidence={"word": word, "code": code.color, "lightness_oklab": round(lab[0][0], 4)},
    )


CHECK = Check(
    name="skin_tone",
    title="a word for skin against its code",
    reason="One of the two is wrong, and the model learns the code.",
    severity=Severity.NOTE,
    fix=FixKind.NONE,
    find=find,
    signal="skin",
    good=(
        Example("lad, light skin (#eab084)"),
        Example("lad, medium dark skin (#f3e7db)"),
        Example("lad, dark skin (#713f1d), light hair (#604134)"),
        Example("alien, dark skin (#aaffaa)"),
        Example("1girl, dark_skin, smile"),
        Example("A girl with dark skin smiles."),
    ),
    bad=(
        Example("lad, light skin (#604134), hat", ("#604134",)),
        Example("1girl, dark_skin (#f3e7db)", ("#f3e7db",)),
        Example("A girl with very pale skin (#3a312a).", ("#3a312a",)),
    ),
)
