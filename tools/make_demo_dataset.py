"""Draw the demo's 203 sprites and write their true captions: ``python tools/make_demo_dataset.py --out build/sprites``.

Needs the ``sprites`` extra. Everything is seeded: the same seed draws the same pictures. A sprite is kept when each color that
its caption names can be seen in it, and no two of them are the same: captions are true of the pixels, codes included.
``tools/plant_defects.py`` then writes the defective captions that the package ships.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np
from PIL import Image

import sprites
from lorascope.records.color import oklab_distance

COUNT = 203
SEED = 2025
HEAD = ("bespoke", "pixel art portrait")
ORDER = ("hair", "skin", "glasses", "beard", "earrings", "hat", "clothing", "mouth", "background")
LEAST_PIXELS = 6  # a color that covers less is not worth a word
SAME_COLOR = 0.02  # OKLab; just visible


def seen_color(sprite: sprites.Sprite, rgb: tuple[int, int, int]) -> tuple[int, int, int] | None:
    """The color of the picture that stands for a trait's color, or None when too few pixels show it."""
    colors, counts = np.unique(sprite.pixels.reshape(-1, 3), axis=0, return_counts=True)
    distance = np.where(counts >= LEAST_PIXELS, oklab_distance(colors, rgb), np.inf)
    if distance.min() > SAME_COLOR:
        return None
    red, green, blue = (int(level) for level in colors[distance.argmin()])
    return red, green, blue


def draw(count: int, seed: int) -> list[tuple[sprites.Sprite, dict[str, dict[str, str]]]]:
    """Sprites with their traits as seen: trait → words and, where the trait has a color, its hex code."""
    rng = random.Random(seed)
    drawn: list[tuple[sprites.Sprite, dict[str, dict[str, str]]]] = []
    while len(drawn) < count:
        sprite = sprites.bespoke_sprite(rng)
        traits: dict[str, dict[str, str]] = {}
        for trait in ORDER:
            if trait in sprite.traits:
                words, rgb = sprite.traits[trait]
                traits[trait] = {"words": words}
                if rgb is not None:
                    seen = seen_color(sprite, rgb)
                    traits[trait]["code"] = sprites.hex_code(seen) if seen else ""
        codes = [trait["code"] for trait in traits.values() if "code" in trait]
        if all(codes) and len(set(codes)) == len(codes):
            drawn.append((sprite, traits))
    return drawn


def true_caption(traits: dict[str, dict[str, str]]) -> str:
    """The clean caption: the trigger, the class, then the traits, the background last."""
    return ", ".join([*HEAD, *(trait["words"] for trait in traits.values())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    recorded = []
    for number, (sprite, traits) in enumerate(draw(options.count, options.seed), start=1):
        name = f"{number:04d}"
        colors = len(np.unique(sprite.pixels.reshape(-1, 3), axis=0))
        picture = Image.fromarray(sprite.pixels).quantize(colors=colors, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        assert np.array_equal(np.asarray(picture.convert("RGB")), sprite.pixels), f"{name}: a palette must not change a color"
        picture.save(options.out / f"{name}.png", optimize=True)
        (options.out / f"{name}.txt").write_text(true_caption(traits) + "\n", "utf-8")
        recorded.append({"name": name, "caption": true_caption(traits), "traits": traits})
    (options.out.parent / "true.json").write_text(json.dumps({"seed": options.seed, "sprites": recorded}, indent=1) + "\n", "utf-8")
    print(f"{len(recorded)} sprites in {options.out}, their traits in {options.out.parent / 'true.json'}")


if __name__ == "__main__":
    main()
