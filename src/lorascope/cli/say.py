"""Print text that may hold other people's words: names of runs, prompts and files must not move the cursor or recolor the screen."""

from __future__ import annotations

import click

from lorascope.reports.wording import visible


def say(text: str = "", *, err: bool = False) -> None:
    """Print lines, every control or reordering sign in them written as an escape."""
    click.echo(visible(text), err=err)


def say_line(text: str, *, err: bool = False) -> None:
    """Print one line: a line end in somebody's name for a thing must not begin a line of its own."""
    say(text.replace("\r", "\\r").replace("\n", "\\n"), err=err)
