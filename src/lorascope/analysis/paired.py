"""Two checkpoints compared prompt by prompt.

Both were asked for the same pictures, so each prompt is its own control: differences are taken per prompt (and per seed where
both used the same), and their spread over prompts is the noise. What is compared are two checkpoints. That two *settings* differ
would need several trainings of each: one training says nothing about how much the next would come out differently.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from scipy.special import stdtr, stdtrit

from lorascope.analysis.intervals import EXACT_SIGN_FLIPS_UP_TO, sign_flip_p_value
from lorascope.analysis.paired_shares import are_shares, clustered_sign_test
from lorascope.records.interval import mean_interval
from lorascope.records.sample import Score

SIGN_FLIPS, STUDENT = "exact sign flips", "Student's t"
MCNEMAR, CLUSTERED = "McNemar's exact test", "exact sign flips by prompt"


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """Second minus first, in the metric's unit, averaged over ``n`` prompts (``by_seed``: over the seeds of the only prompt).

    ``low`` and ``high``: 95 % Student interval, None without spread.
    ``p_value``: exact sign-flip test up to 12 prompts, of yes-or-no values for any number, else Student's t; ``test`` says which.
    ``detectable``: the smallest true difference that n such prompts would find with 80 % power. ``se``: the difference's standard error.
    ``images`` counts the values used on both sides; ``same_seeds`` says whether they were paired seed by seed.
    """

    difference: float
    first_mean: float
    second_mean: float
    low: float | None
    high: float | None
    p_value: float | None
    n: int
    images: int
    detectable: float | None
    same_seeds: bool
    by_seed: bool
    test: str = ""
    se: float | None = None


def compare_paired(first: Iterable[Score], second: Iterable[Score]) -> PairedDifference | None:
    """Compare the scores of two checkpoints on one metric; None when they share no prompt that both have a value for."""
    ours, theirs = _by_prompt(first), _by_prompt(second)
    prompts = sorted(set(ours) & set(theirs))
    if not prompts:
        return None
    seeds = {prompt: sorted(set(ours[prompt]) & set(theirs[prompt]) - {None}, key=str) for prompt in prompts}
    same_seeds = all(seeds.values())
    by_seed = same_seeds and len(prompts) == 1 and len(seeds[prompts[0]]) > 1
    pairs: list[tuple[list[float], list[float]]] = []
    for prompt in prompts:
        if by_seed:
            pairs += [(ours[prompt][seed], theirs[prompt][seed]) for seed in seeds[prompt]]
        else:
            pairs.append((_taken(ours[prompt], seeds[prompt], same_seeds), _taken(theirs[prompt], seeds[prompt], same_seeds)))
    return _difference(pairs, same_seeds=same_seeds, by_seed=by_seed)


def paired_p_value(differences: Sequence[float]) -> float | None:
    """Two-sided p of "the mean difference is zero"; None for a single difference."""
    if len(differences) < 2:
        return None
    if len(differences) <= EXACT_SIGN_FLIPS_UP_TO:
        return sign_flip_p_value(differences)
    spread = stdev(differences)
    if spread == 0:
        return 1.0 if differences[0] == 0 else 2.0 ** (1 - len(differences))  # equal differences: the sign-flip test, exactly
    t = abs(fmean(differences)) / (spread / math.sqrt(len(differences)))
    return float(2 * stdtr(len(differences) - 1, -t))


def detectable_difference(differences: Sequence[float], power: float = 0.8, level: float = 0.05) -> float | None:
    """The smallest true mean difference that as many pairs would find with this power; None without spread.

    (t quantile of the level + t quantile of the power) times the standard error: within 2 % of the exact noncentral t from 5 pairs on.
    """
    if len(differences) < 2 or (spread := stdev(differences)) == 0:
        return None
    df = len(differences) - 1
    return float(stdtrit(df, 1 - level / 2) + stdtrit(df, power)) * spread / math.sqrt(len(differences))


def _by_prompt(scores: Iterable[Score]) -> dict[str, dict[int | None, list[float]]]:
    found: dict[str, dict[int | None, list[float]]] = {}
    for score in scores:
        if score.value is not None:
            found.setdefault(score.prompt, {}).setdefault(score.seed, []).append(score.value)
    return found


def _taken(by_seed: dict[int | None, list[float]], seeds: list[int | None], same_seeds: bool) -> list[float]:  # noqa: FBT001
    """The values of the seeds that both sides used, or all where they cannot be paired by seed."""
    return [value for seed in (seeds if same_seeds else by_seed) for value in by_seed[seed]]


def _difference(pairs: list[tuple[list[float], list[float]]], *, same_seeds: bool, by_seed: bool) -> PairedDifference:
    first = [fmean(sorted(a)) for a, _ in pairs]
    second = [fmean(sorted(b)) for _, b in pairs]
    differences = [b - a for a, b in zip(first, second, strict=True)]
    interval = mean_interval(differences)
    p_value, test = paired_p_value(differences), SIGN_FLIPS if len(pairs) <= EXACT_SIGN_FLIPS_UP_TO else STUDENT
    if are_shares(pairs) and len(pairs) > 1 and (exact := clustered_sign_test(pairs)) is not None:
        p_value, test = exact, MCNEMAR if all(len(a) == len(b) == 1 for a, b in pairs) else CLUSTERED
    return PairedDifference(
        difference=fmean(differences),
        first_mean=fmean(first),
        second_mean=fmean(second),
        low=interval.low if interval else None,
        high=interval.high if interval else None,
        p_value=p_value,
        n=len(pairs),
        images=sum(len(a) + len(b) for a, b in pairs),
        detectable=detectable_difference(differences) if interval else None,
        same_seeds=same_seeds,
        by_seed=by_seed,
        test=test if p_value is not None else "",
        se=stdev(differences) / math.sqrt(len(differences)) if interval else None,
    )
