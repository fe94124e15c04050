"""Captions word by word on a terminal: what goes, what comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import click

from lorascope.reports.wording import one_line


class Texts(Protocol):
    """A caption of two versions."""

    @property
    def file(self) -> str:
        """Its file's name."""

    @property
    def before(self) -> str:
        """What it said."""

    @property
    def after(self) -> str:
        """What it says."""


def difference(repair: Texts) -> str:
    """A caption word by word: removed words as [-…-], added ones as {+…+}, colored on a terminal."""
    from lorascope.reports.evidence import Repair as Shown
    from lorascope.reports.repairs import ADDED, REMOVED, pieces

    if repair.before == repair.after:
        return "(same text, written as plain UTF-8)"
    parts = []
    for piece in pieces(Shown(repair.file, repair.before.strip(), repair.after.strip())):
        if piece.kind == REMOVED:
            parts.append(click.style(f"[-{piece.text}-]", fg="red"))
        elif piece.kind == ADDED:
            parts.append(click.style(f"{{+{piece.text}+}}", fg="green"))
        else:
            parts.append(piece.text)
    return "".join(parts) if any(part.strip() for part in parts) else "(only blanks at its ends differ)"


def show_differences(repairs: Sequence[Texts], most: int, *, more: str) -> None:
    """The first captions with their changes; ``more`` says how to see the others ("--max {count} shows all")."""
    for each in repairs[:most]:
        click.echo(f"{one_line(each.file)}\n    {difference(each)}\n")
    if len(repairs) > most:
        click.echo(f"and {len(repairs) - most} more captions: {more.format(count=len(repairs))}\n")
