"""The ledger's arithmetic: from a prior to a posterior, from a posterior to a verdict, and which test to make first.

A posterior is the probability that the hypothesis holds, for somebody who held it as probable as its prior says and believes the data.
Verdicts ask for more than a high posterior: the data themselves must speak ten to one, or a strong opinion would confirm itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.records.hypothesis import Verdict

LEAST_POWER = 0.5  # a test that would miss the effect more often than find it is not worth its images
SURE = 0.95  # a verdict needs this probability, or its opposite
STRONG = 10.0  # and data this much more probable one way than the other (Jeffreys' "strong")
EVEN = 0.5  # the prior where nobody stated one


@dataclass(frozen=True, slots=True)
class Said:
    """A verdict with its posterior probability, and the reason in words."""

    verdict: Verdict
    posterior: float
    reason: str


def updated(prior: float, bayes_factor: float) -> float:
    """Posterior odds = prior odds x Bayes factor, as a probability. A prior of 0 or 1 cannot be moved.

    >>> round(updated(0.85, 0.2), 2)
    0.53
    """
    against = (1 - prior) / bayes_factor
    return prior / (prior + against) if prior + against > 0 else prior


def after_test(prior: float, power: float, level: float = 0.05, *, found: bool) -> float:
    """The posterior when all that is known of a test is whether it found the effect.

    >>> round(after_test(0.85, 0.8, found=True), 3), round(after_test(0.85, 0.8, found=False), 3)
    (0.989, 0.544)
    """
    right, wrong = (power, level) if found else (1 - power, 1 - level)
    total = prior * right + (1 - prior) * wrong
    return prior * right / total if total > 0 else prior


def expected_information(prior: float, power: float, level: float = 0.05) -> float:
    """How many bits a test is expected to teach: H(prior) - E H(posterior), over finding the effect or not.

    A surely true (or false) hypothesis teaches nothing, however good the test: 85 % is closer to sure than 45 %.

    >>> [round(expected_information(prior, 0.8), 2) for prior in (0.85, 0.45, 0.55, 0.40, 0.30)]
    [0.24, 0.48, 0.47, 0.47, 0.43]
    """
    finds = prior * power + (1 - prior) * level
    return max(0.0, entropy(finds) - prior * entropy(power) - (1 - prior) * entropy(level))


def entropy(probability: float) -> float:
    """The uncertainty of a yes or no, in bits: 1 at 0.5, 0 where it is sure."""
    return -sum(p * math.log2(p) for p in (probability, 1 - probability) if p > 0)


def worth(information_bits: float, value: float, cost: float) -> float:
    """What orders the queue: expected information x value / cost."""
    return information_bits * value / cost if cost > 0 else math.inf


def verdict_of(
    prior: float, bayes_factor: float, *, obstacles: Sequence[str] = (), planned_n: int | None = None, n: int = 0, exploratory: bool
) -> Said:  # fmt: skip
    """What may be said. Any obstacle, fewer data than declared, or support from data seen before: undecided, with the reason.

    ``obstacles`` are reasons for which the numbers, whatever they are, cannot decide; ``exploratory`` data may refute, not support.
    """
    posterior = updated(prior, bayes_factor)
    if obstacles:
        return Said(Verdict.UNDECIDED, posterior, "; ".join(obstacles))
    if planned_n is not None and n < planned_n:
        return Said(Verdict.UNDECIDED, posterior, f"{n} of the {planned_n} that were declared beforehand; {planned_n - n} more to come")
    if posterior >= SURE and bayes_factor >= STRONG:
        if exploratory:
            return Said(
                Verdict.UNDECIDED, posterior, "the numbers agree with it, but they were there before it was registered: test it on new ones"
            )
        return Said(Verdict.SUPPORTED, posterior, f"the data are {_times(bayes_factor)} more probable if it holds")
    if posterior <= 1 - SURE and bayes_factor <= 1 / STRONG:
        return Said(Verdict.REFUTED, posterior, f"the data are {_times(1 / bayes_factor)} more probable if it does not hold")
    return Said(Verdict.UNDECIDED, posterior, _leaning(prior, posterior, bayes_factor))


def _times(factor: float) -> str:
    return f"{factor:.1f} times" if factor < 10 else f"{factor:.0f} times" if factor < 1000 else "over a thousand times"


def _leaning(prior: float, posterior: float, factor: float) -> str:
    """Why neither: the numbers are weak, or a strong opinion stands against strong numbers."""
    if STRONG > factor > 1 / STRONG:
        which = "if it holds" if factor >= 1 else "if it does not"
        weak = (
            f"the data are only {_times(max(factor, 1 / factor))} more probable {which}"
            if max(factor, 1 / factor) >= 1.05
            else "the data say nothing"
        )
        return f"{weak}; a verdict takes {STRONG:.0f} times and a probability of {100 * SURE:.0f} % either way"
    moved = f"to move {100 * prior:.0f} % beyond {100 * posterior:.0f} %"
    return f"the data are strong ({_times(max(factor, 1 / factor))}), but not strong enough {moved}"
