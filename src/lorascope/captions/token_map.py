"""Where each clause of a caption lies among its tokens, and how a trainer lays the tokens into windows."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.captions.clauses import Caption, Clause
from lorascope.captions.window import WINDOW_TOKENS, ClipTokenizer, TokenSpan


@dataclass(frozen=True, slots=True)
class ClauseTokens:
    """The tokens of one clause: ``first`` to ``last`` (not included), counted from 0 at the caption's start."""

    clause: Clause
    first: int
    last: int

    @property
    def tokens(self) -> int:
        """How many tokens the clause costs."""
        return self.last - self.first

    def read_whole(self, window_tokens: int = WINDOW_TOKENS) -> bool:
        """Whether all of it lies in the window."""
        return self.last <= window_tokens

    def torn(self, window_tokens: int = WINDOW_TOKENS) -> bool:
        """Whether it is read, but in parts: cut at the end of what is read, or lying on both sides of a border between windows of 75."""
        if self.first >= window_tokens or self.first == self.last:
            return False
        return self.last > window_tokens or self.first // WINDOW_TOKENS != (self.last - 1) // WINDOW_TOKENS


@dataclass(frozen=True, slots=True)
class Chunk:
    """One window of 75 tokens, encoded by itself: the characters it begins and ends with, and how many of its places are used."""

    start: int
    end: int
    tokens: int


def tokens_of(spans: Sequence[TokenSpan], start: int, end: int) -> tuple[int, int]:
    """The tokens that touch the characters ``start`` to ``end``: the first, and the one after the last.

    ``spans`` are a caption's ``token_spans``. A comma glued to a word ("),") is part of one token with what stands before it.
    """
    first = bisect_right(spans, start, key=lambda span: span.end)
    return first, max(first, bisect_left(spans, end, key=lambda span: span.start))


def clause_tokens(caption: Caption, tokenizer: ClipTokenizer) -> tuple[ClauseTokens, ...]:
    """Each clause of a caption with its tokens. Commas between clauses cost tokens that belong to none."""
    spans = tokenizer.token_spans(caption.text)
    return tuple(ClauseTokens(clause, *tokens_of(spans, clause.start, clause.end)) for clause in caption.clauses)


def chunks(text: str, tokenizer: ClipTokenizer, window_tokens: int = WINDOW_TOKENS) -> tuple[Chunk, ...]:
    """A caption as kohya's sd-scripts lays it into windows; what does not fit is left out."""
    spans = tokenizer.token_spans(text)[:window_tokens]
    parts = [spans[at : at + WINDOW_TOKENS] for at in range(0, len(spans), WINDOW_TOKENS)]
    return tuple(Chunk(part[0].start, part[-1].end, len(part)) for part in parts)
