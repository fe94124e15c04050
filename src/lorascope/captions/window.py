"""How many tokens a caption costs in the CLIP text encoder, and which words it never reads.

Stable Diffusion's text encoders read windows of 77 tokens, of which two are markers: 75 are left for the caption. Trainers
can chain two or three windows (``max_token_length`` 150 or 225); what lies beyond is dropped without a word. kohya's sd-scripts cuts the
whole caption after 150 or 225 tokens, lays it into windows of 75 with markers of their own, encodes each window by itself and joins the
results (library/strategy_base.py, ``_get_input_ids``; library/strategy_sdxl.py). A word whose tokens lie on both sides of such a border is
read in two halves.

Both encoders of SDXL use the same byte-pair encoding as SD 1.5 and so the same counts; only the padding differs: SD 1.5 and SDXL's first
encoder fill up with the end marker (49407), its second with 0 (strategy_sdxl.py sets ``pad_token_id = 0``).

The counts are exact: byte-pair encoding with CLIP's own merge table (Radford et al. 2021, the vocabulary released with
CLIP under the MIT licence), after what Hugging Face's CLIPTokenizer does to a text: Unicode NFC, each letter in lower case. OpenAI's own
code mends garbled letters and HTML entities first (ftfy), so captions with such damage may count differently there. White space always
separates tokens, and the pieces of a caption recur, so their costs are kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate, islice, pairwise
from typing import TYPE_CHECKING

from lorascope.captions.byte_pairs import merge_long

if TYPE_CHECKING:
    import regex

WINDOW_TOKENS = 75
WINDOWS = (75, 150, 225)
LONG_PIECE = 64  # bytes; longer runs of letters are merged another way, and their costs are not kept
MOST_KEPT = 200_000  # costs of pieces

_SPACE = r"\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"  # \x1c to \x1f are none here, as in Unicode's White_Space
_ASCII_PIECE = re.compile(r"[a-z]+|[0-9]|'(?:[stmd]|re|ve|ll)|[^\sa-z0-9]+", re.ASCII)  # the same, the most frequent kind first
_WORD = re.compile(f"[^{_SPACE}]+")
_SPACES = re.compile(f"[{_SPACE}]")
_MARKER = re.compile(r"<\|(?:start|end)oftext\|>")
_MARKED = re.compile(f"({_MARKER.pattern})")  # written out in a caption they are markers


@cache
def _piece() -> regex.Pattern[str]:
    """The same for all scripts. Its module takes a tenth of the time in which a small dataset is audited, so it is loaded when needed."""
    import regex

    return regex.compile(rf"'s|'t|'re|'ve|'m|'ll|'d|\p{{L}}+|\p{{N}}|[^{_SPACE}\p{{L}}\p{{N}}]+")


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
    """One token, or one word by its last token: where it stands (character offsets) and its place in the window (0 is the first)."""

    start: int
    end: int
    index: int


class _Costs(dict[str, int]):
    """The cost of each piece in tokens, worked out when first asked for."""

    def __init__(self, tokenizer: ClipTokenizer) -> None:
        super().__init__()
        self.tokenizer = tokenizer

    def __missing__(self, piece: str) -> int:
        cost = len(self.tokenizer.symbols(piece))
        if len(piece) <= LONG_PIECE:
            if len(self) >= MOST_KEPT:
                self.clear()
            self[piece] = cost
        return cost


@dataclass(slots=True)
class ClipTokenizer:
    """Counts CLIP tokens. ``ranks`` maps a pair of symbols to its merge rank (lower merges first)."""

    ranks: dict[tuple[str, str], int] = field(repr=False)
    _costs: _Costs = field(init=False, repr=False, compare=False)

    _merged: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._costs = _Costs(self)
        self._merged = {}

    @classmethod
    def from_merges(cls, lines: Iterable[str]) -> ClipTokenizer:
        """Build from the lines of a merges file: two symbols separated by a space, in order of rank."""
        pairs = (tuple(line.split()) for line in lines if line and not line.startswith("#version"))
        return cls({(pair[0], pair[1]): rank for rank, pair in enumerate(pairs) if len(pair) == 2})

    def symbols(self, piece: str) -> list[str]:
        """The byte-pair symbols of one piece (a run of letters, a digit, or a run of other signs)."""
        letters = [_LETTERS[byte] for byte in piece.encode("utf-8", "surrogatepass")]
        word = [*letters[:-1], letters[-1] + "</w>"]
        if len(word) > LONG_PIECE:
            return merge_long(word, self.ranks)
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
        if "<|" in caption and (markers := _MARKER.findall(caption)):
            return sum(map(self._count, _MARKER.split(caption))) + len(markers)
        return self._count(caption)

    def _count(self, text: str) -> int:
        pieces = _ASCII_PIECE.findall(text.lower()) if text.isascii() else _piece().findall(normalized(text))
        return sum(map(self._costs.__getitem__, pieces))

    def numbers(self, caption: str) -> list[int]:
        """The tokens' numbers in CLIP's vocabulary, without the two markers around them."""
        letters = [*_LETTERS.values()]
        self._merged = self._merged or {first + second: rank for (first, second), rank in self.ranks.items()}
        found = []
        for at, part in enumerate(_MARKED.split(caption)):
            if at % 2:
                found.append(512 + len(self.ranks) + (part == "<|endoftext|>"))
                continue
            for symbol in (symbol for piece in _piece().findall(normalized(part)) for symbol in self.symbols(piece)):
                plain = symbol.removesuffix("</w>")
                if len(plain) == 1:
                    found.append(letters.index(plain) + 256 * (symbol != plain))
                else:
                    found.append(512 + self._merged[symbol])
        return found

    def word_spans(self, caption: str) -> list[TokenSpan]:
        """Every word (a run without white space) with the index of its last token: it is read when that is in the window."""
        spans, tokens = [], 0
        for match in _WORD.finditer(caption):
            tokens += self.count(match.group())
            spans.append(TokenSpan(match.start(), match.end(), tokens - 1))
        return spans

    def word_at(self, caption: str, token: int) -> int | None:
        """Where the word begins that holds a token (0 is the first), or None when there are fewer tokens."""
        if not caption.isascii() or "<|" in caption:
            return next((span.start for span in self.word_spans(caption) if span.index >= token), None)
        lowered = caption.lower()
        totals = accumulate(map(self._costs.__getitem__, _ASCII_PIECE.findall(lowered)))
        index = next((index for index, total in enumerate(totals) if total > token), None)
        if index is None:
            return None
        start = next(islice(_ASCII_PIECE.finditer(lowered), index, None)).start()
        while start and not _SPACES.match(caption, start - 1):
            start -= 1
        return start

    def token_spans(self, caption: str) -> list[TokenSpan]:
        """Every token with where it stands. Where lower case or NFC changes a word's length, its tokens all cover the whole word."""
        return [TokenSpan(start, end, index) for index, (start, end) in enumerate(self._tokens(caption))]

    def _tokens(self, caption: str) -> Iterator[tuple[int, int]]:
        if "<|" not in caption and (
            caption.isascii() or len(normalized(caption)) == len(caption) == len(unicodedata.normalize("NFC", caption))
        ):
            yield from self._tokens_within(normalized(caption), 0)
            return
        for word in _WORD.finditer(caption):
            at = word.start()
            for part in _MARKER.split(word.group()):
                whole = normalized(part)
                if len(whole) == len(part):
                    yield from self._tokens_within(whole, at)
                else:
                    yield from ((at, at + len(part)) for _ in range(self.count(part)))
                at += len(part)
                marker = _MARKER.match(word.group(), at - word.start())
                if marker:
                    yield at, at + len(marker.group())
                    at += len(marker.group())

    def _tokens_within(self, text: str, offset: int) -> Iterator[tuple[int, int]]:
        for match in (_ASCII_PIECE if text.isascii() else _piece()).finditer(text):
            piece, start = match.group(), match.start() + offset
            if self._costs[piece] == 1:
                yield start, start + len(piece)
                continue
            owners = [at for at, letter in enumerate(piece) for _ in letter.encode("utf-8", "surrogatepass")]
            byte = 0
            for symbol in self.symbols(piece):
                size = len(symbol.removesuffix("</w>"))
                yield start + owners[byte], start + owners[byte + size - 1] + 1
                byte += size


def normalized(caption: str) -> str:
    """A caption as the tokenizer sees it: NFC, each letter in lower case by itself (a final capital sigma is no exception)."""
    if caption.isascii():
        return caption.lower()
    return unicodedata.normalize("NFC", caption).replace("Σ", "σ").lower()


def first_unread(caption: str, tokenizer: ClipTokenizer, window_tokens: int = WINDOW_TOKENS) -> int | None:
    """The character offset of the first word the encoder does not read whole, or None when all of it fits."""
    return tokenizer.word_at(caption, window_tokens)
