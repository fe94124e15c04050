"""A claim and what was found of it; and how findings at one place become one claim."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What holds of a claim. ``misleading``: the numbers agree, and the claim does not follow from them."""

    INCONSISTENT = "inconsistent"
    MISLEADING = "misleading"
    NOT_DERIVABLE = "not derivable"
    CONSISTENT = "consistent"


_WORST_FIRST = list(Verdict)


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a document, and what it says."""

    document: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """One thing found of a claim. ``flag`` is its id ("F06"), "" for plain arithmetic; ``recomputed`` says with numbers what holds.

    ``shrunk``: the number that is left of the claimed one when the luck of the choice is taken off. ``source``: whether it
    was found in the document or in the records.
    """

    place: Place
    verdict: Verdict
    recomputed: str
    flag: str = ""
    shrunk: float | None = None
    source: str = "document"


@dataclass(frozen=True, slots=True)
class Claim:
    """What one line claims, and everything that was found of it."""

    place: Place
    verdict: Verdict
    flags: tuple[str, ...]
    recomputed: str
    found: tuple[Found, ...]
    shrunk: float | None = None


def gathered(found: Iterable[Found], order: Mapping[str, int]) -> tuple[Claim, ...]:
    """One claim for each line, with the worst verdict found of it; by document in the ``order`` given, and line."""
    by_place: dict[tuple[str, int], list[Found]] = {}
    for one in found:
        by_place.setdefault((one.place.document, one.place.line), []).append(one)
    return tuple(_claim(every) for _, every in sorted(by_place.items(), key=lambda item: (order[item[0][0]], item[0][1])))


def _claim(every: list[Found]) -> Claim:
    ranked = sorted(dict.fromkeys(every), key=lambda one: (_WORST_FIRST.index(one.verdict), one.flag, one.recomputed))
    said = list(dict.fromkeys(one.recomputed for one in ranked if one.recomputed))
    return Claim(
        place=ranked[0].place,
        verdict=ranked[0].verdict,
        flags=tuple(sorted({one.flag for one in ranked if one.flag})),
        recomputed="; ".join(said[:6]),
        found=tuple(ranked),
        shrunk=next((one.shrunk for one in ranked if one.shrunk is not None), None),
    )
