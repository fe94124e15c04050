"""How a configuration would come out, before it is run, and whether that is worth a training: RUN, SKIP, or undecided.

RUN means that no worse than the incumbent is expected (or that the target is reached): it needs enough runs, settings within what was
seen, and an even chance at least. SKIP needs an interval that excludes the target, or a finding that stops the training. All else is
undecided: a false "run" costs a training, a false "skip" costs the best model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.proposals.settings_space import SEED, Settings, different, space_of
from lorascope.analysis.proposals.standing import Standing
from lorascope.records.history import History, MetricFacts, PastRun
from lorascope.records.proposal import Advice, Estimated, PredictedMetric
from lorascope.records.run import ParameterValue

LEAST_RUNS = 8  # for a verdict other than undecided
RUN_FROM = 0.5
SKIP_BELOW = 0.025  # the target lies outside the 95 % interval
_ADDED = {
    Advice.RUN: "",
    Advice.SKIP: ": its 95 % interval excludes the target",
    Advice.UNDECIDED: ": possible, not likely; it may still be worth it for what it teaches",
}


@dataclass(frozen=True, slots=True)
class Nearest:
    """The run most like a configuration, and the settings in which they differ: (the run's, the configuration's)."""

    past: PastRun
    change: Mapping[str, tuple[ParameterValue, ParameterValue]]


def predict_metric(standing: Standing, facts: MetricFacts, asked: Settings, target: float | None) -> PredictedMetric:
    """One metric with its 95 % prediction interval: of what would be measured, the noise of one run included.

    Without a ``target`` the incumbent's shrunken value is taken: what a new run must beat.
    """
    model = standing.model
    if target is None and standing.direction is not None and standing.standing is not None:
        target = standing.standing.true.estimate
    if model is None:
        return PredictedMetric(standing.metric, standing.unit, Estimated(None), len(standing.runs), target)
    spread = model.outcome(asked)
    low, high = spread.interval()
    expected = Estimated(*(_within(value, facts) for value in (spread.mean, low, high)))
    reached = None
    if target is not None and standing.direction is not None:
        below = spread.below(target)
        reached = below if standing.direction == "lower" else 1 - below
    return PredictedMetric(standing.metric, standing.unit, expected, model.runs, target, reached)


def nearest_run(history: History, asked: Settings) -> Nearest | None:
    """The recorded run that a configuration is most like; the latest of equals. None without runs that share a setting with it."""
    runs = [past for past in history.runs if any(name in asked for name in past.settings if name != SEED)]
    if not runs:
        return None
    space = space_of([past.settings for past in runs], [asked])
    points, own = space.points([past.settings for past in runs]), space.points([asked])
    distance = sum((space.distances(points, own, axis)[:, 0] for axis in range(len(space.axes))), start=points[:, :0].sum(axis=1))
    at = min(range(len(runs)), key=lambda index: (round(float(distance[index]), 9), -index))
    return Nearest(runs[at], different(runs[at].settings, asked))


def unseen_settings(runs: Sequence[PastRun], asked: Settings) -> tuple[str, ...]:
    """The settings of a configuration that lie outside what the runs had, in words: a prediction there is a guess."""
    space = space_of([past.settings for past in runs], [asked])
    found = []
    for axis in space.axes:
        value = asked.get(axis.name)
        if value is not None and not axis.covers(float(value) if isinstance(value, int) and not isinstance(value, bool) else value):
            levels = sorted({str(past.settings[axis.name]) for past in runs if past.settings.get(axis.name) is not None})
            seen = (
                f"{_shown(axis.levels[0])} to {_shown(axis.levels[-1])}" if axis.ordered and len(axis.levels) > 1 else ", ".join(levels[:3])
            )
            found.append(f"{axis.name} = {_shown(value)} (runs had {seen})")
    return tuple(found)


def advise(metrics: Sequence[PredictedMetric], aborts: Sequence[str], unseen: Sequence[str]) -> tuple[Advice, str]:
    """The verdict and its reason in one sentence."""
    if aborts:
        return Advice.SKIP, f"the trainer would stop: {aborts[0]}"
    judged = [one for one in metrics if one.p_reached is not None]
    if not judged:
        known = any(one.expected.estimate is not None for one in metrics)
        lacking = "no target is given and nobody says which way the metric is better" if known else "too few comparable runs are measured"
        return Advice.UNDECIDED, lacking
    least = min(judged, key=lambda one: one.p_reached or 0)
    chance = least.p_reached or 0
    if min(one.runs for one in judged) < LEAST_RUNS:
        return Advice.UNDECIDED, f"{least.runs} runs are too few for a verdict; it takes {LEAST_RUNS}"
    if unseen:
        return Advice.UNDECIDED, f"{_sentence(least)}, but no run has had {unseen[0].split(' (', 1)[0]}"
    verdict = Advice.SKIP if chance < SKIP_BELOW else Advice.RUN if chance >= RUN_FROM else Advice.UNDECIDED
    return verdict, f"{_sentence(least)}{_ADDED[verdict]}"


def _sentence(one: PredictedMetric) -> str:
    target = "" if one.target is None else f" {one.target:.4g}"
    return f"{one.metric} would reach the target{target} with probability {one.p_reached or 0:.2g}"


def _within(value: float, facts: MetricFacts) -> float:
    low = value if facts.low is None else max(value, facts.low)
    return low if facts.high is None else min(low, facts.high)


def _shown(value: ParameterValue) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
