"""Parameters as somebody's script has them (a namespace, paths, enumerations, nested tables), as a run keeps them: plain values."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

from lorascope.parameters.renamed import RENAMED
from lorascope.records.run import ParameterValue

_MOST_CHARACTERS = 10_000


def plain_parameters(values: Mapping[str, Any]) -> dict[str, ParameterValue]:
    """Flat, plain, under our names where these are known; nothing is dropped.

    >>> plain_parameters({"rank": 16, "adam": {"betas": (0.9, 0.99)}, "mine": None})
    {'network_dim': 16, 'adam.betas': '[0.9, 0.99]', 'mine': None}
    """
    flat = dict(_flat(values, ""))
    return {(ours if (ours := RENAMED.get(name, name)) not in flat else name): value for name, value in flat.items()}


def _flat(values: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, ParameterValue]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", _plain(value)


def _plain(value: Any) -> ParameterValue:
    if isinstance(value, Enum):
        value = value.value
    if value is None or type(value) in {bool, int, str} or (type(value) is float and math.isfinite(value)):
        return value if not isinstance(value, str) else value[:_MOST_CHARACTERS]
    if isinstance(value, list | tuple):
        try:
            return json.dumps(value, default=str)[:_MOST_CHARACTERS]
        except ValueError:  # it holds itself
            return str(value)[:_MOST_CHARACTERS]
    item = getattr(value, "item", None)
    if callable(item) and getattr(value, "size", 0) == 1:  # one number of NumPy
        return _plain(item())
    return str(value)[:_MOST_CHARACTERS]
