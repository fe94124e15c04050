"""Predictions that were written down before the run, and how they came out: append-only records of the type ``prediction``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.ledger.reliability import ENOUGH, calibrate
from lorascope.analysis.proposals.settings_space import signature
from lorascope.errors import AlreadyExists
from lorascope.records.history import History, PastRun
from lorascope.records.plain import number
from lorascope.records.proposal import Prediction
from lorascope.records.run import JsonValue, ParameterValue
from lorascope.reports.proposals import rounded
from lorascope.store import Store

TYPE = "prediction"


@dataclass(frozen=True, slots=True)
class Resolved:
    """A recorded prediction of one metric beside what was measured, None while it is open. ``p_reached`` is of its target."""

    name: str
    metric: str
    low: float | None
    high: float | None
    run: str | None = None
    measured: float | None = None
    p_reached: float | None = None
    reached: bool | None = None

    @property
    def covered(self) -> bool | None:
        """Whether the interval held what was measured; None while it is open."""
        if self.measured is None or self.low is None or self.high is None:
            return None
        return self.low <= self.measured <= self.high


def digest_of(settings: Mapping[str, ParameterValue]) -> str:
    """What a configuration is known by: every setting but the training seed."""
    return hashlib.blake2b(json.dumps(signature(settings)).encode(), digest_size=8).hexdigest()


def record(store: Store, name: str, prediction: Prediction, settings: Mapping[str, ParameterValue], history: History, now: float) -> None:
    """Write a prediction down under a name, with the time, so that nobody can later say it was another.

    Raises:
        AlreadyExists: a prediction of this name is there.
    """
    if any(one.get("name") == name for one in store.foreign_records(TYPE)):
        raise AlreadyExists("a prediction of this name is recorded", where=name, next_step="records are never changed: take another name")
    body: dict[str, JsonValue] = {
        "type": TYPE,
        "name": name,
        "recorded_at": now,
        "config": digest_of(settings),
        "settings": dict(sorted(settings.items())),
        "verdict": str(prediction.verdict),
        "runs_before": list[JsonValue](past.name for past in _of_these_settings(history, settings)),
        "metrics": [
            {
                "metric": one.metric, "estimate": rounded(one.expected.estimate), "low": rounded(one.expected.low),
                "high": rounded(one.expected.high), "target": rounded(one.target), "p_reached": rounded(one.p_reached),
                "direction": history.facts(one.metric).direction,
            }
            for one in prediction.metrics
        ],
    }  # fmt: skip
    store.keep_foreign([(body, 0)])


def resolved(store: Store, history: History) -> list[Resolved]:
    """Every recorded prediction, metric by metric, with the first run of its settings that was not there when it was written."""
    found = []
    for body in store.foreign_records(TYPE):
        settings, before, metrics = body.get("settings"), body.get("runs_before"), body.get("metrics")
        if not isinstance(settings, dict) or not isinstance(metrics, list):
            continue
        earlier = set(map(str, before)) if isinstance(before, list) else set()
        plain = {name: value for name, value in settings.items() if not isinstance(value, dict | list)}
        runs = [past for past in _of_these_settings(history, plain) if past.name not in earlier]
        found += [_one(str(body.get("name")), one, runs) for one in metrics if isinstance(one, dict)]
    return sorted(found, key=lambda one: (one.name, one.metric))


def calibration(found: Sequence[Resolved]) -> dict[str, float | int | None] | None:
    """How the recorded predictions came out. Scores are None below 20: the list is all there is to show. None where none is recorded."""
    if not found:
        return None
    covered = [one.covered for one in found if one.covered is not None]
    chances = [(one.p_reached, one.reached) for one in found if one.p_reached is not None and one.reached is not None]
    scores = calibrate(chances)
    enough = len(covered) >= ENOUGH
    return {
        "recorded": len(found),
        "resolved": len(covered),
        "covered": sum(covered),
        "coverage": sum(covered) / len(covered) if enough else None,
        "targets_resolved": scores.n,
        "brier": scores.brier,
    }


def _one(name: str, said: Mapping[str, JsonValue], runs: Sequence[PastRun]) -> Resolved:
    metric = str(said.get("metric"))
    low, high, target, chance = (number(said.get(key)) for key in ("low", "high", "target", "p_reached"))
    run = next((past for past in runs if metric in past.outcomes), None)
    if run is None:
        return Resolved(name, metric, low, high, p_reached=chance)
    measured = run.outcomes[metric].value
    reached = None
    if target is not None and said.get("direction") in {"higher", "lower"}:
        reached = measured <= target if said.get("direction") == "lower" else measured >= target
    return Resolved(name, metric, low, high, run.name, measured, chance, reached)


def _of_these_settings(history: History, settings: Mapping[str, ParameterValue]) -> list[PastRun]:
    """Runs that say nothing else than these settings say, and at least as much as most of them."""
    asked = {name: value for name, value in settings.items() if name != "seed" and value is not None}
    return [past for past in history.runs if _agrees(past.settings, asked)]


def _agrees(settings: Mapping[str, ParameterValue], asked: Mapping[str, ParameterValue]) -> bool:
    shared = [name for name in asked if settings.get(name) is not None]
    return len(shared) * 2 > len(asked) and all(settings[name] == asked[name] for name in shared)
