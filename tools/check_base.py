"""Measure a toy base model: does the asked background and the asked hair color appear? Writes a sheet of what it draws.

``python tools/check_base.py build/base --sheet base.png``: 12 colors x 4 seeds for the background, the same for the hair, each
with n and a 95 % interval (Wilson), and how far the drawn background is from a hex code that was asked for.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import sprites
from lorascope.backends.toy_renderer import ToyRenderer
from lorascope.pixels.background import find_background
from lorascope.records.color import oklab_distance
from lorascope.records.prompt import Prompt, PromptSuite

NAMES = list(sprites.COLORS)
PALETTE = np.array([sprites.COLORS[name] for name in NAMES])


def nearest_name(rgb: NDArray[np.floating] | NDArray[np.uint8]) -> str:
    """The color word whose reference is nearest in OKLab."""
    return NAMES[int(oklab_distance(PALETTE, rgb).argmin())]


def hair_name(pixels: NDArray[np.uint8]) -> str:
    """The color word of most pixels near the top of the figure: the second to fourth figure pixel of each column."""
    figure = oklab_distance(pixels, find_background(pixels).rgb) > 0.1
    found = []
    for column in range(2, 22):
        rows = np.flatnonzero(figure[:, column])
        if len(rows) > 4 and rows[0] < 14:
            found += [nearest_name(pixels[row, column]) for row in rows[:2]]
    return max(set(found), key=found.count) if found else ""


def wilson(hits: int, n: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927)."""
    z, share = 1.96, hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(float(middle - half), 3), round(float(middle + half), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("base", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--guidance", type=float, default=2.0)
    args = parser.parse_args()
    renderer, seeds = ToyRenderer(args.base), (1, 2, 3, 4)

    def draw(texts: dict[str, str]) -> dict[str, list[NDArray[np.uint8]]]:
        prompts = tuple(Prompt(name, text) for name, text in texts.items())
        suite = PromptSuite("check", prompts, seeds, args.steps, args.guidance, "", sprites.SIDE_PX, sprites.SIDE_PX)
        drawn: dict[str, list[NDArray[np.uint8]]] = {name: [] for name in texts}
        for image in renderer.render(None, suite):
            drawn[image.prompt].append(image.pixels)
        return drawn

    def other(name: str, shift: int) -> str:
        return NAMES[(NAMES.index(name) + shift) % len(NAMES)]

    by_background = draw(
        {name: f"sprite, short {other(name, 5)} hair, light skin, {other(name, 3)} clothing, {name} background" for name in NAMES}
    )
    by_hair = draw({name: f"sprite, long {name} hair, tan skin, {other(name, 2)} clothing, {other(name, 7)} background" for name in NAMES})
    codes = {name: np.clip(PALETTE[index] + (index % 3 - 1) * 14, 0, 255) for index, name in enumerate(NAMES)}
    by_code = draw(
        {name: f"sprite, long {other(name, 4)} hair, dark skin, background ({sprites.hex_code(tuple(rgb))})" for name, rgb in codes.items()}
    )
    right = [nearest_name(find_background(image).rgb) == name for name, images in by_background.items() for image in images]
    hair = [hair_name(image) == name for name, images in by_hair.items() for image in images]
    missed = {name: [hair_name(image) for image in images] for name, images in by_hair.items()}
    code = [float(oklab_distance(codes[name], find_background(image).rgb)) for name, images in by_code.items() for image in images]
    uniform = [find_background(image).ring_share for images in by_background.values() for image in images]
    print(f"background as asked: {np.mean(right):.1%} of n = {len(right)}, 95 % interval {wilson(sum(right), len(right))}")
    print(f"hair as asked:       {np.mean(hair):.1%} of n = {len(hair)}, 95 % interval {wilson(sum(hair), len(hair))}")
    print(
        f"background by code:  median OKLab distance {np.median(code):.3f}, 90th percentile {np.quantile(code, 0.9):.3f}, n = {len(code)}"
    )
    print(f"ring in one color:   mean share {np.mean(uniform):.2f}")
    print("hair seen instead:  ", json.dumps({name: seen for name, seen in missed.items() if set(seen) != {name}}))
    if args.sheet:
        rows = [[images[seed] for images in drawn.values()] for drawn in (by_background, by_hair, by_code) for seed in range(2)]
        sheet = np.full((len(rows) * 26, len(NAMES) * 26, 3), 255, np.uint8)
        for row, images in enumerate(rows):
            for column, image in enumerate(images):
                sheet[row * 26 : row * 26 + 24, column * 26 : column * 26 + 24] = image
        Image.fromarray(sheet).resize((sheet.shape[1] * 4, sheet.shape[0] * 4), Image.Resampling.NEAREST).save(args.sheet)


if __name__ == "__main__":
    main()
