"""Which words of a dataset are slips: misspelt, or two words in one.

A dataset is its own dictionary. A word that nobody else writes, one letter away from a word that stands in twenty times as many
captions, is a slip; so is an unknown word put together from two that this dataset uses. Known is what CLIP's vocabulary holds
as one token, its inflections, and the words of :mod:`lorascope.captions.lexicon`. All of it is worked out once for a dataset, from
its word counts; words that are not counted there are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from lorascope.captions.check import Surroundings
from lorascope.captions.lexicon import COMPOUND_TAILS, COMPOUNDS, FUSE_FIRST, FUSE_LAST, KNOWN_WORDS, SCENES, THINGS, TRAITS
from lorascope.captions.slips import edit_distance
from lorascope.captions.window import ClipTokenizer
from lorascope.records.color_names import MODIFIERS, TERMS

LEAST_LETTERS = 5  # of a word to be held against others one letter away; shorter ones are too much alike
LEAST_LETTERS_FOR_TWO = 8  # and two letters away
MOST_LETTERS = 24
COMMONER = 20  # times as many captions hold the word that was meant
COMMONER_FOR_TWO = 100  # times, where it is two letters away
MOST_USES, MOST_SHARE = 5, 0.005  # captions that hold one and the same slip; what stands in more of them is a word
OWN_SHARE = 0.2  # a word in more captions than this belongs to the dataset, however it is spelled
FEWEST_CAPTIONS = 5  # below it shares mean nothing
LEAST_PART = 3  # letters of each of two fused words
FEWEST_USES = 3  # of a word in other captions, to count as this dataset's own
_LOOKED_FOR_ONE_BY_ONE = 16  # slips of a dataset; more of them are looked up in a caption's words instead

_WORD = re.compile(r"[^\W\d_]+")
_VOWELS = frozenset("aeiouy")
_RARE_TOKENS = frozenset({"ohwx", "tok"})  # chosen as triggers because CLIP has them as one token and nobody uses them
_ENDINGS = (
    "s",
    "es",
    "ed",
    "d",
    "ing",
    "er",
    "ers",
    "est",
    "ly",
    "y",
    "ish",
    "less",
    "ness",
    "like",
    "ful",
    "able",
    "ily",
    "ies",
    "ied",
    "wise",
)
_BEGINNINGS = ("un", "re", "non", "semi", "multi", "over", "under", "out", "mid", "half", "anti", "super", "mini")
_ADJECTIVES = TERMS | MODIFIERS | TRAITS
_LEXICON = THINGS | TRAITS | TERMS | SCENES


def is_known(word: str, tokenizer: ClipTokenizer) -> bool:
    """Whether a word (lower case) is spelled right for all we know: in the lexicon, one token of CLIP, or an inflection of such a word."""
    if word in KNOWN_WORDS or _one_token(word, tokenizer):
        return True
    return any(base in KNOWN_WORDS or (len(base) > 3 and _one_token(base, tokenizer)) for base in _bases(word))


def made_up_word(counts: Mapping[str, int], captions: int, share: float, tokenizer: ClipTokenizer) -> str:
    """The one word that stands in so many captions and in no dictionary ("ohwx"), as triggers do; empty for none or several."""
    found = [word for word, count in counts.items() if count >= share * captions and is_made_up(word, tokenizer)]
    return found[0] if len(found) == 1 else ""


def is_made_up(word: str, tokenizer: ClipTokenizer) -> bool:
    """Whether a word (lower case) of three letters and more is no word for all we know, or has no vowel ("sks")."""
    return (
        len(word) >= LEAST_PART and word.isascii() and (not is_known(word, tokenizer) or word in _RARE_TOKENS or _VOWELS.isdisjoint(word))
    )


def slips(around: Surroundings) -> Mapping[str, str]:
    """Misspelt words of a dataset and the words that were meant, all in lower case."""
    return around.once(_slips)


def fused(around: Surroundings) -> Mapping[str, tuple[str, str]]:
    """Words of a dataset that are two in one, with the two."""
    return around.once(_fused)


def occurrences(text: str, suspects: Iterable[str]) -> Iterator[re.Match[str]]:
    """Where suspected words stand in a caption. Names are passed over: capitals within a sentence, words in all capitals."""
    wanted = suspects if isinstance(suspects, Mapping) else frozenset(suspects)
    lowered = text.lower()
    if len(wanted) <= _LOOKED_FOR_ONE_BY_ONE and not any(word in lowered for word in wanted):
        return
    for match in _WORD.finditer(text):
        word = match.group()
        if word.lower() in wanted and (word.islower() or (word.istitle() and _begins_a_sentence(text, match.start()))):
            yield match


def is_foreign(text: str, around: Surroundings) -> bool:
    """Whether so many longer words of a caption are unknown that it is written in another language, or in names."""
    tokenizer = around.knowledge.tokenizer
    long = [word for word in set(_WORD.findall(text.lower())) if len(word) >= LEAST_LETTERS]
    unknown = [word for word in long if word not in slips(around) and word not in fused(around) and not is_known(word, tokenizer)]
    return len(unknown) > 2 and 3 * len(unknown) > len(long)


def _begins_a_sentence(text: str, at: int) -> bool:
    before = text[max(0, at - 40) : at].rstrip(" \t\n\"'\u201c\u2018(")
    return not before or before[-1] in ".!?"


def _one_token(word: str, tokenizer: ClipTokenizer) -> bool:
    """Whether CLIP's vocabulary holds the word whole: then its last merge is in the table."""
    ranks = tokenizer.ranks
    return any((word[:at], word[at:] + "</w>") in ranks for at in range(len(word) - 1, 0, -1))


def _bases(word: str) -> Iterator[str]:
    """What a word may be an inflection of."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= LEAST_PART:
            base = word[: -len(ending)]
            yield base
            yield base + "e"
            if ending in {"ily", "ies", "ied"}:
                yield base + "y"
            if base[-1] == base[-2]:
                yield base[:-1]
    for beginning in _BEGINNINGS:
        if word.startswith(beginning) and len(word) - len(beginning) > LEAST_PART:
            rest = word[len(beginning) :]
            yield rest
            yield rest.removesuffix("ed")


def _trigger_words(around: Surroundings) -> frozenset[str]:
    return frozenset(_WORD.findall(f"{around.trigger} {around.likely_trigger}".lower()))


def _own_words(around: Surroundings) -> frozenset[str]:
    """Words that are this dataset's own, however spelled: its trigger, and what its captions begin with."""
    head = " ".join(around.head) if around.captions >= FEWEST_CAPTIONS else ""
    return _trigger_words(around) | frozenset(_WORD.findall(head.lower()))


def _unknown(around: Surroundings) -> list[str]:
    """The longer words of a dataset that are neither known nor its own."""
    own, tokenizer = _own_words(around), around.knowledge.tokenizer
    most = max(2.0, OWN_SHARE * around.captions)
    return [
        word
        for word, count in around.word_counts.items()
        if LEAST_LETTERS <= len(word) <= MOST_LETTERS
        and count <= most
        and word.isascii()
        and word not in own
        and (not is_known(word, tokenizer) or _is_color_and_thing(word))
    ]


def _fused(around: Surroundings) -> Mapping[str, tuple[str, str]]:
    found = {}
    for word in around.once(_unknown):
        halves = word not in COMPOUNDS and next((pair for pair in _halves(word) if _were_meant(word, *pair, around)), None)
        if halves:
            found[word] = halves
    return found


def _is_color_and_thing(word: str) -> bool:
    return word not in COMPOUNDS and any(word[:at] in FUSE_FIRST and word[at:] in FUSE_LAST for at in range(LEAST_PART, len(word) - 2))


def _halves(word: str) -> Iterator[tuple[str, str]]:
    """All ways to part a word, then those with a letter doubled where the halves meet ("fullbbright")."""
    places = range(LEAST_PART, len(word) - LEAST_PART + 1)
    yield from ((word[:at], word[at:]) for at in places)
    for at in places:
        if word[at - 1] == word[at]:
            yield word[: at - 1], word[at:]
            yield word[:at], word[at + 1 :]


def _were_meant(word: str, left: str, right: str, around: Surroundings) -> bool:
    """Whether two halves are words that belong side by side here, and not the halves of a real compound."""
    if min(len(left), len(right)) < LEAST_PART:
        return False
    if left in FUSE_FIRST and right in FUSE_LAST:
        return True
    if right in COMPOUND_TAILS and left not in _ADJECTIVES:
        return False
    if (left in _ADJECTIVES and right in THINGS | TERMS | MODIFIERS) or (left in THINGS and right in TERMS | MODIFIERS):
        return True
    counts, tokenizer = around.word_counts, around.knowledge.tokenizer
    rarer = min(counts.get(left, 0), counts.get(right, 0))
    at_home = rarer >= FEWEST_USES and rarer >= FEWEST_USES * counts[word] and min(len(left), len(right)) > LEAST_PART
    return at_home and is_known(left, tokenizer) and is_known(right, tokenizer)


def _slips(around: Surroundings) -> Mapping[str, str]:
    two_in_one, triggers = fused(around), _trigger_words(around)
    most = max(MOST_USES, MOST_SHARE * around.captions)
    counts, tokenizer = around.word_counts, around.knowledge.tokenizer
    unknown = [word for word in around.once(_unknown) if word not in two_in_one and counts[word] <= most and not is_known(word, tokenizer)]
    if not unknown:
        return {}
    near = _neighbors(unknown, counts)
    found = {}
    for word in unknown:
        meant = _meant(word, near, counts)
        if meant and meant not in triggers:  # slips of the trigger are another check's
            found[word] = meant
    return found


def _neighbors(unknown: Sequence[str], counts: Mapping[str, int]) -> tuple[Mapping[str, set[str]], Mapping[str, set[str]]]:
    """The words that may have been meant, by what remains when one letter is left out, or two of those that stand out more."""
    rarest = min(counts[word] for word in unknown)
    ruled_out = set(unknown)
    one: dict[str, set[str]] = {}
    two: dict[str, set[str]] = {}
    for word in {word for word, count in counts.items() if count >= COMMONER * rarest} | _LEXICON:
        if LEAST_LETTERS - 1 <= len(word) <= MOST_LETTERS and word.isascii() and word not in ruled_out:
            for key in _shortened(word):
                one.setdefault(key, set()).add(word)
            if len(word) >= LEAST_LETTERS_FOR_TWO - 1 and (word in _LEXICON or counts[word] >= COMMONER_FOR_TWO * rarest):
                for key in _shortened_twice(word):
                    two.setdefault(key, set()).add(word)
    return one, two


def _meant(word: str, near: tuple[Mapping[str, set[str]], Mapping[str, set[str]]], counts: Mapping[str, int]) -> str:
    """The word that was meant by an unknown one; empty when there is none, or more than one and the dataset does not decide."""
    for distance, keys, enough in ((1, _shortened, COMMONER), (2, _shortened_twice, COMMONER_FOR_TWO)):
        if distance == 2 and len(word) < LEAST_LETTERS_FOR_TWO:
            break
        found = [
            other
            for other in {other for key in keys(word) for other in near[distance - 1].get(key, ())}
            if (counts.get(other, 0) >= enough * counts[word] or (other in _LEXICON and counts.get(other, 0) >= counts[word] - 1))
            and edit_distance(word, other, distance) == distance
        ]
        best = sorted(found, key=lambda other: (-counts.get(other, 0), other))
        if best:
            decided = len(best) == 1 or counts.get(best[0], 0) > counts.get(best[1], 0)
            return best[0] if decided and (counts.get(best[0], 0) or not _is_near_another(word, best[0], counts, distance)) else ""
    return ""


def _is_near_another(word: str, best: str, counts: Mapping[str, int], distance: int) -> bool:
    """Whether a word of the dataset is as near as one of the lexicon that the dataset does not use: "bannana" beside "banana"."""
    return any(
        other[0] == word[0]
        and abs(len(other) - len(word)) <= distance
        and other not in {word, best}
        and edit_distance(word, other, distance) <= distance
        for other in counts
    )


def _shortened(word: str) -> set[str]:
    """A word, and the word without one letter. The first letter stays: slips seldom hit it."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(1, len(word)))}


def _shortened_twice(word: str) -> set[str]:
    """A word without up to two letters: two words two slips apart have such a remainder in common."""
    once = _shortened(word)
    return once | {each[:at] + each[at + 1 :] for each in once for at in range(1, len(each))}
