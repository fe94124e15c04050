"""The grammar of captions: clauses between commas, hex codes, and what each code is said of.

A caption is split at commas outside parentheses. An unbalanced parenthesis ends with its clause at the latest, so that
one slip does not swallow the rest. Nothing here assumes that clauses are tags: a sentence is one long clause, and codes are
bound to the words right before them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

CODE = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-zA-Z_])")
_TERM = re.compile(r"\w+")
_PALETTE = re.compile(r"\s*palette\s*:", re.IGNORECASE)


class ClauseKind(StrEnum):
    """``palette`` begins a list of codes ("palette: #…"); ``codes`` holds nothing but codes."""

    WORDS = "words"
    PALETTE = "palette"
    CODES = "codes"


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch between commas, without the white space around it.

    ``key`` is what makes two clauses the same: letters and digits, in lower case.
    """

    start: int
    end: int
    text: str
    kind: ClauseKind
    key: str


@dataclass(frozen=True, slots=True)
class Code:
    """A hex code and what it is said of: ``noun`` is the word before it ("hair" in "brown hair (#7e351a)"), or empty.

    ``color`` is ``#rrggbb`` in lower case; ``listed`` is True in a palette list or among bare codes.
    """

    start: int
    end: int
    color: str
    noun: str
    clause: int
    listed: bool


@dataclass(frozen=True, slots=True)
class Caption:
    """A caption and its parts. All offsets count characters of ``text``."""

    text: str
    clauses: tuple[Clause, ...]
    codes: tuple[Code, ...]

    def feature_codes(self) -> tuple[Code, ...]:
        """The codes that are said of something."""
        return tuple(code for code in self.codes if not code.listed and code.noun)


def read_caption(text: str) -> Caption:
    """Split a caption into clauses and codes.

    >>> [clause.text for clause in read_caption("lad, hair (#c06148, #a76857), smiling").clauses]
    ['lad', 'hair (#c06148, #a76857)', 'smiling']
    """
    clauses = tuple(_clauses(text))
    return Caption(text, clauses, tuple(_codes(text, clauses)))


def _clauses(text: str) -> list[Clause]:
    clauses = []
    for start, end in _spans(text):
        words = text[start:end]
        kind = ClauseKind.WORDS
        if _PALETTE.match(words) and CODE.search(words):
            kind = ClauseKind.PALETTE
        elif CODE.search(words) and not re.search(r"\w", CODE.sub("", words)):
            kind = ClauseKind.CODES
        clauses.append(Clause(start, end, words, kind, " ".join(_TERM.findall(words.lower()))))
    return clauses


def _spans(text: str) -> list[tuple[int, int]]:
    """Clauses as (start, end) without surrounding white space; empty ones are left out."""
    cuts, depth, start = [], 0, 0
    for index, letter in enumerate(text):
        if letter == "(":
            depth = 1 if _closes_in_time(text, index) else 0
        elif letter == ")":
            depth = 0
        elif letter == "," and depth == 0:
            cuts.append((start, index))
            start = index + 1
    cuts.append((start, len(text)))
    spans = []
    for first, last in cuts:
        while first < last and text[first].isspace():
            first += 1  # noqa: PLW2901 - trimming
        while last > first and text[last - 1].isspace():
            last -= 1  # noqa: PLW2901 - trimming
        if last > first:
            spans.append((first, last))
    return spans


def _closes_in_time(text: str, opened: int) -> bool:
    """Whether a parenthesis is closed before another one opens."""
    closed, again = text.find(")", opened + 1), text.find("(", opened + 1)
    return closed != -1 and (again == -1 or closed < again)


def _codes(text: str, clauses: tuple[Clause, ...]) -> list[Code]:
    codes = []
    for index, clause in enumerate(clauses):
        for match in CODE.finditer(text, clause.start, clause.end):
            before = CODE.sub(" ", text[clause.start : match.start()])
            words = re.findall(r"[^\W\d_]+", before)
            noun = words[-1].lower() if words else ""
            listed = clause.kind is not ClauseKind.WORDS or noun == "palette"
            codes.append(Code(match.start(), match.end(), _long(match.group()), noun, index, listed))
    return codes


def _long(code: str) -> str:
    digits = code[1:].lower()
    return "#" + ("".join(digit * 2 for digit in digits) if len(digits) == 3 else digits[:6])
