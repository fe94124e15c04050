"""Explain why a run came out as it did: gather what is recorded of it and of the good runs, and rank the causes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from lorascope.analysis.explanation.case import build_case, good_runs
from lorascope.analysis.explanation.causes.aspects import better_way
from lorascope.analysis.explanation.explain import explain_case
from lorascope.errors import BadFile, MissingFile, NotFound, UserError, did_you_mean
from lorascope.jobs.note_keys import loss_of_curve
from lorascope.jobs.read_history import read_history
from lorascope.records.cause import Cause, Explanation, Test
from lorascope.records.history import History, PastRun
from lorascope.records.run import JsonValue
from lorascope.store import Store

_MOST_INSPECTED = 6  # good runs whose files are opened, beside the run itself
_LOSSES = (
    "loss/average",
    "loss/epoch_average",
    "loss/epoch",
    "smooth_loss/train_step",
    "train_loss",
    "loss/current",
    "loss/train_step",
    "loss",
)


def explain(store: Store, run: str, *, metric: str | None = None, against: str | None = None, inspect: bool = False) -> Explanation:
    """Rank the causes of a run's outcome on ``metric`` (all that is measured when None) against the good runs, or ``against`` alone.

    With ``inspect`` checkpoint files and the dataset's folder are read where nothing is recorded of them: seconds to minutes.

    Raises:
        NotFound: no such run, or no run has a number of this metric.
    """
    history = read_history(store)
    bad = _found(history, run)
    other = _found(history, against) if against is not None else None
    if metric is not None and not history.measured(metric):
        known = sorted({name for past in history.runs for name in past.outcomes})
        hint = did_you_mean(metric, known) or (f"measured: {', '.join(known[:8])}" if known else "no metric is recorded at all")
        raise NotFound(f"no run has a number of {metric}", next_step=hint)
    notes: list[str] = []
    changed = {bad.name: with_losses(store, bad)}
    if inspect or changed[bad.name] is not bad:  # else there is nothing to compare the others' files and curves with
        changed |= {past.name: with_losses(store, past) for past in _of_interest(history, bad, other, metric)}
    if inspect:
        changed = {name: inspected(store, past, notes) for name, past in changed.items()}
    history = replace(history, runs=tuple(changed.get(past.name, past) for past in history.runs))
    case = build_case(history, _found(history, run), metric=metric, against=_found(history, against) if against is not None else None)
    explanation = explain_case(case, metric)
    return replace(explanation, notes=(*notes, *explanation.notes), names=_dataset_names(store, explanation))


def _dataset_names(store: Store, explanation: Explanation) -> dict[str, str]:
    """What the datasets are called that were changed, where the store has them."""
    digests = {str(value) for name, both in explanation.changed.items() if name.startswith("dataset") for value in both}
    found = {}
    for digest in sorted(digests):
        try:
            found[digest] = store.dataset(digest).name
        except UserError:  # only its digest was imported
            continue
    return found


def _found(history: History, name: str) -> PastRun:
    past = history.find(name)
    if past is None:
        names = [each.name for each in history.runs]
        hint = did_you_mean(name, names) or ("lorascope runs" if names else "no run is recorded yet: lorascope import, or lorascope train")
        raise NotFound(f"no run {name!r}", next_step=hint)
    return past


def _of_interest(history: History, bad: PastRun, other: PastRun | None, metric: str | None) -> tuple[PastRun, ...]:
    """The run, and the latest good runs: what is worth reading more of."""
    if other is not None:
        return bad, other
    judging = {name for past in history.runs for name in past.outcomes if history.facts(name).direction != "none"}
    ways = {name: better_way(name, history.facts(name).direction) for name in judging}
    good = good_runs([past for past in history.runs if past.name != bad.name], dict(sorted(ways.items())), metric)
    return bad, *good[-_MOST_INSPECTED:]


def with_losses(store: Store, past: PastRun) -> PastRun:
    """The run with what its recorded loss curve says, where no loss record has a roughness."""
    if "roughness" in past.loss:
        return past
    for name in _LOSSES:
        for one in store.series(past.name, name):
            return replace(
                past, loss={**loss_of_curve([float(value) if math.isfinite(value) else "NaN" for value in one.values]), **past.loss}
            )
    return past


def inspected(store: Store, past: PastRun, notes: list[str]) -> PastRun:
    """The run with the weight diagnostics of its last checkpoint's file and the audit of its dataset, where they lie here."""
    if not past.weights:
        past = _with_weights(store, past, notes)
    return past if past.findings is not None else _with_audit(store, past, notes)


def _with_weights(store: Store, past: PastRun, notes: list[str]) -> PastRun:
    from lorascope.jobs.inspect import diagnose
    from lorascope.jobs.weights_summary import weights_summary

    files = [one.file for one in store.checkpoints(past.name) if one.file and Path(one.file).is_file()]
    if not files:
        notes.append(f"{past.name}: no checkpoint file lies here, so its weights were not inspected")
        return past
    try:
        lora = diagnose(Path(files[-1])).lora
    except UserError as error:
        notes.append(f"{past.name}: its last checkpoint was not inspected: {error}")
        return past
    return replace(past, weights=weights_summary(lora))


def _with_audit(store: Store, past: PastRun, notes: list[str]) -> PastRun:
    from lorascope.jobs.audit import audit

    if past.run.dataset_digest is None:
        return past
    try:
        folder = Path(store.dataset(past.run.dataset_digest).folder)
        result = audit(folder)
    except (NotFound, MissingFile, BadFile) as error:
        notes.append(f"{past.name}: its dataset was not audited: {error}")
        return past
    if result.dataset.digest != past.run.dataset_digest:
        notes.append(f"{past.name}: the dataset's folder has changed since, so it was not audited")
        return past
    return replace(past, findings=result.counts(), images=len(result.dataset.items))


def answer(explanation: Explanation) -> dict[str, JsonValue]:
    """The explanation as ``why --json`` prints it."""
    return {
        "format": 1,
        "run": explanation.run,
        "metric": explanation.metric,
        "compared_with": explanation.compared_with,
        "good_runs": explanation.good_runs,
        "verdict": explanation.verdict,
        "datasets": dict(sorted(explanation.names.items())),
        "changed": {name: [before, now] for name, (before, now) in sorted(explanation.changed.items())},
        "causes": [_cause(cause) for cause in explanation.causes],
        "first_test": _test(explanation.first_test) if explanation.first_test is not None else None,
        "not_recorded": list(explanation.not_recorded),
        "notes": list(explanation.notes),
    }


def _cause(cause: Cause) -> dict[str, JsonValue]:
    return {
        "id": cause.id,
        "title": cause.title,
        "probability": float(f"{cause.probability:.6g}"),
        "for": list(cause.evidence_for),
        "against": list(cause.evidence_against),
        "test": _test(cause.test),
    }


def _test(test: Test) -> dict[str, JsonValue]:
    change: Mapping[str, JsonValue] = dict(sorted(test.change.items()))
    hours = float(f"{test.gpu_hours:.6g}")
    return {"what": test.what, "cost": test.cost, "gpu_hours": hours, "command": test.command or None, "change": dict(change)}
