"""The store: what was recorded, kept safe. ``Store`` is the only door; ``Counts`` is what one of its methods answers."""

from lorascope.store.runs import Counts
from lorascope.store.store import Store

__all__ = ["Counts", "Store"]
