"""How much of a best value is luck: what the noise of a series would give without any difference, and what is left of its best point.

The same formulas that ``pick`` uses on scores, on the little that a table shows: levels are normal around their mean, and the noise of a
mean over P prompts is that of one prompt over the square root of P (James and Stein's shrinkage, 1961).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lorascope.analysis.winners_curse import expected_extreme
from lorascope.claims.recorded import match_stored
from lorascope.claims.report import Report, StoredSeries
from lorascope.claims.series import Point, Series
from lorascope.evaluation.best_checkpoint import choose
from lorascope.evaluation.epoch_effects import Cells, fit
from lorascope.evaluation.metric import Direction

_LEAST_POINTS = 4
_TOLD_APART = 2.8 * math.sqrt(2)  # standard errors of a mean: 80 % power at two-sided 5 %, for a difference of two


@dataclass(frozen=True, slots=True)
class Luck:
    """What noise alone would give: the expected extreme of ``count`` points, the noise of one point, and where that noise comes from.

    ``shrunk``: what is left of the best point. ``detectable``: the smallest difference of two points that could be told from noise.
    """

    count: int
    expected: float
    noise_sd: float | None
    shrunk: float | None
    detectable: float | None
    source: str


def luck_of(report: Report, series: Series, point: Point) -> Luck | None:
    """The luck in a best point of a series of at least four; None where nothing can be said."""
    return report.remembered(("luck", series.document, series.table, series.at, point.label), lambda: _luck(report, series, point))


def _luck(report: Report, series: Series, point: Point) -> Luck | None:
    count = len(series.points)
    if count < _LEAST_POINTS or series.spread == 0:
        return None
    lowest = point.number.value <= series.mean
    expected = series.mean + (-1 if lowest else 1) * expected_extreme(count) * series.spread
    stored = match_stored(report, series)
    epoch = int(point.label) if point.label.isdecimal() else max(stored.values) if stored else -1
    if stored and (shrunk := _shrunk_scores(stored, lowest=lowest).get(epoch)) is not None:
        return Luck(count, expected, None, shrunk, None, f"scores of {stored.run}, {stored.prompts} prompts")
    noise, source = _noise_of(report, series)
    if noise is None:
        return Luck(count, expected, None, None, None, "the spread of the column")
    variance = series.spread**2
    kept = max(0.0, 1 - noise**2 / variance)
    shrunk = series.mean + kept * (point.number.value - series.mean)
    return Luck(count, expected, noise, shrunk, _TOLD_APART * noise, source)


def _shrunk_scores(stored: StoredSeries, *, lowest: bool) -> Mapping[int, float]:
    """The levels of recorded epochs without the luck of the draw, from their scores prompt by prompt, as ``pick`` has them."""
    if len(stored.cells) < 2:
        return {}
    epochs, blocks = tuple(sorted(stored.values)), tuple(sorted(stored.cells))
    values = np.array([[stored.cells[block].get(epoch, np.nan) for block in blocks] for epoch in epochs])
    effects = fit(Cells(epochs, blocks, values, np.isfinite(values).astype(np.int64)))
    choice = choose(effects, Direction.LOWER if lowest else Direction.HIGHER)
    return {one.epoch: one.shrunk for one in choice.candidates} if choice else {}


def _noise_of(report: Report, series: Series) -> tuple[float | None, str]:
    """The noise of one point: from a column of one prompt beside the average, and the number of prompts listed."""
    prompts = len(report.prompts.get(series.document, ()))
    for other in report.beside(series):
        if series.of_all and prompts > 1 and report.prompt_of(other) is not None and other.spread > 0:
            return other.spread / math.sqrt(prompts), f"{other.name} as one of {prompts} prompts"
    return None, ""


def runner_up(series: Series, point: Point) -> Point | None:
    """The best of the others."""
    others: Sequence[Point] = [one for one in series.points if one != point]
    if not others or not series.direction:
        return None
    return (min if series.direction == "lower" else max)(others, key=lambda one: one.number.value)
