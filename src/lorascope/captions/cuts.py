"""Where a caption is cut into clauses: one walk over its commas, stops and parentheses, linear in its length."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lorascope.captions.dialect import Dialect

KEEP_SEPARATOR = "|||"

_STOPS = "[.!?]+[\"'\u201d\u2019]*(?=\\s|\\)|\\Z)|[\u3002\uff01\uff1f]+[\u300d\u300f\u201d\u2019]*"
_LINE_MARKS = r"\\.|\|\|\||[()\[\]\r\n\uff08\uff09]"
_COMMA_MARKS = r"\\.|\|\|\||[,()\[\]\r\n\uff08\uff09\uff0c\u3001]"
_WALKED = {
    Dialect.TAGS: re.compile(_COMMA_MARKS, re.DOTALL),
    Dialect.CODED: re.compile(f"{_COMMA_MARKS}|{_STOPS}", re.DOTALL),
    Dialect.PROSE: re.compile(f"{_LINE_MARKS}|{_STOPS}", re.DOTALL),
}
# What the quick way does not know: escapes, brackets, lines, wide signs.
_ODD = re.compile(r"[\\\[\]\r\n|\uff08\uff09\uff0c\u3001]")
_OPENS = {"(": 0, "[": 1, "\uff08": 2}
_CLOSES = {")": 0, "]": 1, "\uff09": 2}
_COMMAS = frozenset(",\uff0c\u3001")
_LINES = frozenset(("\n", "\r", KEEP_SEPARATOR))
_SMILEY = re.compile(r"(?:\A|(?<=[\s,]))>?[:;=]['o-]?[()\[\]](?![^\s,])")
_LAST_WORD = re.compile(r"(?:[^\W\d_]\.)*[^\W\d_]+\Z")
_ABBREVIATIONS = frozenset(
    "mr mrs ms dr st prof jr sr vs vol no pt fig inc ltd co e.g i.e eg ie approx ca cf al bzw z.b d.h usw op feat ft u.s a.m p.m".split()
)
LONGEST_ABBREVIATION = 8
# A trigger before a sentence: up to three words and a comma, where what follows begins like a sentence.
_TRIGGER = re.compile(r"[^\s,.!?]+(?:[^\S\n]+[^\s,.!?]+){0,2}[^\S\n]*,[^\S\n]*")
_BEGINS = re.compile(
    r"(?:a|an|the|this|that|these|there|it|he|she|they|his|her|their|one|two|three|four|(?:[^\s,]+ ){0,2}"
    r"(?:photo|photograph|picture|image|portrait|painting|drawing|illustration|close-?up|shot|view|render)(?:\s+\w+)?\s+(?:of|shows?|showing))\b",
    re.IGNORECASE,
)
_NO_TRIGGER = re.compile(
    r"(?:a|an|the|this|that|these|there|it|he|she|they|his|her|their|in|on|at|with|under|over|behind|above|below|near|beside|while|"
    r"when|as|by|from|for|against|through|here|today|outside|inside|also|however|then|and|but|\w+(?:ing|ly))\b",
    re.IGNORECASE,
)
_LONGEST_TRIGGERS = 4  # of them in a row: "ohwx, woman, a photo of …"


@dataclass(frozen=True, slots=True)
class Cuts:
    """``spans`` are the clauses without white space around them; ``unbalanced`` are offsets of parentheses without a partner."""

    spans: tuple[tuple[int, int], ...]
    unbalanced: tuple[int, ...]
    separator: int | None


def find_cuts(text: str, dialect: Dialect) -> Cuts:
    """Split a text as its dialect is split. Empty clauses are left out."""
    stops = dialect is not Dialect.TAGS and ("." in text or "!" in text or "?" in text or not text.isascii())
    if dialect is not Dialect.PROSE and not stops and not _ODD.search(text, 0, len(text.rstrip())):  # most files end with a line's end
        quick = _quick_cuts(text)
        if quick is not None:
            return Cuts(_spans(text, quick), (), None)
    walk = _Walk(text, prose=dialect is Dialect.PROSE)
    for match in _WALKED[dialect].finditer(text):
        walk.step(match.group(), match.start(), match.end())
    walk.line_ends()
    cuts = _after_triggers(text, walk.cuts) if walk.prose else walk.cuts
    return Cuts(_spans(text, cuts), tuple(sorted(walk.unbalanced)), walk.separator)


def parentheses(text: str) -> tuple[tuple[int, int], ...]:
    """The parentheses and brackets with a partner, both included, in the order in which they close."""
    walk = _Walk(text, prose=False)
    for match in _WALKED[Dialect.TAGS].finditer(text):
        walk.step(match.group(), match.start(), match.end())
    return tuple(walk.groups)


def _quick_cuts(text: str) -> list[tuple[int, int]] | None:
    """The cuts of plain tags at commas, where no parenthesis is nested or without partner; None if there is one."""
    cuts, at, inside = [], -1, False
    for part in text.split(","):
        at += len(part) + 1
        opens, closes = part.count("("), part.count(")")
        if opens or closes:
            if (
                opens > 1
                or closes > 1
                or (opens and inside)
                or (closes and not inside and (not opens or part.index("(") > part.index(")")))
            ):
                return None
            inside = opens > closes or (inside and not closes)
        if not inside:
            cuts.append((at, at + 1))
    return None if inside else cuts[:-1]


def _is_odd(part: str, closes: int) -> bool:
    """Whether an opening parenthesis is the mouth of a face, or stands behind its partner."""
    at = part.index("(")
    return (at > 0 and part[at - 1] in ":;=-'o") or (closes > 0 and part.index(")") < at)


class _Walk:
    """A walk over a text from mark to mark."""

    def __init__(self, text: str, *, prose: bool) -> None:
        self.text, self.prose = text, prose
        self.cuts: list[tuple[int, int]] = []  # where a clause ends, and where the next begins
        self.opened: tuple[list[tuple[int, int]], ...] = ([], [], [])  # by kind of parenthesis: its offset, the cuts before it
        self.unbalanced: list[int] = []
        self.groups: list[tuple[int, int]] = []
        self.separator: int | None = None

    def step(self, sign: str, at: int, end: int) -> None:
        """Take in one mark."""
        if sign in _COMMAS:
            self.cuts.append((at, end))
        elif sign in _OPENS or sign in _CLOSES:
            if not _is_smiley(self.text, at):
                self.parenthesis(sign, at)
        elif sign in _LINES:
            self.line_ends()
            if sign == KEEP_SEPARATOR and self.separator is None:
                self.separator = at
            self.cuts.append((at, end))
        elif sign[0] != "\\" and _ends_a_sentence(self.text, sign, at, end):
            self.cuts.append((end, end))

    def parenthesis(self, sign: str, at: int) -> None:
        """Note an opening parenthesis; at its partner, undo the cuts between the two."""
        if sign in _OPENS:
            self.opened[_OPENS[sign]].append((at, len(self.cuts)))
            return
        stack = self.opened[_CLOSES[sign]]
        if stack:
            start, known = stack.pop()
            del self.cuts[known:]
            self.groups.append((start, at + 1))
        else:
            self.unbalanced.append(at)

    def line_ends(self) -> None:
        """No parenthesis reaches over the end of a line."""
        for stack in self.opened:
            self.unbalanced += [start for start, _ in stack]
            stack.clear()


def _is_smiley(text: str, at: int) -> bool:
    """Whether a parenthesis is the mouth of a face: ":)", ">:(", ";-)"."""
    if at == 0 or text[at - 1] not in ":;=-'o":
        return False
    return any(_SMILEY.match(text, start, at + 2) for start in range(max(0, at - 3), at))


def _ends_a_sentence(text: str, sign: str, at: int, end: int) -> bool:
    """Whether a stop ends a sentence: not after an abbreviation or an initial, nor three dots before a small letter."""
    if sign[0] != "." or at == 0:
        return True
    if len(sign) > 1 and sign.startswith(".."):
        following = text[end : end + 2].lstrip()
        return not following[:1].islower()
    word = _LAST_WORD.search(text[max(0, at - LONGEST_ABBREVIATION) : at])
    return not (word and (word.group().lower() in _ABBREVIATIONS or (len(word.group()) == 1 and word.group().isupper())))


def _after_triggers(text: str, cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Cut off what stands before the first sentence: "bespoke, a photo of …"."""
    at, triggers = len(text) - len(text.lstrip()), []
    for _ in range(_LONGEST_TRIGGERS):
        match = _TRIGGER.match(text, at)
        if not match or _NO_TRIGGER.match(text, at):
            return cuts
        triggers.append((match.group().rindex(",") + match.start(), match.end()))
        at = match.end()
        if _BEGINS.match(text, at) or text[at : at + 1].isupper():
            return triggers + [cut for cut in cuts if cut[0] >= at]
    return cuts


def _spans(text: str, cuts: list[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    spans, start = [], 0
    for end, following in (*cuts, (len(text), len(text))):
        words = text[start:end]
        if words and not words.isspace():
            spans.append((start + len(words) - len(words.lstrip()), start + len(words.rstrip())))
        start = following
    return tuple(spans)
