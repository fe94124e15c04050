"""How a row of checkpoints drifts, in plain sentences and as rows of a table."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lorascope.records.lora import DriftStep, LoraDrift, PartDrift, block_label
from lorascope.reports.wording import listed

STILL = 0.01  # a part whose weights change by less than this share of their norm stands still
_JUMP = 2.5  # a change this many times the usual one is a jump
_STANDS = "its weights change by less than 1 % from file to file"
_PARTS = {"all": "all", "unet": "U-Net", "text_encoder": "text encoder"}


@dataclass(frozen=True, slots=True)
class DriftRow:
    """One checkpoint: its norms, and how it differs from the one before (None for the first)."""

    number: int
    file: str
    norm: float
    growth: float | None
    change: float | None
    cosine: float | None
    unet_norm: float | None
    text_norm: float | None
    text_change: float | None


def rows(drift: LoraDrift) -> tuple[DriftRow, ...]:
    """One row per checkpoint, in the order of training."""
    made = []
    for at, (number, file) in enumerate(zip(drift.numbers, drift.files, strict=True)):
        step = drift.steps[at - 1] if at else drift.steps[0]
        whole, unet, text = (_part(step, part) for part in ("all", "unet", "text_encoder"))
        first = at == 0
        made.append(
            DriftRow(
                number,
                file,
                _norm(whole, first=first) or 0.0,
                None if first or whole is None else _growth(whole),
                None if first or whole is None else whole.change,
                None if first or whole is None else whole.cosine,
                _norm(unet, first=first),
                _norm(text, first=first),
                None if first or text is None else text.change,
            )
        )
    return tuple(made)


def _part(step: DriftStep, name: str) -> PartDrift | None:
    return next((part for part in step.parts if part.part == name), None)


def _norm(part: PartDrift | None, *, first: bool) -> float | None:
    return None if part is None else part.norm_before if first else part.norm


def _growth(part: PartDrift) -> float | None:
    return part.norm / part.norm_before - 1 if part.norm_before else None


def drift_sentences(drift: LoraDrift) -> tuple[str, ...]:
    """What the row of checkpoints shows, in a few sentences; the most important first."""
    return (*_same(drift), *_grows(drift), *_still(drift), *_jumps(drift), *_blocks(drift))


def _same(drift: LoraDrift) -> Iterator[str]:
    for group in drift.same:
        names = [_short(file) for file in group]
        yield f"{listed(names)} hold the same weights{' (copies under other names)' if len(group) == 2 else ''}."


def _short(file: str) -> str:
    return file.replace("\\", "/").rpartition("/")[2]


def _one(drift: LoraDrift) -> str:
    return drift.counted_in.removesuffix("s")


def _grows(drift: LoraDrift) -> Iterator[str]:
    """How the norm grows; per epoch over the second half, since the first steps away from zero multiply it many times."""
    there = rows(drift)
    if not all(row.norm for row in there):
        return
    first, middle, last = there[0], there[len(there) // 2 if len(there) > 3 else 0], there[-1]
    one = _one(drift)
    units, unit = (last.number - middle.number, one) if drift.counted_in == "epochs" else (len(there) - 1 - there.index(middle), "file")
    mean = (last.norm / middle.norm) ** (1 / units) - 1
    since = f" since {one} {middle.number}" if middle is not first else ""
    text = f"The norm goes from {first.norm:.3g} ({one} {first.number}) to {last.norm:.3g} ({one} {last.number}):"
    yield f"{text} {'it grows' if mean >= 0 else 'it shrinks'} {100 * abs(mean):.1f} % per {unit}{since}."


def _still(drift: LoraDrift) -> Iterator[str]:
    for part in ("unet", "text_encoder"):
        found = [_part(step, part) for step in drift.steps]
        changes = [None if each is None else each.change for each in found]
        since = len(changes)
        while since and (change := changes[since - 1]) is not None and change < STILL:
            since -= 1
        if since == len(changes):
            continue
        if since == 0:
            yield f"The {_PARTS[part]} stands still in all {len(drift.files)} files: {_STANDS}."
        else:
            yield f"The {_PARTS[part]} stands still from {_one(drift)} {drift.numbers[since]} on: {_STANDS}."


def _jumps(drift: LoraDrift) -> Iterator[str]:
    changes = [whole.change if (whole := _part(step, "all")) is not None else None for step in drift.steps]
    later = [change for change in changes[1:] if change is not None]  # the first steps from zero are always large
    if len(later) < 3:
        return
    usual = statistics.median(later)
    for at, change in enumerate(changes):
        if at and change is not None and usual and change > _JUMP * usual and change > 5 * STILL:
            where = f"between {_one(drift)} {drift.numbers[at]} and {drift.numbers[at + 1]}"
            text = f"A jump {where}: the weights change by {100 * change:.0f} % of their norm, against {100 * usual:.0f} % usually."
            yield f"{text} Was the training resumed with other settings, or did it diverge?"


def _blocks(drift: LoraDrift) -> Iterator[str]:
    growing: Sequence[tuple[float, str]] = sorted(_block_growth(drift), reverse=True)
    if len(growing) < 3:
        return
    (most, fastest), (least, slowest) = growing[0], growing[-1]
    if most > 1.2 * least:
        fastest, slowest = (block_label(int(block), drift.family) for block in (fastest, slowest))
        text = f"Block {fastest} of the U-Net grows most (its norm x {most:.3g} from the first file to the last)"
        yield f"{text}, {slowest} least (x {least:.3g})."


def _block_growth(drift: LoraDrift) -> Iterator[tuple[float, str]]:
    first = {part.part: part.norm_before for part in drift.steps[0].blocks}
    for part in drift.steps[-1].blocks:
        if first.get(part.part) and part.norm:
            yield part.norm / first[part.part], part.part
