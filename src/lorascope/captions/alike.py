"""Sets that are nearly the same, found among many without comparing all with all.

Two sets with a Jaccard index (shared members / all members) of at least ``least`` differ in few members: in at most
``(1 - least) / (1 + least)`` of the sum of their sizes. Deal all members into one more group than that, each by its own number: then the
two sets agree in at least one group altogether. So only sets that agree in a group are compared, and no pair is missed (Arasu,
Ganti, Kaushik 2006, "Efficient exact set-similarity joins", the partition scheme). The time grows with the sets' total size.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

COMPARED = 16  # each set is compared with so many others of its group; in more crowded groups pairs may be missed, and are counted
NAMED = 8  # of the sets like one, so many are told


@dataclass(frozen=True, slots=True)
class Likeness:
    """``like`` maps a set's position to some of the sets like it, each with their Jaccard index, in order of position.

    ``not_compared`` counts the pairs of sets that agree in a group and were not compared because it was crowded.
    """

    like: Mapping[int, Mapping[int, float]]
    not_compared: int = 0


def most_different(first: int, second: int, least: float) -> int:
    """In how many members two sets of these sizes may differ at most."""
    return int((1 - least) / (1 + least) * (first + second) + 1e-9)


def nearly_equal(sets: Sequence[frozenset[str]], least: float) -> Likeness:
    """Which sets have a Jaccard index of at least ``least``. Equal sets must have been merged before."""
    crowds: defaultdict[Hashable, list[int]] = defaultdict(list)
    for position, members in enumerate(sets):
        numbers = [_number(member) for member in members]
        for groups in _groups(len(members), least):
            for key in _keys(numbers, groups):
                crowds[key].append(position)
    like: defaultdict[int, dict[int, float]] = defaultdict(dict)
    not_compared = 0
    for crowd in crowds.values():
        for at, second in enumerate(crowd):
            not_compared += max(0, at - COMPARED)
            for first in crowd[max(0, at - COMPARED) : at]:
                _compare(sets, first, second, least, like)
    return Likeness({position: dict(sorted(others.items())) for position, others in sorted(like.items())}, not_compared)


def _groups(size: int, least: float) -> Iterable[int]:
    """Into how many groups a set is dealt, for every size that a partner may have."""
    largest = int(size / least + 1e-9)
    return {most_different(size, other, least) + 1 for other in range(int(size * least - 1e-9) + 1, largest + 1)} - {1}


def _keys(numbers: Iterable[int], groups: int) -> list[tuple[int, int, int]]:
    """One key for each group: the members in it, whatever their order."""
    sums = [0] * groups
    for number in numbers:
        sums[number % groups] ^= number
    return [(groups, group, total) for group, total in enumerate(sums)]


def _compare(sets: Sequence[frozenset[str]], first: int, second: int, least: float, like: defaultdict[int, dict[int, float]]) -> None:
    """Note two sets as alike, unless both have enough others already."""
    of_first, of_second = like.get(first, {}), like.get(second, {})
    if second in of_first or first in of_second or (len(of_first) >= NAMED and len(of_second) >= NAMED):
        return
    shared = len(sets[first] & sets[second])
    share = shared / (len(sets[first]) + len(sets[second]) - shared)
    if share >= least:
        for position, other in ((first, second), (second, first)):
            if len(like[position]) < NAMED:
                like[position][other] = share


@lru_cache(maxsize=1 << 18)
def _number(member: str) -> int:
    """A number for a member, always the same one (Python's own hashes differ from run to run)."""
    return int.from_bytes(hashlib.blake2b(member.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little")
