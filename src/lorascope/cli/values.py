"""How the commands that show runs write values, times, and a run as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lorascope.reports.wording import moment

if TYPE_CHECKING:
    from lorascope.evaluation.training_set import Band
    from lorascope.jobs.list_runs import RunListing
    from lorascope.records.run import ParameterValue


def run_json(listing: RunListing) -> dict[str, object]:
    """A run as one object of an answer."""
    run = listing.run
    return {
        "name": run.name,
        "status": run.status.value,
        "trainer": run.trainer,
        "parameters": dict(sorted(run.parameters.items())),
        "outcome": dict(sorted(run.outcome.items())),
        "completeness": listing.completeness,
        "missing": list(listing.missing),
        "parent": run.parent,
        "dataset_digest": run.dataset_digest,
        "base_model": run.base_model,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "reason": run.reason,
        "checkpoints": listing.tally.checkpoints,
        "scores": listing.tally.scores,
    }


def value_shown(value: ParameterValue) -> str:
    """A value as tables show it."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def moment_shown(seconds: float | None) -> str:
    """A time as tables show it; nothing when unknown."""
    return "" if seconds is None else moment(seconds)


def band_shown(band: Band | None, mean: float | None) -> str:
    """Where the training images lie, and that a mean lies outside: "6 to 12, n = 203 (above)"."""
    if band is None:
        return ""
    place = band.place(mean) if mean is not None else "inside"
    return f"{band.low:.4g} to {band.high:.4g}, n = {band.n}{'' if place == 'inside' else f' ({place})'}"
