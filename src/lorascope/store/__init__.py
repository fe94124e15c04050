"""The store: what was recorded, kept safe. ``Store`` is the only door; ``Counts`` and ``Tally`` are what its methods answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lorascope.store.runs import Counts
    from lorascope.store.store import Store
    from lorascope.store.tally import Tally

__all__ = ["Counts", "Store", "Tally"]

_WHERE = {"Counts": "runs", "Store": "store", "Tally": "tally"}


def __getattr__(name: str) -> object:
    """Import a name when it is asked for: a script that only logs needs the journal, but not SQLAlchemy."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
    globals()[name] = found  # asked only once
    return found
