"""How much a result moves when nothing but the seed changes: the noise that every statement about settings must be held against."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from lorascope.analysis.table import NOT_SETTINGS
from lorascope.records.history import History, PastRun

PRIOR_DF = 4
PRIOR_SHARE = 0.04  # of the metric's level: an assumption, until replicates say otherwise


@dataclass(frozen=True, slots=True)
class Replicates:
    """The noise of a retraining, in the metric's unit.

    ``sd`` is pooled over ``groups`` of runs that are equal in everything but the seed, with ``df`` degrees of freedom. ``shrunk_sd``
    leans on ``prior_sd`` (4 % of the metric's level, worth 4 degrees of freedom), since few replicates say little about a variance.
    ``settings`` is the least number of settings that runs of a group state: few stated settings may hide a difference.
    """

    sd: float
    df: int
    groups: tuple[tuple[str, ...], ...]
    prior_sd: float
    shrunk_sd: float
    shrunk_df: int
    settings: int


def replicate_noise(history: History, metric: str) -> Replicates | None:
    """The noise of retraining as the project's own replicates show it; None where no two runs are equal in everything but the seed.

    Equal means: the same settings stated with the same values (names, places and the seed aside; runs that state none are no
    replicates), measured in the same comparability class. Of runs that state the same seed, or whose weights are the same file, one
    counts: they do not show what another seed does.
    """
    groups = replicate_groups(history, metric)
    if not groups:
        return None
    values = [[past.outcomes[metric].value for past in group] for group in groups]
    df = sum(len(group) - 1 for group in values)
    squares = sum((value - fmean(group)) ** 2 for group in values for value in group)
    level = fmean(abs(past.outcomes[metric].value) for past in history.measured(metric) if _is_finite(past, metric))
    prior = PRIOR_SHARE * level
    return Replicates(
        sd=math.sqrt(squares / df),
        df=df,
        groups=tuple(tuple(past.name for past in group) for group in groups),
        prior_sd=prior,
        shrunk_sd=math.sqrt((squares + PRIOR_DF * prior**2) / (df + PRIOR_DF)),
        shrunk_df=df + PRIOR_DF,
        settings=min(len(_settings(past)) for group in groups for past in group),
    )


def assumed_noise(history: History, metric: str) -> float | None:
    """The noise to assume where there are no replicates: 4 % of the metric's level, in its unit. None without a number."""
    values = [abs(past.outcomes[metric].value) for past in history.measured(metric) if _is_finite(past, metric)]
    return PRIOR_SHARE * fmean(values) if values else None


def replicate_groups(history: History, metric: str) -> tuple[tuple[PastRun, ...], ...]:
    """Groups of two and more replicates, by name."""
    found: dict[tuple[str, frozenset[tuple[str, object]]], list[PastRun]] = defaultdict(list)
    for past in sorted(history.measured(metric), key=lambda past: past.name):
        settings = _settings(past)
        if _is_finite(past, metric) and settings:
            found[past.classes.get(metric, ""), settings].append(past)
    groups = (trained_apart(group, metric) for group in found.values() if len(group) > 1)
    return tuple(sorted((group for group in groups if len(group) > 1), key=lambda group: group[0].name))


def _settings(past: PastRun) -> frozenset[tuple[str, object]]:
    stated = frozenset(past.settings.items())
    return stated if NOT_SETTINGS.isdisjoint(past.settings) else frozenset(item for item in stated if item[0] not in NOT_SETTINGS)


def trained_apart(group: Sequence[PastRun], metric: str) -> tuple[PastRun, ...]:
    """One run per training seed and per file of weights: the same training twice is no replicate."""
    kept: list[PastRun] = []
    seen: set[tuple[str, object]] = set()
    for past in group:
        epoch = past.outcomes[metric].epoch
        tensors = past.tensor_hashes.get(epoch) if epoch is not None else None
        marks = {(kind, value) for kind, value in (("seed", past.settings.get("seed")), ("tensors", tensors)) if value is not None}
        if not marks & seen:
            kept.append(past)
            seen |= marks
    return tuple(kept)


def _is_finite(past: PastRun, metric: str) -> bool:
    return math.isfinite(past.outcomes[metric].value)
