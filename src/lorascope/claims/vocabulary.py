"""The words that reports use: what they call a metric, what they say of a curve, and how sure they sound. English only.

Families of words, each with one meaning; no sentence of anybody's report.
"""

from __future__ import annotations

import re
from functools import lru_cache

_ALIASES = {
    "bg": "background", "avg": "mean", "average": "mean", "averaged": "mean", "acc": "accuracy", "accurate": "accuracy", "imgs": "image",
    "img": "image", "pct": "percent", "colour": "color", "colours": "color", "lr": "learning_rate", "val": "validation",
    "sim": "similarity",
    "eps": "epoch", "ep": "epoch", "uniq": "unique", "qual": "quality",
}  # fmt: skip
_STOP = frozenset("a an the of in on at for to with and or vs versus is was were be by our its it this that as per from over than".split())
_TOKEN = re.compile(r"[A-Za-z]+")
_EPOCH = re.compile(
    r"\b(?P<kind>epochs?|ep|checkpoints?|ckpt|steps?|e(?=\d{1,3}\b))(?:[ #_-]|\s#)?(?P<first>\d{1,7})\b"
    r"(?:\s?(?P<mid>-|–|to|and|&|through|until)\s?(?:epochs?\s|steps?\s)?(?P<last>\d{1,7}))?(?P<plus>\+)?(?![\d.]*\s?%)",
    re.IGNORECASE,
)
MET = re.compile(r"[✅✔✓☑👍🟢]|\b(?:pass(?:ed|es)?|met|reached|achieved|ok|yes)\b", re.IGNORECASE)
MISSED = re.compile(r"[❌✗✘✖👎🔴]|\b(?:fail(?:ed|s)?|missed|not met|no)\b", re.IGNORECASE)
NEUTRAL = re.compile(r"[⚠🟡]|\b(?:close|almost|nearly|borderline|partial(?:ly)?)\b", re.IGNORECASE)
CHANGE = re.compile(
    r"\b(?:improv\w+|better|worse|fewer|less|more|lower|higher|reduc\w+|increas\w+|decreas\w+|drop\w*|fell|rose|rise[sn]?|risen|gain\w*|"
    r"gr[eo]w\w*|"
    r"faster|slower|change[sd]?|cut|down|up|boost\w*|jump\w*|declin\w+|smaller|larger|bigger|loss of|saving\w*|degrad\w+|deteriorat\w+|"
    r"shrank)\b",
    re.IGNORECASE,
)
FALLS = re.compile(
    r"\b(?:reduc\w+|decreas\w+|drop\w*|fell|fall\w*|declin\w+|down|lower(?:ed|s)?|fewer|less|cut|shrank|smaller|sank)\b", re.IGNORECASE
)
RISES = re.compile(r"\b(?:increas\w+|rose|rise[sn]?|risen|grew|grow[sn]?|up|higher|jump\w*|raised|larger|bigger|climb\w*)\b", re.IGNORECASE)
BETTER = re.compile(r"\b(?:improv\w+|better|recover\w*|progress\w*)\b", re.IGNORECASE)
WORSE = re.compile(r"\b(?:regress\w*|worse\w*|degrad\w+|deteriorat\w+|declin\w+|overfit\w*)\b", re.IGNORECASE)
STEADY = re.compile(
    r"\b(?:stead(?:y|ily)|consistent(?:ly)?|monoton\w+|continuous(?:ly)?|every epoch|each epoch|at every (?:step|epoch)|without exception|"
    r"epoch by epoch|uninterrupted(?:ly)?|gradual(?:ly)?)\b",
    re.IGNORECASE,
)
PLATEAU = re.compile(r"\b(?:plateau\w*|flat(?:tens|tened)?|converged|levell?ed (?:off|out)|stabili[sz]ed|saturat\w+)\b", re.IGNORECASE)
BEST = re.compile(r"\b(?:best|optimal|peak(?:ed|s)?|winner|top)\b", re.IGNORECASE)
WORST = re.compile(r"\b(?:worst|poorest|weakest)\b", re.IGNORECASE)
LOWEST = re.compile(r"\b(?:lowest|minimum|minimal|smallest|fewest|least)\b", re.IGNORECASE)
HIGHEST = re.compile(r"\b(?:highest|maximum|maximal|largest|biggest|most)\b", re.IGNORECASE)
CAUSAL = re.compile(
    r"\b(?:root cause\w*|because of|due to|thanks to|caus(?:e|ed|es|ing)|result(?:s|ed)? (?:from|of)|led to|leads to|explains|"
    r"responsible for|by (?:removing|adding|fixing|cleaning|changing|raising|lowering|switching|using)|(?:bigger|larger|greater|more) "
    r"(?:impact|effect|influence) than|the (?:reason|key|driver)|prove[sdn]?|validated|attribut\w+|immediate)\b",
    re.IGNORECASE,
)
HEDGED = re.compile(
    r"\b(?:may|might|could|would|perhaps|possibly|probably|maybe|expect\w*|should|if|unclear|unknown|hypothes\w+|hypothetical|planned|"
    r"to be tested|not (?:shown|proven|clear|certain|identified|separable)|cannot|undecided|suggests?|consistent with)\b",
    re.IGNORECASE,
)
GUESSED = re.compile(
    r"\b(?:hypothes[ie]s|hypothetical|untested|unproven|to be tested|tbd|to be confirmed|not (?:yet )?tested|in progress|pending|awaiting|"
    r"still running|expected|predicted|testing now)\b",
    re.IGNORECASE,
)
CERTAIN = re.compile(
    r"\b(?:proven|proved|proves|always|never|guarantee[sd]?|definitively|invariably|without fail|certain(?:ly)?)\b", re.IGNORECASE
)
REPEATABLE = re.compile(
    r"\b(?:reproducib\w+|replicab\w+|repeatab\w+|reliabl[ey]|predictabl[ey]|(?<=is )robust|(?<=are )robust)\b", re.IGNORECASE
)
REPLICATED = re.compile(
    r"\b(?:replicat(?:es|ed|ions?)|(?:two|three|four|five|[2-9]|\d\d) (?:training seeds|training runs|replicates|repetitions)|"
    r"repeated (?:twice|\w+ times|with)|second training|same configuration (?:again|twice)|across (?:\w+ )?(?:training )?seeds)\b",
    re.IGNORECASE,
)
CONSTRUCT = re.compile(
    r"\b(accuracy|quality|fidelity|likeness|realism|adherence|sharpness|style consistency|faithfulness|aesthetics?|resemblance)\b",
    re.IGNORECASE,
)
_NUMBER_WORDS = {
    word: value for value, word in enumerate("zero one two three four five six seven eight nine ten eleven twelve".split()) if value
}


def number_word(word: str) -> int:
    """The value of a number written as a word, "three"."""
    return _NUMBER_WORDS[word.lower()]


@lru_cache(maxsize=100_000)
def words(text: str) -> frozenset[str]:
    """The words by which two names of one thing can be recognized: lower case, no plural, abbreviations written out.

    >>> sorted(words("Avg Green BG Colors"))
    ['background', 'color', 'green', 'mean']
    """
    found = set()
    for token in _TOKEN.findall(text.replace("_", " ")):
        word = _ALIASES.get(token.lower(), token.lower())
        plural = len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) and not (token.isupper() and len(token) < 7)
        word = word[:-1] if plural and token.lower() != "lpips" else word
        word = _ALIASES.get(word, word)
        if word not in _STOP and len(word) > 1:
            found.add(word)
    return frozenset(found)


def epochs_in(text: str) -> tuple[tuple[int, int, bool], ...]:
    """The checkpoints a text speaks of: first, last, and whether all later ones are meant too.

    >>> epochs_in("Epochs 6-7, then E8 and epochs 9+")
    ((6, 7, False), (8, 8, False), (9, 9, True))
    """
    found = []
    for match in _EPOCH.finditer(text):
        first = int(match["first"])
        last = int(match["last"]) if match["last"] else first
        if match["mid"] in {"and", "&"} and (last != first + 1 or match["plus"]):
            found += [(first, first, False), (last, last, bool(match["plus"]))]
        elif last >= first:
            found.append((first, last, bool(match["plus"])))
    return tuple(found)
