"""Does a caption say that a thing is there, and which color does it give a feature? What is learned about pictures starts from this.

A thing counts as said when one of its words stands in the caption, in any dialect ("black_sunglasses", "a lad in shades."), unless it is
denied ("no hat", "without glasses or a hat").
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lorascope.captions.clauses import Caption
from lorascope.captions.features import features
from lorascope.captions.vocabulary import THINGS
from lorascope.records.color import Rgb, parse_hex
from lorascope.records.color_names import ColorPhrase

# A denial before a thing, with up to four words between; a comma, "but" and "with" end what it denies.
_DENIED = re.compile(
    r"\b(?:no|not|without|never|lacks|lacking|w/o)\b(?:\s+(?!(?:but|with|wearing|has|and\s+(?:wears|has))\b)[^\W\d_]+){0,4}\s*\Z"
)
_LETTERS = re.compile(r"[^\W\d_]+")


def says(caption: Caption, words: Sequence[str]) -> bool:
    """Whether a caption says one of these words (lower case, each a word or a few) of its picture.

    >>> from lorascope.captions.clauses import read_caption
    >>> [says(read_caption(text), ["hat"]) for text in ("red_hat, 1girl", "that lad, no hat", "hats off")]
    [True, False, False]
    """
    text = caption.text.lower().replace("_", " ")
    for word in words:
        pattern = r"(?<![\w-])" + r"[\s-]+".join(map(re.escape, word.split())) + r"(?!\w)"
        for match in re.finditer(pattern, text):
            clause = caption.clause_at(match.start())
            start = caption.clauses[clause].start if clause is not None else 0
            if not _DENIED.search(text, start, match.start()):
                return True
    return False


def color_said(caption: Caption, noun: str) -> ColorPhrase | Rgb | None:
    """The one color that a caption gives a feature: its words, else its code; None where it gives none, several, or speaks of it twice.

    >>> from lorascope.captions.clauses import read_caption
    >>> color_said(read_caption("bespoke, long brown hair (#7e351a), hat"), "hair")
    ColorPhrase(terms=('brown',), modifiers=())
    """
    name = THINGS.get(noun, noun)
    found = [feature for feature in features(caption) if feature.noun == name]
    if len(found) != 1:
        return None
    if found[0].color is not None:
        return found[0].color.phrase
    if found[0].colors or len(found[0].codes) != 1:
        return None
    return parse_hex(found[0].codes[0].color)


def plain_words(text: str) -> frozenset[str]:
    """The words of a text in lower case, without digits and signs."""
    return frozenset(_LETTERS.findall(text.lower()))
