"""A word twice in a row: "gradient gradient", "a a hat".

Cleaning by script joins what should have been apart, and people's fingers stutter. The second one goes. Emphasis ("very very long"),
names ("Duran Duran", "chow chow"), sounds and what grammar allows ("that that", "der der") are no slips. Safe is the fix only for small
words and for what captions are made of, colors, things and their traits, or what this dataset says all the time; else it is made when
asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from operator import eq

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption
from lorascope.captions.lexicon import EMPHASIS, KNOWN_WORDS, TWICE_BY_GRAMMAR, TWICE_BY_NATURE, TWICE_ELSEWHERE
from lorascope.captions.quotes import is_quoted
from lorascope.captions.vocabulary import FILLERS, PATTERNS, THINGS
from lorascope.records.color_names import MODIFIERS
from lorascope.records.finding import Edit, Finding, FixKind, Severity

# Equal words with nothing but spaces (or an underscore) between them, not part of a longer word, a code, or an escape.
_DOUBLED = re.compile(r"(?<![^\W_])(?<![-#'\u2019.\\/])([^\W_]+)(?:(?:[ \t]+|_)\1(?![^\W_])(?![-'\u2019./]\w))+", re.IGNORECASE)
_SMALL = frozenset("a an the of and to with at by on in is wearing".split())
_RIGHT = TWICE_BY_NATURE | TWICE_ELSEWHERE
_OF_CAPTIONS = KNOWN_WORDS | THINGS.keys() | FILLERS | PATTERNS
AT_HOME_SHARE, FEWEST_CAPTIONS = 0.2, 5  # a word in so many captions is the dataset's own, and no name that is said twice
SHOWN, LONGEST_SHOWN = 3, 40  # doubled words in a message, and their letters
_STRENGTHENED = MODIFIERS | frozenset("long short big small little old tall thick thin high low".split())


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding over all doubled words that are slips beyond doubt, and one for each that may be meant."""
    if entry.caption is None:
        return
    words = " , ".join([clause.key for clause in entry.caption.clauses]).split(" ")
    if not any(map(eq, words, words[1:])):
        return
    text = entry.caption.text
    sure: list[re.Match[str]] = []
    for match in _DOUBLED.finditer(text):
        fix = _fix(match, entry.caption, around)
        if fix is FixKind.SAFE:
            sure.append(match)
        elif fix is FixKind.ASK:
            yield _finding(entry, [match], fix)
    if sure:
        yield _finding(entry, sure, FixKind.SAFE)


def _finding(entry: Entry, matches: list[re.Match[str]], fix: FixKind) -> Finding:
    shown = [" ".join(match.group().split()) for match in matches[:SHOWN]]
    said = ", ".join(f'"{words if len(words) <= LONGEST_SHOWN else words[:LONGEST_SHOWN] + "…"}"' for words in shown)
    said += f" and {len(matches) - SHOWN} more" if len(matches) > SHOWN else ""
    return CHECK.finding(
        entry,
        f"a word twice in a row: {said}" + ("" if fix is FixKind.SAFE else " (unless it is meant)"),
        spans=[match.span() for match in matches],
        edits=[Edit(match.end(1), match.end(), "") for match in matches],
        fix=fix,
        severity=Severity.WARNING if fix is FixKind.SAFE else Severity.NOTE,
        evidence={"words": [match.group(1) for match in matches]},
    )


def _fix(match: re.Match[str], caption: Caption, around: Surroundings) -> FixKind:
    """How surely a doubled word is a slip; ``none`` for one that is right."""
    word = match.group(1).lower()
    if word in EMPHASIS or word in _RIGHT or not re.search(r"[^\W\d]", word) or is_quoted(caption, match.start()):
        return FixKind.NONE
    if word in _SMALL - {"in", "is", "on"}:
        return FixKind.SAFE
    if len(word) <= 2 or any(sign.isdigit() for sign in word):
        return FixKind.ASK if word in TWICE_BY_GRAMMAR else FixKind.NONE
    if f"{word} {word}" in f"{around.trigger} {around.likely_trigger}".lower() or _is_a_name(match):
        return FixKind.NONE
    if word in TWICE_BY_GRAMMAR or word in _STRENGTHENED:
        return FixKind.ASK
    return FixKind.SAFE if word in _OF_CAPTIONS or _is_at_home(word, around) else FixKind.ASK


def _is_at_home(word: str, around: Surroundings) -> bool:
    return around.captions >= FEWEST_CAPTIONS and around.word_counts.get(word, 0) >= AT_HOME_SHARE * around.captions


def _is_a_name(match: re.Match[str]) -> bool:
    """Both with a capital and other words without: "Duran Duran"."""
    first, second = match.group(1), match.group()[-len(match.group(1)) :]
    return first[0].isupper() and second[0].isupper() and not first.isupper()


CHECK = Check(
    name="doubled_word",
    title="word twice in a row",
    reason="A doubled word spends a token and weighs double.",
    severity=Severity.WARNING,
    fix=FixKind.ASK,
    find=find,
    good=(
        Example("1girl, very very long hair, o_o, bora bora, 1 1, yo-yo, hair, hair ribbon"),
        Example("red red-haired fox, pom pom hat, #aabbcc #aabbcc"),
        Example('He plays in Duran Duran, a band. A band plays on a sign that says "stop stop".'),
        Example("lulu lulu, smiling", trigger="lulu lulu"),
        Example("a chow chow on a rug, a plate of gado gado. Der Mann, der der Frau hilft."),
        Example("hair (#7e351a). Hair, red. Red hat."),
    ),
    bad=(
        Example("bespoke, gradient gradient background", ("gradient gradient",), "bespoke, gradient background"),
        Example("brown hair hair (#7e351a), a a hat", ("hair hair", "a a"), "brown hair (#7e351a), a hat"),
        Example("1girl, red_red_hat, stud stud  stud earring", ("red_red", "stud stud  stud"), "1girl, red_hat, stud earring"),
        Example("She is standing at the the gate.", ("the the",), "She is standing at the gate."),
        Example("light light skin", ("light light",), "light skin"),
        Example("He knows that that hat is red.", ("that that",), "He knows that hat is red."),
    ),
)
