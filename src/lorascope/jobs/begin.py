"""Make a lab: the folder that holds the store and its files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lorascope.errors import MissingFile
from lorascope.store import Store


@dataclass(frozen=True, slots=True)
class Begun:
    """The lab and whether it was made just now."""

    lab: Path
    created: bool


def begin(lab: Path, store_url: str, blobs: Path) -> Begun:
    """Make the lab's folder and open its store once, so that whatever is wrong with either shows now. Twice does no harm.

    Raises:
        MissingFile: the folder cannot be made.
        BadFile: the store of this lab cannot be used.
    """
    created = not lab.is_dir()
    try:
        lab.mkdir(exist_ok=True)
    except OSError as error:
        raise MissingFile(
            f"the lab cannot be made: {error.strerror}", where=str(lab), next_step="choose a folder you may write in"
        ) from error
    Store.open(store_url, blobs).close()
    return Begun(lab, created)
