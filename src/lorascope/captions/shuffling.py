"""What shuffling does to a caption: what the trainer cuts into tags, and each tag's chance of being read.

kohya's sd-scripts (library/train_util.py, ``process_caption``) takes a caption's first line, cuts it at every separator, inside
parentheses too, leaves the first ``keep_tokens`` tags in front (or all before ``keep_tokens_separator``; what follows a second one stays
at the end), shuffles the rest uniformly, perhaps drops some, and joins all with ", ". What then lies beyond the window is not read in this
step. The chances here are exact, without simulation: give every tag a uniform random number; in the order of these numbers the tags are
shuffled uniformly. For a tag with number u each other tag stands before it with chance u, independently, so the sum of the tokens before it
is a sum of independent terms, and the chance is an integral over u of a polynomial, which Gauss's rule gives exactly.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.check import Reader
from lorascope.captions.cuts import parentheses
from lorascope.captions.window import ClipTokenizer

MOST_NODES = 64  # of the integral: exact for up to 128 shuffled tags, and to 1e-9 beyond
_COMMA = ","

Chances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Tag:
    """A piece between separators, without the white space around it, as the trainer cuts a caption."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Tags:
    """A caption as the trainer takes it apart: what stays in front, what is shuffled, what stays at the end."""

    front: tuple[Tag, ...]
    shuffled: tuple[Tag, ...]
    back: tuple[Tag, ...] = ()


@dataclass(frozen=True, slots=True)
class TagChance:
    """The chance (0 to 1) that a tag is read whole in one step of training. ``tokens`` is its cost without a comma."""

    tag: Tag
    tokens: int
    chance: float
    shuffled: bool


def cut_tags(text: str, reader: Reader) -> Tags:
    """The tags of a caption, as the trainer cuts and keeps them.

    >>> [tag.text for tag in cut_tags("bespoke, hair (#a, #b)", Reader(shuffles=True, keep_tokens=1)).shuffled]
    ['hair (#a', '#b)']
    """
    text = text.split("\n", 1)[0]
    separator = reader.keep_tokens_separator
    if separator and separator in text:
        first = text.index(separator)
        second = text.find(separator, first + len(separator))
        end = len(text) if second < 0 else second
        back = () if second < 0 else _cut(text, second + len(separator), len(text), reader.separator)
        shuffled = _cut(text, first + len(separator), end, reader.separator)
        return Tags(*(tuple(tag for tag in tags if tag.text) for tags in (_cut(text, 0, first, reader.separator), shuffled, back)))
    tags = _cut(text, 0, len(text), reader.separator)
    return Tags(tags[: reader.keep_tokens], tags[reader.keep_tokens :])


def _cut(text: str, start: int, end: int, separator: str) -> tuple[Tag, ...]:
    tags = []
    for part in text[start:end].split(separator or _COMMA):
        words = part.strip()
        at = start + len(part) - len(part.lstrip()) if words else start
        tags.append(Tag(at, at + len(words), words))
        start += len(part) + len(separator or _COMMA)
    return tuple(tags)


def torn(text: str, reader: Reader) -> tuple[tuple[int, int], ...]:
    """The parentheses whose inside comes apart when the trainer shuffles, as spans; none where it does not shuffle."""
    if not reader.shuffles or "(" not in text:
        return ()
    tags = cut_tags(text, reader)
    cuts = sorted({tag.start for tag in tags.shuffled} | {tag.end for tag in tags.shuffled})
    found = []
    for start, end in parentheses(text.split("\n", 1)[0]):
        at = int(np.searchsorted(cuts, start, side="right"))
        if at < len(cuts) and cuts[at] < end:
            found.append((start, end))
    return tuple(found)


def tag_chances(text: str, reader: Reader, tokenizer: ClipTokenizer, *, tag_dropout: float = 0.0) -> tuple[TagChance, ...]:
    """The chance of each tag to be read whole, in the order of the caption.

    ``tag_dropout`` is the trainer's ``caption_tag_dropout_rate``: the share of the shuffled tags left out in each step (0 to 1).
    Without shuffling a tag is read or it is not. Empty tags are left out of the answer.
    """
    tags = cut_tags(text, reader)
    window = reader.window_tokens
    costs = {tag.text: _cost(tag.text, tokenizer) for tag in (*tags.front, *tags.shuffled, *tags.back)}
    before = sum(costs[tag.text].with_comma for tag in tags.front)
    shuffled = [costs[tag.text] for tag in tags.shuffled]
    rates = _order_chances(shuffled, window - before, tag_dropout, followed=bool(tags.back)) if reader.shuffles else None
    found, used = [], 0
    everything = [*((tag, False) for tag in tags.front), *((tag, True) for tag in tags.shuffled), *((tag, False) for tag in tags.back)]
    for index, (tag, moves) in enumerate(everything):
        cost = costs[tag.text]
        need = cost.alone if index == len(everything) - 1 else cost.within
        chance = float(used + need <= window)
        if rates is not None and moves:
            chance = float(rates[index - len(tags.front)])
        elif tag_dropout and moves:
            chance = float(_sum_chances(shuffled[: index - len(tags.front)], tag_dropout, window - before - need)) * (1 - tag_dropout)
        elif tag_dropout and index >= len(tags.front) + len(tags.shuffled):
            fixed = used - sum(other.with_comma for other in shuffled)
            chance = float(_sum_chances(shuffled, tag_dropout, window - fixed - need))
        used += cost.with_comma
        if tag.text:
            found.append(TagChance(tag, cost.alone, chance, moves and reader.shuffles))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Cost:
    """Tokens of a tag: with a comma behind it, alone, and up to its last sign when a comma follows."""

    with_comma: int
    alone: int
    within: int


def _cost(tag: str, tokenizer: ClipTokenizer) -> _Cost:
    with_comma, alone = tokenizer.count(tag + _COMMA), tokenizer.count(tag)
    if not tag or tag[-1].isalnum():
        return _Cost(with_comma, alone, alone)
    spans = tokenizer.token_spans(tag + _COMMA)
    return _Cost(with_comma, alone, sum(span.start < len(tag) for span in spans))


def _order_chances(costs: list[_Cost], room: int, dropout: float, *, followed: bool) -> Chances:
    """For each shuffled tag, the chance that it is kept and that it and the tags before it fit into ``room`` tokens."""
    if not costs:
        return np.zeros(0)
    nodes = min(MOST_NODES, (len(costs) + 1) // 2)
    points, weights = np.polynomial.legendre.leggauss(nodes)
    points, weights = (points + 1) / 2, weights / 2
    groups = Counter(cost.with_comma for cost in costs)
    sizes = sorted(groups)
    width = max(0, room) + 1
    ahead = [_none(nodes, width)]  # sums over the groups before each group, and behind it
    for size in sizes:
        ahead.append(_add(ahead[-1], size, groups[size], points * (1 - dropout)))
    behind = [_none(nodes, width)]
    for size in reversed(sizes):
        behind.append(_add(behind[-1], size, groups[size], points * (1 - dropout)))
    behind.reverse()
    at_most = {}
    for index, size in enumerate(sizes):
        others = _add(ahead[index], size, groups[size] - 1, points * (1 - dropout))
        rest = np.cumsum(behind[index + 1], axis=1)
        at_most[size] = (others, rest)
    memo: dict[_Cost, float] = {}
    for cost in costs:
        if cost not in memo:
            memo[cost] = _fits(*at_most[cost.with_comma], room - cost.within, weights)
            if not followed and cost.alone != cost.within:
                memo[cost] += _when_last(costs, cost, room, dropout)
    return np.array([memo[cost] for cost in costs]) * (1 - dropout)


def _none(nodes: int, width: int) -> Chances:
    """No tags: the sum is 0."""
    sums = np.zeros((nodes, width))
    sums[:, 0] = 1
    return sums


def _add(sums: Chances, size: int, count: int, chance: Chances) -> Chances:
    """The distribution of sums after ``count`` more tags of ``size`` tokens, each before the tag in question with a chance."""
    stay, width = (1 - chance)[:, None], sums.shape[1]
    most = min(count, (width - 1) // size) if size else 0
    if count > 2 * most + 8:  # many equal tags: their number is binomial
        ways = _binomial(count, most, chance) if size else np.ones((len(chance), 1))
        added = np.zeros_like(sums)
        for number in range(most + 1):
            added[:, number * size :] += ways[:, number : number + 1] * sums[:, : width - number * size]
        return added
    for _ in range(count if size else 0):
        added = stay * sums
        if size < width:
            added[:, size:] += chance[:, None] * sums[:, : width - size]
        sums = added
    return sums


def _binomial(count: int, most: int, chance: Chances) -> Chances:
    """The chance of 0 to ``most`` hits among ``count``, (nodes, most + 1); in logarithms, since the numbers become huge."""
    hits = np.arange(1, most + 1)
    choose = np.concatenate([[0.0], np.cumsum(np.log((count - hits + 1) / hits))])
    number = np.arange(most + 1)
    sure = np.clip(chance, 1e-300, 1 - 1e-16)[:, None]
    found: Chances = np.exp(choose + number * np.log(sure) + (count - number) * np.log1p(-sure))
    return found


def _fits(others: Chances, rest: Chances, room: int, weights: Chances) -> float:
    """The chance that two independent sums stay within ``room``, integrated over the place in the order."""
    if room < 0:
        return 0.0
    return float(min(1.0, weights @ (others[:, : room + 1] * rest[:, room::-1]).sum(axis=1)))


def _when_last(costs: list[_Cost], cost: _Cost, room: int, dropout: float) -> float:
    """What a tag gains or loses by having no comma behind it when it comes last: all other tags that are kept stand before it."""
    others = [*costs]
    others.remove(cost)
    # The others are kept with a chance of 1 - dropout; the tag comes last among k others that are kept with chance 1 / (k + 1).
    width = max(0, room) + 1
    table = np.zeros((len(others) + 1, width))
    table[0, 0] = 1
    for other in others:
        shifted = np.zeros_like(table)
        if other.with_comma < width:
            shifted[1:, other.with_comma :] = table[:-1, : width - other.with_comma]
        table = dropout * table + (1 - dropout) * shifted
    last = (table / np.arange(1, len(others) + 2)[:, None]).sum(axis=0)
    return float(last[: max(0, room - cost.alone + 1)].sum() - last[: max(0, room - cost.within + 1)].sum())


def _sum_chances(costs: list[_Cost], dropout: float, room: int) -> float:
    """The chance that those of some tags that are kept cost no more than ``room`` tokens."""
    if room < 0:
        return 0.0
    sums = _none(1, room + 1)
    for cost in costs:
        sums = _add(sums, cost.with_comma, 1, np.array([1 - dropout]))
    return float(sums.sum())
