"""Values in records that anybody may have written: what is of another kind than asked for counts as not said."""

from __future__ import annotations

import math


def number(value: object) -> float | None:
    """A finite number; None for text, yes and no, and whole numbers beyond all floating-point ones.

    >>> number(3), number(True), number("3"), number(10**400), number(float("nan"))
    (3.0, None, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def text(value: object) -> str:
    """A text; empty for everything else."""
    return value if isinstance(value, str) else ""


def texts(value: object) -> tuple[str, ...]:
    """The texts in a list; none for everything else."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
