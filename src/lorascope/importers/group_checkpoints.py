"""Numbers the checkpoints of one training: over its sessions, in epochs or in steps, each number once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from lorascope.importers.evidence import CheckpointSeen
from lorascope.importers.training import Lineage, Session
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, JsonValue, ParameterValue

NUMBER_LIMIT = 2**31 - 1  # what a database holds as an integer; no training has as many steps


@dataclass(frozen=True, slots=True)
class Offset:
    """What is added to a session's own numbers, because the trainer began again at zero."""

    epochs: int = 0
    steps: int = 0


@dataclass(slots=True)
class Numbered:
    """The checkpoints of a training, what they count, and how far each session's numbers were moved."""

    checkpoints: tuple[Checkpoint, ...] = ()
    counted_in: CountedIn = CountedIn.EPOCHS
    offsets: tuple[Offset, ...] = ()
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A checkpoint with the session it is of (its position) and, once known, its number in the training."""

    seen: CheckpointSeen
    session: int
    number: int | None
    step: int | None
    is_guess: bool = False


def number_checkpoints(lineage: Lineage, parameters: Mapping[str, ParameterValue]) -> Numbered:
    """The checkpoints of a lineage under numbers that count on from session to session."""
    result = Numbered()
    placed: list[_Placed] = []
    offset = Offset()
    for position, session in enumerate(lineage.sessions):
        found = _with_final(session, position, result.notes)
        offset = _offset_of(found, placed)
        result.offsets += (offset,)
        placed += [_moved(each, offset) for each in found]
    result.counted_in = _counted_in(placed)
    if result.counted_in is CountedIn.STEPS:
        placed = list(_in_steps(placed, parameters, result.notes))
    if len(lineage.sessions) > 1:
        result.notes.append(_sessions_note(lineage, result))
    result.checkpoints = tuple(_with_durations(list(_once_each(placed, lineage, result)), result.counted_in))
    return result


def _with_final(session: Session, position: int, notes: list[str]) -> list[_Placed]:
    """The checkpoints of one session under its own numbers. A final file that does not say its epoch is the one after the last."""
    seen = [each.checkpoint for each in session.evidence if each.checkpoint is not None]
    numbers = [each.number for each in seen if each.number is not None and each.counted_in is CountedIn.EPOCHS]
    found = []
    for each in seen:
        number, guess = each.number, False
        if number is None and each.step is None and all(one.counted_in is CountedIn.EPOCHS for one in seen):
            number, guess = max(numbers, default=0) + 1, True
            place = f"epoch {number}, the one after the last numbered file" if numbers else "number 1"
            notes.append(f"{each.file.name} does not say its epoch: taken to be {place}")
        found.append(_Placed(each, position, number, each.step, guess))
    return found


def _offset_of(found: list[_Placed], before: list[_Placed]) -> Offset:
    """How far a session's numbers must move to lie after those of the sessions before it."""
    if not before:
        return Offset()

    def move(earlier: list[int], later: list[int]) -> int:
        return max(earlier) if earlier and later and min(later) <= max(earlier) else 0

    def epochs(placed: list[_Placed]) -> list[int]:
        return [each.number for each in placed if each.number is not None and each.seen.counted_in is CountedIn.EPOCHS]

    def steps(placed: list[_Placed]) -> list[int]:
        return [each.step for each in placed if each.step is not None]

    return Offset(move(epochs(before), epochs(found)), move(steps(before), steps(found)))


def _moved(each: _Placed, offset: Offset) -> _Placed:
    by = offset.steps if each.seen.counted_in is CountedIn.STEPS else offset.epochs
    number = None if each.number is None else each.number + by
    return replace(each, number=number, step=None if each.step is None else each.step + offset.steps)


def _counted_in(placed: list[_Placed]) -> CountedIn:
    """Epochs, unless a file was saved by steps or says nothing but its step."""
    by_steps = any(each.seen.counted_in is CountedIn.STEPS or each.number is None for each in placed)
    return CountedIn.STEPS if by_steps else CountedIn.EPOCHS


def _in_steps(placed: list[_Placed], parameters: Mapping[str, ParameterValue], notes: list[str]) -> Iterator[_Placed]:
    """Every checkpoint under its step. One whose step is neither written nor follows from its epoch cannot be placed."""
    per_epoch = parameters.get("steps_per_epoch")
    last = max((_step_of(each, per_epoch) or 0 for each in placed), default=0)
    for each in placed:
        number = _step_of(each, per_epoch)
        if number is None and each.seen.is_final:
            asked = next((total for name in ("total_steps", "max_train_steps") if isinstance(total := parameters.get(name), int)), 0)
            number = asked if asked >= last else last + 1
            why = "the last one of the training" if asked >= last else "the one after the last numbered file"
            notes.append(f"{each.seen.file.name} does not say its step: taken to be {number}, {why}")
            each = replace(each, is_guess=True)  # noqa: PLW2901 - the same checkpoint, now known to be a guess
        if number is None:
            notes.append(f"{each.seen.file.name} does not say its step, and others count in steps: left out")
            continue
        yield replace(each, number=number, step=number)


def _step_of(each: _Placed, per_epoch: ParameterValue) -> int | None:
    """A checkpoint's step, as written or from its epoch."""
    number = each.number if each.seen.counted_in is CountedIn.STEPS else each.step
    if number is None and isinstance(per_epoch, int) and each.number is not None and each.seen.counted_in is CountedIn.EPOCHS:
        return each.number * per_epoch
    return number


def _sessions_note(lineage: Lineage, result: Numbered) -> str:
    moved = [offset for offset in result.offsets if offset != Offset()]
    how = f"; its numbers began again and count on from {moved[-1].epochs or moved[-1].steps}" if moved else ""
    what = f"{len(lineage.sessions)} sessions, taken to resume each other (same folder, name and network, one after the other)"
    return f"trained in {what}{how}"


def _once_each(placed: list[_Placed], lineage: Lineage, result: Numbered) -> Iterator[Checkpoint]:
    """One checkpoint a number; other files of it are listed with it, and said to be the same or not."""
    by_number: defaultdict[int, list[_Placed]] = defaultdict(list)
    for each in _without_known_weights(placed):
        by_number[each.number or 0].append(each)
    for number, found in sorted(by_number.items()):
        if number > NUMBER_LIMIT:
            result.notes.append(f"{found[0].seen.file.name}: {number} is no number of a checkpoint: left out")
            continue
        best, *others = sorted(found, key=lambda each: _rank(each, lineage))
        extra: dict[str, JsonValue] = dict(best.seen.kept)
        if others:
            extra["also"] = [str(each.seen.file) for each in others]
            result.notes += _copies_notes(best, others, f"{result.counted_in.value[:-1]} {number}")
        if len(lineage.sessions) > 1:
            extra["session"] = best.session + 1
        yield _checkpoint(best, number, extra)


def _without_known_weights(placed: list[_Placed]) -> list[_Placed]:
    """A file whose number is a guess, while its weights are those of a numbered one, is a copy of that one."""
    known = {each.seen.tensor_hash: each.number for each in placed if each.seen.tensor_hash and not each.is_guess}
    return [
        replace(each, number=known[each.seen.tensor_hash]) if each.is_guess and each.seen.tensor_hash in known else each for each in placed
    ]


def _rank(each: _Placed, lineage: Lineage) -> tuple[bool, bool, int, bool, int, str]:
    """Which of several files of one number stands for it: one that is still there, of the latest session, under the plainest path."""
    path, kept = each.seen.file, each.seen.kept
    away = path.parent != lineage.sessions[each.session].folder
    return bool(kept.get("file_deleted")), bool(kept.get("resized")), -each.session, away, len(str(path)), str(path)


def _copies_notes(best: _Placed, others: list[_Placed], what: str) -> Iterator[str]:
    for each in others:
        one, other = best.seen, each.seen
        if one.tensor_hash and other.tensor_hash and one.tensor_hash != other.tensor_hash:
            yield f"{what}: {other.file} holds other weights than {one.file.name}, which counts"
        elif one.tensor_hash and one.tensor_hash == other.tensor_hash:
            yield f"{what}: {other.file} holds the same weights as {one.file.name}: one checkpoint"
        else:
            yield f"{what}: {other.file} is taken for a copy of {one.file.name} (compare them: import --hash)"


def _checkpoint(each: _Placed, number: int, extra: dict[str, JsonValue]) -> Checkpoint:
    seen = each.seen
    return Checkpoint(
        run="",
        epoch=number,
        step=each.step,
        samples_seen=None if each.session else seen.samples_seen,
        file=str(seen.file),
        file_bytes=seen.file_bytes,
        saved_at=seen.saved_at,
        tensor_hash=seen.tensor_hash,
        extra=extra,
    )


def _with_durations(checkpoints: list[Checkpoint], counted_in: CountedIn) -> Iterator[Checkpoint]:
    """Each epoch lasts from the file before it to its own; not known after a gap, and not over the pause between sessions."""
    before: Checkpoint | None = None
    for each in checkpoints:
        duration_s = None if before is None or counted_in is CountedIn.STEPS else _seconds_between(before, each)
        yield replace(each, duration_s=duration_s)
        before = each


def _seconds_between(before: Checkpoint, after: Checkpoint) -> float | None:
    if after.epoch != before.epoch + 1 or after.extra.get("session") != before.extra.get("session"):
        return None
    if after.saved_at is None or before.saved_at is None or after.saved_at <= before.saved_at:
        return None
    return round(after.saved_at - before.saved_at, 3)
