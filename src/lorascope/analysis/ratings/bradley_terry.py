"""How much better one thing is than another, from votes between two: the Bradley-Terry model with ties and a bias for the place.

Bradley and Terry 1952, ties as Davidson 1970, order as Davidson and Beaver 1977: with strengths x and y (log scale), x shown first,
"first" has weight exp(x + d/2), "second" exp(y - d/2), "tie" t exp((x + y)/2). Half a win for a tie, the usual shortcut, narrows
intervals when ties are common: a tie would count as a coin that fell. The likelihood is penalized by wide normal priors, so that who won
every vote is not infinitely strong; where the votes say more, the priors hardly matter.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

STRENGTH_SD = 2.0  # prior of a strength: 95 % of checkpoints beat an average one with odds between 1:50 and 50:1
BIAS_SD, TIE_SD, TIE_MEAN = 1.0, 1.5, -0.7  # priors of the bias for the first place and of the log tie weight (half as likely as a win)
FEWEST_CLUSTERS = 5  # below, the spread between prompts is too uncertain to widen an interval by
_Z = 1.959964
_DRAWS = 4000
FIRST, SECOND, TIE = 0, 1, 2

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Comparison:
    """One vote between two things: ``outcome`` is FIRST, SECOND or TIE; ``cluster`` is what is alike in several votes, a prompt."""

    first: Hashable
    second: Hashable
    outcome: int
    cluster: str = ""


@dataclass(frozen=True, slots=True)
class Strength:
    """A thing's strength: log odds against an average one of its ``group``, with its 95 % interval, and the probability that it is the
    best of its group. ``votes``, ``wins`` and ``ties`` count its own.
    """

    item: Hashable
    group: int
    strength: float
    low: float
    high: float
    p_best: float
    votes: int
    wins: int
    ties: int


@dataclass(frozen=True, slots=True)
class Strengths:
    """The fit. Things of different ``groups`` were never compared, not even through others. ``bias`` is the log odds that the first of two
    equal pictures wins, with its interval; ``tie_share`` how often two equal ones tie. ``loglik`` is of the votes alone.
    """

    items: tuple[Strength, ...]
    groups: int
    bias: tuple[float, float, float]
    tie_share: float
    votes: int
    clusters: int
    loglik: float

    def difference(self, one: Hashable, other: Hashable) -> float | None:
        """The log odds of one against the other; None where they are of two groups."""
        found = {strength.item: strength for strength in self.items}
        first, second = found[one], found[other]
        return first.strength - second.strength if first.group == second.group else None


def bradley_terry(votes: Sequence[Comparison], *, strength_sd: float = STRENGTH_SD, seed: int = 0) -> Strengths | None:
    """Fit the model by Newton's method; None without votes. ``seed`` is of the draws behind P(best).

    An interval is the wider one of the model's and of one that lets all votes on a prompt err together (sandwich over prompts).
    """
    if not votes:
        return None
    items = sorted({item for vote in votes for item in (vote.first, vote.second)}, key=repr)
    place = {item: index for index, item in enumerate(items)}
    design = _design(votes, place)
    outcomes = np.array([vote.outcome for vote in votes])
    precision = np.concatenate([np.full(len(items), strength_sd**-2), [BIAS_SD**-2, TIE_SD**-2]])
    center = np.concatenate([np.zeros(len(items) + 1), [TIE_MEAN]])
    fitted, hessian = _newton(design, outcomes, precision, center)
    groups = _groups(votes, place)
    contrast = _contrasts(groups)
    covariance: Floats = np.asarray(np.linalg.inv(hessian), np.float64)
    clusters = sorted({vote.cluster for vote in votes})
    model = np.einsum("ij,jk,ik->i", contrast, covariance, contrast)
    robust = _robust(design, outcomes, fitted, covariance, votes, clusters)
    variance = np.maximum(model, np.einsum("ij,jk,ik->i", contrast, robust, contrast))
    strengths = contrast @ fitted
    best = _p_best(strengths, contrast @ covariance @ contrast.T, np.sqrt(variance / np.maximum(model, 1e-300)), groups, seed)
    half = _Z * np.sqrt(variance)
    rows = tuple(
        Strength(item, int(groups[at]), float(strengths[at]), float(strengths[at] - half[at]), float(strengths[at] + half[at]),
                 float(best[at]), *_tally(votes, item))
        for at, item in enumerate(items)
    )  # fmt: skip
    bias_half = _Z * float(np.sqrt(covariance[-2, -2]))
    bias, tie = float(fitted[-2]), float(np.exp(fitted[-1]))
    return Strengths(
        rows, int(groups.max()) + 1, (bias, bias - bias_half, bias + bias_half), tie / (2 + tie), len(votes), len(clusters),
        float(_log_shares(design, fitted)[np.arange(len(votes)), outcomes].sum()),
    )  # fmt: skip


def _design(votes: Sequence[Comparison], place: dict[Hashable, int]) -> Floats:
    """Vote × outcome × parameter: what each parameter adds to an outcome's log weight."""
    count = len(place)
    design = np.zeros((len(votes), 3, count + 2))
    for row, vote in enumerate(votes):
        first, second = place[vote.first], place[vote.second]
        design[row, FIRST, first] = design[row, SECOND, second] = 1.0
        design[row, TIE, first] += 0.5
        design[row, TIE, second] += 0.5
        design[row, FIRST, count], design[row, SECOND, count], design[row, TIE, count + 1] = 0.5, -0.5, 1.0
    return design


def _newton(design: Floats, outcomes: NDArray[np.int64], precision: Floats, center: Floats) -> tuple[Floats, Floats]:
    """The penalized maximum and the Hessian there. The problem is concave: halving a step that does not improve always ends."""
    fitted = center.copy()
    rows = np.arange(len(outcomes))

    def value(at: Floats) -> float:
        return float(_log_shares(design, at)[rows, outcomes].sum() - 0.5 * (precision * (at - center) ** 2).sum())

    current = value(fitted)
    hessian = np.diag(precision)
    for _ in range(100):
        shares = np.exp(_log_shares(design, fitted))
        mean = np.einsum("nk,nkp->np", shares, design)
        gradient = (design[rows, outcomes] - mean).sum(axis=0) - precision * (fitted - center)
        hessian = np.einsum("nk,nkp,nkq->pq", shares, design, design) - mean.T @ mean + np.diag(precision)
        step = np.linalg.solve(hessian, gradient)
        scale = 1.0
        while scale > 1e-8 and value(fitted + scale * step) < current:
            scale /= 2
        fitted = fitted + scale * step
        current = value(fitted)
        if float(np.abs(scale * step).max()) < 1e-10:
            break
    return fitted, hessian


def _log_shares(design: Floats, at: Floats) -> Floats:
    weights: Floats = design @ at
    top = weights.max(axis=1, keepdims=True)
    shares: Floats = weights - top - np.log(np.exp(weights - top).sum(axis=1, keepdims=True))
    return shares


def _robust(
    design: Floats, outcomes: NDArray[np.int64], fitted: Floats, covariance: Floats, votes: Sequence[Comparison], clusters: Sequence[str]
) -> Floats:  # fmt: skip
    """The sandwich covariance over clusters; zeros where they are too few to show their spread."""
    if len(clusters) < FEWEST_CLUSTERS:
        return np.zeros_like(covariance)
    shares = np.exp(_log_shares(design, fitted))
    scores = design[np.arange(len(outcomes)), outcomes] - np.einsum("nk,nkp->np", shares, design)
    at = {cluster: index for index, cluster in enumerate(clusters)}
    sums = np.zeros((len(clusters), scores.shape[1]))
    np.add.at(sums, [at[vote.cluster] for vote in votes], scores)
    meat = sums.T @ sums * len(clusters) / (len(clusters) - 1)
    return np.asarray(covariance @ meat @ covariance, np.float64)


def _groups(votes: Sequence[Comparison], place: dict[Hashable, int]) -> NDArray[np.int64]:
    """Connected components of who was compared with whom, numbered by their first member."""
    parent = list(range(len(place)))

    def root(index: int) -> int:
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    for vote in votes:
        one, other = sorted((root(place[vote.first]), root(place[vote.second])))
        parent[other] = one
    roots = [root(index) for index in range(len(place))]
    numbers = {found: number for number, found in enumerate(dict.fromkeys(roots))}
    return np.array([numbers[found] for found in roots])


def _contrasts(groups: NDArray[np.int64]) -> Floats:
    """Each strength minus the mean of its group, as rows over all parameters."""
    count = len(groups)
    same = (groups[:, None] == groups[None, :]).astype(np.float64)
    contrast = np.eye(count) - same / same.sum(axis=1, keepdims=True)
    return np.hstack([contrast, np.zeros((count, 2))])


def _p_best(strengths: Floats, covariance: Floats, widen: Floats, groups: NDArray[np.int64], seed: int) -> Floats:
    """The share of draws in which each is the best of its group; spreads are widened as the intervals are."""
    spread = covariance * widen[:, None] * widen[None, :]
    values, vectors = np.linalg.eigh(spread)
    noise = np.random.default_rng(seed).standard_normal((_DRAWS, len(strengths)))
    draws = strengths + noise @ (vectors * np.sqrt(np.maximum(values, 0.0))).T
    best = np.zeros(len(strengths))
    for group in range(int(groups.max()) + 1):
        members = np.flatnonzero(groups == group)
        winners = members[draws[:, members].argmax(axis=1)]
        best += np.bincount(winners, minlength=len(strengths)) / _DRAWS
    return best


def _tally(votes: Sequence[Comparison], item: Hashable) -> tuple[int, int, int]:
    mine = [vote for vote in votes if item in (vote.first, vote.second)]
    wins = sum((vote.outcome == FIRST and vote.first == item) or (vote.outcome == SECOND and vote.second == item) for vote in mine)
    return len(mine), wins, sum(vote.outcome == TIE for vote in mine)
