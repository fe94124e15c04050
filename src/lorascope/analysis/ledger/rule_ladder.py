"""How far a rule has come: from an anecdote to a confirmed rule, what it may be called, and what would bring it down.

Three runs of three are "100 %" and still agree with a rate of 37 %. Words such as "always" are therefore given by the lower end of an
exact interval, and a rule climbs only by evidence of another kind: a difference to the other runs, a pair of runs that differ in nothing
else, two such pairs with different training seeds that were announced beforehand.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from scipy.special import betaincinv

from lorascope.analysis.intervals import exact_share_interval
from lorascope.analysis.ledger.power import MOST_UNITS, least_that
from lorascope.analysis.ledger.rules import LEAST_SUPPORT
from lorascope.records.interval import Interval, share_interval

ALWAYS_FROM = 0.9  # the rate that "always" and "proven" ask of a lower bound: 29 of 29


class Rung(StrEnum):
    """Where a rule stands."""

    ANECDOTE = "anecdote"
    UNSEPARATED = "not separated"
    PATTERN = "pattern"
    SUPPORTED = "supported"
    CONFIRMED = "confirmed"
    SCOPED = "scoped"
    REFUTED = "refuted"


MEANING = {
    Rung.ANECDOTE: f"fewer than {LEAST_SUPPORT} runs",
    Rung.UNSEPARATED: "the other runs may have the same rate: the intervals overlap",
    Rung.PATTERN: "the rate differs from the other runs' by more than both intervals; nothing is said of the cause",
    Rung.SUPPORTED: "a pattern, and a pair of runs that differ in nothing else agrees",
    Rung.CONFIRMED: "two such pairs with different training seeds agree, and it was registered before they were run",
    Rung.SCOPED: "it holds for most, and there are counterexamples: say under what else it holds",
    Rung.REFUTED: "even the upper end of the interval is below what it claims",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A rule's rate with its exact 95 % interval, the other runs' interval, its rung, the word it may use, and its counterexamples."""

    rung: Rung
    rate: float
    interval: Interval
    others: Interval | None
    word: str
    counterexamples: int
    to_falsify: int


def standing(
    hits: int, support: int, other_hits: int, others: int, *, matched: int = 0, matched_against: int = 0, seeds: int = 0,
    registered: bool = False, claimed: float | None = None,
) -> Standing:  # fmt: skip
    """Where a rule stands. ``matched`` pairs agree with it, ``matched_against`` do not; ``seeds`` different training seeds are among them.

    ``claimed``: the rate that somebody claims of it (0.9 for "always"); None for a rule that was just found.
    """
    exact = exact_share_interval(hits, support)
    rung = _rung(hits, support, other_hits, others, exact, claimed)
    if rung is Rung.PATTERN and matched > matched_against:
        rung = Rung.CONFIRMED if matched >= 2 and seeds >= 2 and registered and not matched_against else Rung.SUPPORTED
    if rung in {Rung.PATTERN, Rung.SUPPORTED} and claimed is not None and hits < support:
        rung = Rung.SCOPED
    return Standing(
        rung=rung,
        rate=hits / support,
        interval=exact,
        others=exact_share_interval(other_hits, others) if others else None,
        word=word_for(hits, support),
        counterexamples=support - hits,
        to_falsify=misses_that_refute(hits, support, claimed if claimed is not None else ALWAYS_FROM),
    )


def _rung(hits: int, support: int, other_hits: int, others: int, exact: Interval, claimed: float | None) -> Rung:
    if support < LEAST_SUPPORT:
        return Rung.ANECDOTE
    if claimed is not None and exact.high < claimed:
        return Rung.REFUTED
    separated = others > 0 and share_interval(hits, support).low > share_interval(other_hits, others).high
    return Rung.PATTERN if separated else Rung.UNSEPARATED


def lower_bound(hits: int, count: int, confidence: float = 0.95) -> float:
    """The one-sided exact lower bound of a rate: what it is at least, with this confidence.

    >>> round(lower_bound(3, 3), 2), round(lower_bound(29, 29), 3)
    (0.37, 0.902)
    """
    return float(betaincinv(hits, count - hits + 1, 1 - confidence)) if hits else 0.0


def word_for(hits: int, count: int) -> str:
    """The strongest word that so many runs allow: "always" from 29 of 29 on, "mostly" from 5 of 5.

    >>> word_for(3, 3), word_for(5, 5), word_for(29, 29)
    ('3 of 3', 'mostly', 'always')
    """
    least = lower_bound(hits, count)
    return "always" if least >= ALWAYS_FROM else "mostly" if least > 0.5 else f"{hits} of {count}"


def always_needs(hits: int, count: int) -> int:
    """How many further runs, all as the rule says, would allow the word "always".

    >>> always_needs(3, 3)
    26
    """
    return _least_more(lambda more: lower_bound(hits + more, count + more) >= ALWAYS_FROM)


def misses_that_refute(hits: int, count: int, claimed: float) -> int:
    """How many further runs that come out otherwise would put even the upper end of the interval below the claimed rate.

    >>> misses_that_refute(3, 3, 0.9)
    3
    """
    return _least_more(lambda more: exact_share_interval(hits, count + more).high < claimed)


def _least_more(enough: Callable[[int], bool]) -> int:
    return 0 if enough(0) else least_that(enough) or MOST_UNITS
