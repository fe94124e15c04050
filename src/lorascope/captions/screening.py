"""Captions by the million: which of them can a check have anything to say of?

Most captions have no defect, and reading each in Python to learn that costs a hundred times more than asking whether it could have
one. Three questions are put to a whole column at once. Signals: the regular expressions of the checks, all in one alternation
first. Words: captions are split at white space, every distinct word is looked at once, and what is known of it (tokens, terms, whether a
clause ends there) is gathered and summed by caption. Circumstances: whether there is a picture, or odd bytes.

A screen may be wrong in one direction only: what it lets pass (True) need not have a finding, what it holds back has none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from operator import eq
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.check import Check, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.lexicon import SAY_NOTHING_ALONE
from lorascope.captions.window import ClipTokenizer
from lorascope.captions.wording import FEWEST_CAPTIONS

Mask = NDArray[np.bool_]

MOST_ROWS = 1 << 20  # of one screening: a row's number takes 20 bits beside 44 bits of a clause's digest
MOST_WORDS = 1_000_000  # remembered; a collection of random strings must not fill the memory
_TERM = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"a", "an", "the", "wearing", "with", "and"})  # two clauses that differ in these alone say the same
_CLOSING = ",.;!?"
# What the signs of a word tell, as bits.
_COMMA, _STOP, _TANGLED, _TWIN, _UNEVEN, _STRANGE = 1, 2, 4, 8, 16, 32
_FACTS = np.dtype([("sizes", "i8"), ("begins", "u8"), ("closes", "u8"), ("last", "u8"), ("key", "u8"), ("signs", "u1")])
_TERMS = 1 << 32  # tokens are counted below it, terms above: one sum for both


@dataclass(slots=True)
class Vocabulary:
    """What is known of every word met so far; grows as captions are screened, and can be shared by all batches of a process."""

    tokenizer: ClipTokenizer
    _places: dict[str, int] = field(default_factory=dict)
    _facts: NDArray[Any] = field(default_factory=lambda: np.zeros(1024, _FACTS))

    def facts(self, words: Sequence[str]) -> NDArray[Any]:
        """One record for each word, in their order."""
        if len(self._places) > MOST_WORDS:
            self._places.clear()
        places = np.fromiter((self._place(word) for word in words), np.int64, len(words))
        return self._facts[places]

    def _place(self, word: str) -> int:
        place = self._places.get(word)
        if place is None:
            place = self._places[word] = len(self._places)
            if place >= len(self._facts):
                self._facts = np.concatenate([self._facts, np.zeros_like(self._facts)])
            self._facts[place] = _look_at(word, self.tokenizer)
        return place


def _look_at(word: str, tokenizer: ClipTokenizer) -> tuple[int, int, int, int, int, int]:
    """A word's tokens and terms; the term it begins and closes with, where no sign stands before or behind; its last term; what its terms
    add to their clause; its signs: whether a comma or a full stop closes it, whether they tell of a grammar that this file knows nothing
    of, whether it holds a term twice in a row, white space other than one plain space, anything but printable ASCII or signs of markup.
    """
    terms = _TERM.findall(word.lower())
    digests = [_digest(term) for term in terms]
    key = sum(digest for digest, term in zip(digests, terms, strict=True) if term not in _ARTICLES) % 2**64
    body = word.rstrip(_CLOSING)
    tangled = not word.isascii() or not terms or any(sign in '()[]{}:|/*\\"' + _CLOSING for sign in body)
    signs = {
        _COMMA: "," in word[len(body) :],
        _STOP: len(body) < len(word),
        _TANGLED: tangled,
        _TWIN: any(map(eq, digests, digests[1:])),
        _UNEVEN: word.split() != [word],
        _STRANGE: not (word.isascii() and word.isprintable()) or any(sign in "<>&{}$%" for sign in word),
    }
    return (
        tokenizer.count(word) + len(terms) * _TERMS,
        digests[0] if terms and word[0].isalnum() else 0,
        digests[-1] if terms and word[-1].isalnum() else 0,
        digests[-1] if terms else 0,
        key,
        sum(bit for bit, holds in signs.items() if holds),
    )


def _digest(term: str) -> int:
    return int.from_bytes(blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "little") or 1


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of each caption of a column, (rows,) each.

    ``tokens`` is the exact count of CLIP tokens; ``terms`` how many words of letters and digits; ``doubled`` whether two neighbors
    are the same word; ``repeated`` whether two clauses may be; ``fronted`` whether it begins with the trigger; ``strange`` whether it holds
    anything but printable ASCII and line ends, or signs of markup; ``digest`` is equal for captions of the same clauses in any order,
    letter case and punctuation (64 bits, 0 without a word); ``pictured`` whether the picture was seen, ``imaged`` whether there is one,
    ``broken`` whether it could not be read, ``odd_bytes`` whether the caption's file is not plain UTF-8.
    """

    tokens: NDArray[np.int32]
    terms: NDArray[np.int32]
    doubled: Mask
    repeated: Mask
    fronted: Mask
    strange: Mask
    digest: NDArray[np.uint64]
    pictured: Mask
    imaged: Mask
    broken: Mask
    odd_bytes: Mask

    @property
    def nothing(self) -> Mask:
        """No caption."""
        return np.zeros(len(self.tokens), bool)

    @property
    def everything(self) -> Mask:
        """Every caption."""
        return np.ones(len(self.tokens), bool)


@dataclass(frozen=True, slots=True)
class Screening:
    """``candidates`` maps a check's name to the captions (rows,) it must look at; ``column`` is what was found out on the way.

    ``codes`` (words,) tells for each word of the column which of ``words`` it is, ``starts`` (rows,) where each caption's words begin.
    """

    candidates: Mapping[str, Mask]
    column: Column
    words: tuple[str, ...]
    codes: NDArray[np.int64]
    starts: NDArray[np.int64]

    def anywhere(self) -> Mask:
        """The captions that at least one check must look at."""
        masks = [*self.candidates.values()]
        return np.logical_or.reduce(masks) if masks else self.column.nothing


Screen = Callable[[Column, Surroundings], Mask]

# Checks without a signal, or whose signal alone says too little: what must hold for them to find anything.
SCREENS: Mapping[str, Screen] = {
    "unreadable_image": lambda column, _: column.broken,
    "orphan_caption": lambda column, _: ~column.imaged,
    "missing_or_empty_caption": lambda column, around: column.terms <= len(_TERM.findall(around.trigger)),
    "beyond_window": lambda column, around: column.tokens > around.window_tokens,
    "background_word_contradicts_pixels": lambda column, _: column.pictured,
    "code_absent_from_image": lambda column, _: column.pictured,
    "background_pattern_contradicts_pixels": lambda column, _: column.pictured,
    "encoding": lambda column, _: column.strange | column.odd_bytes,
    "doubled_word": lambda column, _: column.doubled,
    "repeated_clause": lambda column, _: column.repeated,
    "trigger_placement": lambda column, around: ~column.fronted if around.trigger or around.likely_trigger else column.nothing,
    "typo": lambda column, around: column.everything if around.word_counts else column.nothing,
    "fused_words": lambda column, around: column.everything if around.word_counts else column.nothing,
    "boilerplate_tail": lambda column, around: column.everything if around.captions >= FEWEST_CAPTIONS else column.nothing,
}
_SCREEN_ALONE = frozenset({"encoding"})  # odd bytes are a finding whatever its signal says
# What else to listen for: signals of checks that name none, and what some checks find where their own signal is silent.
_CODE = "#[0-9a-f]{3}"
_NOUNS = "|".join(sorted(SAY_NOTHING_ALONE))
SIGNALS: Mapping[str, str] = {
    "duplicate_color_code": _CODE + "(?s:.)*" + _CODE,
    "palette_tail": _CODE,
    "anonymous_codes": _CODE + r"[0-9a-f]{0,5}\W*" + _CODE,
    "stray_punctuation": r"\s\n|\s\s$|,[^ ]",
    "bare_noun": rf"(?:{_NOUNS})\s*[^\w\s,|.!?)(#']|[^\w\s,|.!?(#']\s*(?:\w+\s+)*(?:{_NOUNS})\b",
}


def screen(
    texts: Any,
    around: Surroundings,
    vocabulary: Vocabulary,
    checks: Sequence[Check] = CHECKS,
    *,
    pictured: Mask | None = None,
    imaged: Mask | None = None,
    broken: Mask | None = None,
    odd_bytes: Mask | None = None,
) -> Screening:
    """For every check that looks at single captions, which of them it must look at.

    ``texts`` is a polars Series or an Arrow array of strings without nulls, at most :data:`MOST_ROWS` of them. Checks that have neither a
    signal nor a screen look at every caption.
    """
    import polars as pl

    series = texts if isinstance(texts, pl.Series) else pl.Series("caption", texts, pl.String)
    rows = len(series)
    assert rows <= MOST_ROWS
    none = np.zeros(rows, bool)
    circumstances = (
        none if pictured is None else pictured,
        ~none if imaged is None else imaged,
        none if broken is None else broken,
        none if odd_bytes is None else odd_bytes,
    )
    column, words, codes, starts = _column(series, vocabulary, around.trigger or around.likely_trigger, circumstances)
    looking = [check for check in checks if check.find is not None]
    known = {check.name: SCREENS[check.name](column, around) for check in looking if check.name in SCREENS}
    heard = _heard(series, {check.name: _signal(check) for check in looking if _signal(check) and known.get(check.name, ~none).any()})
    candidates = {
        check.name: known.get(check.name, ~none) & heard.get(check.name, ~none) if known.get(check.name, ~none).any() else none.copy()
        for check in looking
    }
    return Screening(candidates, column, words, codes, starts)


def unscreened(checks: Sequence[Check] = CHECKS) -> tuple[str, ...]:
    """The names of the checks that must look at every caption: without a signal and without a screen."""
    return tuple(check.name for check in checks if check.find is not None and not _signal(check) and check.name not in SCREENS)


def _signal(check: Check) -> str:
    if check.name in _SCREEN_ALONE:
        return ""
    return "|".join(signal for signal in (check.signal, SIGNALS.get(check.name, "")) if signal)


def _heard(series: Any, signals: Mapping[str, str]) -> dict[str, Mask]:
    """Where each check's signal stands: all of them together on every caption, then one by one where any of them does."""
    if not signals:
        return {}
    together = "(?i)" + "|".join(f"(?:{signal})" for signal in dict.fromkeys(signals.values()))
    rows = np.flatnonzero(series.str.contains(together).to_numpy())
    few = series.gather(rows)
    masks = {}
    for name, signal in signals.items():
        mask = np.zeros(len(series), bool)
        mask[rows] = few.str.contains(f"(?i)(?:{signal})").to_numpy()
        masks[name] = mask
    return masks


def _column(
    series: Any, vocabulary: Vocabulary, trigger: str, circumstances: tuple[Mask, Mask, Mask, Mask]
) -> tuple[Column, tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    rows = len(series)
    words, codes, starts = _words(series)
    facts = vocabulary.facts(words)
    texts, uneven = series, _rows_with(facts, _UNEVEN, codes, starts)
    if len(uneven):
        given = series.gather(uneven).to_list()
        texts = series.clone().scatter(uneven, [" ".join(text.split()) for text in given])  # in place: the clone's, not the caller's
        words, codes, starts = _words(texts)
        facts = vocabulary.facts(words)
    sums = np.add.reduceat(np.ascontiguousarray(facts["sizes"])[codes], starts) if rows else np.zeros(0, np.int64)
    tokens, terms = (sums % _TERMS).astype(np.int32), (sums // _TERMS).astype(np.int32)
    doubled, repeated, strange = np.zeros(rows, bool), np.zeros(rows, bool), np.zeros(rows, bool)
    digest = np.zeros(rows, np.uint64)
    if rows:
        of_row = np.repeat(np.arange(rows), np.diff(np.append(starts, len(codes))))
        begins, closes = _numbered(facts["begins"], facts["closes"])
        same = np.flatnonzero(closes[codes[:-1]] == begins[codes[1:]])
        doubled[of_row[same[of_row[same] == of_row[same + 1]]]] = True
        doubled[_rows_with(facts, _TWIN, codes, starts)] = True
        digest = _clauses(facts, codes, starts, of_row, repeated)
        strange[_rows_with(facts, _STRANGE, codes, starts)] = True
    if len(uneven):
        tokens[uneven] = [vocabulary.tokenizer.count(text) for text in given]
        repeated[[int(row) for row, text in zip(uneven, given, strict=True) if len(text.strip().splitlines()) > 1]] = True
        strange[[int(row) for row, text in zip(uneven, given, strict=True) if not text.replace("\n", " ").isprintable()]] = True
    column = Column(tokens, terms, doubled, repeated, _fronted(texts, trigger), strange, digest, *circumstances)
    return column, words, codes, starts


def _rows_with(facts: NDArray[Any], sign: int, codes: NDArray[np.int64], starts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The captions that hold a word with a sign; nothing is gathered where no word has it."""
    having = (facts["signs"] & sign) != 0
    if not having.any():
        return np.zeros(0, np.int64)
    rows: NDArray[np.int64] = np.unique(np.searchsorted(starts, np.flatnonzero(having[codes]), side="right") - 1)
    return rows


def _numbered(begins: NDArray[np.uint64], closes: NDArray[np.uint64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Small numbers for terms, equal where the terms are; 0 (no term) is never equal to anything."""
    _, numbers = np.unique(np.concatenate([begins, closes]), return_inverse=True)
    first: NDArray[np.int32] = numbers[: len(begins)].astype(np.int32)
    last: NDArray[np.int32] = numbers[len(begins) :].astype(np.int32)
    first[begins == 0], last[closes == 0] = -1, -2
    return first, last


def _fronted(series: Any, trigger: str) -> Mask:
    """Which captions begin with the trigger; none of them where that cannot be told by a plain comparison."""
    if not trigger or not (trigger.isascii() and trigger.isalnum()):
        return np.zeros(len(series), bool)
    either_case = "".join(f"[{letter.lower()}{letter.upper()}]" for letter in trigger)
    mask: Mask = series.str.contains(rf"^{either_case}(?:[^\w]|$)").to_numpy()
    return mask


def _words(series: Any) -> tuple[tuple[str, ...], NDArray[np.int64], NDArray[np.int64]]:
    """The distinct words of a column, which of them each word is, and where each caption's words begin."""
    listed = series.str.split(" ").to_arrow()
    starts = np.asarray(listed.offsets)[:-1].astype(np.int64)
    encoded = listed.values.dictionary_encode()
    return tuple(encoded.dictionary.to_pylist()), np.asarray(encoded.indices).astype(np.int64), starts


def _clauses(
    facts: NDArray[Any], codes: NDArray[np.int64], starts: NDArray[np.int64], of_row: NDArray[np.int64], repeated: Mask
) -> NDArray[np.uint64]:
    """Mark the captions that may say a clause twice; returns a digest of each caption's clauses.

    Between commas a clause's terms are added up, without articles: equal clauses have equal sums. Where full stops may part clauses as
    well, two stretches that end in the same term are suspicion enough; where other signs stand that the grammar of captions minds, anything
    is.
    """
    signs = facts["signs"][codes]
    begins = np.zeros(len(codes), bool)
    begins[1:] = (signs[:-1] & _COMMA) != 0
    begins[starts] = True
    first = np.flatnonzero(begins)
    keys = np.add.reduceat(np.ascontiguousarray(facts["key"])[codes], first)
    repeated[_twice(keys, of_row[first])] = True
    stopped = (signs & (_COMMA | _STOP)) == _STOP
    stopped[np.append(starts[1:], len(codes)) - 1] = False  # at its end a caption may have one
    if stopped.any():
        sentences = np.zeros(len(starts), bool)
        sentences[of_row[stopped]] = True
        closing = (signs & _STOP) != 0
        closing[np.append(starts[1:], len(codes)) - 1] = True
        at = np.flatnonzero(closing & sentences[of_row])
        repeated[_twice(facts["last"][codes[at]], of_row[at])] = True
    repeated[_rows_with(facts, _TANGLED, codes, starts)] = True
    return np.add.reduceat(_mixed(keys), np.searchsorted(first, starts))


def _twice(keys: NDArray[np.uint64], row: NDArray[np.int64]) -> NDArray[np.int64]:
    """The rows in which a key other than 0 stands twice."""
    packed = ((_mixed(keys) >> np.uint64(20)) << np.uint64(20)) | row.astype(np.uint64)
    packed = np.sort(packed[keys != 0])
    hits: NDArray[np.int64] = (packed[1:][packed[1:] == packed[:-1]] & np.uint64(MOST_ROWS - 1)).astype(np.int64)
    return hits


def _mixed(keys: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scatter sums over 64 bits, so that sums of them do not meet by chance; 0 stays 0."""
    mixed = keys * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(29)
    return mixed * np.uint64(0xBF58476D1CE4E5B9)
