"""A measurement: a metric of one checkpoint, averaged over prompts and seeds, with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class Measurement:
    """Mean over prompts of the mean over seeds; ``low`` and ``high`` bound a 95 % interval (None with one prompt).

    ``prompts`` and ``images`` are the counts behind the mean; ``not_measurable`` counts images that gave no number.
    """

    run: str
    epoch: int
    metric: str
    unit: str
    mean: float | None
    low: float | None
    high: float | None
    prompts: int
    images: int
    not_measurable: int = 0
    extra: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)
