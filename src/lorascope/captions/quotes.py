"""What stands in quotation marks is written in the picture, and no word about it."""

from __future__ import annotations

import re
from bisect import bisect_left

from lorascope.captions.clauses import Caption

_CURLY = re.compile("[\u201c\u201d]")


def is_quoted(caption: Caption, offset: int) -> bool:
    """Whether a place stands between quotation marks, straight or curly.

    >>> from lorascope.captions.clauses import read_caption
    >>> [is_quoted(read_caption('a sign that says "no no" to dogs'), at) for at in (18, 28)]
    [True, False]
    """
    straight, curly, opening = caption.once(_marks)
    at = bisect_left(curly, offset)
    return bisect_left(straight, offset) % 2 == 1 or (at > 0 and opening[at - 1])


def _marks(caption: Caption) -> tuple[list[int], list[int], list[bool]]:
    """Where straight and curly marks stand, and which of the curly ones open."""
    curly = list(_CURLY.finditer(caption.text))
    straight = [match.start() for match in re.finditer('"', caption.text)]
    return straight, [match.start() for match in curly], [match.group() == "\u201c" for match in curly]
