"""Which clauses describe the picture, and which are boilerplate that stands in every caption alike."""

from __future__ import annotations

import re

from lorascope.captions.check import Surroundings
from lorascope.captions.clauses import Clause, ClauseKind
from lorascope.captions.features import BACKGROUND_NOUNS, names_a_color

COMMON_SHARE = 0.8  # a clause in this share of captions tells no picture from another
FEWEST_CAPTIONS = 5  # below it shares mean nothing
STYLE_SHARE = 0.2  # talk about rendering is boilerplate already in this share
# Talk about how a picture was made, not about what it shows.
STYLE = re.compile(
    r"\b(?:anti[\s-]*alias\w*|(?:pixel|hard|sharp|clean|crisp) (?:\w+ )?(?:edges?|borders?|lines?)|masterpiece|highly detailed|"
    r"(?:best|high|highest) quality|absurdres|8k|4k|ultra[\s-]?hd|(?:retro|pixel art) (?:\w+ )*style|limited palette|flat shading|"
    r"no gradients?)\b",
    re.IGNORECASE,
)
# Who is in the picture says something of it, even where it is the same in most.
_SUBJECT = re.compile(
    r"(?:multiple |\d ?\+? ?)(?:girl|boy|other|woman|man|dog|cat)s?|solo|no humans|(?:an? )?(?:man|woman|girl|boy|person|dog|cat|animal)"
)


def is_boilerplate(clause: Clause, around: Surroundings) -> bool:
    """Whether a clause says the same in most captions and nothing of the picture.

    Never: the trigger, named or likely, what nearly all captions begin with, who is in the picture, codes, and anything that names a
    color or the background.
    """
    share = around.clause_shares.get(clause.key, 0.0)
    if share < STYLE_SHARE or around.captions < FEWEST_CAPTIONS:  # the usual case first
        return False
    if clause.kind is not ClauseKind.WORDS or clause.key in around.intended or clause.key in around.head or names_a_color(clause):
        return False
    trigger = (around.trigger or around.likely_trigger).lower()
    if BACKGROUND_NOUNS & set(clause.key.split()) or _SUBJECT.fullmatch(clause.key) or (trigger and trigger in clause.text.lower()):
        return False
    return share >= COMMON_SHARE or bool(STYLE.search(clause.text))
