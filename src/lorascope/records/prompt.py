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
class Trait:
    """One thing that must be seen in the picture, such as "sunglasses", or with ``present`` False must not be."""

    label: str
    present: bool = True


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt. ``name`` is short, unique in its suite, and stays the same when the text is reworded.

    ``expectations`` are colors of features, ``traits`` things that must be there or not.
    """

    name: str
    text: str
    expectations: tuple[Expectation, ...] = ()
    extra: Mapping[str, JsonValue] = field(default_factory=dict, hash=False)
    traits: tuple[Trait, ...] = ()

    def expected(self, feature: str) -> Expectation | None:
        """What the prompt asks of a feature, or None when it does not say."""
        return next((expectation for expectation in self.expectations if expectation.feature == feature), None)


@dataclass(frozen=True, slots=True)
class PromptSuite:
    """The prompts of one evaluation, with the sampling protocol. Scores are comparable only within one protocol.

    ``seeds`` are the sampler's seeds, the same for every prompt and checkpoint. ``trait_words`` maps a trait's label to the words that
    captions use for it; a label that is not in it is its own word.
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
    trait_words: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)

    def labels(self) -> tuple[str, ...]:
        """The labels that the prompts ask about, each once, in alphabetical order."""
        return tuple(sorted({trait.label for prompt in self.prompts for trait in prompt.traits}))
