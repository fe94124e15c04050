"""What a text encoder reads of a set of captions, in numbers: the window map."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Price:
    """What one kind of text costs: "codes", "palette lists" or "boilerplate" (``what``), so many ``pieces`` in so many ``captions``.

    ``tokens`` would be saved without them, over all captions together.
    """

    what: str
    pieces: int
    captions: int
    tokens: int


@dataclass(frozen=True, slots=True)
class LostWord:
    """A word that stands beyond the window in ``lost`` of the ``captions`` that hold it."""

    word: str
    lost: int
    captions: int


@dataclass(frozen=True, slots=True)
class ShuffledTag:
    """A tag under shuffling: its chance (0 to 1) to be read whole in one step of training, the mean over the ``captions`` that hold it."""

    tag: str
    captions: int
    mean_chance: float
    least_chance: float


@dataclass(frozen=True, slots=True)
class LongCaption:
    """A caption that does not fit: its tokens, and the first words that are not read."""

    file: str
    tokens: int
    lost: str


@dataclass(frozen=True, slots=True)
class WindowMap:
    """The tokens of a set of captions and what lies beyond the window.

    ``tokens`` are the captions' tokens in ascending order; ``cut_at`` says for windows of 75, 150 and 225 tokens how many captions are cut;
    ``lost_words``, ``longest`` and ``shuffled`` hold the worst ones first. ``shuffled`` is empty where the trainer does not shuffle;
    ``below_even`` counts the tags (each in its caption) that are read in less than half of the steps, ``tags`` all of them.
    ``torn`` counts the captions whose parentheses shuffling tears, ``halved`` those with a clause cut or lying in two windows of 75.
    """

    window_tokens: int
    tokens: tuple[int, ...]
    cut_at: tuple[tuple[int, int], ...]
    prices: tuple[Price, ...] = ()
    lost_words: tuple[LostWord, ...] = ()
    longest: tuple[LongCaption, ...] = ()
    shuffled: tuple[ShuffledTag, ...] = ()
    tags: int = 0
    below_even: int = 0
    torn: int = 0
    halved: int = 0

    @property
    def captions(self) -> int:
        """How many captions were read."""
        return len(self.tokens)

    @property
    def cut(self) -> int:
        """How many captions do not fit into the window that the trainer reads."""
        return sum(count > self.window_tokens for count in self.tokens)

    def quantile(self, share: float) -> int:
        """The tokens that this share (0 to 1) of the captions has at most; 0 without captions."""
        if not self.tokens:
            return 0
        return self.tokens[min(len(self.tokens) - 1, max(0, -int(-share * len(self.tokens) // 1) - 1))]
