"""What codes, palette lists and boilerplate cost of the window: "18 codes cost 120 of your 75 tokens"."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from lorascope.captions.clauses import CODE, Caption, Clause, ClauseKind
from lorascope.captions.window import ClipTokenizer
from lorascope.records.window_map import Price

CODES, PALETTES, BOILERPLATE = "codes", "palette lists", "boilerplate"
_CODES = re.compile(rf"\(\s*{CODE.pattern}(?:[\s,/]*{CODE.pattern})*\s*\)|{CODE.pattern}")


def prices(caption: Caption, tokenizer: ClipTokenizer, is_boilerplate: Callable[[Clause], bool]) -> tuple[Price, ...]:
    """What each kind costs in one caption: the tokens that would be saved without it. Kinds that do not occur are left out.

    Codes in palette lists count as palette lists only.
    """
    found = []
    tokens = 0
    for what, spans, pieces in _kinds(caption, is_boilerplate):
        tokens = tokens or tokenizer.count(caption.text)
        found.append(Price(what, pieces, 1, tokens - tokenizer.count(_without(caption.text, spans))))
    return tuple(found)


def total(found: Iterable[Price]) -> tuple[Price, ...]:
    """The prices of many captions added up, the dearest first."""
    sums: dict[str, list[int]] = {}
    for price in found:
        added = sums.setdefault(price.what, [0, 0, 0])
        for at, number in enumerate((price.pieces, price.captions, price.tokens)):
            added[at] += number
    return tuple(sorted((Price(what, *numbers) for what, numbers in sums.items()), key=lambda price: (-price.tokens, price.what)))


def _kinds(caption: Caption, is_boilerplate: Callable[[Clause], bool]) -> Iterator[tuple[str, list[tuple[int, int]], int]]:
    clauses = caption.clauses
    if caption.codes:
        said = [span for clause in clauses if clause.kind is ClauseKind.WORDS and "#" in clause.text for span in _code_spans(clause)]
        count = sum(clauses[code.clause].kind is ClauseKind.WORDS for code in caption.codes)
        if count:
            yield CODES, said, count
        lists = [index for index, clause in enumerate(clauses) if clause.kind is not ClauseKind.WORDS]
        if lists:
            yield PALETTES, _with_commas(clauses, lists), sum(index - 1 not in lists for index in lists)
    common = [index for index, clause in enumerate(clauses) if is_boilerplate(clause)]
    if common:
        yield BOILERPLATE, _with_commas(clauses, common), len(common)


def _code_spans(clause: Clause) -> Iterator[tuple[int, int]]:
    for match in _CODES.finditer(clause.text):
        yield clause.start + match.start(), clause.start + match.end()


def _with_commas(clauses: tuple[Clause, ...], indexes: list[int]) -> list[tuple[int, int]]:
    """Clauses with the comma before each; the first one with the comma after it."""
    found = []
    for index in indexes:
        if index:
            found.append((clauses[index - 1].end, clauses[index].end))
        else:
            found.append((clauses[0].start, clauses[1].start if len(clauses) > 1 else clauses[0].end))
    return found


def _without(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in sorted(spans):
        parts.append(text[at : max(at, start)])
        at = max(at, end)
    return "".join([*parts, text[at:]])
