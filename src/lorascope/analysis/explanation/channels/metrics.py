"""Metrics: which of them moved, which way, and is that what a cause does? How strongly is averaged over."""

from __future__ import annotations

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.aspects import aspect_of
from lorascope.analysis.explanation.causes.cause_kind import Aspect, CauseKind, Fact
from lorascope.analysis.explanation.causes.evaluation import NOISE, UNLISTED
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, runs_of
from lorascope.analysis.explanation.shifts import Shift, anything_evidence, luck_evidence, pattern_evidence

_MOVED = 1.5  # so many standard deviations count as a movement, in words
_WORSE = 0.75  # share of the metrics moved by an unknown cause that get worse: nobody asks why a run is good
_MIXED = -0.5  # what most causes do to a metric of which nothing but its name is known


def weigh_metrics(case: Case, cause: CauseKind) -> Said:
    """How well a cause's footprint fits the shifts of all metrics, against pure noise."""
    if not case.metrics:
        return SILENT
    if cause.id == NOISE:
        return _of_noise(case)
    if cause.id == UNLISTED or Fact.PROTOCOL in cause.facts:
        return Said(anything_evidence(case.metrics, worse=_WORSE), pros=_moved_words(case, tuple(case.metrics)))
    expected = {metric: _expected(case, cause, metric) for metric in case.metrics}
    as_expected = [metric for metric, each in case.metrics.items() if abs(each.z) >= _MOVED and each.z * expected[metric] > 0]
    judging = {metric: each for metric, each in case.metrics.items() if each.judges}
    missing = [metric for metric, each in judging.items() if abs(expected[metric]) >= 0.5 and (each.z * expected[metric]) < 1 - 1e-9]
    stray = [metric for metric, each in judging.items() if abs(expected[metric]) < 0.2 and abs(each.z) >= 2]
    cons = tuple(f"{_shift_words(name, case.metrics[name])}, {_short_of(case.metrics[name])}" for name in missing[:2] if expected[name] < 0)
    cons += tuple(f"{_shift_words(name, case.metrics[name])}, which it does not explain" for name in stray[:1])
    pros = tuple(f"{words}: what it does" for words in _moved_words(case, as_expected))
    return Said(pattern_evidence(case.metrics, expected), pros, cons)


def effect_on(cause: CauseKind, aspect: Aspect) -> float:
    """What a cause does to metrics of an aspect, relative to its strongest effect."""
    fallback = _MIXED if aspect is Aspect.OVERALL and cause.effects else 0.0
    return cause.effects.get(aspect, fallback)


def _expected(case: Case, cause: CauseKind, metric: str) -> float:
    """What a cause does to a metric: nothing is known of one that only describes and whose name says nothing."""
    aspect = aspect_of(metric)
    return 0.0 if aspect is Aspect.OVERALL and not case.metrics[metric].judges else effect_on(cause, aspect)


def _short_of(shift: Shift) -> str:
    return "worse, but no more than by chance: this cause would do more" if shift.z < 0 else "though this cause would make it worse"


def _of_noise(case: Case) -> Said:
    directed = {name: each for name, each in case.metrics.items() if each.way and each.judges}
    far = [name for name, each in directed.items() if each.z <= -2]
    if not directed:
        return SILENT
    score = luck_evidence(case.metrics)
    if far:
        count = len(far)
        return Said(score, cons=tuple(_moved_words(case, far)) + ((f"{count} metrics fell at once",) if count > 1 else ()))
    worst = min(directed, key=lambda name: directed[name].z)
    return Said(
        score, pros=(f"no metric lies more than 2 standard deviations below the good runs ({_shift_words(worst, directed[worst])})",)
    )


def _moved_words(case: Case, metrics: tuple[str, ...] | list[str]) -> tuple[str, ...]:
    moved = sorted((name for name in metrics if abs(case.metrics[name].z) >= _MOVED), key=lambda name: -abs(case.metrics[name].z))
    return tuple(_shift_words(name, case.metrics[name]) for name in moved[:2])


def _shift_words(metric: str, each: Shift) -> str:
    """A metric's value beside the good runs'.

    >>> _shift_words("fidelity", Shift(0.5, 0.8, 0.04, 12, -6.0))
    'fidelity is 0.5 (12 good runs: 0.8 ± 0.04)'
    """
    return f"{metric} is {each.value:.3g} ({runs_of(each.n)}: {each.mean:.3g} ± {each.sd:.2g})"


CHANNEL = Channel("metrics", "which metrics moved", weigh_metrics)
