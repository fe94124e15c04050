"""The store: what was recorded, kept safe. ``Store`` is the only door; ``Counts`` and ``Tally`` are what its methods answer."""

from lorascope.store.runs import Counts
from lorascope.store.store import Store
from lorascope.store.tally import Tally

__all__ = ["Counts", "Store", "Tally"]
