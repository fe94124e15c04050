"""List what runs are recorded, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.records.run import ParameterValue, Run
from lorascope.store import Counts, Store

# Without these no later reader can tell what was trained, or repeat it.
_NEEDED_PARAMETERS = ("network_dim", "network_alpha", "learning_rate", "train_batch_size", "seed")


@dataclass(frozen=True, slots=True)
class RunListing:
    """A run, how much is recorded of it, and which parts of a complete record are missing.

    ``completeness`` is the share of those parts that are there, 0 to 1.
    """

    run: Run
    counts: Counts
    missing: tuple[str, ...]
    completeness: float


def list_runs(store: Store) -> list[RunListing]:
    """All runs in the order they started."""
    with store.snapshot():
        return [listing_of(run, store.counts(run.name)) for run in store.runs()]


def listing_of(run: Run, counts: Counts) -> RunListing:
    """A run's line in the list."""
    there = {
        "parameters": all(name in run.parameters for name in _NEEDED_PARAMETERS),
        "dataset": run.dataset_digest is not None,
        "base model": run.base_model is not None,
        "start time": run.started_at is not None,
        "checkpoints": counts.checkpoints > 0,
        "loss": counts.losses > 0,
        "images": counts.samples > 0,
        "scores": counts.scores > 0,
    }
    missing = tuple(part for part, is_there in there.items() if not is_there)
    return RunListing(run, counts, missing, 1 - len(missing) / len(there))


def varying(runs: Sequence[Run]) -> list[str]:
    """The parameters that do not have one and the same value in all runs (not recorded is a value too), by name."""
    names = sorted({name for run in runs for name in run.parameters})
    return [name for name in names if len({_comparable(run, name) for run in runs}) > 1]


def _comparable(run: Run, name: str) -> tuple[str, ParameterValue]:
    """True and 1 are equal in Python, and are not the same setting."""
    value = run.parameters.get(name)
    return ("absent" if name not in run.parameters else type(value).__name__ if isinstance(value, bool) else "value"), value
