"""What a flag is: one way in which a true number misleads or a sentence says more than its numbers; examples decide."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lorascope.claims.claim import Found
from lorascope.claims.report import Records, Report


@dataclass(frozen=True, slots=True)
class Example:
    """A small report, and what the store knows beside it."""

    text: str
    records: Records | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """One flag. It is raised in every report of ``fires`` and in none of ``silent``.

    ``meaning`` says when it is raised, ``misleads`` why that matters, ``remedy`` what would settle it.
    """

    id: str
    title: str
    meaning: str
    misleads: str
    remedy: str
    find: Callable[[Report], Iterable[Found]]
    fires: tuple[Example, ...]
    silent: tuple[Example, ...]
