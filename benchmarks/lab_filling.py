"""A lab with thousands of runs, written in a few large transactions."""

from __future__ import annotations

from pathlib import Path

import tracker_data

from lorascope.records.run import Run, RunStatus
from lorascope.store import Store
from lorascope.store.series import Points


def filled(folder: Path, runs: int) -> Path:
    """The folder, with a store of so many runs of ``tracker_data.py``."""
    folder.mkdir(parents=True)
    epochs = list(range(1, tracker_data.EPOCHS + 1))
    times = [1.7e9 + epoch for epoch in epochs]
    with Store.open(f"sqlite:///{folder / 'lab.db'}", folder / "blobs") as store:
        for first in range(0, runs, 500):
            with store.transaction():
                for number in range(first, min(first + 500, runs)):
                    store.add_run(
                        Run(f"run-{number}", "script", RunStatus.FINISHED, tracker_data.parameters(number), started_at=1.7e9 + number)
                    )
                    found = [tracker_data.epoch_metrics(number, epoch) for epoch in epochs]
                    store.add_points(
                        f"run-{number}", {name: Points(epochs, [one[name] for one in found], times) for name in tracker_data.METRICS}
                    )
    return folder
