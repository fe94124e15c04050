"""A tracker for Hugging Face accelerate: a training script records itself with one line.

``Accelerator(log_with=lorascope.tracker("my-run"))``
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from lorascope.api.recording import start_run
from lorascope.errors import MissingExtra
from lorascope.jobs.log_run import LoggingRun

try:
    from accelerate.tracking import GeneralTracker, on_main_process
except ImportError as error:
    raise MissingExtra("the tracker needs accelerate", next_step="pip install accelerate") from error


class LorascopeTracker(GeneralTracker):
    """Records what an ``Accelerator`` logs as a run of the lab. Only the main process records.

    The run begins with ``Accelerator.init_trackers``, whose ``config`` becomes its parameters, and ends with ``end_training``, or
    with the process: an exception that nobody caught marks it failed.
    """

    name = "lorascope"
    requires_logging_directory = False

    def __init__(self, run_name: str | None = None, *, store: str | os.PathLike[str] | None = None, resume: bool = False) -> None:
        super().__init__()
        self._run_name, self._store, self._resume = run_name, store, resume
        self._run: LoggingRun | None = None

    @property
    def tracker(self) -> LoggingRun | None:
        """The run, once it has begun."""
        return self._run

    @on_main_process
    def start(self) -> None:
        """Begin the run."""
        self._begun()

    @on_main_process
    def store_init_configuration(self, values: Mapping[str, Any]) -> None:
        """Keep the script's settings as the run's parameters."""
        self._begun().parameters(values)

    @on_main_process
    def log(self, values: Mapping[str, Any], step: int | None = None, **_: Any) -> None:
        """Keep one value of each metric."""
        self._begun().log(values, step=step)

    @on_main_process
    def log_images(self, values: Mapping[str, Sequence[Any]], step: int | None = None, **_: Any) -> None:
        """Keep generated images, by prompt; ``step`` stands where the number of a checkpoint does."""
        for prompt, images in values.items():
            for draw, image in enumerate(images):
                self._begun().log_image(image, prompt=prompt, epoch=step or 0, draw=draw)

    @on_main_process
    def finish(self) -> None:
        """The training ended."""
        if self._run is not None:
            self._run.finish()

    def _begun(self) -> LoggingRun:
        if self._run is None:
            self._run = start_run(self._run_name, trainer="accelerate", store=self._store, resume=self._resume)
        return self._run


def tracker(name: str | None = None, *, store: str | os.PathLike[str] | None = None, resume: bool = False) -> LorascopeTracker:
    """A tracker for ``Accelerator(log_with=…)`` that records the training as a run of this name.

    Raises:
        MissingExtra: accelerate is not installed.
    """
    return LorascopeTracker(name, store=store, resume=resume)
