"""What the text encoder is shown of a caption at one step: dropped, shuffled and cut as sd-scripts does it.

Follows ``process_caption`` of library/train_util.py (48d368f): ``keep_tokens`` counts tags between separators, not CLIP
tokens; the first kept tags never move; whole-caption dropout ignores ``keep_tokens``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class CaptionRules:
    """The caption options of a training, under the trainer's names."""

    shuffle_caption: bool = False
    keep_tokens: int = 0
    keep_tokens_separator: str = ""
    caption_separator: str = ","
    caption_dropout_rate: float = 0.0
    caption_dropout_every_n_epochs: int = 0
    caption_tag_dropout_rate: float = 0.0
    caption_prefix: str = ""
    caption_suffix: str = ""

    @classmethod
    def of(cls, parameters: Mapping[str, ParameterValue]) -> CaptionRules:
        """Read the options from parameters; unset ones keep the trainer's defaults."""
        known: dict[str, Any] = {name: parameters[name] for name in cls.__dataclass_fields__ if parameters.get(name) is not None}
        return cls(**known)  # the catalogue has parsed the values

    def shown(self, caption: str, epoch: int, rng: random.Random) -> str:
        """The caption of one sample at one step. Epochs count from 1."""
        caption = " ".join(part for part in (self.caption_prefix, caption.split("\n", 1)[0], self.caption_suffix) if part)
        dropped = self.caption_dropout_rate > 0 and rng.random() < self.caption_dropout_rate
        every = self.caption_dropout_every_n_epochs
        if dropped or (every > 0 and epoch % every == 0):
            return ""
        if not self.shuffle_caption and self.caption_tag_dropout_rate <= 0:
            return caption
        fixed, flexible, last = self._parts(caption)
        if self.shuffle_caption:
            rng.shuffle(flexible)
        if self.caption_tag_dropout_rate > 0:
            flexible = [tag for tag in flexible if rng.random() >= self.caption_tag_dropout_rate]
        return ", ".join([*fixed, *flexible, *last])

    def _parts(self, caption: str) -> tuple[list[str], list[str], list[str]]:
        """The tags that stay in front, those that move or drop out, and those behind a second separator, which stay at the end."""
        if self.keep_tokens_separator and self.keep_tokens_separator in caption:
            head, _, tail = caption.partition(self.keep_tokens_separator)
            middle, _, end = tail.partition(self.keep_tokens_separator)
            fixed, flexible, last = ([tag for tag in self._tags(part) if tag] for part in (head, middle, end))
            return fixed, flexible, last
        tags = self._tags(caption)  # nothing between two separators counts as a tag, as it does for the trainer
        return tags[: self.keep_tokens], tags[self.keep_tokens :], []

    def _tags(self, text: str) -> list[str]:
        return [part.strip() for part in text.strip().split(self.caption_separator)]
