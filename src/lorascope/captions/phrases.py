"""One clause read for what it says of things: words before a thing, words after it, and colors among them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from lorascope.captions.clauses import Code
from lorascope.captions.vocabulary import (
    ADJECTIVES,
    ADVERBS,
    COPULAS,
    FILLERS,
    OTHER_HEADS,
    PATTERNS,
    SAME_HEADS,
    STOPS,
    THINGS,
)
from lorascope.records.color_names import MODIFIERS, TERMS, ColorPhrase, read_phrase

FARTHEST_WORDS = 7  # looked at before a thing
REMEMBERED_CLAUSES = 1 << 16

_WORD = re.compile(r"[^\W\d_]+")
_NEAR = re.compile(r"[ \t_\-/\n\r]+")  # may stand between words of one phrase
_LISTED = re.compile(r"[ \t_\n\r]*,[ \t_\n\r]*(?:and[ \t]+)?")
_AND = frozenset({"and", "or"})
_COLORS = TERMS | MODIFIERS
_SAID = _COLORS | FILLERS | ADJECTIVES
_LOOSE = TERMS | MODIFIERS | FILLERS | _AND
_SAID_AFTER = _SAID | _AND | PATTERNS
_NO_HEADS = STOPS | _AND | COPULAS | PATTERNS | frozenset(THINGS) | _COLORS


@dataclass(frozen=True, slots=True)
class ColorClaim:
    """A color said of something. ``start`` to ``end`` covers the color words, modifiers included.

    ``qualified`` is True when a word that is no color stands with them ("muddy green"): such a color is meant loosely.
    """

    start: int
    end: int
    text: str
    phrase: ColorPhrase
    qualified: bool = False


@dataclass(frozen=True, slots=True)
class Feature:
    """A thing that something is said of, or that is only named. ``start`` to ``end`` is its word.

    ``noun`` names the thing ("eyes" for "eye" and "eyed"). ``color`` is its one color; None without one, and where several colors or a
    pattern are said. ``colors`` are all colors said of it, ``modifiers`` the other words ("long", "split"), in order and in lower case.
    ``phrase_start`` to ``phrase_end`` covers the thing and all words said of it, without codes. ``known`` is False for a thing that is
    recognized only by the color or the code beside it.
    """

    noun: str
    start: int
    end: int
    clause: int
    color: ColorClaim | None
    codes: tuple[Code, ...]
    colors: tuple[ColorClaim, ...] = ()
    modifiers: tuple[str, ...] = ()
    phrase_start: int = -1
    phrase_end: int = -1
    known: bool = True

    @property
    def bare(self) -> bool:
        """Whether nothing at all is said of the thing."""
        return not (self.colors or self.modifiers or self.codes)


@lru_cache(maxsize=REMEMBERED_CLAUSES)
def clause_features(text: str, coded: tuple[int, ...], *, prose: bool) -> tuple[Feature, ...]:
    """The features of one clause, counted from its beginning; ``coded`` says which words have codes. Clauses recur, so results are kept."""
    reader = _Reader.of(text, prose=prose)
    found, colored, owners = [], [], frozenset(coded)
    for at, word in enumerate(reader.lower):
        if word in THINGS or reader.starts[at] in owners:
            feature = reader.feature(at, THINGS.get(word), coded=reader.starts[at] in owners)
            if feature is not None:
                found.append(feature)
        elif word in TERMS:
            colored.append(at)
    for at in colored:  # things that we know only by the color before them: "red apple"
        head = None if at in reader.used else reader.head_after(at)
        feature = None if head is None else reader.feature(head, None, coded=False)
        if feature is not None and feature.colors:
            found.append(feature)
    return tuple(sorted(found, key=_start))


def _start(feature: Feature) -> int:
    return feature.start


@dataclass(slots=True)
class _Reader:
    """The words of a clause, walked along in both directions from a thing."""

    text: str
    lower: list[str]
    starts: list[int]
    ends: list[int]
    prose: bool
    used: set[int] = field(default_factory=set)  # the color words that are said of something

    @classmethod
    def of(cls, text: str, *, prose: bool) -> _Reader:
        """Take a clause apart into words."""
        matches = list(_WORD.finditer(text))
        return cls(
            text,
            [match.group().lower() for match in matches],
            [match.start() for match in matches],
            [match.end() for match in matches],
            prose,
        )

    def near(self, at: int) -> bool:
        """Whether the word after this one belongs to the same phrase."""
        if at + 1 >= len(self.lower):
            return False
        gap = self.text[self.ends[at] : self.starts[at + 1]]
        return gap == " " or _NEAR.fullmatch(gap) is not None

    def listed(self, at: int) -> bool:
        """Whether a comma stands between two things said of one noun, as in "long, brown hair"."""
        words = self.lower
        if not self.prose or words[at] not in _SAID or words[at + 1] not in _SAID:
            return False
        return _LISTED.fullmatch(self.text, self.ends[at], self.starts[at + 1]) is not None

    def head_after(self, at: int) -> int | None:
        """The noun that a color stands before: the next word, or in tags the last of a few words."""
        words = self.lower
        for _ in range(FARTHEST_WORDS):
            if words[at + 1 : at + 2] and words[at + 1] in _COLORS and self.near(at):
                at += 1
        head = None
        for _ in range(1 if self.prose else 3):
            if not self.near(at) or words[at + 1] in _NO_HEADS:
                break
            at = head = at + 1
        return head

    def feature(self, at: int, thing: str | None, *, coded: bool) -> Feature | None:
        """What is said of the thing at a place; None for "hair" in "hair ribbon", and for an unknown thing without a color."""
        if thing is not None and not coded and self.near(at):
            if self.lower[at + 1] in THINGS:
                return None
            if self.lower[at + 1] in OTHER_HEADS:
                at, thing = at + 1, None
        before = self.before(at)
        after, ceiling = self.after(at)
        if thing is None and not coded and not any(self.lower[word] in TERMS for word in before):
            return None
        colors_before, rest_before = self.claims(before)
        colors_after, rest_after = self.claims(after)
        first = colors_before or colors_after
        patterned = not PATTERNS.isdisjoint(rest_before) or (not colors_before and not PATTERNS.isdisjoint(rest_after))
        return Feature(
            noun=thing or self.lower[at],
            start=self.starts[at],
            end=self.ends[at],
            clause=0,
            color=first[0] if len(first) == 1 and not patterned else None,
            codes=(),
            colors=(*colors_before, *colors_after),
            modifiers=(*rest_before, *rest_after),
            phrase_start=self.starts[before[0]] if before else self.starts[at],
            phrase_end=ceiling,
            known=thing is not None,
        )

    def before(self, at: int) -> list[int]:
        """The words before a thing that are said of it, in order."""
        words, taken, place = self.lower, list[int](), at - 1
        while place >= 0 and at - place <= FARTHEST_WORDS:
            word = words[place]
            if word in STOPS or not (self.near(place) or self.listed(place)):
                break
            if word in _AND:
                if place == 0 or words[place + 1] not in _SAID or words[place - 1] not in _SAID:
                    break
            elif (word in THINGS and place + 1 != at) or (word in SAME_HEADS and place and words[place - 1] in THINGS):
                break
            taken.append(place)
            place -= 1
        while taken and words[taken[-1]] in _AND:
            taken.pop()
        taken.reverse()
        return taken

    def after(self, at: int) -> tuple[list[int], int]:
        """The words after a thing that are said of it ("hair that is brown", "background: red"), and where they end."""
        words, count = self.lower, len(self.lower)
        if self.near(at) and words[at + 1] in SAME_HEADS:
            at += 1
        end = self.ends[at]
        if at + 1 >= count:
            return [], end
        gap = self.text[end : self.starts[at + 1]].strip()
        if gap == "(":
            return self._inside(at + 1, end)
        place = at + 1 if gap in {":", "="} else self._behind_copula(at)
        while place < count and words[place] in ADVERBS and self.near(place):
            place += 1
        taken: list[int] = []
        while place < count and len(taken) < FARTHEST_WORDS and words[place] in _SAID_AFTER:
            if taken and not (self.near(place - 1) or self.listed(place - 1)):
                break
            taken.append(place)
            place += 1
        while taken and words[taken[-1]] in _AND:
            taken.pop()
        return taken, self.ends[taken[-1]] if taken else end

    def _behind_copula(self, at: int) -> int:
        """The word after "is", "are", "that is" … behind a thing; behind the last word if there is none."""
        words = self.lower
        if self.near(at) and words[at + 1] in {"that", "which"}:
            at += 1
        return at + 2 if self.near(at) and words[at + 1] in COPULAS and self.near(at + 1) else len(words)

    def _inside(self, place: int, end: int) -> tuple[list[int], int]:
        """The words in the parentheses right after a thing."""
        closed = self.text.find(")", self.starts[place])
        if closed < 0:
            return [], end
        taken: list[int] = []
        while place < len(self.lower) and self.starts[place] < closed and len(taken) < FARTHEST_WORDS:
            taken.append(place)
            place += 1
        return taken, closed + 1

    def claims(self, places: list[int]) -> tuple[tuple[ColorClaim, ...], tuple[str, ...]]:
        """The colors among some words, and the other words."""
        if not places:
            return (), ()
        words, runs, rest = self.lower, list[list[int]](), list[str]()
        for place in places:
            word = words[place]
            if word in _COLORS or (word == "or" and runs and runs[-1][-1] == place - 1):
                if runs and runs[-1][-1] == place - 1 and (self.near(place - 1) or word == "or"):
                    runs[-1].append(place)
                else:
                    runs.append([place])
            elif word not in _AND:
                rest.append(word)
        found, alone = [], set[int]()
        for run in runs:
            last = next((number for number in range(len(run) - 1, -1, -1) if words[run[number]] in TERMS), -1)
            alone.update(place for place in run[last + 1 :] if words[place] != "or")
            if last >= 0:
                found.append(run[: last + 1])
        if alone:
            said = {place for run in found for place in run}
            rest = [words[place] for place in places if place not in said and words[place] not in _AND]
        qualified = any(words[place] not in _LOOSE for place in places)
        return tuple(claim for run in found if (claim := self._claim(run, qualified=qualified))), tuple(rest)

    def _claim(self, run: list[int], *, qualified: bool) -> ColorClaim | None:
        self.used.update(run)
        start, end = self.starts[run[0]], self.ends[run[-1]]
        text = self.text[start:end]
        phrase = read_phrase(text)
        return ColorClaim(start, end, text, phrase, qualified) if phrase else None
