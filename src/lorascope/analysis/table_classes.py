"""Which numbers of a metric may stand in one table: comparability classes, and why a run is left out."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from lorascope.records.history import History, PastRun
from lorascope.records.run import ParameterValue

MUST_AGREE = ("unit", "version")  # of the metric: numbers of another unit or version are not even centered together
TOO_LARGE = 1e100  # squares of larger ones are no numbers any more
_SPREADS_APART = 10.0  # two classes whose spreads differ this much are taken for two units
_ENOUGH_TO_SPREAD = 4  # runs of a class from which its spread says something

Measured = list[tuple[PastRun, str]]  # runs with their class, by name


def comparable_runs(history: History, metric: str, not_settings: Collection[str] = ()) -> tuple[Measured, dict[str, str]]:
    """The runs whose numbers may be analyzed together, with their class, by name; and the others with the reason (run → reason).

    Weights that are there under two names count once. The class with most runs leads. Another joins it (each is centered on itself)
    unless its metric is stated to have another unit or version, its numbers spread ten times wider or narrower, or no setting varies in
    it that varies in those already there.
    """
    left_out: dict[str, str] = {}
    by_class: dict[str, list[PastRun]] = defaultdict(list)
    weights: dict[tuple[str, str], PastRun] = {}
    for past in sorted(history.runs, key=lambda past: past.name):
        outcome = past.outcomes.get(metric)
        if metric in past.absurd:
            left_out[past.name] = f"its {metric} is no finite number, or absurdly large"
        if outcome is None:
            continue
        if not abs(outcome.value) <= TOO_LARGE:
            left_out[past.name] = (
                f"its {metric} is no finite number" if not math.isfinite(outcome.value) else f"its {metric} is absurdly large"
            )
            continue
        of_class = past.classes.get(metric, "")
        tensors = past.tensor_hashes.get(outcome.epoch) if outcome.epoch is not None else None
        twin = weights.setdefault((of_class, tensors), past) if tensors else past
        if twin is past:
            by_class[of_class].append(past)
        else:
            left_out[past.name] = f"the same weights as {twin.name}" + (
                "" if twin.settings == past.settings else ", said to be set differently"
            )
    ranked = sorted(by_class, key=lambda name: (-len(by_class[name]), name))
    if not ranked:
        return [], left_out
    kept, varied = [ranked[0]], _varied(by_class[ranked[0]], not_settings) if len(ranked) > 1 else set()
    for name in ranked[1:]:
        reason = _why_not(name, ranked[0], by_class, metric, history)
        own = _varied(by_class[name], not_settings)
        if not reason and not own & varied:
            reason = "no setting varies among the runs measured this way that varies among the others"
        if reason:
            left_out |= {past.name: reason for past in by_class[name]}
        else:
            kept.append(name)
            varied |= own
    rows = [(past, name) for name in kept for past in by_class[name]]
    return sorted(rows, key=lambda row: row[0].name), left_out


def _why_not(name: str, leader: str, by_class: Mapping[str, Sequence[PastRun]], metric: str, history: History) -> str:
    facts, leading = history.class_facts.get(name, {}), history.class_facts.get(leader, {})
    for key in MUST_AGREE:
        ours, theirs = facts.get(key), leading.get(key)
        if ours and theirs and ours != theirs:
            return f"another {key} of {metric} ({ours}; most runs have {theirs})"
    values = [np.array([past.outcomes[metric].value for past in by_class[one]]) for one in (name, leader)]
    if min(map(len, values)) >= _ENOUGH_TO_SPREAD:
        spreads = [float(of_class.std()) for of_class in values]
        if max(spreads) > _SPREADS_APART * min(spreads) > 0:
            return f"its class of numbers spreads {max(spreads) / min(spreads):.0f} times apart from the others: another unit, perhaps"
    return ""


def _varied(runs: Sequence[PastRun], not_settings: Collection[str]) -> set[str]:
    seen: dict[str, ParameterValue] = {}
    varied: set[str] = set()
    for past in runs:
        for name, value in past.settings.items():
            if name not in varied and seen.setdefault(name, value) != value:
                varied.add(name)
    return varied - set(not_settings)
