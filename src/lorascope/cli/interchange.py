"""``lorascope export``: runs and what belongs to them as JSON Lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

import click

from lorascope.cli.say import say
from lorascope.errors import MissingFile


@click.command("export")
@click.option("--run", "runs", multiple=True, metavar="RUN", help="Only this run and what belongs to it; may be given several times.")
@click.option("--out", metavar="FILE", type=click.Path(path_type=Path), default=Path("-"), help="Write to this file instead of the screen.")
def export_command(runs: tuple[str, ...], out: Path) -> None:
    """Write runs, checkpoints and scores as JSON Lines, which import reads back without loss.

    Images are not in it; a sample carries the digest of its image.

    \b
    Example: lorascope export --run caption_fix --out caption_fix.jsonl
    """
    from lorascope.jobs.export_runs import export_runs
    from lorascope.settings import Settings
    from lorascope.store import Store

    lab = Settings.find()
    with Store.open(lab.store_url, lab.blobs) as store:
        lines = export_runs(store, runs)
        if out == Path("-"):
            for line in lines:
                sys.stdout.write(line + "\n")
            sys.stdout.flush()
        else:
            count = _write_whole(out, lines)
            say(f"wrote {count} records to {out}", err=True)


def _write_whole(out: Path, lines: Iterable[str]) -> int:
    """Write all lines or leave the file as it was; returns how many records there are after the header.

    A link stays a link, and a device or a pipe is written to, not replaced by a file.
    """
    target = out.resolve()
    replaces = target.is_file() or not target.exists()
    written = target.with_name(f".{target.name}.unfinished") if replaces else target
    try:
        with written.open("w", encoding="ascii", newline="\n") as file:
            count = sum(_write_line(file, line) for line in lines)
        if replaces:
            written.replace(target)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise MissingFile(f"cannot be written: {error.strerror}", where=str(out), next_step="check the path") from error
    finally:
        if replaces and written.is_file():
            written.unlink()
    return count - 1


def _write_line(file: TextIO, line: str) -> int:
    file.write(line + "\n")
    return 1
