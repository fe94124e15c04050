"""What a run would come out as, from the runs there are: near ones count most, and every setting may add its part.

A Gaussian process (Rasmussen and Williams 2006, chapter 2): the covariance of two configurations is a mixture of one over single settings
(each of its own, of any shape) and one over the distance in all of them; beside it there is noise from run to run. How much is signal, how
far nearness reaches and how the two mix is not chosen but averaged over, by how well each explains the outcomes; the scale is integrated
out, so that predictions are mixtures of Student's t. With few runs, or nothing that explains them, predictions shrink to the mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp, stdtr

from lorascope.analysis.proposals.settings_space import Floats, Settings, Space, space_of

LEAST_RUNS = 3
MOST_RUNS = 600  # beyond it the nearest count only
_SHARES = np.array([0.02, 0.15, 0.3, 0.45, 0.6, 0.75, 0.87, 0.95, 0.985])  # of the variance that is signal
_KERNELS = ((1.0, 1.0), (0.0, 1.0), (0.0, 4.0), (0.5, 1.0), (0.5, 4.0))  # share of single settings, reach of nearness
_STEEP = 2.0  # how fast a single setting's part forgets, per range
_SHAPE = 1.5  # of the inverse gamma prior of the scale; its rate is that much of the outcomes' variance, more for few runs
_NOVEL = 0.16  # of the signal's variance, for a setting outside what was seen: 12 % of settings matter, each with a third of the signal
_LEAST_WEIGHT = 1e-3
_LEAST_SIGNAL = 0.05  # of the outcomes' variance: runs in which nothing shows do not exclude that something will


@dataclass(frozen=True, slots=True)
class Spread:
    """What a number may be: a mixture of Student's t, one entry per way to explain the runs."""

    weights: Floats
    means: Floats
    scales: Floats
    df: float

    @property
    def mean(self) -> float:
        """The expected value."""
        return float(self.weights @ self.means)

    @property
    def sd(self) -> float:
        """Its standard deviation."""
        within = float(self.weights @ self.scales**2) * self.df / (self.df - 2)
        return math.sqrt(within + float(self.weights @ (self.means - self.mean) ** 2))

    def below(self, value: float) -> float:
        """The probability of less than ``value``."""
        scaled = (value - self.means) / np.maximum(self.scales, 1e-300)
        return float(self.weights @ stdtr(self.df, scaled))

    def quantile(self, probability: float) -> float:
        """The value below which it lies with this probability, by bisection."""
        reach = 60 * float(self.scales.max()) + float(np.ptp(self.means)) + 1e-12
        low, high = float(self.means.min()) - reach, float(self.means.max()) + reach
        for _ in range(80):
            middle = (low + high) / 2
            low, high = (middle, high) if self.below(middle) < probability else (low, middle)
        return (low + high) / 2

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The central interval."""
        return self.quantile((1 - confidence) / 2), self.quantile((1 + confidence) / 2)


@dataclass(frozen=True, slots=True)
class _Basis:
    """One kernel's eigenvectors, and for each share of signal that matters: weight, share, 1/eigenvalues, solved outcomes, scale²."""

    kernel: tuple[float, float]
    vectors: Floats
    parts: tuple[tuple[float, float, Floats, Floats, float], ...]


@dataclass(frozen=True, slots=True)
class RunModel:
    """A fitted model of one metric. ``noise_sd`` is the spread of replicates that it finds, ``signal_sd`` that of what settings explain.

    ``novel_sd`` is what a setting that never varied may do: as much as those that did, and never less than the noise that is known.
    """

    space: Space
    seen: Floats
    runs: int
    center: float
    bases: tuple[_Basis, ...]
    df: float
    noise_sd: float
    signal_sd: float
    novel_sd: float

    def outcome(self, settings: Settings, *, measured: bool = True) -> Spread:
        """What a run with these settings would be ``measured`` as; else what it truly is, without the noise of one run."""
        return self._contrast([settings], np.array([[1.0]]), noise=1.0 if measured else 0.0)[0]

    def true_values(self, configurations: Sequence[Settings]) -> list[float]:
        """The expected true value of each configuration: for a run that was made, its outcome shrunk to what the others say."""
        return [spread.mean for spread in self.true_spreads(configurations)]

    def true_spreads(self, configurations: Sequence[Settings]) -> list[Spread]:
        """What each configuration may truly be, without the noise of one run."""
        return self._contrast(configurations, np.eye(len(configurations)), noise=0.0)

    def gains(self, configurations: Sequence[Settings], over: Settings) -> list[Spread]:
        """The true difference of each configuration to ``over``."""
        weights, means, scales = self.differences(configurations, over)
        return [Spread(weights, mean, scale, self.df) for mean, scale in zip(means.T, scales.T, strict=True)]

    def differences(self, configurations: Sequence[Settings], over: Settings) -> tuple[Floats, Floats, Floats]:
        """The same for many at once: the weight of each explanation, and its means and scales, explanations × configurations."""
        asked = self.space.points([*configurations, over])
        across, to_over = _parts(self.space, self.seen, asked), _parts(self.space, asked, asked[-1:])
        outside = self.space.novelty(asked)
        novel = outside[:-1] + outside[-1]
        weights, means, scales = [], [], []
        for basis in self.bases:
            mixed = _mixed(across, basis.kernel)
            projected = basis.vectors.T @ (mixed[:, :-1] - mixed[:, -1:])
            prior = 2 - 2 * _mixed(to_over, basis.kernel)[:-1, 0]
            for weight, share, inverse, solved, scale2 in basis.parts:
                weights.append(weight)
                means.append(share * (projected.T @ solved))
                variance = np.maximum(share * prior - share**2 * (projected**2 * inverse[:, None]).sum(axis=0), 0.0) + 1e-12
                scales.append(np.sqrt(variance * scale2 + _NOVEL * novel * self.novel_sd**2))
        return np.array(weights), np.array(means), np.array(scales)

    def _contrast(self, configurations: Sequence[Settings], contrast: Floats, noise: float) -> list[Spread]:
        asked = self.space.points(configurations)
        across, among = _parts(self.space, self.seen, asked), _parts(self.space, asked, asked)
        level = contrast.sum(axis=1)
        novel = contrast**2 @ self.space.novelty(asked)
        weights, means, scales = [], [], []
        for basis in self.bases:
            projected = basis.vectors.T @ (_mixed(across, basis.kernel) @ contrast.T)
            prior = np.einsum("ij,jk,ik->i", contrast, _mixed(among, basis.kernel), contrast)
            for weight, share, inverse, solved, scale2 in basis.parts:
                variance = share * prior - share**2 * (projected**2 * inverse[:, None]).sum(axis=0)
                weights.append(weight)
                means.append(level * self.center + share * (projected.T @ solved))
                variance = np.maximum(variance, 0.0) + (1 - share) * (noise + level**2 / self.runs) + 1e-12
                scales.append(np.sqrt(variance * scale2 + _NOVEL * novel * self.novel_sd**2))
        total = np.array(weights)
        columns = zip(np.array(means).T, np.array(scales).T, strict=True)
        return [Spread(total, mean, scale, self.df) for mean, scale in columns]


def fit(seen: Sequence[Settings], outcomes: Sequence[float], asked: Sequence[Settings] = (), noise: float = 0.0) -> RunModel | None:
    """Learn what settings make of a metric; ``asked`` are configurations that will be asked about.

    ``noise`` is the spread of replicates as far as it is known otherwise: runs that came out nearly equal are no evidence that a setting
    which never varied does nothing.

    None for fewer than ``LEAST_RUNS`` runs, and where all outcomes are equal (to a millionth): nothing says how much they vary.
    """
    if len(seen) > MOST_RUNS:
        kept = _nearest_runs(seen, asked)
        seen, outcomes = [seen[at] for at in kept], [outcomes[at] for at in kept]
    values = np.asarray(outcomes, np.float64)
    variance = float(values.var(ddof=1)) if len(values) > 1 else 0.0
    if len(values) < LEAST_RUNS or variance <= 1e-12 * float((values**2).max()):
        return None
    space = space_of(seen, asked)
    points = space.points(seen)
    center = float(values.mean())
    parts = _parts(space, points, points)
    found = [_explain(kernel, _mixed(parts, kernel), values - center, _SHAPE * variance * (1 + 3 / len(values))) for kernel in _KERNELS]
    total = float(logsumexp(np.concatenate([likelihoods for _, likelihoods, _ in found])))
    bases = []
    for kernel, (vectors, likelihoods, entries) in zip(_KERNELS, found, strict=True):
        shares = np.exp(likelihoods - total)
        kept_parts = [(float(weight), *entry) for weight, entry in zip(shares, entries, strict=True) if weight > _LEAST_WEIGHT]
        if kept_parts:
            bases.append(_Basis(kernel, vectors, tuple(kept_parts)))
    whole = sum(part[0] for basis in bases for part in basis.parts)
    bases = [_Basis(basis.kernel, basis.vectors, tuple((part[0] / whole, *part[1:]) for part in basis.parts)) for basis in bases]
    noise2 = sum(weight * (1 - share) * scale2 for basis in bases for weight, share, _, _, scale2 in basis.parts)
    signal2 = max(variance - noise2, _LEAST_SIGNAL * variance)
    df = 2 * _SHAPE + len(values) - 1
    found_sd, signal_sd = float(np.sqrt(noise2)), float(np.sqrt(signal2))
    return RunModel(space, points, len(values), center, tuple(bases), df, found_sd, signal_sd, max(signal_sd, noise))


def _explain(
    kernel: tuple[float, float], covariance: Floats, centered: Floats, rate: float
) -> tuple[Floats, Floats, list[tuple[float, Floats, Floats, float]]]:
    """The eigenvectors of a kernel, and for each share of signal its log likelihood and what predictions need."""
    eigenvalues, vectors = np.linalg.eigh(covariance)
    eigenvalues = np.maximum(eigenvalues, 0.0)
    turned = vectors.T @ centered
    shape = _SHAPE + (len(centered) - 1) / 2
    likelihoods, entries = [], []
    for share in _SHARES:
        inverse = 1 / (share * eigenvalues + 1 - share)
        remaining = rate + 0.5 * float((turned**2 * inverse).sum())
        likelihoods.append(0.5 * float(np.log(inverse).sum()) - shape * float(np.log(remaining)))
        entries.append((float(share), inverse, inverse * turned, remaining / shape))
    prior = -np.log(2.0) if kernel[0] in {0.0, 0.5} else 0.0  # two reaches share what one kernel has
    return vectors, np.array(likelihoods) + prior, entries


def _parts(space: Space, first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """The covariance by single settings, and the distance in all of them."""
    single = np.zeros((len(first), len(second)))
    distance = np.zeros_like(single)
    for axis in range(len(space.axes)):
        gap = space.distances(first, second, axis)
        single += np.exp(-_STEEP * gap)
        distance += gap
    return (single / len(space.axes) if space.axes else np.ones_like(single)), distance


def _mixed(parts: tuple[Floats, Floats], kernel: tuple[float, float]) -> Floats:
    share, reach = kernel
    return np.asarray(share * parts[0] + (1 - share) * np.exp(-parts[1] / reach))


def _nearest_runs(seen: Sequence[Settings], asked: Sequence[Settings]) -> list[int]:
    """The runs nearest to what is asked, the latest first where they are as near; in order."""
    if not asked:
        return list(range(len(seen) - MOST_RUNS, len(seen)))
    space = space_of(seen, asked)
    distance = _parts(space, space.points(seen), space.points(asked[:1]))[1][:, 0]
    order = sorted(range(len(seen)), key=lambda at: (float(distance[at]), -at))
    return sorted(order[:MOST_RUNS])
