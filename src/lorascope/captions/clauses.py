"""The grammar of captions: clauses, hex codes, and what each code is said of.

Tags and coded captions are split at commas, at line breaks and at ``|||`` (which some trainers take for the end of what stays
in front), coded ones also at the ends of sentences. In prose a comma is punctuation: sentences are the clauses, after a leading
trigger ("bespoke, a photo of …"). Nothing is split inside parentheses; ``\\(`` and ``\\)`` are letters, and so is the mouth of
``:)``. A parenthesis without its partner protects nothing, so that one slip does not swallow the rest, and is noted. All work is linear
in the text's length.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar, cast

from lorascope.captions.cuts import find_cuts
from lorascope.captions.dialect import CODE, Dialect, detect
from lorascope.records.color_names import MODIFIERS, TERMS

__all__ = ["CODE", "Caption", "Clause", "ClauseKind", "Code", "read_caption"]

Known = TypeVar("Known")

_TERM = re.compile(r"[^\W_]+")
_PALETTE = re.compile(r"\s*palette\s*:", re.IGNORECASE)
_WEIGHT = re.compile(r":\s*[+-]?\d*\.?\d+\s*(?=[)\]])")
_WORD_OR_CODE = re.compile(CODE.pattern + r"|[^\W\d_]+")
# Words that may stand between a thing and its code: "eyes in #03dc73", "hair (dark brown #7e351a)".
_LINKS = TERMS | MODIFIERS | frozenset("is are was were in with of the a an and color colour colored coloured hex code shade to".split())
_PLAIN = str.maketrans({sign: " " for sign in map(chr, range(128)) if not sign.isalnum()})


class ClauseKind(StrEnum):
    """``palette`` begins a list of codes ("palette: #…"); ``codes`` holds nothing but codes."""

    WORDS = "words"
    PALETTE = "palette"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Clause:
    """A tag, a sentence or a stretch between commas, without the white space around it; a sentence keeps its full stop.

    ``key`` is what makes two clauses the same: letters and digits in lower case, underscores as spaces, without weights
    ("(Blue_Hair:1.2)" is "blue hair").
    """

    start: int
    end: int
    text: str
    kind: ClauseKind
    key: str


@dataclass(frozen=True, slots=True)
class Code:
    """A hex code and what it is said of: ``noun`` is the thing named before it ("hair" in "brown hair (#7e351a)"), or empty.

    ``color`` is ``#rrggbb`` in lower case; ``listed`` is True in a palette list or among bare codes; ``noun_start`` is where
    the noun stands, -1 without one.
    """

    start: int
    end: int
    color: str
    noun: str
    clause: int
    listed: bool
    noun_start: int = -1


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption and its parts. All offsets count characters of ``text``.

    ``unbalanced`` are the offsets of parentheses and brackets without a partner; ``separator`` is where the first ``|||`` stands, or None.
    """

    text: str
    clauses: tuple[Clause, ...]
    codes: tuple[Code, ...]
    dialect: Dialect = Dialect.TAGS
    unbalanced: tuple[int, ...] = ()
    separator: int | None = None
    _known: dict[object, object] = field(default_factory=dict, init=False, repr=False, compare=False, hash=False)

    def feature_codes(self) -> tuple[Code, ...]:
        """The codes that are said of something."""
        return tuple(code for code in self.codes if not code.listed and code.noun)

    def once(self, work: Callable[[Caption], Known]) -> Known:
        """The result of a pure function of this caption, worked out once: many checks ask the same."""
        known = self._known
        if work not in known:
            known[work] = work(self)
        return cast("Known", known[work])

    def clause_at(self, offset: int) -> int | None:
        """The index of the clause that holds a character, or None between clauses."""
        low, high = 0, len(self.clauses)
        while low < high:
            middle = (low + high) // 2
            if self.clauses[middle].end <= offset:
                low = middle + 1
            else:
                high = middle
        return low if low < len(self.clauses) and self.clauses[low].start <= offset else None


def read_caption(text: str) -> Caption:
    """Split a caption into clauses and codes.

    >>> [clause.text for clause in read_caption("lad, hair (#c06148, #a76857), smiling").clauses]
    ['lad', 'hair (#c06148, #a76857)', 'smiling']
    >>> [clause.text for clause in read_caption("bespoke, a photo of a girl, smiling. She wears a red, warm hat.").clauses]
    ['bespoke', 'a photo of a girl, smiling.', 'She wears a red, warm hat.']
    """
    dialect = detect(text)
    cuts = find_cuts(text, dialect)
    plain = text.lower().translate(_PLAIN) if text.isascii() else ""
    coded = dialect is Dialect.CODED
    clauses = tuple(_clause(text, plain, start, end, coded=coded) for start, end in cuts.spans)
    codes = tuple(_codes(text, clauses)) if coded else ()
    return Caption(text, clauses, codes, dialect, cuts.unbalanced, cuts.separator)


def _clause(text: str, plain: str, start: int, end: int, *, coded: bool) -> Clause:
    words = text[start:end]
    kind = _kind(words) if coded and "#" in words else ClauseKind.WORDS
    if ":" in words and _WEIGHT.search(words):
        key = " ".join(_TERM.findall(_WEIGHT.sub(" ", words.lower())))
    elif plain:
        key = " ".join(plain[start:end].split())
    else:
        key = " ".join(_TERM.findall(words.lower()))
    return Clause(start, end, words, kind, key)


def _kind(words: str) -> ClauseKind:
    first = words.lstrip("( ")[:1]
    if first in {"p", "P"} and _PALETTE.match(words) and CODE.search(words):
        return ClauseKind.PALETTE
    return (
        ClauseKind.CODES if not first.isalpha() and CODE.search(words) and not re.search(r"\w", CODE.sub("", words)) else ClauseKind.WORDS
    )


def _codes(text: str, clauses: tuple[Clause, ...]) -> list[Code]:
    """All codes. The usual forms, "brown hair (#7e351a, #aabbcc)" and "#7e351a", are read at once, others by walking along the clause."""
    codes: list[Code] = []
    index, walked = 0, -1
    for match in CODE.finditer(text):
        start, end = match.span()
        while clauses[index].end <= start:
            index += 1
        if index == walked:
            continue
        clause = clauses[index]
        owner = _owner(text, clause, start, codes[-1] if codes and codes[-1].clause == index else None)
        if owner is None:
            while codes and codes[-1].clause == index:
                codes.pop()
            codes += _codes_of(text, clause, index)
            walked = index
        else:
            noun, at = owner
            listed = clause.kind is not ClauseKind.WORDS or noun == "palette"
            codes.append(Code(start, end, _long(match.group()), noun, index, listed, at))
    return codes


def _owner(text: str, clause: Clause, start: int, previous: Code | None) -> tuple[str, int] | None:
    """The thing right before a code and where it stands, or None where that is not plain to see."""
    if previous is not None:
        return None if text[previous.end : start].strip(" ,") else (previous.noun, previous.noun_start)
    before = text[clause.start : start].rstrip(" (:" if clause.kind is ClauseKind.PALETTE else " (")
    noun = before[before.rfind(" ") + 1 :]
    if not before:
        return None if clause.kind is ClauseKind.WORDS else ("", -1)
    lower = noun.lower()
    return (lower, clause.start + len(before) - len(noun)) if noun.isalpha() and lower not in _LINKS else None


def _codes_of(text: str, clause: Clause, index: int) -> list[Code]:
    """The codes of one clause, each with the last thing named before it, or else the first named after it."""
    found = list(_WORD_OR_CODE.finditer(text, clause.start, clause.end))
    after: list[re.Match[str] | None] = []
    following = None
    for match in reversed(found):
        after.append(following)
        if match.group()[0] != "#" and match.group().lower() not in _LINKS:
            following = match
    after.reverse()
    codes, noun, color = [], None, None
    for match, following in zip(found, after, strict=True):
        word = match.group()
        if word[0] != "#":
            color = match
            noun = noun if word.lower() in _LINKS else match
            continue
        owner = noun or following or color
        named = owner.group().lower() if owner else ""
        listed = clause.kind is not ClauseKind.WORDS or named == "palette"
        codes.append(Code(match.start(), match.end(), _long(word), named, index, listed, owner.start() if owner else -1))
    return codes


def _long(code: str) -> str:
    if len(code) == 7:
        return code.lower()
    digits = code[1:].lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits[:6])
