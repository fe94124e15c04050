"""Train a LoRA and record everything: parameters, dataset, environment, every checkpoint as it is saved."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from lorascope.backends import backend_named
from lorascope.backends.backend import EpochDone, StepDone, TrainingEvent, TrainingPlan, TrainingStarted
from lorascope.backends.presets import beside
from lorascope.errors import AlreadyExists, BadParameter, NotFound, RefusedParameter, UserError
from lorascope.jobs.environment import environment_snapshot, peak_memory_bytes
from lorascope.jobs.file_digest import file_digest
from lorascope.jobs.progress import Progress, Silent
from lorascope.jobs.read_dataset import read_dataset
from lorascope.jobs.run_name import check_run_name
from lorascope.parameters.catalogue import validate
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.dataset import Dataset
from lorascope.records.run import JsonValue, ParameterValue, Run, RunStatus
from lorascope.store import Store

_UNFINISHED = (RunStatus.INTERRUPTED, RunStatus.FAILED)


@dataclass(frozen=True, slots=True)
class TrainRequest:
    """What to train. ``parameters`` are what the user said; the trainer's preset fills the rest.

    ``output`` is the folder for checkpoints; ``base_model`` a pipeline folder.
    """

    name: str
    dataset: Path
    base_model: Path
    output: Path
    parameters: Mapping[str, ParameterValue] = field(default_factory=dict)
    trainer: str = "toy"
    parent: str | None = None


def train(store: Store, request: TrainRequest, progress: Progress | None = None) -> Run:
    """Train a new run to its end and return it as recorded. Nothing is recorded before images and base model have been read.

    Raises:
        AlreadyExists: a run of that name is recorded, or a checkpoint of that name lies in the output folder.
        UnknownParameter, BadParameter, RefusedParameter: also for a name that cannot be a file's.
        MissingFile, BadFile: the dataset, base model or output folder cannot be used.
    """
    check_run_name(request.name)
    with suppress(NotFound):
        known = store.run(request.name)
        go_on = f"go on with it: lorascope train --resume --name {known.name}, or " if known.status in _UNFINISHED else ""
        raise AlreadyExists(f"a run {request.name!r} is in the store", next_step=f"{go_on}give the new run another name")
    said = validate(request.parameters)
    trainer, preset = backend_named(request.trainer)
    parameters = {**beside(preset, said), **said}
    _check_refusals(trainer.refused(parameters), said)
    dataset = read_dataset(request.dataset, caption_extension=str(parameters.get("caption_extension") or ".txt"))
    environment: dict[str, JsonValue] = {
        **environment_snapshot(),
        "explicit_parameters": [*sorted(said)],
        "output": str(request.output.resolve()),
        "dataset_folder": str(request.dataset.resolve()),
        "base_model_folder": str(request.base_model.resolve()),
    }
    run = Run(
        request.name, request.trainer, RunStatus.RUNNING, parameters, {}, request.parent, dataset.digest,
        request.base_model.name, time.time(), environment=environment,
    )  # fmt: skip
    events = trainer.train(_plan(run, dataset), resume=False)
    first = next(events)
    store.add_dataset(dataset)
    store.add_run(run)
    return _follow(store, run, chain([first], events), progress or Silent())


def resume(store: Store, name: str, progress: Progress | None = None) -> Run:
    """Go on with an interrupted or failed run from its last checkpoint; the result is that of a run that never stopped.

    Raises:
        NotFound: no such run. Busy: it is being trained now. UserError: it is finished, was not trained here, or its dataset has changed.
    """
    run = store.run(name)
    if run.status in {RunStatus.FINISHED, RunStatus.IMPORTED}:
        raise UserError(f"run {name} is {run.status}; there is nothing to resume", next_step=f"lorascope show {name}")
    if run.dataset_digest is None or not {"output", "base_model_folder"} <= set(run.environment):
        raise UserError(f"run {name} was not trained here and cannot be resumed here", next_step=f"lorascope show {name}")
    check_run_name(name)
    recorded = store.dataset(run.dataset_digest)
    folder = str(run.environment.get("dataset_folder") or recorded.folder)
    dataset = read_dataset(Path(folder), caption_extension=str(run.parameters.get("caption_extension") or ".txt"))
    if dataset.digest != run.dataset_digest:
        raise UserError(
            f"the dataset has changed since run {name} began (digest {dataset.digest[:8]}, was {run.dataset_digest[:8]})",
            where=folder, next_step="restore the dataset, or train under a new name",
        )  # fmt: skip
    run = replace(run, status=RunStatus.RUNNING, finished_at=None, reason="")
    trainer, _ = backend_named(run.trainer)
    store.claim_run(name)
    store.update_run(run)
    return _follow(store, run, trainer.train(_plan(run, dataset), resume=True), progress or Silent())


def _plan(run: Run, dataset: Dataset) -> TrainingPlan:
    output, base = Path(str(run.environment["output"])), Path(str(run.environment["base_model_folder"]))
    return TrainingPlan(run.name, run.parameters, dataset, output, base)


def _follow(store: Store, run: Run, events: Iterable[TrainingEvent], progress: Progress) -> Run:
    """Record a training's events as they come; whatever ends it, the run says how it ended."""
    losses: list[JsonValue] = []
    epoch_loss = 0.0
    try:
        for event in events:
            match event:
                case TrainingStarted():
                    progress.start(f"train {run.name}", event.total_steps)
                    progress.advance(event.first_step)
                case StepDone():
                    losses.append(round(event.loss, 6))
                    progress.advance(1, f"epoch {event.epoch}  loss {event.loss:.3f}")
                case EpochDone():
                    epoch_loss = event.mean_loss
                    if event.file is not None:
                        store.add_checkpoint(_checkpoint(run.name, event, losses))
                        losses = []
    except KeyboardInterrupt:
        store.update_run(replace(run, status=RunStatus.INTERRUPTED, finished_at=time.time(), reason="interrupted by the user"))
        raise
    except Exception as error:  # the border around a job: the run must say that and why it failed
        store.update_run(run.failed(time.time(), f"{type(error).__name__}: {error}"))
        raise
    finally:
        store.release_run(run.name)
    done = run.finished(time.time())
    store.update_run(done)
    progress.finish(f"mean loss of the last epoch {epoch_loss:.3f}")
    return done


def _checkpoint(run: str, event: EpochDone, losses: list[JsonValue]) -> Checkpoint:
    assert event.file is not None
    return Checkpoint(
        run, event.epoch, event.step, event.samples_seen, str(event.file), event.file.stat().st_size, file_digest(event.file),
        event.mean_loss, event.duration_s, time.time(), {"step_losses": losses, "peak_memory_bytes": peak_memory_bytes()},
    )  # fmt: skip


def _check_refusals(refused: Mapping[str, str], said: Mapping[str, ParameterValue]) -> None:
    if refused:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in sorted(refused.items()))
        if any(name not in said for name in refused):
            raise BadParameter(f"the trainer's own preset contradicts it: {reasons}")
        raise RefusedParameter(f"cannot be honored: {reasons}", next_step="remove these from the recipe, or use a trainer that has them")
