"""Edits of captions: deletions that leave no debris, and the proof that nothing else was touched."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from lorascope.captions.clauses import Caption, Clause, Code
from lorascope.captions.lexicon import FILLERS, SAY_NOTHING_ALONE
from lorascope.records.finding import Edit

_SENTENCE_END = re.compile(r"[.!?]+$")
_WORD = re.compile(r"#?[^\W_]+")
_LETTERS = re.compile(r"[^\W_]+")
# Signs without width of their own: joiners, marks, soft hyphens, directions of writing, control characters.
UNSEEN = "\x01-\x08\x0e-\x1f\x7f\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_UNSEEN = re.compile(f"[{UNSEEN}]")
_WORD_SIGN = re.compile(f"[\\w#{UNSEEN}]")


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
    return all(_loses_only(text, *neighborhood) for neighborhood in _neighborhoods(text, edits))


def _neighborhoods(text: str, edits: Iterable[Edit]) -> list[tuple[int, int, list[Edit]]]:
    """Edits with the whole words around them: what lies farther away cannot be joined or cut by them."""
    found: list[tuple[int, int, list[Edit]]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start, end = edit.start, edit.end
        floor = found[-1][1] if found else 0  # nothing before it needs to be looked at twice
        while start > floor and _WORD_SIGN.match(text[start - 1]):
            start -= 1
        while end < len(text) and _WORD_SIGN.match(text[end]):
            end += 1
        if found and start <= found[-1][1]:
            found[-1][2].append(edit)
            found[-1] = (found[-1][0], max(end, found[-1][1]), found[-1][2])
        else:
            found.append((start, end, [edit]))
    return found


def _loses_only(text: str, first: int, last: int, edits: Sequence[Edit]) -> bool:
    """The same for edits of one neighborhood, ``first`` to ``last``."""
    if len(edits) == 1 and _lies_between_words(text, edits[0]):
        return True
    part = text[first:last]
    inside = [Edit(edit.start - first, edit.end - first, edit.text) for edit in edits]
    announced = words(part)
    for edit in inside:
        whole = _whole_words(part, edit) if edit.text.strip() else edit
        announced.subtract(words(part[whole.start : whole.end]))
        announced.update(words(whole.text))
    return words(apply(part, inside)) == +announced and min(announced.values(), default=0) >= 0


def _lies_between_words(text: str, edit: Edit) -> bool:
    """Whether an edit cuts through no word and joins none with its neighbors: the usual case, told without counting words."""
    left, right = text[max(0, edit.start - 1) : edit.start], text[edit.end : edit.end + 1]
    removed = text[edit.start : edit.end]
    beside_left, beside_right = (edit.text or right)[:1], (edit.text or left)[-1:]
    is_sign = _WORD_SIGN.match
    cuts_or_joins_left = is_sign(left) and (is_sign(removed[:1]) or is_sign(beside_left))
    cuts_or_joins_right = is_sign(right) and (is_sign(removed[-1:]) or is_sign(beside_right))
    return bool(removed) and not cuts_or_joins_left and not cuts_or_joins_right


def _whole_words(text: str, edit: Edit) -> Edit:
    """The same replacement, said of whole words (a letter replaced inside a word replaces the word)."""
    start, end = edit.start, edit.end
    while start > 0 and re.match(r"[^\W_]|#", text[start - 1]):
        start -= 1
    while end < len(text) and re.match(r"[^\W_]", text[end]):
        end += 1
    return Edit(start, end, text[start : edit.start] + edit.text + text[edit.end : end])


def says_nothing(words: str) -> bool:
    """Whether a clause is nothing but a noun that says nothing alone: "brown hair (#7e351a)" is worth keeping without its code.

    >>> [says_nothing(words) for words in ("with hair", "Lips.", "hat", "short hair")]
    [True, True, False, False]
    """
    said = _LETTERS.findall(words.lower())
    return bool(said) and said[-1] in SAY_NOTHING_ALONE and FILLERS.issuperset(said[:-1])


def delete_clauses(caption: Caption, first: int, last: int) -> Edit:
    """Delete the clauses ``first`` to ``last`` (inclusive) with what parted them from their neighbors.

    That is the comma before them, or the one after them where they begin the caption, a line or a sentence. A separator of
    another kind (``|||``, the end of a line) stays, and so does the full stop of a sentence whose end they were.
    """
    text, clauses = caption.text, caption.clauses
    start, end = clauses[first].start, clauses[last].end
    before = text[clauses[first - 1].end : start] if first > 0 else ""
    after = text[end : clauses[last + 1].start] if last + 1 < len(clauses) else ""
    begins = first == 0 or "|||" in before or ("," not in before and "," in after and "\n" not in after)
    if begins and after and "|||" not in after:
        return _deletion(text, start, end + len(after))
    if begins and after and not before.strip():
        return _deletion(text, start, end + len(after) - len(after.lstrip()))
    stop = _SENTENCE_END.search(clauses[last].text)
    if stop and "," in before and not _SENTENCE_END.search(clauses[first - 1].text):
        end = clauses[last].start + stop.start()
    return _deletion(text, start - len(before) + (before.index("|||") + 3 if "|||" in before else 0), end)


def delete_each(caption: Caption, indexes: Iterable[int]) -> tuple[Edit, ...]:
    """Delete several clauses, neighbors together: their separators are deleted once."""
    edits: list[Edit] = []
    run: list[int] = []
    for index in [*sorted(set(indexes)), -1]:
        if run and index != run[-1] + 1:
            edits.append(delete_clauses(caption, run[0], run[-1]))
            run = []
        run.append(index)
    return tuple(edits)


def delete_codes(caption: Caption, codes: Sequence[Code]) -> tuple[Edit, ...]:
    """Delete codes with the parentheses, commas and spaces that only they needed, and with a noun that says nothing without them."""
    edits: list[Edit] = []
    whole: list[int] = []
    for clause in sorted({code.clause for code in codes}):
        going = [code for code in codes if code.clause == clause]
        rest = _without(caption.clauses[clause], going)
        if not re.search(r"\w", rest) or says_nothing(rest):
            whole.append(clause)
        else:
            edits += _code_spans(caption.text, caption.clauses[clause], going)
    return (*edits, *delete_each(caption, whole))


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
