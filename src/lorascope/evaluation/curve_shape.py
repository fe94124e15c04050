"""What course a metric takes over a run's checkpoints: flat, improving, a plateau, overfitting … or noise.

First a test: where neither the F test nor a trend or a bend (t tests; the three together at 5 %) shows that the checkpoints differ, no
course is read into them. Then simple courses are weighed by how probable each makes the checkpoints' levels (fitted on equal terms for
all prompts): a level, one amplitude with the sign that the name asks for, noise of sigma² / prompts and a jitter from checkpoint to
checkpoint, all integrated over stated priors. That is what BIC approximates; ten points are too few for the approximation. No course
has more than one phase per four checkpoints: with fewer than eight, only level or straight ones are considered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy.special import chdtri, log_ndtr, ndtri, stdtr

from lorascope.evaluation.course_end import EndSlope, end_slope
from lorascope.evaluation.epoch_effects import Cells, EpochEffects, Floats, fit
from lorascope.evaluation.metric import Direction

DIFFER_BELOW = 0.05
EPOCHS_PER_PHASE = 4
DECIDED_FROM = 0.5  # below this weight no course is called
_AMPLITUDE_SHARE = 2.0  # prior of the amplitude: half-normal, this many times the spread within prompts
_JITTER_SHARE = 0.3  # prior of the jitter: half-normal, this share of the spread within prompts
_MIDDLES = (np.arange(7) + 0.5) / 7


class Course(StrEnum):
    """A course over checkpoints. ``flat``: about one level; ``overfit``: better, then worse; ``collapse``: a step to the worse."""

    FLAT = "flat"
    IMPROVING = "improving"
    WORSENING = "worsening"
    PLATEAU = "plateau"
    OVERFIT = "overfit"
    OSCILLATION = "oscillation"
    COLLAPSE = "collapse"


_TWO_PHASES = (Course.PLATEAU, Course.OVERFIT, Course.OSCILLATION, Course.COLLAPSE)
# Before the data: level as probable as three other courses together, getting worse from the start half as probable as they.
_PRIOR = {Course.FLAT: 3.0, Course.WORSENING: 0.5}


@dataclass(frozen=True, slots=True)
class CurveShape:
    """The most probable ``course`` with its ``weight``, the ``second``, and the ``weights`` of all (they sum to 1), the largest first.

    ``noise``: the tests show no difference; the course is then flat and nothing else is weighed. ``course`` None: nothing can be said,
    ``reason`` says why. ``p_value`` is of the three tests together. ``turns_at``: the epoch at which the nearest curve with one turn has
    its best (None: at one of its ends). ``end``: the slope over the last third.
    """

    course: Course | None
    weight: float | None = None
    second: Course | None = None
    weights: tuple[tuple[Course, float], ...] = ()
    noise: bool = False
    p_value: float | None = None
    turns_at: int | None = None
    end: EndSlope | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """The course in a word; "none" where nothing can be said."""
        return str(self.course) if self.course else "none"

    @property
    def decided(self) -> bool:
        """Whether one course is more probable than all others together."""
        return self.weight is not None and not self.noise and self.weight >= DECIDED_FROM


def shape_of(cells: Cells, direction: Direction, at: Sequence[float] | None = None) -> CurveShape:
    """The course of what was measured. ``at``: an increasing position (optimizer step) per epoch of ``cells``; None: the epochs."""
    effects = fit(cells)
    place = {epoch: float(epoch if at is None else at[index]) for index, epoch in enumerate(cells.epochs)}
    return curve_shape(effects, [place[epoch] for epoch in effects.epochs], direction)


def curve_shape(effects: EpochEffects, at: Sequence[float], direction: Direction) -> CurveShape:
    """The course of a fit over the positions ``at`` (steps or epochs, increasing).

    Raises:
        ValueError: ``at`` is not one increasing position per epoch.
    """
    place = np.asarray(at, np.float64)
    if place.shape != effects.effects.shape or (np.diff(place) <= 0).any():
        raise ValueError("one increasing position per epoch is needed")
    if len(place) < EPOCHS_PER_PHASE:
        return CurveShape(None, reason=f"{len(place)} checkpoints are too few for a course: {EPOCHS_PER_PHASE} are needed")
    if not effects.noise_variance:
        return CurveShape(None, reason="without a spread over prompts, course and noise cannot be told apart")
    better = effects.effects * (-1.0 if direction is Direction.LOWER else 1.0)
    unit = unit_variances(effects)
    scaled = (place - place[0]) / (place[-1] - place[0])
    p_value = _differ(effects, unit, scaled)
    ending = end_slope(place, better, effects.noise_variance * unit)
    if p_value >= DIFFER_BELOW:
        return CurveShape(Course.FLAT, 1.0, weights=((Course.FLAT, 1.0),), noise=True, p_value=p_value, end=ending)
    weights = _weights(effects, better, unit, scaled)
    turn = int(unimodal(better, 1 / unit).argmax())
    return CurveShape(
        weights[0][0], weights[0][1], weights[1][0], weights, p_value=p_value,
        turns_at=effects.epochs[turn] if 0 < turn < len(place) - 1 else None, end=ending,
    )  # fmt: skip


def unit_variances(effects: EpochEffects) -> Floats:
    """The sampling variance of each epoch's level in units of a cell's noise variance: 1 / prompts where nothing is missing."""
    count = len(effects.effects)
    variances: Floats = np.diag(np.linalg.pinv(effects.information, hermitian=True)) * count / (count - 1)
    return variances


def unimodal(values: Floats, weights: Floats) -> Floats:
    """The nearest curve that rises and then falls: the best split into two isotonic fits (least squares).

    >>> unimodal(np.array([1.0, 3.0, 2.0, 2.5, 0.0]), np.ones(5)).tolist()
    [1.0, 3.0, 2.25, 2.25, 0.0]
    """
    from scipy.optimize import isotonic_regression

    best, least = values, np.inf
    for split in range(len(values) + 1):
        rising = isotonic_regression(values[:split], weights=weights[:split]).x if split else values[:0]
        falling = isotonic_regression(values[split:], weights=weights[split:], increasing=False).x if split < len(values) else values[:0]
        fitted = np.concatenate([rising, falling])
        squares = float((weights * (values - fitted) ** 2).sum())
        if squares < least - 1e-12 * abs(least if np.isfinite(least) else 0.0):
            best, least = fitted, squares
    return best


def _differ(effects: EpochEffects, unit: Floats, at: Floats) -> float:
    """The p of "the checkpoints are all the same" by the F test, a trend and a bend, Bonferroni over the three."""
    assert effects.noise_variance is not None
    found = [1.0 if effects.p_value is None else effects.p_value]
    for contrast in (at - at.mean(), (at - 0.5) ** 2 - ((at - 0.5) ** 2).mean()):
        se = np.sqrt(effects.noise_variance * (contrast**2 @ unit))
        found.append(float(2 * stdtr(effects.noise_df, -abs(contrast @ effects.effects) / se)))
    return min(1.0, len(found) * min(found))


def _weights(effects: EpochEffects, better: Floats, unit: Floats, at: Floats) -> tuple[tuple[Course, float], ...]:
    """Every course with its probability, the most probable first."""
    allowed = len(at) // EPOCHS_PER_PHASE
    courses = [course for course in Course if course not in _TWO_PHASES or allowed >= 2]
    evidence = np.array([_log_evidence(effects, better, unit, list(_forms(course, at)), course) for course in courses])
    weight = np.exp(evidence - evidence.max()) * np.array([_PRIOR.get(course, 1.0) for course in courses])
    weight /= weight.sum()
    order = sorted(range(len(courses)), key=lambda index: (-weight[index], index))
    return tuple((courses[index], float(weight[index])) for index in order)


def _forms(course: Course, at: Floats) -> Iterator[Floats]:
    """The curves that a course may take (amplitude 1, up is better), over positions from 0 to 1."""
    match course:
        case Course.IMPROVING:
            yield at
        case Course.WORSENING:
            yield -at
        case Course.PLATEAU:
            yield from (1 - np.exp(-rate * at) for rate in (3.0, 4.5, 7.0, 11.0))
        case Course.OVERFIT:
            yield from (np.minimum(at, knee) - ratio * np.maximum(at - knee, 0) for knee in at[2:-2] for ratio in (0.5, 1.0, 2.0))
        case Course.OSCILLATION:
            yield np.where(np.arange(len(at)) % 2 == 0, 0.5, -0.5)
        case Course.COLLAPSE:
            yield from (-(at >= step).astype(np.float64) for step in at[2:-1])  # a last single checkpoint is no phase
        case _:
            yield 0 * at


def _log_evidence(effects: EpochEffects, better: Floats, unit: Floats, forms: Sequence[Floats], course: Course) -> float:
    """The logarithm of how probable the levels are under a course, its forms equally probable, up to a constant of the data."""
    assert effects.noise_variance is not None
    scale = float(np.sqrt(effects.within_variance))
    noises = effects.noise_variance * effects.noise_df / chdtri(effects.noise_df, _MIDDLES)
    jitters = _JITTER_SHARE * scale * ndtri(0.5 + _MIDDLES / 2)
    variances = (noises[:, None, None] * unit + jitters[:, None] ** 2).reshape(-1, len(unit))
    terms = _log_densities(better, np.array(forms), 1 / variances, _AMPLITUDE_SHARE * scale, course)
    most = float(terms.max())
    return most + float(np.log(np.mean(np.exp(terms - most))))


def _log_densities(values: Floats, forms: Floats, precision: Floats, amplitude_sd: float, course: Course) -> Floats:
    """Normal densities of the levels, (precisions, forms): the common level integrated out, a (half-)normal amplitude on the form.

    ``precision`` is (precisions, epochs), ``forms`` (forms, epochs).
    """
    total = precision.sum(axis=1, keepdims=True)
    centered = values - (precision @ values)[:, None] / total
    density: Floats = 0.5 * (np.log(precision).sum(axis=1) - np.log(total[:, 0]) - (precision * centered**2).sum(axis=1))[:, None]
    if course is Course.FLAT:
        return density
    shapes = forms - (precision @ forms.T)[:, :, None] / total[:, :, None]
    spread = np.einsum("ke,kfe->kf", precision, shapes**2)
    cross = np.einsum("ke,kfe->kf", precision * centered, shapes)
    posterior = spread + amplitude_sd**-2
    density = density + 0.5 * (cross**2 / posterior - np.log(posterior * amplitude_sd**2))
    if course is not Course.OSCILLATION:  # which of two neighbors is the better one is free there
        density = density + np.log(2) + log_ndtr(cross / np.sqrt(posterior))
    return density
