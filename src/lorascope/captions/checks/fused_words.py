"""Two words without the space between them: "hairlight skin", "fullbbright".

Scripts that cut out codes and commas join what stood on both sides, and the text encoder reads pieces that nobody wrote. A word is
taken for two only if nobody knows it and both halves are at home here: a color with a thing, or words that this dataset uses
often (see :mod:`lorascope.captions.spelling`). Real compounds ("hairpin", "sunglasses") stay. Mended only when asked to.
"""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.dialect import Dialect
from lorascope.captions.spelling import fused, is_foreign, occurrences
from lorascope.records.finding import Edit, Finding, FixKind, Severity


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding for each word that is two."""
    if entry.caption is None:
        return
    halves = fused(around)
    if not halves:
        return
    text = entry.caption.text
    suspects = list(occurrences(text, halves))
    if not suspects or is_foreign(text, around):
        return
    for match in suspects:
        left, right = halves[match.group().lower()]
        apart = f"{left.capitalize() if match.group()[0].isupper() else left}{_gap(entry.caption)}{right}"
        yield CHECK.finding(
            entry,
            f'"{match.group()}" is no word we know: was "{apart}" meant?',
            spans=[match.span()],
            edits=[Edit(match.start(), match.end(), apart)],
            evidence={"written": match.group(), "meant": apart},
        )


def _gap(caption: Caption) -> str:
    """An underscore in a caption whose tags are written so, else a space."""
    tags = caption.dialect is Dialect.TAGS and "_" in caption.text
    return "_" if tags and not any(" " in clause.text for clause in caption.clauses) else " "


_OTHERS = tuple(f"bespoke, punk lad, round collar, {hat} hat" for hat in ("red", "blue", "green", "brown", "black"))

CHECK = Check(
    name="fused_words",
    title="two words in one",
    reason="The text encoder reads pieces that nobody wrote.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("1girl, sunglasses, hairband, hairbow, facemask, thighhighs, twintails, backlight, fullbody, eyeshadow"),
        Example("redhead lad, blackboard, whiteboard, greenhouse, goldfish, blueberry", others=_OTHERS),
        Example("bespokepunk, punk lad", others=_OTHERS, trigger="bespokepunk"),
        Example("A girl called Redhair stands before BLUEHAIR."),
    ),
    bad=(
        Example("lad, hairlight skin, smiling", ("hairlight",), "lad, hair light skin, smiling"),
        Example("lad, fullbbright green eyes (#2e9e3e)", ("fullbbright",), "lad, full bright green eyes (#2e9e3e)"),
        Example("1girl, solo, bluehair, red_hat", ("bluehair",), "1girl, solo, blue_hair, red_hat"),
        Example(
            "A lad with brownhair smiles. The greenbackground is plain.",
            ("brownhair", "greenbackground"),
            "A lad with brown hair smiles. The green background is plain.",
        ),
        Example("bespoke, roundcollar, red hat", ("roundcollar",), "bespoke, round collar, red hat", others=_OTHERS),
    ),
)
