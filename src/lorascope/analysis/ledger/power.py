"""How small a difference a test would find, and how much it takes to find a given one: means over prompts, and trainings.

Two checkpoints are compared on the same prompts and seeds, so a prompt is its own control. What is left are two noises: how a prompt
happens to suit one checkpoint (``prompt_sd``: more seeds do not help, more prompts do) and the image itself (``image_sd``). Two
*settings* differ in one thing more, how a training happens to come out (``run_sd``: only more trainings help).

All standard deviations are of one value on one side, in one unit: the metric's, or its logarithm (then ``as_drop`` makes percent of a
difference). Normal theory, as is usual for planning; ``t_power`` is exact for small numbers of pairs. Shares: ``share_power``.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from scipy.special import nctdtr, ndtr, ndtri, stdtrit

PROMPT_LOG_SD, IMAGE_LOG_SD = 0.12, 0.20  # of log colors, from one published table; its split into the two is assumed
RUN_RATIO_SD = 0.04  # of a metric's level; assumed until two equal trainings were measured
MOST_UNITS = 100_000  # prompts, images or runs beyond which a plan is called impossible


def paired_se(prompts: int, seeds: int = 1, *, prompt_sd: float, image_sd: float, new_prompts: bool = True) -> float:
    """The standard error of a paired difference over ``prompts`` x ``seeds`` images of each side.

    ``new_prompts``: for a statement about prompts like these; otherwise about these very prompts, where their own whims do not count.

    >>> round(paired_se(8, prompt_sd=0.12, image_sd=0.2), 4)
    0.1166
    """
    whims = prompt_sd**2 / prompts if new_prompts else 0.0
    return math.sqrt(2 * (whims + image_sd**2 / (prompts * seeds)))


def setting_se(
    prompts: int, seeds: int = 1, runs_per_arm: int = 1, *, prompt_sd: float, image_sd: float, run_sd: float
) -> float:  # fmt: skip
    """The standard error of a difference between two settings, each trained ``runs_per_arm`` times and shown the same prompts.

    A prompt's whim is taken as a training's own, so that more trainings average it too.
    """
    evaluated = paired_se(prompts, seeds, prompt_sd=prompt_sd, image_sd=image_sd)
    return math.sqrt((evaluated**2 + 2 * run_sd**2) / runs_per_arm)


def detectable(se: float, power: float = 0.8, level: float = 0.05) -> float:
    """The smallest true difference that a two-sided test with this standard error finds with this power (normal theory)."""
    return _spread(power, level) * se


def as_drop(log_difference: float) -> float:
    """A difference of logarithms as the share by which the smaller value lies below the larger.

    >>> round(as_drop(detectable(paired_se(8, prompt_sd=0.12, image_sd=0.2))), 2)
    0.28
    """
    return -math.expm1(-abs(log_difference))


def power_of(difference: float, se: float, level: float = 0.05) -> float:
    """The probability that a two-sided test finds a true ``difference``, in the right direction (normal theory).

    The wrong direction does not count: it would be an error, not a finding. 0.5 level at no difference at all.
    """
    if se <= 0:
        return 1.0 if difference else level / 2
    return float(ndtr(abs(difference) / se + ndtri(level / 2)))


def t_power(difference: float, sd: float, pairs: int, level: float = 0.05) -> float:
    """The exact power of a two-sided paired t test, in the right direction: ``sd`` is of the differences. 0 below two pairs."""
    if pairs < 2:
        return 0.0
    if sd <= 0:
        return 1.0 if difference else level / 2
    limit = float(stdtrit(pairs - 1, 1 - level / 2))
    return float(1 - nctdtr(pairs - 1, abs(difference) / sd * math.sqrt(pairs), limit))


def pairs_needed(difference: float, sd: float, power: float = 0.8, level: float = 0.05) -> int | None:
    """How many pairs (prompts, or matched runs) a paired t test needs for this power; None: more than 100,000.

    >>> pairs_needed(0.5, 1.0)
    34
    """
    return least_that(lambda pairs: t_power(difference, sd, pairs, level) >= power, start=2)


def prompts_needed(
    difference: float, seeds: int = 1, *, prompt_sd: float, image_sd: float, power: float = 0.8, level: float = 0.05
) -> int | None:  # fmt: skip
    """How many prompts it takes, with so many seeds each, to tell two checkpoints that differ by this much (normal theory).

    >>> prompts_needed(0.098, prompt_sd=0.12, image_sd=0.2)
    89
    """
    if not difference:
        return None
    one = paired_se(1, seeds, prompt_sd=prompt_sd, image_sd=image_sd)
    needed = (_spread(power, level) * one / difference) ** 2
    return max(1, math.ceil(needed - 1e-9)) if needed <= MOST_UNITS else None


def runs_needed(difference: float, run_sd: float, evaluation_sd: float = 0.0, power: float = 0.8, level: float = 0.05) -> int | None:
    """How many trainings of each of two settings tell a difference: R = 2 (z + z)^2 (run_sd^2 + evaluation_sd^2) / difference^2.

    ``evaluation_sd`` is the standard error of one run's mean over its prompts and images. Normal theory: below about
    five runs, one more is safer.

    >>> runs_needed(0.10, 0.04, 0.039), runs_needed(0.28, 0.04, 0.039)
    (5, 1)
    """
    if not difference:
        return None
    needed = 2 * _spread(power, level) ** 2 * (run_sd**2 + evaluation_sd**2) / difference**2
    return max(1, math.ceil(needed - 1e-9)) if needed <= MOST_UNITS else None


def design_effect(per_cluster: float, icc: float) -> float:
    """By how much images of one prompt count for less than independent ones: 1 + (images per prompt - 1) x their correlation (Kish 1965).

    >>> design_effect(4, 0.5)
    2.5
    """
    return 1 + (per_cluster - 1) * icc


def _spread(power: float, level: float) -> float:
    return float(ndtri(1 - level / 2) + ndtri(power))


def least_that(enough: Callable[[int], bool], start: int = 1) -> int | None:
    """The least whole number from ``start`` on that is enough, where more is never less; None: not even 100,000."""
    low, high = start - 1, start
    while not enough(high):
        low, high = high, 2 * high
        if high > 2 * MOST_UNITS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high if high <= MOST_UNITS else None
