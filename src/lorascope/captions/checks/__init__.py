"""All caption checks, in the order in which their findings are shown. Adding one: its file, and its line here."""

from __future__ import annotations

from lorascope.captions.check import Check
from lorascope.captions.checks import (
    background_word_contradicts_pixels,
    beyond_window,
    boilerplate_tail,
    code_absent_from_image,
    color_word_contradicts_code,
    duplicate_color_code,
    encoding,
    missing_or_empty_caption,
    orphan_caption,
    palette_tail,
    unreadable_image,
)

CHECKS: tuple[Check, ...] = (
    unreadable_image.CHECK,
    missing_or_empty_caption.CHECK,
    orphan_caption.CHECK,
    encoding.CHECK,
    background_word_contradicts_pixels.CHECK,
    color_word_contradicts_code.CHECK,
    duplicate_color_code.CHECK,
    code_absent_from_image.CHECK,
    beyond_window.CHECK,
    palette_tail.CHECK,
    boilerplate_tail.CHECK,
)
