"""Byte-pair merging of very long words in n log n steps: a caption may be ten megabytes without a space."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence


def merge_long(symbols: Sequence[str], ranks: Mapping[tuple[str, str], int]) -> list[str]:
    """Merge the pair of lowest rank, the leftmost first, until no pair is known.

    It gives what merging every occurrence of the best pair at once gives, as a pair that holds a merged symbol always ranks behind
    the merge that made the symbol.
    """
    word: list[str | None] = [*symbols]
    following, before = [*range(1, len(word) + 1)], [*range(-1, len(word) - 1)]
    waiting = [(ranks[pair], at) for at in range(len(word) - 1) if (pair := (symbols[at], symbols[at + 1])) in ranks]
    heapq.heapify(waiting)
    while waiting:
        rank, at = heapq.heappop(waiting)
        left, after = word[at], following[at]
        right = word[after] if after < len(word) else None
        if left is None or right is None or ranks.get((left, right)) != rank:
            continue  # one of the two was merged meanwhile
        word[at], word[after] = left + right, None
        following[at] = following[after]
        if following[at] < len(word):
            before[following[at]] = at
        for start, end in ((before[at], at), (at, following[at])):
            if start >= 0 and end < len(word):
                first, second = word[start], word[end]
                if first is not None and second is not None and (first, second) in ranks:
                    heapq.heappush(waiting, (ranks[first, second], start))
    return [symbol for symbol in word if symbol is not None]
