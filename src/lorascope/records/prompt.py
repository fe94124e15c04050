"""Prompts with expectations: what a picture must show for the prompt to be met."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lorascope.records.run import JsonValue


@dataclass(frozen=True, slots=True)
class Expectation:
    """One thing the picture must show, such as feature "background" in color "bright green" (its RGB in 8-bit levels)."""

    feature: str
    color: str
    rgb: tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. ``name`` is short, unique in its suite, and stays the same when the text is reworded."""

    name: str
    text: str
    expectations: tuple[Expectation, ...] = ()
    extra: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)

    def expected(self, feature: str) -> Expectation | None:
        """What the prompt asks of a feature, or None when it does not say."""
        return next((expectation for expectation in self.expectations if expectation.feature == feature), None)


@dataclass(frozen=True, slots=True)
class PromptSuite:
    """The prompts of one evaluation, with the sampling protocol. Scores are comparable only within one protocol.

    ``seeds`` are the sampler's seeds, the same for every prompt and checkpoint.
    """

    name: str
    prompts: tuple[Prompt, ...]
    seeds: tuple[int, ...]
    steps: int = 30
    guidance: float = 7.5
    negative: str = ""
    width_px: int = 512
    height_px: int = 512
    extra: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)
