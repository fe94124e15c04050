"""How much of a metric goes along with each setting, one setting at a time. Settings that traveled with a cause have it too.

Ranks, so that one wild run does not decide; permutations within comparability classes, all settings by the same draws; and the false
discovery rate over all settings, since of 45 some always look good.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc, ndtr, ndtri

from lorascope.analysis.table import UNSTATED, Block, Table, center

PERMUTATIONS = 2000
ALL_ORDERS_UP_TO = 8  # runs: 8! orders are enumerated, so p is exact
SCORE_TEST_FROM = 2000  # runs: there the permutation distribution is a chi-square to all digits shown
INTERVAL_FROM = 15  # runs: below, a bootstrap of ranks says nothing
RESAMPLES = 2000
TAU_BY_PAIRS_UP_TO = 2000

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Association:
    """``share`` of the metric's rank variance (Spearman's rho squared; eta squared of an enum), with its permutation p-value and q-value.

    ``rho`` is the signed rank correlation of an ordered setting, ``low`` to ``high`` its 95 % interval (from 15 runs on), ``tau_b``
    Kendall's.
    """

    name: str
    share: float
    p_value: float
    q_value: float
    rho: float | None = None
    low: float | None = None
    high: float | None = None
    tau_b: float | None = None


def associate(table: Table, *, seed: int = 0) -> tuple[Association, ...]:
    """The association of every setting that varies with the metric, in the table's order. Empty below three runs."""
    if len(table.runs) < 3 or not table.blocks:
        return ()
    outcome = rank_within(table.y, table.group)
    total = float(outcome @ outcome)
    if total <= 0:
        return tuple(Association(block.name, 0.0, 1.0, 1.0) for block in table.blocks)
    bases = [_basis(block, table) for block in table.blocks]
    widths = np.array([basis.shape[1] for basis in bases])
    stacked, member = np.hstack(bases), np.repeat(np.arange(len(bases)), widths)
    shares = _shares(stacked, outcome[:, None], member, len(bases))[:, 0] / total
    p_values = _p_values(shares, widths, table, seed, _Permuted(stacked, outcome, member, total))
    q_values = false_discovery_rates(p_values)
    ordered = np.array([block.ordered for block in table.blocks])
    rho = np.full(len(bases), np.nan)
    firsts = np.searchsorted(member, np.arange(len(bases)))
    rho[ordered] = (stacked[:, firsts[ordered]].T @ outcome) / np.sqrt(total)
    intervals = _intervals(stacked[:, firsts[ordered]], outcome, seed)
    found, at = [], 0
    for index, block in enumerate(table.blocks):
        low = high = tau = None
        if block.ordered:
            low, high = intervals[at]
            at += 1
            tau = kendall_tau_b(*_stated(block, table))
        signed = float(rho[index]) if block.ordered else None
        share = min(1.0, float(shares[index]))
        found.append(Association(block.name, share, float(p_values[index]), float(q_values[index]), signed, low, high, tau))
    return tuple(found)


def rank_within(values: Array, group: NDArray[np.int64]) -> Array:
    """Ranks within each class, ties shared, centered on each class's mean; NaN stays out and becomes 0."""
    ranks = np.full(len(values), np.nan)
    for index in np.unique(group).tolist():
        rows = np.flatnonzero((group == index) & ~np.isnan(values))
        _, inverse, counts = np.unique(values[rows], return_inverse=True, return_counts=True)
        ranks[rows] = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return center(ranks[:, None], group)[:, 0]


def false_discovery_rates(p_values: Sequence[float] | Array) -> Array:
    """Benjamini and Hochberg's q-values (1995), in the order given: the share of false ones among all at least as striking.

    >>> false_discovery_rates([0.01, 0.04, 0.03]).round(3).tolist()
    [0.03, 0.04, 0.04]
    """
    values = np.asarray(p_values, np.float64)
    order = np.argsort(-values, kind="stable")
    count = len(values)
    q_values = np.empty(count)
    q_values[order] = np.minimum.accumulate(values[order] * count / np.arange(count, 0, -1))
    return np.minimum(q_values, 1.0)


def kendall_tau_b(first: Array, second: Array) -> float | None:
    """Kendall's tau-b of two series; None where one of them does not vary."""
    if len(first) < 2:
        return None
    if len(first) > TAU_BY_PAIRS_UP_TO:
        from scipy.stats import kendalltau

        tau = float(kendalltau(first, second).statistic)
        return None if np.isnan(tau) else tau
    ours, theirs = np.sign(first[:, None] - first), np.sign(second[:, None] - second)
    scale = float(np.sqrt((ours**2).sum() * (theirs**2).sum()))
    return float((ours * theirs).sum()) / scale if scale > 0 else None


@dataclass(frozen=True, slots=True)
class _Permuted:
    stacked: Array
    outcome: Array
    member: NDArray[np.int64]
    total: float


def _stated(block: Block, table: Table) -> tuple[Array, Array]:
    stated = block.codes != UNSTATED
    return block.codes[stated].astype(np.float64), table.centered[stated]


def _basis(block: Block, table: Table) -> Array:
    """Orthonormal columns of a setting: the ranks of its levels, or the span of an enum's columns."""
    if block.ordered:
        codes = np.where(block.codes == UNSTATED, np.nan, block.codes)
        ranks = rank_within(codes, table.group)
        length = float(np.linalg.norm(ranks))
        return (ranks / length if length > 0 else ranks)[:, None]
    left, sizes, _ = np.linalg.svd(block.columns, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-9 * max(1.0, float(sizes.max(initial=0.0)))])


def _shares(stacked: Array, outcomes: Array, member: NDArray[np.int64], blocks: int) -> Array:
    squares = (stacked.T @ outcomes) ** 2
    found = np.zeros((blocks, outcomes.shape[1]))
    np.add.at(found, member, squares)
    return found


def _p_values(shares: Array, widths: NDArray[np.int64], table: Table, seed: int, drawn: _Permuted) -> Array:
    if len(table.runs) > SCORE_TEST_FROM:
        return np.asarray(chdtrc(np.maximum(widths, 1), table.degrees * shares))
    orders = _orders(table.group, seed)
    exact = len(table.runs) <= ALL_ORDERS_UP_TO
    reached = np.zeros(len(shares))
    for first in range(0, len(orders), 500):
        some = drawn.outcome[orders[first : first + 500]].T
        reached += (_shares(drawn.stacked, some, drawn.member, len(shares)) / drawn.total >= shares[:, None] - 1e-9).sum(axis=1)
    return reached / len(orders) if exact else (reached + 1) / (len(orders) + 1)


def _orders(group: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """Orders of the rows that keep each in its class: all of them for few rows, else random ones."""
    classes = [np.flatnonzero(group == index) for index in np.unique(group)]
    if len(group) <= ALL_ORDERS_UP_TO:
        every = list(product(*(list(permutations(rows.tolist())) for rows in classes)))
        orders = np.empty((len(every), len(group)), np.int64)
        for index, rows in enumerate(classes):
            orders[:, rows] = [parts[index] for parts in every]
        return orders
    rng = np.random.default_rng(seed)
    orders = np.empty((PERMUTATIONS, len(group)), np.int64)
    for rows in classes:
        orders[:, rows] = rows[rng.random((PERMUTATIONS, len(rows))).argsort(axis=1, kind="stable")]
    return orders


def _intervals(columns: Array, outcome: Array, seed: int) -> list[tuple[float | None, float | None]]:
    """95 % intervals of the rank correlations: BCa (Efron, 1987) over runs, all settings by the same draws; Fisher's z for many runs."""
    count, width = columns.shape
    if count < INTERVAL_FROM or width == 0:
        return [(None, None)] * width
    if count > SCORE_TEST_FROM:
        z = np.arctanh(np.clip(_correlations(np.ones((1, count)), columns, outcome)[0], -0.999999, 0.999999))
        half = 1.96 * np.sqrt(1.06 / (count - 3))
        return [(float(np.tanh(value - half)), float(np.tanh(value + half))) for value in z]
    rng = np.random.default_rng(seed)
    drawn = rng.integers(count, size=(RESAMPLES, count))
    weights = np.stack([np.bincount(row, minlength=count) for row in drawn]).astype(np.float64)
    seen = _correlations(np.ones((1, count)), columns, outcome)[0]
    resampled = np.sort(_correlations(weights, columns, outcome), axis=0)
    without = _correlations(1 - np.eye(count), columns, outcome)
    return [_bca(float(seen[at]), resampled[:, at], without[:, at]) for at in range(width)]


def _bca(seen: float, resampled: Array, without: Array) -> tuple[float | None, float | None]:
    pull = without.mean() - without
    squares = float((pull**2).sum())
    below = float((resampled < seen).mean() + (resampled == seen).mean() / 2)
    if squares <= 0 or not 0 < below < 1:
        return None, None
    skew, bias = float((pull**3).sum()) / (6 * squares**1.5), float(ndtri(below))
    ends = [bias + (bias + z) / (1 - skew * (bias + z)) for z in (float(ndtri(0.025)), float(ndtri(0.975)))]
    low, high = np.quantile(resampled, ndtr(ends))
    return float(low), float(high)


def _correlations(weights: Array, columns: Array, outcome: Array) -> Array:
    """Weighted correlations of each column with the outcome: weights × columns; 0 where nothing varies."""
    total = weights.sum(axis=1, keepdims=True)
    means, level = weights @ columns / total, weights @ outcome[:, None] / total
    squares = weights @ columns**2 / total - means**2
    variance = weights @ (outcome**2)[:, None] / total - level**2
    together = weights @ (columns * outcome[:, None]) / total - means * level
    scale = np.sqrt(np.maximum(squares, 0.0) * np.maximum(variance, 0.0))
    return np.where(scale > 1e-12, together / np.maximum(scale, 1e-12), 0.0)
