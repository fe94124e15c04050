"""A sample (one generated image) and its scores (one number of one sample)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class Sample:
    """One generated image: checkpoint × prompt × seed. Epoch 0 is the base model without a LoRA.

    ``image_digest`` names the stored image (BLAKE2b-128 of its bytes, hex). ``draw`` tells apart several images of one seed,
    or of none: 0, 1, 2 …
    """

    run: str
    epoch: int
    prompt: str
    seed: int | None
    image_digest: str
    draw: int = 0
    extra: Mapping[str, JsonValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Score:
    """One number of one sample. ``value`` is None when it could not be measured; ``reason`` then says why.

    ``seed`` is None when the sampler's seed is unknown (images made without one); ``draw`` is the image's, as in Sample.
    """

    run: str
    epoch: int
    prompt: str
    seed: int | None
    metric: str
    value: float | None
    reason: str = ""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    draw: int = 0
