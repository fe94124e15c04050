"""Edits of captions: deletions that leave no debris, and the proof that nothing else was touched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from lorascope.captions.clauses import Caption, Clause, Code
from lorascope.records.finding import Edit

# Nouns that mean nothing alone: "brown hair (#7e351a)" is worth keeping without its code, a bare "hair" is not.
BARE_NOUNS = frozenset(
    ["hair", "eyes", "eye", "lips", "lip", "skin", "clothing", "clothes", "shirt", "jacket", "hat", "cap", "background", "backdrop"]
)
_WORD = re.compile(r"#?\w+")
_UNSEEN = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")


def words(text: str) -> Counter[str]:
    """The words of a text with how often each occurs; hex codes are words, and signs of no width do not part a word."""
    return Counter(_WORD.findall(_UNSEEN.sub("", text)))


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits made. They must not overlap.

    >>> apply("red hat, red hat", [Edit(7, 16, "")])
    'red hat'
    """
    for edit in sorted(edits, key=lambda edit: edit.start, reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


def overlap(first: Edit, second: Edit) -> bool:
    """Whether two edits touch the same characters. Equal edits do not disturb each other: they are made once."""
    if first == second:
        return False
    return (first.start < second.end and second.start < first.end) or (first.start == second.start)


def loses_only_what_it_says(text: str, edits: Sequence[Edit]) -> bool:
    """Whether the words lost and gained are exactly those that the edits name: no edit cuts through a word.

    >>> loses_only_what_it_says("pale skin", [Edit(0, 3, "")])
    False
    """
    whole = [_whole_words(text, edit) if edit.text.strip() else edit for edit in edits]
    announced = words(text)
    for edit in whole:
        announced.subtract(words(text[edit.start : edit.end]))
        announced.update(words(edit.text))
    return words(apply(text, edits)) == +announced and min(announced.values(), default=0) >= 0


def _whole_words(text: str, edit: Edit) -> Edit:
    """The same replacement, said of whole words (a letter replaced inside a word replaces the word)."""
    start, end = edit.start, edit.end
    while start > 0 and re.match(r"[\w#]", text[start - 1]):
        start -= 1
    while end < len(text) and re.match(r"\w", text[end]):
        end += 1
    return Edit(start, end, text[start : edit.start] + edit.text + text[edit.end : end])


def delete_clauses(caption: Caption, first: int, last: int) -> Edit:
    """Delete the clauses ``first`` to ``last`` (inclusive) with the comma before them, or after them at the caption's start."""
    clauses = caption.clauses
    if first > 0:
        return _deletion(caption.text, clauses[first - 1].end, clauses[last].end)
    end = clauses[last + 1].start if last + 1 < len(clauses) else clauses[last].end
    return _deletion(caption.text, clauses[0].start, end)


def delete_codes(caption: Caption, codes: Sequence[Code]) -> tuple[Edit, ...]:
    """Delete codes with the parentheses, commas and spaces that only they needed."""
    edits: list[Edit] = []
    for clause in sorted({code.clause for code in codes}):
        going = [code for code in codes if code.clause == clause]
        rest = _without(caption.clauses[clause], going)
        if not re.search(r"\w", rest) or re.sub(r"\W+", " ", rest).strip().lower() in BARE_NOUNS:
            edits.append(delete_clauses(caption, clause, clause))
        else:
            edits += _code_spans(caption.text, caption.clauses[clause], going)
    return tuple(edits)


def _without(clause: Clause, codes: Sequence[Code]) -> str:
    kept = list(clause.text)
    for code in codes:
        kept[code.start - clause.start : code.end - clause.start] = " " * (code.end - code.start)
    return "".join(kept)


def _code_spans(text: str, clause: Clause, codes: Sequence[Code]) -> list[Edit]:
    """One edit per parenthesis that becomes empty, one per code elsewhere."""
    edits, done = [], set()
    for group in re.finditer(r"\(([^()]*)\)", text[clause.start : clause.end]):
        start, end = clause.start + group.start(), clause.start + group.end()
        inside = [code for code in codes if start < code.start and code.end < end]
        if inside and not re.search(r"\w", _blanked(text, start, end, inside)):
            edits.append(_deletion(text, _back_over_spaces(text, start, clause.start), end))
            done.update(inside)
    return [*edits, *(_listed_codes(text, start, end, clause) for start, end in _runs(text, [code for code in codes if code not in done]))]


def _runs(text: str, codes: Sequence[Code]) -> list[tuple[int, int]]:
    """Codes with nothing but commas and spaces between them go together: each comma is deleted once."""
    runs: list[tuple[int, int]] = []
    for code in sorted(codes, key=lambda code: code.start):
        if runs and not text[runs[-1][1] : code.start].strip(" ,/\t\n"):
            runs[-1] = (runs[-1][0], code.end)
        else:
            runs.append((code.start, code.end))
    return runs


def _listed_codes(text: str, first: int, last: int, clause: Clause) -> Edit:
    """Codes among others or bare: they take the comma before them along, or the one after them where they stand first."""
    start = _back_over_spaces(text, first, clause.start)
    if start > clause.start and text[start - 1] in ",/":
        return _deletion(text, _back_over_spaces(text, start - 1, clause.start), last)
    after = re.match(r"\s*[,/]\s*", text[last : clause.end])
    if after and start > clause.start and text[start - 1] == "(":
        return _deletion(text, first, last + after.end())
    return _deletion(text, start, last)


def _blanked(text: str, start: int, end: int, codes: Sequence[Code]) -> str:
    kept = list(text[start:end])
    for code in codes:
        kept[code.start - start : code.end - start] = " " * (code.end - code.start)
    return "".join(kept)


def _back_over_spaces(text: str, index: int, floor: int) -> int:
    while index > floor and text[index - 1].isspace():
        index -= 1
    return index


def _deletion(text: str, start: int, end: int) -> Edit:
    """A deletion that keeps the words on both sides apart."""
    joins = start > 0 and end < len(text) and re.match(r"\w", text[start - 1]) and re.match(r"[\w#]", text[end])
    return Edit(start, end, " " if joins else "")
