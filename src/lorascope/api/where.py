"""Which store a script means: the lab found upward, a folder, a file, or a URL."""

from __future__ import annotations

import os
from pathlib import Path

from lorascope.errors import MissingFile
from lorascope.settings import LAB_FOLDER, Settings


def store_at(place: str | os.PathLike[str] | None) -> tuple[str, Path]:
    """The URL of the store and the folder of its blobs.

    ``None`` is the nearest lab at or above the working folder. A folder is one that holds a lab, or the lab itself; another path
    is an SQLite file, which need not exist; a text with ``://`` is the URL of a store.

    Raises:
        MissingFile: there is no lab there.
    """
    if place is None:
        return _of(Settings.find())
    text = os.fspath(place)
    if "://" in text:
        return text, _blobs_beside(text)
    path = Path(text)
    if path.is_dir():
        lab = path if path.name == LAB_FOLDER else path / LAB_FOLDER
        if not lab.is_dir():
            raise MissingFile("there is no lab in this folder", where=str(path), next_step=f"make one there: cd {path} && lorascope init")
        return _of(Settings.at(lab))
    return f"sqlite:///{path.absolute()}", path.absolute().with_name("blobs")


def _of(settings: Settings) -> tuple[str, Path]:
    return settings.store_url, settings.blobs


def _blobs_beside(url: str) -> Path:
    """Images lie beside a file; those of a database elsewhere in the lab here, or without one in the working folder's."""
    file = url.removeprefix("sqlite:///")
    if file != url:
        return Path(file).with_name("blobs")
    try:
        return Settings.find().blobs
    except MissingFile:
        return Path.cwd() / LAB_FOLDER / "blobs"
