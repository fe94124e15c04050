"""What the checks of audits are called, ours and others', and which defect each speaks of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

# defect → words of which one stands in a check's name, in ours or anybody's; classes of caption defects by number (C1, C4 …)
_WORDS: Mapping[str, tuple[str, ...]] = {
    "color_conflict": (
        "color_word_contradicts_code", "code_absent_from_image", "background_word_contradicts_pixels", "feature_code_is_background",
        "duplicate_color_code", "background_pattern_contradicts_pixels",
        "hex", "color_conflict", "colour_conflict", "color_mismatch", "name_hex", "duplicate_code", "wrong_color", "palette_conflict",
        "color_word", "caption_conflict", "contradict",
    ),
    "captions_missing": (
        "missing_or_empty_caption", "captions_missing", "missing_caption", "caption_missing", "empty_caption", "caption_empty",
        "no_caption", "uncaptioned", "image_pairing", "orphan_caption", "missing_txt", "unpaired", "pairing", "empty",
    ),
    "duplicates": (
        "duplicate_image", "near_duplicate_captions", "near_dup", "nearduplicate", "dup_image", "image_dup", "similar_image",
        "duplicates", "duplicate",
    ),
    "resampled": ("resampl", "interpolat", "lanczos", "bicubic", "blurr", "blur", "upscal", "rescaled", "mixed_cell", "soft_edge",
                  "jpeg", "anti_alias", "antialias", "off_grid", "grid"),
    "beyond_window": ("beyond_window", "over_long", "overlong", "too_long", "token_limit", "truncat", "window", "too_many_tokens"),
    "shuffling": ("shuffle_hazard", "shuffle"),
    "trigger": ("trigger_placement", "fused_with_trigger", "trigger"),
    "unreadable": ("unreadable_image", "unreadable", "corrupt", "broken_image"),
    "sizes": ("too_small", "small_image", "image_size", "resolution", "low_res", "aspect", "odd_size"),
    "coverage": ("coverage", "module_count", "missing_module"),
}  # fmt: skip
_CLASSES = {
    **dict.fromkeys(("c1", "c2", "c3", "c4", "c24"), "color_conflict"),
    **dict.fromkeys(("c19", "c21"), "captions_missing"),
    **dict.fromkeys(("c22",), "duplicates"),
    **dict.fromkeys(("c9",), "beyond_window"),
    **dict.fromkeys(("c25",), "shuffling"),
    **dict.fromkeys(("c18",), "trigger"),
}
# found in nearly every set, and no reason for a bad run (or much too general to be one)
_HARMLESS = ("stray_punctuation", "doubled_word", "typo", "boilerplate", "bare_noun", "anonymous_codes", "palette_tail", "repeated_clause",
             "encoding", "leaked_instruction", "fused_words", "missing_attribute", "covered_feature", "skin_tone",
             "near_duplicate_captions")  # fmt: skip


# names that only our own audit uses, and the defects that it looks for
OUR_CHECKS = frozenset({
    "color_word_contradicts_code", "missing_or_empty_caption", "duplicate_image", "near_duplicate_captions", "beyond_window",
    "missing_attribute", "bare_noun", "palette_tail", "stray_punctuation", "trigger_placement", "doubled_word",
})  # fmt: skip
OUR_DEFECTS = frozenset({"color_conflict", "captions_missing", "duplicates", "beyond_window", "shuffling", "unreadable"})


@lru_cache(maxsize=4096)
def defect_of(check: str) -> str | None:
    """Which defect a check speaks of, whoever named it; None for one that is none of a cause's.

    >>> defect_of("C4"), defect_of("caption-hex-conflict"), defect_of("duplicate_image"), defect_of("typo")
    ('color_conflict', 'color_conflict', 'duplicates', None)
    """
    name = re.sub(r"[^a-z0-9]+", "_", check.strip().lower()).strip("_")
    number = re.match(r"c[0-9]{1,2}(?=_|$)", name)
    if number:
        return _CLASSES.get(number[0])
    for defect, words in _WORDS.items():
        if name in words or name == defect:
            return defect
    if any(word in name for word in _HARMLESS):
        return None
    return next((defect for defect, words in _WORDS.items() if any(word in name for word in words)), None)
