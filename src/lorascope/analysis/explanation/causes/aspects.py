"""What a metric looks at and which way is better, from its name alone: other people's metrics have names of their own."""

from __future__ import annotations

import re

from lorascope.analysis.explanation.causes.cause_kind import Aspect

# the first of these that stands in a metric's name decides; names are compared in lower case with underscores
_ASPECTS: tuple[tuple[str, Aspect], ...] = (
    ("memoriz", Aspect.DIVERSITY), ("divers", Aspect.DIVERSITY), ("variety", Aspect.DIVERSITY), ("overfit", Aspect.DIVERSITY),
    ("copy", Aspect.DIVERSITY), ("novel", Aspect.DIVERSITY), ("generaliz", Aspect.DIVERSITY), ("nearest_neighbo", Aspect.DIVERSITY),
    ("color_leak", Aspect.PROMPT), ("color_bleed", Aspect.PROMPT), ("leak", Aspect.PROMPT), ("bleed", Aspect.PROMPT),
    ("background_uniformity", Aspect.COLOR), ("palette_adherence", Aspect.STYLE), ("unique_color", Aspect.DETAIL),
    ("palette_size", Aspect.DETAIL), ("effective_color", Aspect.DETAIL),
    ("color", Aspect.COLOR), ("colour", Aspect.COLOR), ("background", Aspect.COLOR), ("hue", Aspect.COLOR), ("delta_e", Aspect.COLOR),
    ("satur", Aspect.COLOR), ("bg_", Aspect.COLOR),
    ("trait", Aspect.PROMPT), ("prompt", Aspect.PROMPT), ("adheren", Aspect.PROMPT), ("clip", Aspect.PROMPT), ("align", Aspect.PROMPT),
    ("accessor", Aspect.PROMPT), ("tifa", Aspect.PROMPT), ("caption", Aspect.PROMPT), ("attribute", Aspect.PROMPT),
    ("crisp", Aspect.DETAIL), ("sharp", Aspect.DETAIL), ("mixed_cell", Aspect.DETAIL), ("grid", Aspect.DETAIL), ("noise", Aspect.DETAIL),
    ("artifact", Aspect.DETAIL), ("artefact", Aspect.DETAIL), ("orphan", Aspect.DETAIL), ("blur", Aspect.DETAIL), ("edge", Aspect.DETAIL),
    ("detail", Aspect.DETAIL), ("clean", Aspect.DETAIL), ("pixel", Aspect.DETAIL), ("contrast", Aspect.DETAIL),
    ("style", Aspect.STYLE), ("fidelity", Aspect.STYLE), ("photoreal", Aspect.STYLE), ("identity", Aspect.STYLE),
    ("likeness", Aspect.STYLE),
    ("similar", Aspect.STYLE), ("fid", Aspect.STYLE), ("kid", Aspect.STYLE), ("lpips", Aspect.STYLE), ("dino", Aspect.STYLE),
    ("outline", Aspect.STYLE), ("resembl", Aspect.STYLE), ("face", Aspect.STYLE),
)  # fmt: skip
_LOWER = (
    "error", "distance", "difference", "loss", "artifact", "artefact", "bleed", "leak", "photoreal", "memoriz", "overfit", "noise", "blur",
    "delta_e", "mixed_cell", "unique_color", "lpips", "failure", "defect", "copying", "copied", "outline",
)  # fmt: skip
_HIGHER = (
    "accuracy", "fidelity", "divers", "variety", "adheren", "quality", "score", "similar", "crisp", "sharp", "rating", "uniformity",
    "align", "style", "identity", "likeness", "clip", "aesthetic", "novel", "preference", "rate_ok", "_ok", "correct", "success",
    "consistency", "clean", "detail", "generaliz",
)  # fmt: skip


def aspect_of(metric: str) -> Aspect:
    """What a metric looks at, by its name.

    >>> aspect_of("Color Accuracy"), aspect_of("quality")
    (<Aspect.COLOR: 'color'>, <Aspect.OVERALL: 'overall'>)
    """
    name = _plain(metric)
    return next((aspect for word, aspect in _ASPECTS if word in name), Aspect.OVERALL)


def better_way(metric: str, stated: str | None) -> int:
    """+1 where higher is better, -1 where lower, 0 where nobody says: what is ``stated`` first, then the name.

    >>> better_way("fidelity", None), better_way("beauty", "lower"), better_way("beauty", None), better_way("unique_colors", "none")
    (1, -1, 0, -1)
    """
    if stated in {"higher", "lower"}:
        return 1 if stated == "higher" else -1
    name = _plain(metric)
    if name in {"fid", "kid"} or name.startswith(("fid_", "kid_")) or any(word in name for word in _LOWER):
        return -1
    return 1 if any(word in name for word in _HIGHER) else 0


def _plain(metric: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", metric.strip().lower())
