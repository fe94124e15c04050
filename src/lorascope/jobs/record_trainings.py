"""Writes trainings into the store, each in a transaction of its own: what is wrong with one does not lose the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lorascope.errors import AlreadyExists, BadParameter, Busy, UserError
from lorascope.importers.training import Training
from lorascope.jobs.known_runs import KnownRuns, joined
from lorascope.jobs.progress import Progress
from lorascope.records.sample import Sample
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class ImportedRun:
    """One training as it was recorded: its run's name, how much there is of it, how much of that is new, and what was unclear."""

    name: str
    trainer: str
    counted_in: str
    checkpoints: int
    samples: int
    series: int
    points: int
    parameters: int
    sessions: int
    changed: Mapping[str, int]
    is_new: bool
    notes: tuple[str, ...]


@dataclass(slots=True)
class Recorded:
    """What came of all trainings."""

    runs: list[ImportedRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    failures: list[UserError] = field(default_factory=list)


def record_trainings(
    trainings: Sequence[Training],
    store: Store,
    known: KnownRuns,
    progress: Progress,
    *,
    name: str | None,
    dry_run: bool,
    keep_going: bool = False,
) -> Recorded:
    """Record trainings under names of their own; one that was imported before stays the run it is.

    With ``keep_going`` what is wrong with one training is among the result's ``failures`` and stops no other.

    Raises:
        Busy: another process keeps the store too long.
        BadParameter: a name is given, and there is not exactly one training.
        AlreadyExists: another run has the given name.
    """
    result = Recorded()
    if name is not None and len(trainings) != 1:
        shown = ", ".join(training.run.name for training in trainings[:5]) or "none"
        raise BadParameter(f"--name is for one training, and there are {len(trainings)}: {shown}", next_step="name one run's folder")
    progress.start("recording", len(trainings))
    for training in trainings:
        try:
            placed = _placed(training, known, store, result, name)
            if placed is not None:
                found, is_new = placed
                changed = Counter[str]() if dry_run else _record(store, found, result)
                result.runs.append(_summary(found, changed, is_new=is_new))
        except UserError as error:
            if not keep_going or isinstance(error, Busy):
                raise
            result.failures.append(error)
        progress.advance(note=training.run.name)
    progress.finish(f"{len(result.runs)} {'run' if len(result.runs) == 1 else 'runs'}")
    return result


def _placed(training: Training, known: KnownRuns, store: Store, result: Recorded, name: str | None) -> tuple[Training, bool] | None:
    """The training under its run's name, and whether that is a new run; None when it is recorded here already."""
    before, others = known.recognized(training)
    if before is not None and others:
        result.notes.append(
            f"{before.name}: its files show that {', '.join(others)}, of which a part was imported alone, is the same training; "
            "it stays as it was then (import the whole folder, and all of it is in the first)"
        )
    if before is not None:
        if name not in {None, before.name}:
            result.notes.append(f"{name}: this training is in the store already, as {before.name}; it keeps that name")
        return joined(before, training), False
    own = known.recorded_here(training)
    if own is not None:
        files = {checkpoint.file for checkpoint in store.checkpoints(own.name)}
        if files & {checkpoint.file for checkpoint in training.checkpoints}:
            result.notes.append(f"{own.name}: was recorded here while it was trained; it is left as it is")
            return None
    if name is not None and known.has(name):
        raise AlreadyExists(f"a run {name!r} is in the store", next_step="give another --name")
    return training.named(known.new_name(name or training.run.name)), True


def _record(store: Store, training: Training, result: Recorded) -> Counter[str]:
    """Write one training: all of it, or after an error nothing. Images are stored first; an image alone says nothing."""
    samples = _stored_samples(store, training, result)
    run = training.run
    changed: Counter[str] = Counter()
    with store.transaction():
        changed["runs"] = store.import_runs([run])
        moved = _moved(store, training)
        if moved:
            changed["checkpoints"] += store.forget_checkpoints(run.name, moved)
        changed["checkpoints"] += store.add_checkpoints(training.checkpoints)
        elsewhere = _drawn_elsewhere(store, training)
        changed["samples"] = (store.forget_samples(elsewhere) if elsewhere else 0) + store.add_samples(samples)
        if training.series:
            changed["series"] = store.put_series(training.series)
    return changed


def _moved(store: Store, training: Training) -> list[int]:
    """Numbers under which a file was recorded that has another number now: a later file told what its number means."""
    numbers = {checkpoint.file: checkpoint.epoch for checkpoint in training.checkpoints}
    for checkpoint in training.checkpoints:
        also = checkpoint.extra.get("also")
        numbers.update({str(file): checkpoint.epoch for file in also} if isinstance(also, list) else {})
    return [old.epoch for old in store.checkpoints(training.run.name) if old.file in numbers and numbers[old.file] != old.epoch]


def _drawn_elsewhere(store: Store, training: Training) -> list[Sample]:
    """Samples recorded of an image that is of another epoch or prompt: a later file told what its name means."""
    now = {str(drawn.file): (drawn.epoch, drawn.prompt, drawn.seed, drawn.draw) for drawn in training.drawn}
    taken = set(now.values())
    return [
        old
        for old in (store.samples(training.run.name) if now else [])
        if old.extra.get("file") in now and (old.epoch, old.prompt, old.seed, old.draw) not in taken
    ]


def _stored_samples(store: Store, training: Training, result: Recorded) -> list[Sample]:
    samples = []
    for drawn in training.drawn:
        try:
            digest = store.put_blob(drawn.file)
        except UserError as error:
            result.notes.append(f"{drawn.file}: the image was left out: {error.message}")
            continue
        samples.append(Sample(training.run.name, drawn.epoch, drawn.prompt, drawn.seed, digest, drawn.draw, drawn.extra))
    return samples


def _summary(training: Training, changed: Mapping[str, int], *, is_new: bool) -> ImportedRun:
    return ImportedRun(
        name=training.run.name,
        trainer=training.run.trainer,
        counted_in=str(training.run.counted_in),
        checkpoints=len(training.checkpoints),
        samples=len(training.drawn),
        series=len(training.series),
        points=sum(len(series.steps) for series in training.series),
        parameters=len(training.run.parameters),
        sessions=len(training.sessions),
        changed={noun: count for noun, count in changed.items() if count},
        is_new=is_new,
        notes=training.notes,
    )
