"""The words that captions begin with: what a prompt must say for a LoRA to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

FEWEST_CAPTIONS = 5
COMMON_SHARE = 0.8
LONGEST = 60


def trigger_words(captions: Iterable[str]) -> str | None:
    """What nearly all captions have before their first comma; None where they have nothing in common, or are too few.

    >>> trigger_words(["ohwx, a hat"] * 4 + ["ohwx, a coat"])
    'ohwx'
    """
    openings = [caption.split(",", 1)[0].strip() for caption in captions]
    if len(openings) < FEWEST_CAPTIONS:
        return None
    (common, count), *_ = Counter(openings).most_common(1)
    return common if common and len(common) <= LONGEST and count >= COMMON_SHARE * len(openings) else None
