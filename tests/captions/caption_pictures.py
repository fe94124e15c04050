"""Pictures drawn in a few lines, and captions beside them."""

from __future__ import annotations

import numpy as np

from lorascope.captions.check import Entry
from lorascope.captions.clauses import read_caption
from lorascope.captions.sight import see

GREEN, BROWN, SKIN, RED, CYAN, GRAY = (3, 220, 115), (126, 53, 26), (226, 180, 140), (204, 32, 40), (60, 220, 220), (140, 131, 145)
DARK = (26, 20, 18)


def sprite(background, hair=BROWN, eyes=DARK, side=24):
    """A head before a background: (24, 24, 3), enlarged without loss where the side is a multiple of 24."""
    cells = np.empty((24, 24, 3), np.uint8)
    cells[:] = background
    cells[6:24, 7:17] = SKIN
    cells[4:8, 6:18] = hair
    cells[11, 9:11] = cells[11, 13:15] = eyes
    cells[17, 10:14] = RED
    cells[20:24, 4:20] = (40, 60, 120)
    factor = side // 24
    return np.repeat(np.repeat(cells, factor, axis=0), factor, axis=1)


def entry(text, pixels=None, name="1", image=True):
    sight = None if pixels is None else see(pixels)
    caption = None if text is None else read_caption(text)
    image_file = f"{name}.png" if image else None
    caption_file = None if text is None else f"{name}.txt"
    return Entry(caption_file or image_file or "", image_file, caption_file, caption, sight=sight)


def entries(*texts):
    return [entry(text, name=str(number)) for number, text in enumerate(texts)]
