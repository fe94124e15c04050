"""One bad run beside the good ones: what differs in settings, what moved in metrics and diagnostics, and by how much."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, median

from lorascope.analysis.explanation.causes.aspects import better_way
from lorascope.analysis.explanation.causes.cause_kind import Trace
from lorascope.analysis.explanation.metric_weights import metric_weights
from lorascope.analysis.explanation.shifts import Shift, shift
from lorascope.analysis.explanation.traces import curve_traces, run_traces
from lorascope.parameters.catalogue import trainer_defaults
from lorascope.records.history import History, PastRun
from lorascope.records.run import ParameterValue

ASSUMED_REPLICATE_SD = 0.05  # of a metric's size, between two trainings of one configuration: a guess, until a project has measured it
_ASSUMED_TRACE_SD = 0.15  # of the logarithm of a diagnostic
_BAD_FROM = 3.0  # so many spreads below the better half of the runs, a run is not good
_ENOUGH = 4  # settings of a run, from which on what is not among them counts as not set
_OWN_TO_A_RUN = 0.5  # share of the variance between prompts that is not common to runs evaluated on the same prompts
_IGNORED = frozenset({"seed", "trainer"})


@dataclass(frozen=True, slots=True)
class Case:
    """A run to be explained. ``reference`` is the nearest good run (None: there is none); ``others`` are all other runs.

    ``now`` and ``before`` are the settings of both, completed by the trainer's defaults where only one says something; ``changed``
    are those that differ. ``metrics`` and ``traces`` are shifts against the good runs; ``worst`` is the metric that fell most.
    """

    run: PastRun
    good: tuple[PastRun, ...]
    others: tuple[PastRun, ...]
    reference: PastRun | None
    now: Mapping[str, ParameterValue]
    before: Mapping[str, ParameterValue]
    changed: Mapping[str, tuple[ParameterValue, ParameterValue]]
    metrics: Mapping[str, Shift] = field(default_factory=dict)
    traces: Mapping[Trace, Shift] = field(default_factory=dict)
    worst: str | None = None
    given: bool = False


def build_case(history: History, run: PastRun, *, metric: str | None = None, against: PastRun | None = None) -> Case:
    """Compare a run with the history's good runs (with ``against`` alone if given), on ``metric`` or all that is measured."""
    others = tuple(other for other in history.runs if other.name != run.name)
    ways = {name: better_way(name, history.facts(name).direction) for name in sorted(_metric_names(history))}
    judging = {name: way for name, way in ways.items() if history.facts(name).direction != "none"}
    shared = {name: way for name, way in judging.items() if name in run.outcomes} or judging
    good = (against,) if against is not None else good_runs(others, shared, metric)
    reference = against if against is not None else nearest_good(run, good)
    now, before = (_all_settings(run), _all_settings(reference) if reference else {})
    if reference is not None:
        now, before = completed(now, before), completed(before, now)
    changed = {name: (before[name], now[name]) for name in sorted(set(now) & set(before)) if not _same(now[name], before[name])}
    if reference is None:
        changed = {}
    metrics = _metric_shifts(run, good, ways, frozenset(judging))
    directed = {name: each.z for name, each in metrics.items() if each.way and each.judges}
    worst = metric if metric in metrics else (min(sorted(directed), key=lambda name: directed[name]) if directed else None)
    case = Case(run, good, others, reference, now, before, {k: v for k, v in changed.items() if k not in _IGNORED}, metrics, worst=worst)
    return replace(case, traces=_trace_shifts(case, ways), given=against is not None)


def good_runs(others: Sequence[PastRun], ways: Mapping[str, int], metric: str | None = None) -> tuple[PastRun, ...]:
    """The runs that came out as the better half does: no run is good that nobody measured.

    A run's goodness is its mean distance from the median over all metrics of which it is known what is better (``metric`` alone
    where that is one of them), in units of the spread between runs.
    """
    goodness = _goodness(others, {metric: ways[metric]} if metric is not None and ways.get(metric) else ways)
    if not goodness:
        return ()
    ranked = sorted(goodness.values())
    better = ranked[len(ranked) // 2 :]
    center = median(better)
    spread = max(1.4826 * median(abs(value - median(ranked)) for value in ranked), 0.35)
    return tuple(other for other in others if goodness.get(other.name, -math.inf) >= center - _BAD_FROM * spread)


def nearest_good(run: PastRun, good: Sequence[PastRun]) -> PastRun | None:
    """The good run that fewest settings differ from: its parent, unless another is less than half as far."""
    if not good:
        return None
    mine = _all_settings(run)
    distances = {other.name: _distance(mine, _all_settings(other)) for other in good}
    nearest = min(good, key=lambda other: distances[other.name])
    parent = next((other for other in good if other.name == run.run.parent), None)
    if parent is not None and distances[parent.name] <= 2 * distances[nearest.name]:
        return parent
    return nearest


def completed(settings: Mapping[str, ParameterValue], other: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """Settings with what only the other run says at its trainer's default, where that means "off"; a text encoder without a rate has
    the general one. A run of which little is recorded is left as it is: what it does not say is not known.

    >>> completed({"a": 1, "b": 1, "c": 1, "network_dim": 8}, {"keep_tokens": 2, "learning_rate": 1e-4})["keep_tokens"]
    0
    """
    defaults = trainer_defaults()
    enough = len(settings) >= _ENOUGH
    missing = {name: defaults[name] for name in other if enough and name not in settings and name in defaults and not defaults[name]}
    filled = dict(settings) | missing
    if filled.get("text_encoder_lr") is None and other.get("text_encoder_lr") is not None and "learning_rate" in filled:
        filled["text_encoder_lr"] = filled.get("unet_lr") or filled["learning_rate"]
    return filled


def _all_settings(run: PastRun) -> dict[str, ParameterValue]:
    settings = {name: value for name, value in run.settings.items() if not name.startswith(("eval_", "evaluation_"))}
    if run.images is not None:
        settings["num_images"] = run.images
    return settings


def _same(one: ParameterValue, other: ParameterValue) -> bool:
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or math.isclose(one, other, rel_tol=1e-9)
    return str(one) == str(other)


def _distance(one: Mapping[str, ParameterValue], other: Mapping[str, ParameterValue]) -> float:
    shared = (set(one) | set(other)) - _IGNORED
    return sum(
        1.0 if name in one and name in other else 0.5 for name in shared if name not in one or name not in other or one[name] != other[name]
    )


def _metric_names(history: History) -> Iterable[str]:
    found = {name for run in history.runs for name in run.outcomes} | set(history.metrics)
    return {name for name in found if not _NO_METRIC.search(name.lower())}


def _value(run: PastRun, metric: str) -> float | None:
    outcome = run.outcomes.get(metric)
    return outcome.value if outcome is not None and math.isfinite(outcome.value) else None


def _goodness(others: Sequence[PastRun], ways: Mapping[str, int]) -> dict[str, float]:
    found: dict[str, list[float]] = {}
    for metric, way in ways.items():
        values = {other.name: value for other in others if (value := _value(other, metric)) is not None}
        if not way or not values:
            continue
        center = median(values.values())
        spread = max(1.4826 * median(abs(value - center) for value in values.values()), ASSUMED_REPLICATE_SD * abs(center), 1e-12)
        for name, value in values.items():
            found.setdefault(name, []).append(max(-8.0, min(8.0, way * (value - center) / spread)))
    return {name: fmean(each) for name, each in found.items()}


def _metric_shifts(run: PastRun, good: Sequence[PastRun], ways: Mapping[str, int], judging: frozenset[str]) -> dict[str, Shift]:
    found = {}
    for metric, way in ways.items():
        value = _value(run, metric)
        others = [each for other in good if (each := _value(other, metric)) is not None]
        if value is None or not others:
            continue
        size = abs(fmean(others))
        low_share = math.sqrt(max(size * (1 - size), 1e-4)) * 0.08 if 0 <= size <= 1 else 0.0
        assumed = math.hypot(max(ASSUMED_REPLICATE_SD * size, low_share, 1e-9), _evaluation_sd(run, good, metric))
        moved = shift(value, others, min(assumed, 1e150), way=way)
        if moved is not None:
            found[metric] = moved
    judges = {name: name in judging and bool(each.way) for name, each in found.items()}
    weights = metric_weights(sorted(found), good, judges)
    return {name: replace(each, weight=weights[name], judges=judges[name]) for name, each in found.items()}


def _evaluation_sd(run: PastRun, good: Sequence[PastRun], metric: str) -> float:
    """What few prompts add to the spread between runs, where standard errors are recorded; prompts are mostly shared, so half of it."""
    errors = [past.outcomes[metric].se for past in (run, *good) if metric in past.outcomes]
    known = [error for error in errors if error is not None and 0 <= error < 1e100]
    return math.sqrt(_OWN_TO_A_RUN * fmean(error**2 for error in known)) if known else 0.0


def _trace_shifts(case: Case, ways: Mapping[str, int]) -> dict[Trace, Shift]:
    mine = run_traces(case.run)
    theirs = [run_traces(other) for other in case.good]
    for metric_traces, run in ((mine, case.run), *zip(theirs, case.good, strict=True)):
        metric_traces.update(curve_traces(run, case.metrics, ways))
    found: dict[Trace, Shift] = {}
    for trace, value in mine.items():
        others = [each[trace] for each in theirs if trace in each]
        if trace in {Trace.BROKEN_WEIGHTS, Trace.BROKEN_LOSS, Trace.DEAD_WEIGHTS}:
            usual = fmean(others) if others else 0.0
            z = 6.0 if value > usual + 1e-6 else 0.0
            found[trace] = Shift(value, usual, 0.0, len(others), z)
        elif (moved := shift(value, others, 0.6 if trace in _OF_CURVES else _ASSUMED_TRACE_SD)) is not None:
            found[trace] = moved
    return found


# what people note beside outcomes: when the best checkpoint came, how long it took, and the training's loss
_NO_METRIC = re.compile(
    r"^(best_)?(epoch|step)s?$|_(hours|seconds|minutes|time|cost)$|^(train(ing)?_|final_|avg_|mean_)?loss$|duration|^total_"
)
_OF_CURVES = (Trace.LATE_RISE, Trace.LATE_FALL, Trace.JAGGED)
