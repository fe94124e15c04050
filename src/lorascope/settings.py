"""Where things are: the lab's folder, its store and its blobs. The only file that reads the environment.

A lab is a folder ``.lorascope`` found upward from the working folder, as git finds its own. ``LORASCOPE_STORE`` (a URL such
as ``sqlite:///path/lab.db``) overrides it.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from lorascope.errors import BadFile, MissingFile, did_you_mean

LAB_FOLDER = ".lorascope"
KEYS = ("store", "blobs")
PRICE = "price_per_gpu_hour"  # a number, in whatever money its owner counts


@dataclass(frozen=True, slots=True)
class Settings:
    """``store_url`` names the database, ``blobs`` the folder of content-addressed files, ``lab`` the lab's own folder.

    ``price_per_gpu_hour`` is what a rented GPU costs, None where nobody said.
    """

    lab: Path
    store_url: str = field(repr=False)  # it may hold a password
    blobs: Path
    price_per_gpu_hour: float | None = None

    @classmethod
    def at(cls, lab: Path) -> Settings:
        """The settings of the lab in this ``.lorascope`` folder, read from its ``settings.toml`` and the environment."""
        path = lab / "settings.toml"
        values, price = _read(path) if path.is_file() else ({}, None)
        url = os.environ.get("LORASCOPE_STORE") or values.get("store") or f"sqlite:///{lab / 'lab.db'}"
        return cls(lab, url, Path(values.get("blobs") or lab / "blobs"), price)

    @classmethod
    def find(cls, start: Path | None = None) -> Settings:
        """The settings of the nearest lab at or above ``start`` (the working folder).

        Raises:
            MissingFile: there is none; ``lorascope init`` makes one.
        """
        folder = (start or Path.cwd()).resolve()
        for candidate in (folder, *folder.parents):
            if (candidate / LAB_FOLDER).is_dir():
                return cls.at(candidate / LAB_FOLDER)
        raise MissingFile(f"no lab here or above {folder}", next_step="make one: lorascope init")


def _read(path: Path) -> tuple[dict[str, str], float | None]:
    """The values of a ``settings.toml``: texts under the keys of ``KEYS``, and the price of a GPU hour."""
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError, OSError) as error:
        raise BadFile(f"settings cannot be read: {error}", where=str(path), next_step="mend or delete the file") from error
    price = values.pop(PRICE, None)
    if price is not None and (isinstance(price, bool) or not isinstance(price, int | float) or not 0 <= price < float("inf")):
        raise BadFile(f"{PRICE} = {price!r}: must be a number, 0 or more", where=str(path), next_step=f"write {PRICE} = 0.5")
    for key, value in values.items():
        if key not in KEYS:
            known = (*KEYS, PRICE)
            next_step = did_you_mean(key, known) or f"known are {', '.join(known)}"
            raise BadFile(f"unknown setting {key!r}", where=str(path), next_step=next_step)
        if not isinstance(value, str):
            raise BadFile(f"{key} = {value!r}: must be text", where=str(path), next_step=f'write {key} = "…"')
    return values, None if price is None else float(price)


def cache_folder() -> Path:
    """Where what can be found again at any time is kept: ``LORASCOPE_CACHE``, else the user's cache folder (XDG base directories)."""
    own = os.environ.get("LORASCOPE_CACHE")
    if own:
        return Path(own)
    xdg = os.environ.get("XDG_CACHE_HOME")
    return (Path(xdg) if xdg and Path(xdg).is_absolute() else Path.home() / ".cache") / "lorascope"
