"""What a caption claims about colors: "bright green background (#03dc73)" claims a color word and a code of the background."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from lorascope.captions.clauses import Caption, Clause, ClauseKind, Code
from lorascope.records.color_names import MODIFIERS, TERMS, ColorPhrase, read_phrase

BACKGROUND_NOUNS = frozenset({"background", "backdrop", "bg"})
# Words that say the background has more than one color: then no single word can be held against it.
PATTERNS = frozenset(
    [
        "split",
        "checkered",
        "checked",
        "gradient",
        "striped",
        "stripes",
        "pattern",
        "patterned",
        "brick",
        "plaid",
        "dotted",
        "spotted",
        "ombre",
        "rainbow",
        "multicolored",
        "tone",
        "toned",
        "half",
        "left",
        "right",
        "top",
        "bottom",
        "upper",
        "lower",
        "to",
        "blurred",
        "blurry",
        "room",
        "street",
        "sky",
        "city",
        "forest",
    ]
)
# Words that end the look back from a noun: what stands before them belongs to something else.
_STOPS = frozenset(
    [
        "with",
        "on",
        "in",
        "of",
        "at",
        "behind",
        "against",
        "a",
        "an",
        "the",
        "has",
        "have",
        "is",
        "are",
        "wearing",
        "over",
        "before",
        "from",
        "by",
        "her",
        "his",
        "their",
        "under",
        "covered",
    ]
)
_FILLERS = frozenset({"solid", "plain", "flat", "simple", "colored", "color", "uniform", "single", "square"})
_WORD = re.compile(r"[^\W\d_]+(?:[-/][^\W\d_]+)*")
_AFTER = re.compile(r"\s*(?:is|:|in)\s+((?:[^\W\d_]+[\s-]+){0,3}[^\W\d_]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ColorClaim:
    """A color said of something. ``start`` to ``end`` covers the color words, modifiers included.

    ``qualified`` is True when a word that is no color stands with them ("muddy green"): such a color is meant loosely.
    """

    start: int
    end: int
    text: str
    phrase: ColorPhrase
    qualified: bool = False


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing with a color: its noun, the color words and the codes said of it. ``start`` to ``end`` is the noun."""

    noun: str
    start: int
    end: int
    clause: int
    color: ColorClaim | None
    codes: tuple[Code, ...]


def is_background(noun: str) -> bool:
    """Whether a noun names the background.

    >>> is_background("backdrop")
    True
    """
    return noun in BACKGROUND_NOUNS


def background_feature(caption: Caption) -> Feature | None:
    """What the caption says of the background; None when it says nothing, or speaks of it more than once."""
    found = [
        (index, match)
        for index, clause in enumerate(caption.clauses)
        if clause.kind is ClauseKind.WORDS
        for match in _WORD.finditer(caption.text, clause.start, clause.end)
        if match.group().lower() in BACKGROUND_NOUNS
    ]
    if len(found) != 1:
        return None
    index, match = found[0]
    clause = caption.clauses[index]
    codes = tuple(code for code in caption.codes if code.clause == index and code.noun in BACKGROUND_NOUNS)
    color = _color_before(caption.text, clause, match.start()) or _color_after(caption.text, clause, match.end())
    return Feature(match.group().lower(), match.start(), match.end(), index, color, codes)


def coded_features(caption: Caption) -> list[Feature]:
    """Every thing that carries a code, with its color words when there are any."""
    features: dict[tuple[int, str], list[Code]] = {}
    for code in caption.feature_codes():
        features.setdefault((code.clause, code.noun), []).append(code)
    result = []
    for (index, noun), codes in features.items():
        clause = caption.clauses[index]
        *_, match = (m for m in re.finditer(r"[^\W\d_]+", caption.text[: codes[0].start]) if m.group().lower() == noun)
        color = _color_before(caption.text, clause, match.start())
        result.append(Feature(noun, match.start(), match.end(), index, color, tuple(codes)))
    return result


def names_a_color(clause: Clause) -> bool:
    """Whether a clause holds a color word or a code: then it describes a picture and is no boilerplate."""
    return "#" in clause.text or any(word.lower() in TERMS for word in re.findall(r"[^\W\d_]+", clause.text))


def _color_before(text: str, clause: Clause, noun_start: int) -> ColorClaim | None:
    """The color words right before a noun, or None when there are none or they say a pattern."""
    taken: list[re.Match[str]] = []
    for match in reversed(list(_WORD.finditer(text, clause.start, noun_start))):
        word = match.group().lower()
        if word in _STOPS or set("()#") & set(text[match.end() : taken[-1].start() if taken else noun_start]):
            break
        if word in PATTERNS or (word == "and" and taken and _is_color_before(text, clause, match.start())):
            return None
        if word == "and":
            break
        taken.append(match)
    colored = [match for match in reversed(taken) if match.group().lower() not in _FILLERS and read_phrase(match.group())]
    if not colored:
        return None
    known = MODIFIERS | _FILLERS
    qualified = any(match.group().lower() not in known and not read_phrase(match.group()) for match in taken)
    claim = _claim(text, _with_modifiers(text, taken, colored[0].start()), colored[-1].end())
    return replace(claim, qualified=qualified) if claim else None


def _is_color_before(text: str, clause: Clause, end: int) -> bool:
    """Whether the word before an "and" is a color: "red and green background" has two."""
    words = _WORD.findall(text[clause.start : end])
    return bool(words) and read_phrase(words[-1]) is not None


def _with_modifiers(text: str, taken: list[re.Match[str]], start: int) -> int:
    """Move the start of a color phrase over the modifiers before it."""
    for match in taken:
        if match.end() <= start and not text[match.end() : start].strip() and match.group().lower() in MODIFIERS:
            start = match.start()
    return start


def _color_after(text: str, clause: Clause, noun_end: int) -> ColorClaim | None:
    """The color in "background is bright green" or "background: green"."""
    match = _AFTER.match(text, noun_end, clause.end)
    if not match or (PATTERNS | {"and"}) & set(match.group(1).lower().split()):
        return None
    ends = [word.end() for word in _WORD.finditer(text, match.start(1), match.end(1))]
    return next((claim for end in reversed(ends) if (claim := _claim(text, match.start(1), end))), None)


def _claim(text: str, start: int, end: int) -> ColorClaim | None:
    phrase = read_phrase(text[start:end])
    return ColorClaim(start, end, text[start:end], phrase) if phrase else None
