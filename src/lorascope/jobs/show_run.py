"""Show everything that is recorded of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lorascope.evaluation.summary import summarize
from lorascope.evaluation.training_set import Band
from lorascope.jobs.list_runs import RunListing, listings
from lorascope.jobs.training_set import kept_bands
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.measurement import Measurement
from lorascope.records.run import JsonValue
from lorascope.records.series import Series
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class RunInFull:
    """``measurements`` are computed from the run's scores; ``hypotheses`` and ``kept`` (foreign
    records) speak of the run. ``bands``: where the training images lie, by metric.

    ``dataset`` is None when the store does not have the version the run was trained on.
    """

    listing: RunListing
    checkpoints: tuple[Checkpoint, ...]
    measurements: tuple[Measurement, ...]
    series: tuple[Series, ...]
    hypotheses: tuple[Hypothesis, ...]
    dataset: Dataset | None
    kept: tuple[dict[str, JsonValue], ...]
    bands: Mapping[str, Band]


def show_run(store: Store, name: str) -> RunInFull:
    """One run in full.

    Raises:
        NotFound: there is no such run; the nearest names are suggested.
    """
    with store.snapshot():
        run = store.run(name)
        dataset = next((dataset for dataset in store.datasets() if dataset.digest == run.dataset_digest), None)
        return RunInFull(
            listings(store, [run])[0],
            tuple(store.checkpoints(name)),
            summarize(store.scores(name)),
            tuple(store.series(name)),
            tuple(hypothesis for hypothesis in store.hypotheses() if name in hypothesis.runs),
            dataset,
            tuple(store.foreign_records(run=name)),
            kept_bands(run),
        )
