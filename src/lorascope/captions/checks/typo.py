"""A misspelt word: "portriat", where two hundred other captions say "portrait".

The text encoder breaks an unknown word into pieces that mean something else, so the image teaches nothing to the word that was meant.
The dataset is its own dictionary (see :mod:`lorascope.captions.spelling`); a short list of colors and traits helps where it is small.
Mended only when asked to. Never the trigger, which is misspelt on purpose; never names, nor what other languages write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.spelling import is_foreign, occurrences, slips
from lorascope.records.finding import Edit, Finding, FixKind, Severity

_NEAR_CHARACTERS = 60  # on both sides of a word
_BY_A_NAME = re.compile(r"\\\(|\b(?:by|artist|named|called|copyright|series)\b", re.IGNORECASE)


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding for each misspelt word."""
    if entry.caption is None:
        return
    meant = slips(around)
    if not meant:
        return
    text = entry.caption.text
    suspects = list(occurrences(text, meant))
    if not suspects or is_foreign(text, around):
        return
    for match in suspects:
        index = entry.caption.clause_at(match.start())
        if index is not None and _is_about_a_name(entry.caption, index, match.start()):
            continue
        written, right = match.group(), meant[match.group().lower()]
        right = right.capitalize() if written[0].isupper() else right
        yield CHECK.finding(
            entry,
            f'"{written}" is no word we know: was "{right}" meant?',
            spans=[match.span()],
            edits=[Edit(match.start(), match.end(), right)],
            evidence={"written": written, "meant": right, "captions": around.word_counts.get(right.lower(), 0)},
        )


def _is_about_a_name(caption: Caption, index: int, at: int) -> bool:
    """Whether a word stands in a tag or near words that speak of names."""
    clause = caption.clauses[index]
    near = caption.text[max(clause.start, at - _NEAR_CHARACTERS) : min(clause.end, at + _NEAR_CHARACTERS)]
    return _BY_A_NAME.search(near) is not None


_OTHERS = tuple(f"bespoke, portrait of a lad, {hat} hat" for hat in ("red", "blue", "green", "brown", "black") * 5)

CHECK = Check(
    name="typo",
    title="misspelt word",
    reason="An unknown word is read in pieces: the image teaches nothing to the word that was meant.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("bespokke, portrait of a lad, grey hat, coloured hair, multicolored scarf", others=_OTHERS, trigger="bespokke"),
        Example("1girl, frieren, shirou, thighhighs, twintails, backlit, moustache"),
        Example("art by Purpel, a lad named Yelow stands beside Orangge"),
        Example("een meisje met groen haar draagt donkere kleding, achtergrond blauww"),
        Example("bespoke, portraits, long-haired lad, greenish eyes", others=_OTHERS),
    ),
    bad=(
        Example("bespoke, portriat of a lad, red hat", ("portriat",), "bespoke, portrait of a lad, red hat", others=_OTHERS),
        Example("1girl, lavander_hair, solo", ("lavander",), "1girl, lavender_hair, solo"),
        Example("lad, turquiose hat (#17908c)", ("turquiose",), "lad, turquoise hat (#17908c)"),
        Example("Portriat of a lad. The backgruond is green.", ("Portriat", "backgruond"), "Portrait of a lad. The background is green."),
    ),
)
