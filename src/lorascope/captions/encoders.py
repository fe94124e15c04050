"""What the text encoders of Stable Diffusion are given: rows of 77 token numbers, as kohya's sd-scripts makes them.

The numbers follow CLIP's vocabulary: 256 single bytes, the same at the end of a word, the merges in order, and two markers. The
layout is that of library/strategy_base.py (``_get_input_ids``), library/strategy_sd.py and library/strategy_sdxl.py in
kohya-ss/sd-scripts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.captions.window import WINDOW_TOKENS


@dataclass(frozen=True, slots=True)
class TextEncoder:
    """A text encoder, and the token number that fills up what a caption leaves free."""

    name: str
    padding: int


START_MARKER, END_MARKER = 49406, 49407
SD15 = TextEncoder("Stable Diffusion 1.5: CLIP ViT-L/14", END_MARKER)
SDXL_FIRST = TextEncoder("SDXL, first: CLIP ViT-L/14", END_MARKER)
SDXL_SECOND = TextEncoder("SDXL, second: OpenCLIP ViT-bigG/14", 0)
ENCODERS = (SD15, SDXL_FIRST, SDXL_SECOND)


def encoder_rows(numbers: Sequence[int], encoder: TextEncoder, window_tokens: int = WINDOW_TOKENS) -> list[list[int]]:
    """The rows an encoder reads: one of 77 for each window of 75 tokens, every one with markers of its own.

    >>> [len(row) for row in encoder_rows(range(1000, 1100), SDXL_SECOND, 225)]
    [77, 77, 77]
    """
    kept = list(numbers[:window_tokens])
    filled = [*kept, END_MARKER, *[encoder.padding] * (window_tokens - len(kept))]
    last = filled[window_tokens]
    rows = []
    for at in range(0, window_tokens, WINDOW_TOKENS):
        row = [START_MARKER, *filled[at : at + WINDOW_TOKENS], last]
        if window_tokens > WINDOW_TOKENS and encoder.padding != END_MARKER:
            if row[-2] not in {END_MARKER, encoder.padding}:
                row[-1] = END_MARKER
            if row[1] == encoder.padding:
                row[1] = END_MARKER
        rows.append(row)
    return rows
