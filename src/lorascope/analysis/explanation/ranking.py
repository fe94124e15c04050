"""Rank the causes of one bad run: every channel's evidence, weighed and turned into probabilities that sum to 1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes import CAUSES, NOISE, UNLISTED, CauseKind
from lorascope.analysis.explanation.channels import CHANNELS, Said

# Fitted by tools/fit_causes.py (conditional logit, 600 simulated cases of three difficulties, development seeds, then made a little
# sharper): how much one unit of a channel's log likelihood ratio counts. They rank evidence; they were not measured on real trainings.
WEIGHTS: Mapping[str, float] = {
    "records": 1.05,
    "settings": 1.13,
    "pairs": 0.54,
    "history": 1.0,
    "findings": 0.72,
    "dataset": 0.32,
    "metrics": 1.14,
    "weights": 0.6,
    "loss": 1.13,
    "shape": 0.34,
    "unexplained": 0.82,
}
INTERCEPTS: Mapping[str, float] = {NOISE: -0.86, UNLISTED: 1.45}


@dataclass(frozen=True, slots=True)
class Ranked:
    """One cause with its probability and what every channel said of it."""

    cause: CauseKind
    probability: float
    said: Mapping[str, Said]


def evidence(case: Case) -> dict[str, dict[str, Said]]:
    """Cause → channel → what it says."""
    return {cause.id: {channel.name: channel.weigh(case, cause) for channel in CHANNELS} for cause in CAUSES}


def rank(case: Case) -> list[Ranked]:
    """All causes, most probable first; equal ones in the catalogue's order."""
    said = evidence(case)
    totals = np.array([total(cause, said[cause.id]) for cause in CAUSES])
    likely = np.exp(totals - totals.max())
    likely /= likely.sum()
    ranked = [Ranked(cause, float(p), said[cause.id]) for cause, p in zip(CAUSES, likely, strict=True)]
    return sorted(ranked, key=lambda each: -each.probability)


def total(cause: CauseKind, said: Mapping[str, Said]) -> float:
    """The log odds of a cause, up to what is common to all."""
    return cause.rarity + INTERCEPTS.get(cause.id, 0.0) + sum(WEIGHTS[name] * each.score for name, each in said.items())


def features(said: Sequence[Mapping[str, Said]]) -> np.ndarray:
    """The channels' scores as a table, causes in rows: what the weights are fitted to."""
    return np.array([[each[channel.name].score for channel in CHANNELS] for each in said])
