"""In which way a caption is written: tags between commas, sentences, or words with color codes.

A comma separates tags; in a sentence it is punctuation. What is a clause, a repetition or a contradiction depends on it, so
the dialect is found for every caption by itself and never assumed. The rules, the first that holds:

1. A hex color code makes it ``coded``.
2. Chinese and Japanese: a full stop of their own or parts longer than 12 signs make it ``prose``, else it is ``tags``.
3. What only taggers write (``blue_hair``, ``1girl``, ``|||``, ``(tag:1.2)``, ``\\(object\\)``) makes it ``tags``, unless it ends
   sentences.
4. It ends sentences (a full stop after a word, at the end or before more words) and has grammar (articles, pronouns, prepositions …
   of at least 12 % of its words), or 5 words and more between commas: ``prose``.
5. It has an article, a pronoun or a form of "to be" or "to have", and grammar is at least 30 % of its words, and one part between commas
   carries half of them ("ohwx, a photo of a woman on a bench, smiling") or it begins with such a word in upper case: ``prose``.
6. Everything else is ``tags``.
"""

from __future__ import annotations

import re
from enum import StrEnum

CODE = re.compile(r"#(?:[0-9a-fA-F]{8}|[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-zA-Z_])")
READ_CHARACTERS = 2000  # of a long caption: what it is shows at its beginning
_LEAST_GRAMMAR_IN_SENTENCES = 0.12
_LEAST_GRAMMAR = 0.3
_LONG_PART_WORDS = 5
_LONG_PART_SIGNS = 12  # of Chinese or Japanese

# Words that only a sentence needs, in the languages captions are mostly written in.
_STRONG = frozenset(
    "a an the this that these those there is are was were has have he she it they his her its their him them who which "
    "der die das dem den ein eine einen einem einer ist sind sie er ihr ihre sein seine "
    "le la les un une des est sont il elle son sa ses qui l "
    "el los las una unos es está son tiene su sus "
    "lo gli uno è ha della del sul sulla "
    "um uma os tem é seu sua "
    "het een hij zij "
    "он она они его её".split()  # noqa: RUF001 - Russian
)
_WEAK = frozenset(
    "of on in at with and to from by for as into over under behind while or but near through against "
    "und mit auf von im zu vor hinter neben et avec sur dans de du au aux y con en e em com di na no op met van "
    "и в на с у за".split()  # noqa: RUF001 - Russian
)
_GRAMMAR = _STRONG | _WEAK
_WORD = re.compile(r"[^\W\d_]+")
_PLAIN = str.maketrans({sign: " " for sign in map(chr, range(128)) if not sign.isalpha()})
_SENTENCE_END = re.compile(
    "(?<=[^\\W_])[.!?]+[\"'\u201d\u2019)]*(?:\\s+[^\\W\\d_]|\\s*$)|(?<=[\"'\u201d\u2019)])[.!?]+(?:\\s+[^\\W\\d_]|\\s*$)"
)
_TAGGERS_MARK = re.compile(r"[^\W_]_+[^\W_]|\|\|\||(?<!\w)\d\+?(?:girl|boy|other)s?(?!\w)|\\[()]|:\d*\.?\d+[)\]]")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_WIDE_STOP = re.compile("[\u3002\uff01\uff1f]")
_PARTS = re.compile("[,\uff0c\u3001;\n|]+")


class Dialect(StrEnum):
    """``tags``: "1girl, solo, blue_hair". ``prose``: "A girl with blue hair smiles." ``coded``: "lad, brown hair (#7e351a)"."""

    TAGS = "tags"
    PROSE = "prose"
    CODED = "coded"


def detect(text: str) -> Dialect:
    """The dialect of a caption, by the rules above.

    >>> [detect(text).value for text in ("1girl, solo, blue_hair", "A girl with blue hair smiles.", "lad, hair (#7e351a)")]
    ['tags', 'prose', 'coded']
    """
    if "#" in text and CODE.search(text):
        return Dialect.CODED
    head = text[:READ_CHARACTERS]
    if not head.isascii() and _WIDE.search(head):
        return _detect_wide(head)
    words = head.lower().translate(_PLAIN).split() if head.isascii() else _WORD.findall(head.lower())
    if not words:
        return Dialect.TAGS
    linking = [word for word in words if word in _GRAMMAR]
    grammar = len(linking) / len(words)
    ends = "." in head or "!" in head or "?" in head
    if ends and _SENTENCE_END.search(head):
        parts = len(_PARTS.findall(head)) + 1
        if grammar >= _LEAST_GRAMMAR_IN_SENTENCES or len(words) >= _LONG_PART_WORDS * parts:
            return Dialect.PROSE
    if grammar < _LEAST_GRAMMAR or _STRONG.isdisjoint(linking) or _TAGGERS_MARK.search(head):
        return Dialect.TAGS
    return Dialect.PROSE if _reads_as_a_sentence(head, len(words)) else Dialect.TAGS


def _reads_as_a_sentence(text: str, words: int) -> bool:
    """Whether one part between commas carries half of the words, or the text begins with a capital article or pronoun."""
    first = _WORD.search(text)
    if first and first.group()[0].isupper() and first.group().lower() in _STRONG:
        return True
    longest = max(len(_WORD.findall(part)) for part in _PARTS.split(text))
    return longest > 1 and 2 * longest >= words


def _detect_wide(text: str) -> Dialect:
    """Chinese and Japanese write no spaces: stops and the length of parts tell sentences."""
    parts = [part for part in _PARTS.split(text) if part.strip()]
    long = sum(len(part.strip()) for part in parts) > _LONG_PART_SIGNS * len(parts)
    return Dialect.PROSE if long or _WIDE_STOP.search(text) else Dialect.TAGS
