"""What the names of kohya's files say (sd-scripts 48d368f, library/train_util.py): which training, which epoch or step."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lorascope.records.run import CountedIn

_STEP = re.compile(r"(?P<name>.+)-step(?P<step>[0-9]{8,9})", re.DOTALL)
_EPOCH = re.compile(r"(?P<name>.+)-(?P<epoch>[0-9]{6})", re.DOTALL)
_NAMELESS = ("at", "epoch", "last")  # what stands there when the trainer was given no name
STATE = "-state"


@dataclass(frozen=True, slots=True)
class FileName:
    """What a stem says. ``number`` is None for a final file; ``training`` is None where the trainer was given no name."""

    training: str | None
    number: int | None
    counted_in: CountedIn = CountedIn.EPOCHS


def parse_stem(stem: str) -> FileName:
    """Read a file's name without its ending. The last epoch's file carries no number.

    >>> parse_stem("cat-000003"), parse_stem("last")
    (FileName(training='cat', number=3, counted_in=<CountedIn.EPOCHS: 'epochs'>), \
FileName(training=None, number=None, counted_in=<CountedIn.EPOCHS: 'epochs'>))
    >>> parse_stem("cat-step00000500").number, parse_stem("epoch-000002").training
    (500, None)
    """
    if match := _STEP.fullmatch(stem):
        return FileName(_given(match["name"]), int(match["step"]), CountedIn.STEPS)
    if match := _EPOCH.fullmatch(stem):
        return FileName(_given(match["name"]), int(match["epoch"]))
    return FileName(_given(stem), None)


def _given(name: str) -> str | None:
    return None if name in _NAMELESS else name
