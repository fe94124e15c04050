"""``lorascope.start_run``: record a run from a training script."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from lorascope.api.where import store_at
from lorascope.jobs.log_run import LoggingRun
from lorascope.jobs.start_run import Beginning, new_name
from lorascope.jobs.start_run import start_run as begin


def start_run(
    name: str | None = None,
    *,
    parameters: Mapping[str, Any] | None = None,
    trainer: str = "script",
    base_model: str | None = None,
    dataset_digest: str | None = None,
    parent: str | None = None,
    resume: bool = False,
    store: str | os.PathLike[str] | None = None,
) -> LoggingRun:
    """Begin to record a run; use the answer as a context manager::

        with lorascope.start_run("first", parameters={"network_dim": 32}) as run:
            for step, loss in training():
                run.log({"loss": loss}, step=step)
            run.checkpoint("first.safetensors", epoch=1)

    It is recorded in the lab found upward from the working folder, or in ``store`` (a URL, a file, or a lab's folder). Without a
    name it gets one from the time. ``parameters`` may use any known spelling; unknown ones are kept. ``resume=True`` goes on with the run
    of this name if there is one. An exception that leaves the block marks the run failed, with its reason.

    Raises:
        AlreadyExists: a run of this name is recorded.
        Busy: another process records it now.
        BadParameter: the name cannot be used.
        MissingFile: there is no lab; ``lorascope init`` makes one.
        OperationFailed: nothing can be written where the record belongs.
    """
    url, blobs = store_at(store)
    begins = Beginning(name or new_name(), parameters or {}, trainer, base_model, dataset_digest, parent)
    return begin(url, blobs, begins, resume=resume)
