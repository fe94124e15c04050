"""What the numbers of two arms say of a predicted difference: the estimate, its interval, and the Bayes factor.

The unit is the training wherever settings were trained more than once: two images of one training tell nothing of the next. With one
training of each, prompts are the unit and the noise between trainings is added: measured on runs of this project that differ in their
seed only, else as declared, else assumed (4 % of the level) and then no verdict is given.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from scipy.special import stdtrit

from lorascope.analysis.ledger.arms import Block
from lorascope.analysis.ledger.bayes_factor import Seen, level_bayes_factor, mean_bayes_factor, two_share_bayes_factor
from lorascope.analysis.ledger.belief import EVEN
from lorascope.analysis.ledger.power import RUN_RATIO_SD, design_effect

PRIOR_DF = 4.0  # degrees of freedom of a noise between trainings that is assumed or declared
_ONE_NUMBER = "one number for the whole run, without the images behind it: no interval"
Prompts = Mapping[str, tuple[float, int]]  # prompt → mean over its images, and how many


@dataclass(frozen=True, slots=True)
class Weighed:
    """After minus before, in the metric's unit, with a 95 % interval (None: not enough to give one). ``n`` counts ``of`` on each side.

    ``prompts`` are those that all runs share. ``unlooked`` is how probable it is before anybody looks, where nobody stated a prior.
    """

    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    bayes_factor: float = 1.0
    n: int = 0
    of: str = ""
    images: int = 0
    obstacles: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unlooked: float = EVEN
    prompts: int = 0


@dataclass(frozen=True, slots=True)
class RunNoise:
    """The standard deviation between trainings that differ in their seed only, in the metric's unit, with its degrees of freedom.

    ``sd`` None: there are no replicates, and none was ``declared`` beforehand.
    """

    sd: float | None = None
    df: float = PRIOR_DF
    declared: bool = False


def weigh(
    blocks: Sequence[Block], values: Mapping[str, Prompts], *, sign: int, threshold: float, noise: RunNoise, yes_or_no: bool
) -> Weighed:  # fmt: skip
    """Weigh a predicted difference of at least ``threshold`` in direction ``sign``. ``values``: run → prompts."""
    blocks = _with_values(blocks, values)
    shared = _shared_prompts(blocks, values)
    if not blocks or not shared:
        return Weighed(obstacles=("the runs of the two arms share no prompt, so they cannot be compared",))
    names = [past.name for block in blocks for past in (*block.before, *block.after)]
    images = sum(values[name][prompt][1] for name in names for prompt in shared)
    means = {name: fmean(values[name][prompt][0] for prompt in shared) for name in names}
    runs_df = sum(len(arm) - 1 for block in blocks for arm in (block.before, block.after))
    if runs_df >= 2:
        within = _evaluation_variance([[values[name][prompt][0] for prompt in shared] for name in names])
        found = _between_runs(blocks, means, runs_df, sign, threshold, _expected_variance(noise, fmean(means.values()), within))
    elif len(blocks) >= 3:
        found = _between_pairs(blocks, means, sign, threshold)
    else:
        found = _between_prompts(blocks, values, shared, means, sign, threshold, noise, yes_or_no=yes_or_no)
    return replace(found, images=images, prompts=len(shared), notes=(*found.notes, *_short_of(found, sign, threshold)))


def _short_of(found: Weighed, sign: int, threshold: float) -> tuple[str, ...]:
    """An effect that is there, but smaller than was said."""
    if found.low is None or found.high is None or threshold <= 0:
        return ()
    least, most = sorted((sign * found.low, sign * found.high))
    return ("there is an effect, but less than was said",) if least > 0 and most < threshold else ()


def weigh_level(prompts: Prompts, *, sign: int, threshold: float) -> Weighed:
    """Weigh the prediction that one checkpoint's mean over prompts like these lies beyond ``threshold``."""
    means = [mean for _, (mean, _) in sorted(prompts.items())]
    images = sum(count for _, count in prompts.values())
    if len(means) < 2:
        return Weighed(
            fmean(means) if means else None,
            n=len(means),
            of="prompts",
            images=images,
            obstacles=(_ONE_NUMBER if "" in prompts else "one prompt: no spread",),
        )
    estimate, se = fmean(means), stdev(means) / math.sqrt(len(means))
    factor = level_bayes_factor(Seen(sign * estimate, se, len(means), len(means) - 1), sign * threshold)
    flat = () if se > 0 else ("all prompts have the same value: no spread, no interval",)
    return _interval(Weighed(estimate, bayes_factor=factor, n=len(means), of="prompts", images=images, obstacles=flat), se, len(means) - 1)


def _with_values(blocks: Sequence[Block], values: Mapping[str, Prompts]) -> list[Block]:
    kept = [Block(*(tuple(past for past in arm if values.get(past.name)) for arm in (block.before, block.after))) for block in blocks]
    return [block for block in kept if block.before and block.after]


def _shared_prompts(blocks: Sequence[Block], values: Mapping[str, Prompts]) -> list[str]:
    sets = [set(values[past.name]) for block in blocks for past in (*block.before, *block.after)]
    return sorted(set.intersection(*sets)) if sets else []


def _evaluation_variance(rows: Sequence[Sequence[float]]) -> float:
    """The variance of a run's mean over shared prompts that comes from how prompts happen to suit runs (rows: runs; two-way residual)."""
    runs, prompts = len(rows), len(rows[0])
    if runs < 2 or prompts < 2:
        return 0.0
    by_run, by_prompt = [fmean(row) for row in rows], [fmean(column) for column in zip(*rows, strict=True)]
    level = fmean(by_run)
    squares = math.fsum((value - by_run[r] - by_prompt[p] + level) ** 2 for r, row in enumerate(rows) for p, value in enumerate(row))
    return squares / ((runs - 1) * (prompts - 1)) / prompts


def _expected_variance(noise: RunNoise, level: float, evaluation_variance: float) -> float:
    """What two trainings of a setting are expected to differ by: a handful of them says little of a variance."""
    run_sd = noise.sd if noise.sd is not None else RUN_RATIO_SD * abs(level)
    return run_sd**2 + evaluation_variance


def _between_runs(
    blocks: Sequence[Block], means: Mapping[str, float], df: int, sign: int, threshold: float, expected_variance: float
) -> Weighed:
    """Several trainings of a setting: the spread among them is the noise, drawn up to the expected one (worth 4 df) where it is smaller."""
    weights, differences, squares = [], [], 0.0
    for block in blocks:
        arms = [[means[past.name] for past in arm] for arm in (block.before, block.after)]
        weights.append(len(arms[0]) * len(arms[1]) / (len(arms[0]) + len(arms[1])))
        differences.append(fmean(arms[1]) - fmean(arms[0]))
        squares += math.fsum((value - fmean(arm)) ** 2 for arm in arms for value in arm)
    units = math.fsum(weights)
    estimate = math.fsum(w * d for w, d in zip(weights, differences, strict=True)) / units
    # never drawn down: a project whose trainings scatter more than is usual would look surer than it is
    variance, spread_df = squares / df, float(df)
    if variance < expected_variance:
        variance, spread_df = (squares + PRIOR_DF * expected_variance) / (df + PRIOR_DF), df + PRIOR_DF
    se = math.sqrt(variance / units)
    least = min(sum(len(block.before) for block in blocks), sum(len(block.after) for block in blocks))
    factor = mean_bayes_factor(Seen(sign * estimate, se, units, spread_df), threshold)
    flat = () if squares > 0 else ("all trainings of a setting came out the same: no spread",)
    return _interval(Weighed(estimate, bayes_factor=factor, n=least, of="runs", obstacles=flat), se, spread_df)


def _between_pairs(blocks: Sequence[Block], means: Mapping[str, float], sign: int, threshold: float) -> Weighed:
    """One training of each in several otherwise different places: every pair is one answer."""
    differences = [fmean(means[p.name] for p in block.after) - fmean(means[p.name] for p in block.before) for block in blocks]
    estimate, se = fmean(differences), stdev(differences) / math.sqrt(len(differences))
    factor = mean_bayes_factor(Seen(sign * estimate, se, len(differences), len(differences) - 1), threshold)
    flat = () if se > 0 else (f"the difference is the same in all {len(differences)} pairs of runs: no spread",)
    weighed = Weighed(estimate, bayes_factor=factor, n=len(differences), of="pairs of runs", obstacles=flat)
    return _interval(weighed, se, len(differences) - 1)


def _between_prompts(
    blocks: Sequence[Block], values: Mapping[str, Prompts], shared: Sequence[str], means: Mapping[str, float], sign: int,
    threshold: float, noise: RunNoise, *, yes_or_no: bool,
) -> Weighed:  # fmt: skip
    """One training of each: prompts are paired, and what another training would have done is added to their noise."""
    level = fmean(means.values())
    run_sd, run_df, obstacles, notes = _run_noise(noise, level)
    arms = [[past.name for block in blocks for past in getattr(block, side)] for side in ("before", "after")]
    by_prompt = [[fmean(values[name][prompt][0] for name in arm) for arm in arms] for prompt in shared]
    differences = [after - before for before, after in by_prompt]
    estimate, count = fmean(differences), len(differences)
    run_variance = run_sd**2 * (1 / len(arms[0]) + 1 / len(arms[1]))
    if yes_or_no:
        answers = [_answers([values[name][prompt] for name in arm for prompt in shared], run_sd) for arm in arms]
        ordered = answers if sign > 0 else answers[::-1]
        factor = two_share_bayes_factor(ordered[0], ordered[1], threshold)
        se = math.sqrt(sum(_share_variance(yes, of) for yes, of in answers))
        found = Weighed(estimate, bayes_factor=factor, n=min(_images(values, arm, shared) for arm in arms), of="answers")
        return _interval(replace(found, obstacles=obstacles, notes=notes), se, 1_000)
    prompt_variance = stdev(differences) ** 2 / count if count > 1 else 0.0
    if prompt_variance <= 0:
        one = "one number for each run, without the images behind it" if shared[0] == "" else "one prompt"
        why = f"{one}: no spread" if count == 1 else f"the difference is the same on all {count} prompts: no spread"
        return Weighed(estimate, n=count, of="prompts", obstacles=(why, *obstacles), notes=notes)
    variance = prompt_variance + run_variance
    df = variance**2 / (prompt_variance**2 / (count - 1) + run_variance**2 / run_df)
    units = (prompt_variance * count + run_variance) / variance
    factor = mean_bayes_factor(Seen(sign * estimate, math.sqrt(variance), units, df), threshold)
    return _interval(
        Weighed(estimate, bayes_factor=factor, n=count, of="prompts", obstacles=obstacles, notes=notes), math.sqrt(variance), df
    )


def _run_noise(noise: RunNoise, level: float) -> tuple[float, float, tuple[str, ...], tuple[str, ...]]:
    """The noise between trainings, its degrees of freedom, what keeps it from deciding, and what must be said of it."""
    if noise.sd is not None:
        return noise.sd, noise.df, (), ("the noise between trainings is as declared, not measured",) if noise.declared else ()
    why = "one training of each, and no two runs here differ in their seed only: how much a second training would differ is unknown"
    return RUN_RATIO_SD * abs(level), PRIOR_DF, (why,), (f"the numbers assume {100 * RUN_RATIO_SD:.0f} % of the level between trainings",)


def _answers(cells: Sequence[tuple[float, int]], run_sd: float) -> tuple[float, float]:
    """Yes answers and all answers of one arm, counted as independent ones: images of one prompt, and of one training, are alike."""
    count = sum(images for _, images in cells)
    share = math.fsum(mean * images for mean, images in cells) / count
    size = count / len(cells)
    effective = count / design_effect(size, _alike(cells, share, count)) if size > 1 else float(count)
    spread = max(share * (1 - share), 1 / (4 * effective))
    effective = spread / (spread / effective + run_sd**2)
    return share * effective, effective


def _alike(cells: Sequence[tuple[float, int]], share: float, count: int) -> float:
    """How alike answers to one prompt are (intraclass correlation, one-way analysis of variance), 0 to 1."""
    if len(cells) < 2 or count == len(cells) or share in {0.0, 1.0}:
        return 0.0
    between = math.fsum(images * (mean - share) ** 2 for mean, images in cells) / (len(cells) - 1)
    within = math.fsum(images * mean * (1 - mean) for mean, images in cells) / (count - len(cells))
    size = count / len(cells)
    spread = between + (size - 1) * within
    return min(1.0, max(0.0, (between - within) / spread)) if spread > 0 else 0.0


def _share_variance(yes: float, count: float) -> float:
    share = (yes + 1) / (count + 2)  # drawn to the middle: five of five do not have no variance
    return share * (1 - share) / count


def _images(values: Mapping[str, Prompts], arm: Sequence[str], shared: Sequence[str]) -> int:
    return sum(values[name][prompt][1] for name in arm for prompt in shared)


def _interval(found: Weighed, se: float, df: float) -> Weighed:
    if found.estimate is None or not se > 0:
        return found
    half = float(stdtrit(df, 0.975)) * se
    return replace(found, low=found.estimate - half, high=found.estimate + half)
