"""What the readers of all syntaxes of configurations share: a document with its lines, the limits, and how they refuse."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lorascope.parameters.dialects.dialect import Place
from lorascope.records.run import JsonValue

MAX_BYTES = 2 * 2**20
MAX_DEPTH = 40
MAX_VALUES = 50_000


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document with the line (from 1) of the places in it that have one of their own; ``notes`` say what was unclear."""

    document: JsonValue
    lines: Mapping[Place, int]
    notes: tuple[str, ...] = ()


class Unreadable(Exception):  # noqa: N818 - caught in config_file.py, where it becomes a BadFile that names the file
    """What is wrong with a text, and in which line."""

    def __init__(self, message: str, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def plain_number(number: float) -> int | float | str:
    """A number that every store and trainer can hold; what is not finite, or longer than 64 bits, as text.

    >>> plain_number(1e-4), plain_number(float("nan")), plain_number(2**70)
    (0.0001, 'nan', '1180591620717411303424')
    """
    if isinstance(number, int):
        if number.bit_length() > 10_000:  # its digits alone would take long to write
            return f"more than 2**{number.bit_length() - 1}"
        return number if number.bit_length() < 64 else str(number)
    return number if math.isfinite(number) else str(number)
