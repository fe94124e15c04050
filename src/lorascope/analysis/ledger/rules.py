"""Rules over runs: one or two conditions on settings under which runs come out in a certain way, found by trying them all.

Whoever tries many rules finds some that fit: the false discovery rate is therefore taken over everything that was tried, and rules that
hold for exactly the same runs are listed together, since these runs cannot tell them apart. A run that does not say a setting is
neither for nor against a rule about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfc

from lorascope.analysis.effects.association import false_discovery_rates
from lorascope.analysis.ledger.rule_literals import Literal, Settings, literals_of
from lorascope.analysis.ledger.share_power import log_choose
from lorascope.records.plain import number

LEAST_SUPPORT = 3  # runs; fewer are an anecdote
MOST_EXACT_RUNS = 5_000  # above, chi-squared instead of Fisher's test
_ALIKE = 1e-7  # tables that are as probable, up to rounding
_BLOCK = 8_192  # runs counted at a time
Rule = tuple[Literal, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """A set of runs that rules single out. ``rules`` hold for the same runs (``members``, places in the list of runs).

    ``hits`` of the ``support`` members came out as asked, ``other_hits`` of the ``others`` for which the rules do not hold. ``p_value`` is
    Fisher's two-sided mid-p; ``q_value`` its false discovery rate over everything tried. ``more_rules`` counts those not listed.
    """

    rules: tuple[Rule, ...]
    members: tuple[int, ...]
    outside: tuple[int, ...]
    support: int
    hits: int
    others: int
    other_hits: int
    p_value: float
    q_value: float
    more_rules: int = 0


@dataclass(frozen=True, slots=True)
class Search:
    """What was found, the least probable by chance first. ``tried`` counts different sets of runs, ``rules`` all conditions tried."""

    found: tuple[Found, ...]
    tried: int
    rules: int
    thinned: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Pairs:
    """All pairs of conditions (a condition with itself is a rule of one), with their counts and what tells sets of runs apart."""

    first: NDArray[np.int64]
    second: NDArray[np.int64]
    counts: NDArray[np.int64]  # support, hits, others, other hits: a row each
    signature: NDArray[np.float64]


def search(
    settings: Sequence[Settings], outcomes: Sequence[bool], *, least_support: int = LEAST_SUPPORT, most_found: int = 20, most_rules: int = 6
) -> Search:
    """Try every rule of one or two conditions that holds for enough runs, but not for all; keep those that go with the outcome.

    A rule of two conditions that holds for the same runs as a rule of one is not listed. The order of the runs does not matter.
    """
    literals, thinned = literals_of(settings)
    if not literals or len(settings) <= least_support:
        return Search((), 0, 0, thinned)
    truth, known = _tables(literals, settings)
    enough = truth.sum(axis=1) >= least_support
    literals = tuple(literal for literal, kept in zip(literals, enough, strict=True) if kept)
    truth, known = truth[enough], known[enough]
    pairs = _pairs(truth, known, np.asarray(outcomes, np.float64), least_support)
    if not len(pairs.first):
        return Search((), 0, 0, thinned)
    _, group = np.unique(pairs.signature, axis=0, return_inverse=True)
    group = group.ravel()
    firsts = np.unique(group, return_index=True)[1]
    p_values = mid_p_values(*pairs.counts[:, firsts])
    q_values = false_discovery_rates(p_values)
    support, hits, others, other_hits = pairs.counts[:, firsts]
    goes_with = np.flatnonzero(hits * others > other_hits * support)
    ordered = goes_with[np.lexsort((firsts[goes_with], -support[goes_with], p_values[goes_with]))][:most_found]
    found = [
        _found(literals, truth, known, pairs, np.flatnonzero(group == at), (float(p_values[at]), float(q_values[at])), most_rules)
        for at in ordered
    ]  # fmt: skip
    return Search(tuple(found), len(firsts), len(pairs.first), thinned)


def mid_p_values(
    support: NDArray[np.int64], hits: NDArray[np.int64], others: NDArray[np.int64], other_hits: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Two-sided mid-p of Fisher's test for many tables: all less probable tables, and half of those as probable (Lancaster 1961)."""
    margins, place = np.unique(np.stack([support, others, hits + other_hits]), axis=1, return_inverse=True)
    by_margin = [_mid_ps(*map(int, margin)) for margin in margins.T]
    return np.array([by_margin[at][int(count)] for at, count in zip(place.ravel(), hits, strict=True)])


def _mid_ps(support: int, others: int, all_hits: int) -> NDArray[np.float64]:
    """The mid-p of every count of hits among the members, 0 to ``support`` (impossible ones: 1)."""
    runs = support + others
    found = np.ones(support + 1)
    possible = np.arange(max(0, all_hits - others), min(support, all_hits) + 1)
    if runs > MOST_EXACT_RUNS:
        expected = support * all_hits / runs
        variance = expected * (others / runs) * (runs - all_hits) / max(1, runs - 1)
        found[possible] = erfc(np.abs(possible - expected) / np.sqrt(2 * variance)) if variance > 0 else 1.0
        return found
    chance = np.exp(log_choose(support, possible) + log_choose(others, all_hits - possible) - log_choose(runs, np.array(all_hits)))
    ordered = np.sort(chance)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    less = sums[np.searchsorted(ordered, chance * (1 - _ALIKE), side="left")]
    no_more = sums[np.searchsorted(ordered, chance * (1 + _ALIKE), side="right")]
    found[possible] = np.minimum(1.0, 0.5 * (less + no_more))
    return found


def _tables(literals: Sequence[Literal], settings: Sequence[Settings]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """For which runs (columns) each condition (row) holds, and for which that is known."""
    truth, known = np.zeros((2, len(literals), len(settings)), bool)
    columns: dict[str, NDArray[np.float64]] = {}
    for at, literal in enumerate(literals):
        if literal.operator == "=":
            answers = [literal.holds(of_run) for of_run in settings]
            truth[at], known[at] = [answer is True for answer in answers], [answer is not None for answer in answers]
            continue
        if literal.name not in columns:
            numbers = (number(of_run.get(literal.name)) for of_run in settings)
            columns[literal.name] = np.array([np.nan if found is None else found for found in numbers])
        column, limit = columns[literal.name], number(literal.value) or 0.0
        known[at] = ~np.isnan(column)
        truth[at] = column > limit if literal.operator == ">" else column < limit
    return truth, known


def _pairs(truth: NDArray[np.bool_], known: NDArray[np.bool_], outcomes: NDArray[np.float64], least_support: int) -> _Pairs:
    """Count every pair of conditions at once: each count is a product of two tables, each signature one with random whole numbers.

    Two sets of runs with equal sums of 34-bit random numbers are equal but for one chance in 10^10; the sums are exact.
    """
    count = len(truth)
    weights = np.random.default_rng(0).integers(1, 1 << 34, len(outcomes)).astype(np.float64)
    sums = np.zeros((6, count, count))
    for start in range(0, truth.shape[1], _BLOCK):
        part = slice(start, start + _BLOCK)
        holds, says = truth[:, part].astype(np.float64), known[:, part].astype(np.float64)
        for at, weight in enumerate(np.stack([np.ones_like(outcomes[part]), outcomes[part], weights[part]])):
            sums[at] += (holds * weight) @ holds.T
            sums[3 + at] += (says * weight) @ says.T
    first, second = np.triu_indices(count)
    support, hits, signature, told, told_hits, told_signature = (table[first, second] for table in sums)
    counts = np.rint(np.stack([support, hits, told - support, told_hits - hits])).astype(np.int64)
    kept = (counts[0] >= least_support) & (counts[2] > 0)
    return _Pairs(first[kept], second[kept], counts[:, kept], np.stack([signature, told_signature], axis=1)[kept])


def _found(
    literals: Sequence[Literal], truth: NDArray[np.bool_], known: NDArray[np.bool_], pairs: _Pairs, rows: NDArray[np.int64],
    chances: tuple[float, float], most_rules: int,
) -> Found:  # fmt: skip
    first, second = pairs.first[rows], pairs.second[rows]
    holds, told = truth[first[0]] & truth[second[0]], known[first[0]] & known[second[0]]
    support, hits, others, other_hits = (int(count) for count in pairs.counts[:, rows[0]])
    alone = [at for at in range(len(rows)) if first[at] == second[at]]
    rules = [
        (literals[first[at]],) if first[at] == second[at] else (literals[first[at]], literals[second[at]])
        for at in alone or range(len(rows))
    ]
    rules.sort(key=lambda rule: [str(literal) for literal in rule])
    return Found(
        rules=tuple(rules[:most_rules]),
        members=tuple(map(int, np.flatnonzero(holds))),
        outside=tuple(map(int, np.flatnonzero(told & ~holds))),
        support=support,
        hits=hits,
        others=others,
        other_hits=other_hits,
        p_value=chances[0],
        q_value=chances[1],
        more_rules=max(0, len(rules) - most_rules),
    )
