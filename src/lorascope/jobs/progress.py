"""How a job tells how far it is. The command line draws it; tests and scripts stay silent."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Long work reports here: one ``start`` per stage, ``advance`` as it goes, ``finish`` at its end."""

    def start(self, title: str, total: int) -> None:
        """A stage begins; ``total`` is how many units it has."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Some units are done; ``note`` is a short text for this moment (a loss, a file name)."""

    def finish(self, note: str = "") -> None:
        """The stage is over; ``note`` says in a few words what came out."""


class Silent:
    """Says nothing."""

    def start(self, title: str, total: int) -> None:
        """Nothing to show."""

    def advance(self, count: int = 1, note: str = "") -> None:
        """Nothing to show."""

    def finish(self, note: str = "") -> None:
        """Nothing to show."""
