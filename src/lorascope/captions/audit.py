"""Look at a whole dataset: what its captions have in common, then every check on every caption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from lorascope.captions.check import Check, Entry, Knowledge, Surroundings
from lorascope.captions.checks import CHECKS
from lorascope.captions.clauses import ClauseKind
from lorascope.captions.features import background_feature
from lorascope.captions.window import WINDOW_TOKENS
from lorascope.captions.wording import COMMON_SHARE
from lorascope.records.color_names import BASIC_TERMS
from lorascope.records.finding import Finding

FEWEST_USES = 2  # a color word used once may be a slip; twice it belongs to the dataset's vocabulary
FEWEST_TERMS = 3


def surroundings(entries: Sequence[Entry], knowledge: Knowledge, *, window_tokens: int = WINDOW_TOKENS, trigger: str = "") -> Surroundings:
    """What the captions of a dataset have in common."""
    captions = [entry.caption for entry in entries if entry.caption is not None and entry.image_file is not None]
    shares: Counter[str] = Counter()
    terms: Counter[str] = Counter()
    for caption in captions:
        shares.update({clause.key for clause in caption.clauses if clause.kind is ClauseKind.WORDS})
        feature = background_feature(caption)
        if feature and feature.color and len(feature.color.phrase.terms) == 1:
            terms.update(feature.color.phrase.terms)
    used = tuple(sorted(term for term, count in terms.items() if count >= FEWEST_USES))
    return Surroundings(
        knowledge=knowledge,
        captions=len(captions),
        window_tokens=window_tokens,
        trigger=trigger,
        clause_shares={key: count / len(captions) for key, count in shares.items()},
        head=_head([[clause.key for clause in caption.clauses] for caption in captions]),
        background_terms=used if len(used) >= FEWEST_TERMS else BASIC_TERMS,
        image_names=frozenset(entry.image_file for entry in entries if entry.image_file),
    )


def _head(captions: Sequence[Sequence[str]]) -> frozenset[str]:
    """The clauses that nearly all captions begin with, in the same order: the trigger and the class."""
    head: list[str] = []
    while captions:
        place = len(head)
        nexts = Counter(caption[place] for caption in captions if len(caption) > place and list(caption[:place]) == head)
        if not nexts or nexts.most_common(1)[0][1] < COMMON_SHARE * len(captions):
            break
        head.append(nexts.most_common(1)[0][0])
    return frozenset(head)


def audit_entry(entry: Entry, around: Surroundings, checks: Iterable[Check] = CHECKS) -> tuple[Finding, ...]:
    """All findings on one image and its caption."""
    return tuple(finding for check in checks for finding in check.find(entry, around))


def audit(entries: Sequence[Entry], around: Surroundings, checks: Sequence[Check] = CHECKS) -> tuple[Finding, ...]:
    """All findings on a dataset, file by file."""
    return tuple(finding for entry in entries for finding in audit_entry(entry, around, checks))
