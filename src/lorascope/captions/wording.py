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
_STYLE = re.compile(
    r"\b(?:anti[\s-]*alias\w*|(?:pixel|hard|sharp|clean|crisp) (?:\w+ )?(?:edges?|borders?|lines?)|masterpiece|highly detailed|"
    r"(?:best|high|highest) quality|absurdres|8k|4k|ultra[\s-]?hd|(?:retro|pixel art) (?:\w+ )*style|limited palette|flat shading|"
    r"no gradients?)\b",
    re.IGNORECASE,
)


def is_boilerplate(clause: Clause, around: Surroundings) -> bool:
    """Whether a clause says the same in most captions and nothing of the picture.

    Never: the trigger, what nearly all captions begin with, codes, and anything that names a color or the background.
    """
    if clause.kind is not ClauseKind.WORDS or clause.key in around.head or names_a_color(clause):
        return False
    words = clause.key.split()
    if BACKGROUND_NOUNS & set(words) or (around.trigger and around.trigger.lower() in clause.text.lower()):
        return False
    if around.captions < FEWEST_CAPTIONS:
        return False
    share = around.clause_shares.get(clause.key, 0.0)
    return share >= COMMON_SHARE or (share >= STYLE_SHARE and bool(_STYLE.search(clause.text)))
