"""Is there more than one person in a caption? What is said twice, or of two colors, may then be said of two."""

from __future__ import annotations

import re

_SEVERAL = re.compile(
    r"(?:(?<![\dx])(?:[2-9]|\d\d)|multiple|two|three|four|five|six|several|many|both|other)[ _]?\+?[ _]?"
    r"(?:girl|boy|other|people|person|women|woman|men\b|man\b|lad|lass|child|lady|ladies|guy|kid|character|friend|sister|brother|figure)"
    r"|\b(?:couple|twins|crowd|group|another|duo|trio|siblings|family|pair of (?:girl|boy|people|women|men|friends)|multiple[ _]views|"
    r"reference[ _]sheet|character[ _]sheet|model[ _]sheet|turnaround|collage|comic|[1-9]koma|before[ _]and[ _]after|variations|"
    r"alternate|animal(?=\s*(?:,|$))|transformation|poster|painting[ _]of|portrait[ _]on|statue|mannequin|"
    r"side[ _]by[ _]side|panels?|aged[ _](?:up|down)|cosplay|hug|hugging|kiss|kissing|holding[ _]hands)\b",
    re.IGNORECASE,
)
_NOUN = (
    "man|woman|boy|girl|lady|guy|person|lad|lass|child|kid|male|female|gentleman|"
    "baby|toddler|teenager|doctor|nurse|model|bride|groom|owner|mother|father|doll|puppet|"
    "dog|cat|puppy|kitten|husky|horse|pony|bird|parrot|owl|fox|wolf|bear|rabbit|cow|goat|sheep|snake|lion|tiger|monkey|dragon"
)
_SUBJECT = re.compile(rf"\b(?:a|an|one|the other) (?:[\w-]+ ){{0,3}}?(?:{_NOUN})\b|(?<!\w)1(?:girl|boy|other)", re.IGNORECASE)
_KNOWN = re.compile(rf"\b(?:a|an|one|the|its|his|her|their) (?:[\w-]+ ){{0,2}}?({_NOUN})\b", re.IGNORECASE)


def several_people(text: str) -> bool:
    """Whether a caption speaks of several people or animals, or of several pictures in one.

    >>> [several_people(text) for text in ("2girls, hats", "1girl, 1boy", "the doll and its owner", "24x24 character, 1girl")]
    [True, True, True, False]
    """
    plain = text.replace("_", " ")
    if _SEVERAL.search(plain) is not None or len({match.group().lower() for match in _SUBJECT.finditer(plain)}) > 1:
        return True
    return len({match.group(1).lower() for match in _KNOWN.finditer(plain)}) > 1
