"""What to choose a checkpoint by when nobody says: a metric that checks what the prompts ask for, before one that only describes."""

from __future__ import annotations

from collections.abc import Iterable

from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.purposes import Purpose
from lorascope.records.sample import Score

BACKGROUND, FEATURE, THING = "background_color_accuracy", "feature_color_accuracy", "trait_accuracy"


def default_metric(scores: Iterable[Score], purpose: Purpose | None = None) -> tuple[str, str] | None:
    """The metric to choose by, and why it; None where nothing was measured."""
    kept = [score for score in scores if score.value is not None]
    measured = {score.metric for score in kept}
    fitting = _fitting(purpose)
    for metric in fitting:
        if metric in measured:
            return metric, f"No metric was named: chosen by {metric}, which checks what these prompts ask for (--metric changes that)."
    judging = [metric.name for metric in METRICS if metric.name in measured and metric.direction is not Direction.NONE]
    if judging:
        return judging[0], f"No metric was named: chosen by {judging[0]}, the first that judges (--metric changes that)."
    others = sorted(measured - {metric.name for metric in METRICS})
    known = [name for name in others if direction_of(name, [score for score in kept if score.metric == name])]
    if known:
        return known[0], f"No metric was named: chosen by {known[0]}, the first whose better end is known (--metric changes that)."
    left = [*[metric.name for metric in METRICS if metric.name in measured], *others]
    return (left[0], f"No metric was named, and none that judges was measured: chosen by {left[0]}.") if left else None


def _fitting(purpose: Purpose | None) -> tuple[str, ...]:
    if purpose is None or purpose.by_text:
        return (BACKGROUND, FEATURE, THING)
    own = [BACKGROUND] if "background" in purpose.features else []
    own += [FEATURE] if set(purpose.features) - {"background"} else []
    return (*own, *((THING,) if purpose.things else ()))
