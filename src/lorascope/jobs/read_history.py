"""Read a project's history from the store: every run as analyses see it. What is missing stays missing."""

from __future__ import annotations

import hashlib
import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from statistics import fmean, stdev

from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.metrics import metric_named
from lorascope.jobs.note_keys import LARGEST
from lorascope.jobs.read_notes import Notes, read_notes
from lorascope.parameters.catalogue import find, known
from lorascope.parameters.labels import LABELS
from lorascope.parameters.parameter import Category, Scale
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.plain import number
from lorascope.records.run import ParameterValue, Run
from lorascope.store import Store
from lorascope.store.cells import Cell, SavedEpoch

CHOSEN_ON = ("last", "best")  # which checkpoint stands for a run: the last, or the one with the best mean
Given = Mapping[str, Mapping[str, object]]  # metric → numbers of a measurement that came without its scores
_UNSTATED = ""


def read_history(store: Store, metrics: Sequence[str] | None = None, *, chosen: str = "last") -> History:
    """All runs with what was recorded of them; of ``metrics`` only, when named.

    A run's outcome on a metric is the mean over prompts at its last checkpoint (``chosen`` "best": at the one with the best mean, which
    flatters a run with many checkpoints), else an imported measurement, else the ``outcome`` that its own record gives.
    """
    with store.snapshot():
        runs, cells = sorted(store.runs(), key=_by_start), store.cells(metrics)
        saved, given, notes = store.saved_epochs(), store.given_means(), read_notes(store, runs)
    facts = _facts(runs, cells, given)
    by_run = _by_run(cells)
    epochs = defaultdict(list)
    for one in saved:
        epochs[one.run].append(one)
    for name, epoch, measured in given:
        _add_given(by_run[name], epoch, measured, metrics)
    past = [_past(run, by_run.get(run.name, {}), epochs.get(run.name, []), notes, facts, metrics, chosen) for run in runs]
    return History(tuple(past), facts, _class_facts(past, by_run))


def _by_start(run: Run) -> tuple[float, str]:
    """In the order they started; those without a start last, by name: in which order a file had its lines says nothing."""
    return math.inf if run.started_at is None else run.started_at, run.name


def settings_of(run: Run) -> dict[str, ParameterValue]:
    """What was set for a run, as far as it can have an effect: no names, places or derived values; dataset, base model and trainer count.

    >>> from lorascope.records.run import RunStatus
    >>> settings_of(Run("a", "kohya", RunStatus.IMPORTED, {"network_dim": 8, "output_dir": "x"}))
    {'network_dim': 8, 'trainer': 'kohya'}
    """
    found = {name: _in_range(value) for name, value in run.parameters.items() if _may_matter(name)}
    beside = {"base_model": run.base_model, "dataset": run.dataset_digest, "trainer": run.trainer if run.trainer != "unknown" else None}
    return found | {name: value for name, value in beside.items() if value is not None and name not in found}


def _in_range(value: ParameterValue) -> ParameterValue:
    """The value; as text where it is a whole number beyond all floating-point ones, which nothing can reckon with."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and number(value) is None else value


@cache
def _may_matter(name: str) -> bool:
    if name in LABELS:
        return False
    if not known(name):
        return True
    parameter = find(name)
    return parameter.category is not Category.DERIVED and (parameter.scale is not Scale.IGNORED or name == "seed")


def _past(
    run: Run, cells: Mapping[str, dict[int, dict[str, Cell]]], saved: Sequence[SavedEpoch], notes: Notes,
    facts: Mapping[str, MetricFacts], metrics: Sequence[str] | None, chosen: str,
) -> PastRun:  # fmt: skip
    run = replace(run, parent=notes.parents[run.name]) if run.name in notes.parents and run.parent is None else run
    checkpoints = {one.epoch for one in saved}
    curves, classes, outcomes = {}, {}, {}
    protocol = notes.protocols.get(run.name, {})
    for metric, by_epoch in cells.items():
        kept = {epoch: of_epoch for epoch, of_epoch in sorted(by_epoch.items()) if epoch != 0 or 0 in checkpoints}
        if not kept:
            continue
        levels = _levels(kept.values())
        curves[metric] = tuple(_outcome(epoch, of_epoch, levels) for epoch, of_epoch in kept.items())
        outcomes[metric] = _chosen(curves[metric], facts[metric].direction, chosen)
        classes[metric] = _class(protocol, by_epoch)
    absurd = []
    for metric, value in run.outcome.items():
        if metric not in outcomes and value is not None and (metrics is None or metric in metrics):
            if not abs(value) <= LARGEST:
                absurd.append(metric)
                continue
            outcomes[metric] = Outcome(float(value))
            classes[metric] = _class(protocol, {})
    durations = [one.duration_s for one in saved]
    return PastRun(
        run=run,
        settings=settings_of(run),
        outcomes=outcomes,
        curves=curves,
        classes=classes,
        findings=notes.findings_of(run),
        images=notes.images_of(run),
        weights=notes.weights.get(run.name, {}),
        loss=notes.losses.get(run.name, {}) or _loss_curve(saved),
        protocol=protocol,
        tensor_hashes={one.epoch: one.tensor_hash for one in saved if one.tensor_hash},
        gpu_hours=_hours(run, durations),
        hashes=notes.hashes.get(run.name, {}),
        absurd=tuple(sorted(absurd)),
        errors=notes.errors_of(run),
    )


def _levels(epochs: Iterable[Mapping[str, Cell]]) -> dict[str, float]:
    """Each prompt's own level: its mean over the epochs that have it. Empty where every epoch has every prompt."""
    of_epochs, by_prompt = list(epochs), defaultdict[str, list[float]](list)
    for of_epoch in of_epochs:
        for prompt, cell in sorted(of_epoch.items()):
            by_prompt[prompt].append(cell.mean)
    if all(len(means) == len(of_epochs) for means in by_prompt.values()):
        return {}
    return {prompt: fmean(means) for prompt, means in by_prompt.items()}


def _outcome(epoch: int, cells: Mapping[str, Cell], levels: Mapping[str, float]) -> Outcome:
    """The mean over prompts. An epoch that lacks some is corrected by how hard those are, or it would be compared on easier ones."""
    means = [cell.mean for _, cell in sorted(cells.items())]
    se = stdev(means) / math.sqrt(len(means)) if len(means) > 1 else None
    lacking = fmean(levels.values()) - fmean(levels[prompt] for prompt in cells) if levels else 0.0
    return Outcome(fmean(means) + lacking, se, len(means), sum(cell.images for cell in cells.values()), epoch)


def _chosen(curve: Sequence[Outcome], direction: str | None, chosen: str) -> Outcome:
    if chosen == "last" or direction not in {"higher", "lower"}:
        return curve[-1]
    return (max if direction == "higher" else min)(curve, key=lambda outcome: outcome.value)


def _class(protocol: Mapping[str, ParameterValue], by_epoch: Mapping[int, Mapping[str, Cell]]) -> str:
    """What must be equal for two numbers to be compared: prompts, the metric's version and unit, and the protocol as recorded."""
    cells = [cell for of_epoch in by_epoch.values() for cell in of_epoch.values()]
    stated: dict[str, object] = dict(sorted(protocol.items()))
    if cells:
        stated |= {"prompts": sorted({cell.prompt for cell in cells}), "version": max(cell.version for cell in cells)}
        stated |= {"unit": unit} if (unit := max(cell.unit for cell in cells)) else {}
    if not stated:
        return _UNSTATED
    return hashlib.blake2b(json.dumps(stated, sort_keys=True).encode(), digest_size=4).hexdigest()


def _class_facts(past: Iterable[PastRun], by_run: Mapping[str, Mapping[str, dict[int, dict[str, Cell]]]]) -> dict[str, dict[str, str]]:
    """What the scores say of their metric, by comparability class: numbers of another unit or version never stand in one table."""
    found: dict[str, dict[str, str]] = {}
    for run in past:
        for metric, by_epoch in by_run.get(run.name, {}).items():
            if metric in run.classes and run.classes[metric] not in found:
                cells = [cell for of_epoch in by_epoch.values() for cell in of_epoch.values()]
                found[run.classes[metric]] = {"version": str(max(cell.version for cell in cells)), "unit": max(cell.unit for cell in cells)}
    return found


def _by_run(cells: Iterable[Cell]) -> dict[str, dict[str, dict[int, dict[str, Cell]]]]:
    """Run → metric → epoch → prompt → cell."""
    found: dict[str, dict[str, dict[int, dict[str, Cell]]]] = defaultdict(dict)
    for cell in cells:
        found[cell.run].setdefault(cell.metric, {}).setdefault(cell.epoch, {})[cell.prompt] = cell
    return found


def _add_given(
    metrics_of_run: dict[str, dict[int, dict[str, Cell]]], epoch: int, measured: Given, wanted: Sequence[str] | None
) -> None:  # fmt: skip
    """Measurements that came without scores count as one cell of all prompts."""
    for metric, numbers in measured.items():
        mean, images = numbers.get("mean"), numbers.get("images")
        scored = any(cell.prompt for of_epoch in metrics_of_run.get(metric, {}).values() for cell in of_epoch.values())
        if scored or not isinstance(mean, int | float) or (wanted is not None and metric not in wanted):
            continue
        cell = Cell("", metric, epoch, "", float(mean), images if isinstance(images, int) else 0, 1, str(numbers.get("unit") or ""), "")
        metrics_of_run.setdefault(metric, {}).setdefault(epoch, {})[""] = cell


def _facts(runs: Iterable[Run], cells: Iterable[Cell], given: Iterable[tuple[str, int, Given]]) -> dict[str, MetricFacts]:
    said: dict[str, tuple[str, str]] = {}
    for run in runs:
        for metric in run.outcome:
            said.setdefault(metric, ("", ""))
    for _, _, measured in given:
        for metric, numbers in measured.items():
            said[metric] = (str(numbers.get("unit") or ""), "")
    for cell in cells:
        if cell.unit or cell.direction or cell.metric not in said:
            said[cell.metric] = (cell.unit, cell.direction)
    return {metric: _fact(metric, unit, direction) for metric, (unit, direction) in sorted(said.items())}


def _fact(metric: str, unit: str, direction: str) -> MetricFacts:
    known_metric = metric_named(metric)
    if known_metric is not None:
        return MetricFacts(metric, known_metric.unit, str(known_metric.direction), known_metric.low, known_metric.high)
    own = direction_of(metric, [])
    way = direction if direction in {"higher", "lower"} else None
    return MetricFacts(metric, unit, way or (str(own) if own else None))


def _loss_curve(saved: Sequence[SavedEpoch]) -> dict[str, float]:
    """What the epochs' mean losses say where no loss diagnostics are recorded."""
    losses = [one.mean_loss for one in saved if one.mean_loss is not None]
    if not losses:
        return {}
    if not all(map(math.isfinite, losses)):
        return {"nan_share": sum(not math.isfinite(loss) for loss in losses) / len(losses)}
    return {"final": losses[-1], "first": losses[0]}


def _hours(run: Run, durations: Sequence[float | None]) -> float | None:
    """The hours a training took: the sum of its epochs, or from its start to its end."""
    known_s = [duration for duration in durations if duration]
    if known_s and len(known_s) == len(durations):
        return sum(known_s) / 3600
    if run.started_at is not None and run.finished_at is not None and run.finished_at > run.started_at:
        return (run.finished_at - run.started_at) / 3600
    stated = run.parameters.get("total_training_time_hours")
    return float(stated) if isinstance(stated, int | float) and not isinstance(stated, bool) and stated > 0 else None
