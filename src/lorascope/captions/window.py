"""How many tokens a caption costs in the CLIP text encoder, and which words it never reads.

Stable Diffusion's text encoders read windows of 77 tokens, of which two are markers: 75 are left for the caption. Trainers
can chain two or three windows (``max_token_length`` 150 or 225); what lies beyond is dropped without a word.

The counts are exact: byte-pair encoding with CLIP's own merge table (Radford et al. 2021, the vocabulary released with
CLIP under the MIT licence). White space always separates tokens, so the count of a caption is the sum over its words, and
words are cached: about 10 microseconds a caption.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import pairwise

import regex

WINDOW_TOKENS = 75
WINDOWS = (75, 150, 225)

_PIECE = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", regex.IGNORECASE)
_WORD = regex.compile(r"\S+")


def _byte_letters() -> dict[int, str]:
    """CLIP writes every byte as one printable letter; bytes that are not printable move to 256 and above."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    letters = {byte: chr(byte) for byte in printable}
    moved = (byte for byte in range(256) if byte not in letters)
    letters.update({byte: chr(256 + index) for index, byte in enumerate(moved)})
    return letters


_LETTERS = _byte_letters()


@dataclass(frozen=True, slots=True)
class TokenSpan:
    """One token of a caption: where it stands (character offsets) and its place in the window (0 is the first)."""

    start: int
    end: int
    index: int


@dataclass(slots=True)
class ClipTokenizer:
    """Counts CLIP tokens. ``ranks`` maps a pair of symbols to its merge rank (lower merges first)."""

    ranks: dict[tuple[str, str], int]
    _cache: dict[str, int] = field(default_factory=dict)

    @classmethod
    def from_merges(cls, lines: Iterable[str]) -> ClipTokenizer:
        """Build from the lines of a merges file: two symbols separated by a space, in order of rank."""
        pairs = (tuple(line.split()) for line in lines if line and not line.startswith("#version"))
        return cls({(pair[0], pair[1]): rank for rank, pair in enumerate(pairs) if len(pair) == 2})

    def symbols(self, piece: str) -> list[str]:
        """The byte-pair symbols of one piece (a run of letters, a digit, or a run of other signs)."""
        letters = [_LETTERS[byte] for byte in piece.encode()]
        word = [*letters[:-1], letters[-1] + "</w>"]
        while len(word) > 1:
            ranked = [(self.ranks[pair], at) for at, pair in enumerate(pairwise(word)) if pair in self.ranks]
            if not ranked:
                break
            best = word[min(ranked)[1]], word[min(ranked)[1] + 1]
            merged, at = [], 0
            while at < len(word):
                if tuple(word[at : at + 2]) == best:
                    merged.append(best[0] + best[1])
                    at += 2
                else:
                    merged.append(word[at])
                    at += 1
            word = merged
        return word

    def count(self, caption: str) -> int:
        """How many tokens a caption costs, without the two markers."""
        return sum(self._count_word(word) for word in caption.lower().split())

    def _count_word(self, word: str) -> int:
        if word not in self._cache:
            self._cache[word] = sum(len(self.symbols(piece)) for piece in _PIECE.findall(word))
        return self._cache[word]

    def word_spans(self, caption: str) -> list[TokenSpan]:
        """Every word (a run without white space) with the index of its last token: it is read when that is in the window."""
        spans, tokens = [], 0
        for match in _WORD.finditer(caption):
            tokens += self._count_word(match.group().lower())
            spans.append(TokenSpan(match.start(), match.end(), tokens - 1))
        return spans


def first_unread(caption: str, tokenizer: ClipTokenizer, window_tokens: int = WINDOW_TOKENS) -> int | None:
    """The character offset of the first word the encoder does not read whole, or None when all of it fits."""
    if tokenizer.count(caption) <= window_tokens:
        return None
    return next(span.start for span in tokenizer.word_spans(caption) if span.index >= window_tokens)
