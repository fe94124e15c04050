"""Words that stand in so many captions that they fuse with the trigger.

What stands beside the trigger nearly always is called up by it, and can no longer be asked for or left out. Counted is in how
many captions a clause or a phrase of up to three words stands: in 85 % it has fused, in 60 % it leans.
There are two causes with opposite cures: if every picture shows it, only pictures without it help; if not, the words go where the
picture does not show them. Left out are phrases inside a longer one of the same frequency, function words, the trigger, what nearly all
captions begin with (unless that is an attribute), bare names of things, classes and colors, and what the user means to fuse.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, Clause, ClauseKind
from lorascope.captions.features import names_a_color
from lorascope.captions.vocabulary import COPULAS, STOPS, THINGS
from lorascope.captions.wording import FEWEST_CAPTIONS
from lorascope.records.color_names import MODIFIERS, TERMS
from lorascope.records.finding import Finding, FixKind, Severity

FUSED_SHARE = 0.85
LEANING_SHARE = 0.60
LONGEST_PHRASE = 3
MOST_FINDINGS = 12
SHOWN = 4  # phrases in a message
LONGEST_OPENING = 2  # a trigger and a class; more at the beginning of nearly all captions is worth a word
ALMOST = 0.95  # a phrase is part of a longer one when that stands in this share of its captions
_CLASSES = frozenset(
    "girl boy woman man lady guy lad person people solo 1girl 1boy character portrait photo picture image drawing art".split()
)
# Words that say too little alone: names of things and classes, and colors.
_ALONE = _CLASSES | THINGS.keys() | TERMS | MODIFIERS
_PARTS = re.compile(r"[\s_-]+")
LONGEST_SHOWN = 60  # characters of a phrase in a message
_FUNCTION = STOPS | COPULAS | frozenset("and or to s t d up out off then also very there wear worn dressed hold carry carrying".split())


@dataclass(frozen=True, slots=True)
class _Term:
    """A phrase, in how many captions it stands, and in how many of those with the trigger."""

    words: str
    captions: int
    beside_trigger: int


def survey(entries: Sequence[Entry], around: Surroundings) -> Iterator[Finding]:
    """One finding for each phrase that has fused or leans, and one for those worth a look; none points to a file."""
    captions = [entry.caption for entry in entries if entry.caption is not None and entry.image_file is not None]
    if len(captions) < FEWEST_CAPTIONS or around.bare:
        return
    trigger = (around.trigger or around.likely_trigger).lower()
    with_trigger = sum(trigger in caption.text.lower() for caption in captions) if trigger else 0
    terms = _maximal(_terms(captions, around, trigger))
    for term in terms[:MOST_FINDINGS]:
        yield _finding(term, len(captions), trigger, with_trigger)
    if len(around.opening) > LONGEST_OPENING:
        yield _opening(around.opening)
    weak = terms[MOST_FINDINGS:]
    if weak:
        shown = ", ".join(f'"{_cut(term.words)}" ({term.captions / len(captions):.0%})' for term in weak[:SHOWN])
        more = f" and {len(weak) - SHOWN} more" if len(weak) > SHOWN else ""
        yield Finding(
            CHECK.name,
            "",
            Severity.NOTE,
            f"in more than {LEANING_SHARE:.0%} of the captions, so that it may come along unasked: {shown}{more}",
            evidence={"terms": {term.words: round(term.captions / len(captions), 4) for term in weak}, "captions": len(captions)},
        )


def _finding(term: _Term, captions: int, trigger: str, with_trigger: int) -> Finding:
    share = term.captions / captions
    fused = share >= FUSED_SHARE
    given = term.beside_trigger / with_trigger if with_trigger else None
    beside = f", in {given:.0%} of those with the trigger" if given is not None else ""
    what = "the trigger will call it up by itself" if fused and trigger else "it will come along where nobody asks for it"
    named = "" if trigger else "If it is your trigger, say so with --trigger. "
    return Finding(
        CHECK.name,
        "",
        Severity.WARNING if fused else Severity.NOTE,
        f'"{_cut(term.words)}" stands in {share:.0%} of the captions{beside}: {what}. {named}'
        "Remove it where the picture does not show it; if all do, add pictures without it",
        evidence={
            "term": term.words,
            "captions_with_it": term.captions,
            "captions": captions,
            "share": round(share, 4),
            "share_given_trigger": None if given is None else round(given, 4),
            "trigger": trigger,
        },
    )


def _opening(clauses: Sequence[str]) -> Finding:
    """What nearly all captions begin with, where it is more than a trigger and a class."""
    said = ", ".join(f'"{_cut(clause)}"' for clause in clauses[:SHOWN]) + (
        f" and {len(clauses) - SHOWN} more" if len(clauses) > SHOWN else ""
    )
    message = f"nearly all captions begin with {said}: all of it, not only the trigger, will come when one of it is asked for"
    return Finding(CHECK.name, "", Severity.NOTE, message, evidence={"opening": [*clauses]})


def _cut(words: str) -> str:
    """Words short enough for a message."""
    return words if len(words) <= LONGEST_SHOWN else words[:LONGEST_SHOWN] + "…"


def _terms(captions: Sequence[Caption], around: Surroundings, trigger: str) -> list[_Term]:
    """Clauses and phrases in at least 60 % of the captions, the most frequent and longest first."""
    least = LEANING_SHARE * len(captions)
    common = frozenset(word for word, count in around.word_counts.items() if count >= least)
    phrases: dict[str, frozenset[str]] = {}
    words = " ".join(_PARTS.split(trigger))
    triggers = {key for key, share in around.clause_shares.items() if words and share >= LEANING_SHARE and f" {words} " in f" {key} "}
    counts: Counter[str] = Counter()
    beside: Counter[str] = Counter()
    for caption in captions:
        found: set[str] = set()
        for clause in caption.clauses:
            if clause.kind is ClauseKind.WORDS and clause.key not in triggers and (clause.key not in around.head or _is_attribute(clause)):
                if clause.key not in phrases:
                    phrases[clause.key] = frozenset(_phrases(clause.key, common))
                found |= phrases[clause.key]
        counts.update(found)
        if trigger and trigger in caption.text.lower():
            beside.update(found)
    own = set(_PARTS.split(trigger))
    kept = [
        words
        for words, count in counts.items()
        if count >= least and not own & set(words.split()) and not any(f" {words} " in f" {meant} " for meant in around.intended)
    ]
    kept.sort(key=lambda words: (-counts[words], -len(words), words))
    return [_Term(words, counts[words], beside[words]) for words in kept]


def _is_attribute(clause: Clause) -> bool:
    """Whether a clause that nearly all captions begin with describes something, and is no trigger or class."""
    return names_a_color(clause) or not THINGS.keys().isdisjoint(clause.key.split())


def _phrases(key: str, common: frozenset[str]) -> Iterator[str]:
    """The clause itself and its phrases of common words that begin and end with a word of weight."""
    words = key.split()
    weighty = [word in common and word not in _FUNCTION for word in words]
    for first in range(len(words)):
        for last in range(first, min(first + LONGEST_PHRASE, len(words))):
            if words[last] not in common:
                break
            alone = first == last and len(words) > 1
            if (
                weighty[first]
                and weighty[last]
                and not (first == last and words[first] in _ALONE)
                and not (alone and words[first].isdigit())
            ):
                yield " ".join(words[first : last + 1])
    if len(words) > LONGEST_PHRASE and all(word in common for word in words):
        yield key


def _maximal(terms: Iterable[_Term]) -> list[_Term]:
    """Without the phrases that nearly always stand inside a longer one."""
    every = list(terms)
    return [
        term
        for term in every
        if not any(
            len(other.words) > len(term.words) and f" {term.words} " in f" {other.words} " and other.captions >= ALMOST * term.captions
            for other in every
        )
    ]


def _beside(tail: str, *heads: str) -> tuple[str, ...]:
    return tuple(f"{head}, {tail}" for head in heads)


_STYLE = _beside("sharp pixel edges", "lad, red hat", "lad, blue hat", "lad, beard", "lad, glasses", "lad, smile", "lad, scarf")
_TAGS = _beside("red_scarf", "1girl, sun", "1girl, hat", "1girl, tree", "1girl, car", "1girl, sea")
_PROSE = tuple(f"A girl in a red scarf {words}." for words in ("waits", "runs", "sings", "cooks", "reads", "plays chess"))

CHECK = Check(
    name="fused_with_trigger",
    title="words that fuse with the trigger",
    reason="What stands in nearly every caption is called up by the trigger and can no longer be asked for.",
    severity=Severity.WARNING,
    fix=FixKind.NONE,
    survey=survey,
    good=(
        Example("lad, red hat (#aa1122)", others=("lad, tie", "lad, blue hat", "lad, beard", "lad, smile"), in_dataset=True),
        Example("1girl, red_scarf", others=("1girl, hat", "1girl, tree", "1girl, car", "1girl, sun"), in_dataset=True),
        Example("A girl waits.", others=("A boy runs.", "Two dogs play.", "The sea is calm.", "Rain falls."), in_dataset=True),
        Example("lad, hat, sharp pixel edges", others=_STYLE[:2], in_dataset=True),
    ),
    bad=(
        Example("lad, cap (#aa1122), sharp pixel edges", others=_STYLE, in_dataset=True, trigger="lad"),
        Example("1girl, moon", others=_TAGS, in_dataset=True),
        Example("A girl in a red scarf paints.", others=_PROSE, in_dataset=True),
    ),
)
