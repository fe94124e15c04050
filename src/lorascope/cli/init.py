"""``lorascope init``."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("init")
def init_command() -> None:
    """Make a lab in this folder: .lorascope/ with an empty store. Doing it twice does no harm.

    \b
    Example: cd my_project && lorascope init
    """
    from lorascope.jobs.begin import begin
    from lorascope.settings import LAB_FOLDER, Settings

    settings = Settings.at(Path.cwd() / LAB_FOLDER)
    begun = begin(settings.lab, settings.store_url, settings.blobs)
    if not begun.created:
        click.echo(f"There is a lab here already: {begun.lab}")
        return
    click.echo(f"A new lab: {begun.lab}")
    click.echo("next: lorascope import FOLDER (what your trainer left there), or lorascope train FOLDER --name RUN")
