"""A noun of which nothing is said: "hair", where once stood "brown hair (#7e351a)".

Scripts that strip codes leave such nouns behind. Everybody has hair, eyes, lips, skin and clothes, and every picture a background, so
the bare word tells no picture from another; the model learns to draw nothing from it. The clause goes. No color is put in its place:
the code that would prove one went with the words. A "hat" or "glasses" alone say that there is one, and stay. Where the dataset seldom
says anything of such a noun, people may mean the bare word ("eyes, macro"): then the fix is made only when asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.captions.check import Check, Entry, Example, Surroundings
from lorascope.captions.clauses import Caption, ClauseKind
from lorascope.captions.dialect import Dialect
from lorascope.captions.edits import delete_clauses, says_nothing
from lorascope.captions.lexicon import FILLERS, SAY_NOTHING_ALONE
from lorascope.captions.openings import openings
from lorascope.captions.vocabulary import THINGS
from lorascope.records.color_names import TERMS
from lorascope.records.finding import Finding, FixKind, Severity

FEWEST_CAPTIONS = 5  # below it nothing is known of what captions have in common
LEAST_QUALIFIED = 0.05  # of the captions say something of the noun: then the bare word is a remainder
LONGEST_SHOWN = 100  # characters in a message
_LIPS = frozenset({"lips", "lip"})
_NOUNS = "|".join(sorted(SAY_NOTHING_ALONE))
_LONGEST = 32  # letters of such a clause, filling words included
_FIRST_WORDS = SAY_NOTHING_ALONE | FILLERS
_FILLERS = rf"(?:(?:{'|'.join(sorted(FILLERS))})[\s_]+)*"
_BARE = re.compile(rf"(?:^|[,|\n.!?])[\W_]*{_FILLERS}(?:{_NOUNS})[\W_]*(?:[,|\n.!?]|$)", re.IGNORECASE)


def find(entry: Entry, around: Surroundings) -> Iterator[Finding]:
    """One finding for each run of clauses that are nothing but such a noun."""
    if entry.caption is None or openings(entry.caption).isdisjoint(_FIRST_WORDS):
        return
    clauses = entry.caption.clauses
    bare = [
        index for index, clause in enumerate(clauses) if len(clause.key) < _LONGEST and clause.key.rpartition(" ")[2] in SAY_NOTHING_ALONE
    ]
    bare = [index for index in bare if _is_bare(entry.caption, index, around)]
    for first, last in _runs(bare):
        start, end = clauses[first].start, clauses[last].end
        said = entry.caption.text[start:end]
        yield CHECK.finding(
            entry,
            f'"{_cut(said)}" stands alone: every such picture has it, and not a word says how it looks',
            spans=[(start, end)],
            edits=[delete_clauses(entry.caption, first, last)] if len(bare) < len(clauses) else (),
            fix=None
            if len(bare) == len(clauses) or all(_is_remainder(clauses[n].key, around) for n in range(first, last + 1))
            else FixKind.ASK,
            evidence={"words": said},
        )


def _cut(words: str) -> str:
    """Words short enough for a message."""
    plain = " ".join(words.split())
    return plain if len(plain) <= LONGEST_SHOWN else plain[:LONGEST_SHOWN] + "…"


def _is_remainder(key: str, around: Surroundings) -> bool:
    """Whether the other captions say something of the noun, so that the bare word is what a script has left."""
    if around.captions < FEWEST_CAPTIONS:
        return True
    qualified = around.once(_qualified)
    noun = key.rpartition(" ")[2]
    return qualified.get(THINGS.get(noun, noun), 0.0) >= LEAST_QUALIFIED


def _qualified(around: Surroundings) -> dict[str, float]:
    """In what share of captions something is said right before such a noun, all its clauses added up."""
    shares: dict[str, float] = {}
    for key, share in around.clause_shares.items():
        noun = key.rpartition(" ")[2]
        if noun in SAY_NOTHING_ALONE and noun != key:
            shares[THINGS.get(noun, noun)] = shares.get(THINGS.get(noun, noun), 0.0) + share
    return shares


def _is_bare(caption: Caption, index: int, around: Surroundings) -> bool:
    clause = caption.clauses[index]
    if clause.kind is not ClauseKind.WORDS or not says_nothing(clause.text) or "(" in clause.text:
        return False
    if clause.key in around.head and (around.captions >= FEWEST_CAPTIONS and index == 0):
        return False  # what all captions begin with is the subject
    noun = clause.key.rpartition(" ")[2]
    return not (noun in _LIPS and caption.dialect is Dialect.TAGS and _is_a_tag(noun, around))


def _is_a_tag(noun: str, around: Surroundings) -> bool:
    """Booru taggers write "lips" where lips are drawn at all. Where lips have colors more often than not, the bare word is a remainder."""
    qualified, bare = around.once(_shares_of_lips)
    return bare >= qualified and around.captions >= FEWEST_CAPTIONS and noun in _LIPS


def _shares_of_lips(around: Surroundings) -> tuple[float, float]:
    qualified = sum(
        share for key, share in around.clause_shares.items() if key.endswith((" lips", " lip")) and not TERMS.isdisjoint(key.split())
    )
    return qualified, sum(around.clause_shares.get(noun, 0.0) for noun in _LIPS)


def _runs(indexes: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indexes:
        if runs and index == runs[-1][1] + 1:
            runs[-1] = (runs[-1][0], index)
        else:
            runs.append((index, index))
    return runs


CHECK = Check(
    name="bare_noun",
    title="noun without a word about it",
    reason="Everybody has hair: the bare word tells no picture from another and spends tokens.",
    severity=Severity.WARNING,
    fix=FixKind.SAFE,
    find=find,
    signal=_BARE.pattern,
    good=(
        Example("bespoke, hat, glasses, smile"),
        Example("bespoke, hair (#7e351a), long hair, hair ribbon"),
        Example("1girl, solo, blue_eyes, hair_ornament, simple_background"),
        Example("1girl, lips, blue_eyes", others=("1girl, lips, hat", "1girl, lips", "1boy, red_hat", "1boy, lips")),
        Example("Her hair, eyes and lips are painted in gold, and she has skin like snow."),
        Example("1girl, lips", others=("1girl, lips, hat", "1girl, parted lips", "1boy, red lips", "1boy, lips", "1boy, tie")),
        Example("hair, brown, short", others=("hair, black", "hair, red, long", "hair, white", "hair, gray")),
    ),
    bad=(
        Example("bespoke, hair, eyes, red hat", ("hair, eyes",), "bespoke, red hat"),
        Example("bespoke, with hair, red hat (#aa1122), background", ("with hair", "background"), "bespoke, red hat (#aa1122)"),
        Example("skin, 1girl, solo, red_hat", ("skin",), "1girl, solo, red_hat"),
        Example("1girl, lips, red_hat", ("lips",), "1girl, red_hat", others=("1girl, red_lips", "1girl, pink_lips")),
        Example("keep, this ||| clothing, red hat", ("clothing",), "keep, this ||| red hat"),
        Example("She wears a red hat. Her hair. The wall is green.", ("Her hair.",), "She wears a red hat. The wall is green."),
        Example("hair", ("hair",)),
    ),
)
