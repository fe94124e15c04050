"""What to tell of a followed folder after a look: new runs, new checkpoints and samples, files that the trainer deleted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from lorascope.jobs.known_runs import FILE_DELETED
from lorascope.jobs.watch_recording import Followed


def news_lines(before: Mapping[str, Followed], now: Mapping[str, Followed]) -> Iterator[str]:
    """One line for each thing that happened between two looks."""
    for name, followed in now.items():
        known = before.get(name)
        if known is None:
            yield _introduction(name, followed)
        else:
            yield from _progress(name, known, followed)


def _introduction(name: str, followed: Followed) -> str:
    standing = followed.standing
    counted = _count(standing.checkpoints, "checkpoint"), _count(standing.samples, "sample image"), _count(standing.points, "logged value")
    trainer = followed.training.run.trainer
    end = ", has ended" if followed.has_ended else ""
    return f"{name} (trainer {trainer}): {', '.join(counted)}{end}"


def _progress(name: str, before: Followed, now: Followed) -> Iterator[str]:
    known = {checkpoint.file for checkpoint in before.training.checkpoints}
    unit = now.training.run.counted_in.value.removesuffix("s")
    for checkpoint in now.training.checkpoints:
        if checkpoint.file is not None and checkpoint.file not in known:
            size = f", {checkpoint.file_bytes / 1e6:.1f} MB" if checkpoint.file_bytes else ""
            yield f"{name}: checkpoint of {unit} {checkpoint.epoch} ({Path(checkpoint.file).name}{size})"
    already = {checkpoint.file for checkpoint in before.training.checkpoints if FILE_DELETED in checkpoint.extra}
    for checkpoint in now.training.checkpoints:
        if FILE_DELETED in checkpoint.extra and checkpoint.file is not None and checkpoint.file not in already:
            yield f"{name}: {Path(checkpoint.file).name} was deleted; what is recorded of it stays"
    files = {each.file for each in before.training.drawn}
    new = [each for each in now.training.drawn if each.file not in files]
    if new:
        numbers = sorted({each.epoch for each in new})
        places = f"{unit} {numbers[0]}" if len(numbers) == 1 else f"{unit}s {numbers[0]} to {numbers[-1]}"
        yield f"{name}: {_count(len(new), 'sample image')} of {places}"
    if now.has_ended and not before.has_ended:
        yield f"{name}: its final file is there"
    if before.has_ended and not now.has_ended:
        yield f"{name}: goes on training"


def _count(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
