"""Look at a whole dataset: what its captions have in common, then every check on every caption."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from lorascope.captions.check import Check, Entry, Knowledge, Reader, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import Caption, ClauseKind
from lorascope.captions.dialect import Dialect
from lorascope.captions.spelling import made_up_word
from lorascope.captions.vocabulary import THINGS
from lorascope.captions.wording import COMMON_SHARE, FEWEST_CAPTIONS, STYLE
from lorascope.records.color_names import BASIC_TERMS, SYNONYMS, TERMS
from lorascope.records.finding import Finding

FEWEST_USES = 2  # a color word used once may be a slip; twice it belongs to the dataset's vocabulary
FEWEST_TERMS = 3
# What captions often begin with and what is no trigger: counts of people, praise, ratings.
_NO_TRIGGER = re.compile(
    r"(?:multiple |\d ?\+?)(?:girl|boy|other)s?|solo|no humans|masterpiece|(?:best|high|worst|low) (?:quality|res)|highres|rating.*"
)
_LAST_WORDS = re.compile(r"[a-z]+")
_PLAIN = frozenset({"solid", "plain", "flat", "simple", "colored", "uniform"})
_REACH = 40  # characters before "background" in which its color word is looked for
_WORD = re.compile(r"[^\W\d_]+")


def surroundings(
    entries: Sequence[Entry],
    knowledge: Knowledge,
    *,
    reader: Reader | None = None,
    trigger: str = "",
    files: Iterable[str] = (),
    intended: Iterable[str] = (),
) -> Surroundings:
    """What the captions of a dataset have in common.

    ``files`` are the names of all files of its folder, where there is one; ``intended`` are phrases meant to belong to the trigger.
    """
    captions = [entry.caption for entry in entries if entry.caption is not None and entry.image_file is not None]
    said = [[clause.key for clause in caption.clauses] for caption in captions]
    shares = Counter(
        key for caption in captions for key in {clause.key for clause in caption.clauses if clause.kind is ClauseKind.WORDS} if key
    )
    words: Counter[str] = Counter()
    nouns: Counter[str] = Counter()
    for caption in captions:
        held = set(_WORD.findall(caption.text.lower()))
        words.update(held)
        nouns.update({THINGS[word] for word in held & THINGS.keys()})
    head = _head(said)
    return Surroundings(
        knowledge=knowledge,
        captions=len(captions),
        reader=reader or Reader(),
        trigger=trigger,
        clause_shares={key: count / len(captions) for key, count in shares.items()},
        head=frozenset(head),
        opening=tuple(head),
        background_terms=_background_terms(captions),
        image_names=frozenset(entry.image_file for entry in entries if entry.image_file),
        word_counts=words,
        noun_shares={noun: count / len(captions) for noun, count in nouns.items()},
        dialect=Counter(caption.dialect for caption in captions).most_common(1)[0][0] if captions else Dialect.TAGS,
        files=frozenset(files),
        intended=frozenset(" ".join(phrase.lower().replace("_", " ").split()) for phrase in intended),
        likely_trigger="" if trigger or len(captions) < FEWEST_CAPTIONS else _trigger(head) or _made_up(captions, words, knowledge),
        lined_share=sum("\n" in caption.text.strip() for caption in captions) / len(captions) if len(captions) >= FEWEST_CAPTIONS else 0.0,
        bare=len(captions) >= FEWEST_CAPTIONS and all(_is_bare(keys, head, trigger) for keys in said),
    )


def _background_terms(captions: Sequence[Caption]) -> tuple[str, ...]:
    """The color words that this dataset uses for backgrounds: those right before the word, quickly read off thousands of captions."""
    terms: Counter[str] = Counter()
    for caption in captions:
        text = caption.text.lower()
        at = max(text.find("background"), text.find("backdrop"))
        if at > 0:
            before = [word for word in _LAST_WORDS.findall(text, max(0, at - _REACH), at) if word not in _PLAIN]
            if before and before[-1] in TERMS:
                terms[SYNONYMS.get(before[-1], before[-1])] += 1
    used = tuple(sorted(term for term, count in terms.items() if count >= FEWEST_USES))
    return used if len(used) >= FEWEST_TERMS else BASIC_TERMS


def _head(captions: Sequence[Sequence[str]]) -> list[str]:
    """The clauses that nearly all captions begin with, in the same order: the trigger and the class.

    A caption without the first of them, or with a slip in it, still counts for the next.
    """
    head: list[str] = []
    while captions:
        place = len(head)
        nexts = Counter(caption[place] for caption in captions if len(caption) > place)
        key = next((key for key, _ in nexts.most_common() if key not in head), None)
        if key is None or sum(key in caption[: place + 1] for caption in captions) < COMMON_SHARE * len(captions):
            break
        head.append(key)
    return head


def _trigger(head: Sequence[str]) -> str:
    """The first clause of the common head that may be a trigger; empty when there is none."""
    return next((key for key in head if key and not _NO_TRIGGER.fullmatch(key)), "")


def _made_up(captions: Sequence[Caption], words: Mapping[str, int], knowledge: Knowledge) -> str:
    """A word that is none, anywhere in nearly all captions ("photo of ohwx", "in the style of inkwash_mei"); empty when there is none."""
    word = made_up_word(words, len(captions), COMMON_SHARE, knowledge.tokenizer)
    if not word:
        return ""
    whole = re.compile(rf"(?<![^\W_])(?:\w+_)?{re.escape(word)}(?:_\w+)?(?!\w)", re.IGNORECASE)
    written = Counter(match.group().lower() for caption in captions if (match := whole.search(caption.text)))
    clauses = Counter(clause.text for caption in captions[:FEWEST_CAPTIONS] for clause in caption.clauses if word in clause.key)
    common = written.most_common(1)
    if not common or common[0][1] < COMMON_SHARE * len(captions) or any(STYLE.search(text) for text in clauses):
        return ""
    trigger = common[0][0]
    classed = re.compile(rf"(?<!\w){re.escape(trigger)} [^\W\d_]+", re.IGNORECASE)
    beside = Counter(match.group().lower() for caption in captions if (match := classed.search(caption.text))).most_common(1)
    return beside[0][0] if beside and beside[0][1] >= COMMON_SHARE * len(captions) else trigger


def _is_bare(keys: Sequence[str], head: Sequence[str], trigger: str) -> bool:
    """Whether a caption says nothing but what all begin with."""
    return bool(keys) and all(key in head or key == trigger.lower() for key in keys)


def audit_entry(entry: Entry, around: Surroundings, checks: Iterable[Check] = CHECKS) -> tuple[Finding, ...]:
    """All findings on one image and its caption; those that need the whole dataset are not among them."""
    return tuple(finding for check in checks if check.find is not None for finding in check.find(entry, around))


def audit(entries: Sequence[Entry], around: Surroundings, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """All findings on a dataset: those on the whole of it, then file by file."""
    surveyed = [finding for check in checks if check.survey is not None for finding in check.survey(entries, around)]
    return (*surveyed, *(finding for entry in entries for finding in audit_entry(entry, around, checks)))
