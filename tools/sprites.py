"""Draw the sprites that the base model and the demo dataset are made of.

Figures come from the DiceBear "Pixel Art" style (CC0 1.0), 16 x 16 pixels, drawn on a 24 x 24 canvas; a few objects are
drawn from letters below. Two looks exist. ``base_sprite`` is the world the base model is pretrained on: figures stand
anywhere, mirrored or not, without an outline. ``bespoke_sprite`` is the art direction that the demo's LoRA has to learn:
one place on the canvas and a near-black outline around the figure.

Every sprite carries its traits, so that a caption can be written from what was drawn.
"""

from __future__ import annotations

import io
import json
import random
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files

import numpy as np
import resvg_py
from dicebear import Avatar, Style
from numpy.typing import NDArray
from PIL import Image

SIDE_PX = 24
OUTLINE = (16, 14, 18)

# The twelve color words of the sprite world and the RGB they stand for; each sprite jitters around them.
COLORS: dict[str, tuple[int, int, int]] = {
    "red": (204, 32, 40),
    "orange": (242, 135, 28),
    "yellow": (246, 216, 58),
    "green": (48, 166, 70),
    "teal": (20, 150, 150),
    "blue": (48, 88, 214),
    "purple": (124, 58, 170),
    "pink": (242, 134, 184),
    "brown": (116, 70, 34),
    "black": (26, 25, 28),
    "white": (240, 240, 238),
    "gray": (136, 138, 140),
}
SKINS: dict[str, tuple[str, ...]] = {
    "light": ("#ffdbac", "#f5cfa0"),
    "tan": ("#eac393", "#e0b687"),
    "brown": ("#cb9e6e", "#b68655"),
    "dark": ("#a26d3d", "#8d5524"),
}
OBJECTS: dict[str, tuple[str, ...]] = {
    "heart": (".##...##.", "####.####", "#########", "#########", ".#######.", "..#####..", "...###...", "....#...."),
    "star": ("....#....", "...###...", "...###...", "#########", ".#######.", "..#####..", ".###.###.", ".#.....#."),
    "gem": ("..#####..", ".#######.", "#########", ".#######.", "..#####..", "...###...", "....#....", "........."),
    "mushroom": ("..#####..", ".#######.", "#########", "#########", "...ooo...", "...ooo...", "...ooo...", "..ooooo.."),
    "potion": ("...ooo...", "....o....", "...ooo...", "..#####..", ".#######.", ".#######.", ".#######.", "..#####.."),
    "key": (".####....", "##..##...", "#....####", "##..##.##", ".####...#", ".........", ".........", "........."),
}


@dataclass(frozen=True, slots=True)
class Sprite:
    """24 x 24 RGB pixels (uint8) with the traits that were drawn: trait → (word, RGB or None)."""

    pixels: NDArray[np.uint8]
    traits: dict[str, tuple[str, tuple[int, int, int] | None]] = field(default_factory=dict)


def hex_code(rgb: tuple[int, int, int]) -> str:
    """``#rrggbb`` of an 8-bit RGB color."""
    return "#{:02x}{:02x}{:02x}".format(*rgb)


def jittered(name: str, rng: random.Random, spread: float = 8.0) -> tuple[int, int, int]:
    """A color near the one that ``name`` stands for (normal jitter per channel, 8-bit levels)."""
    red, green, blue = (min(255, max(0, round(level + rng.gauss(0, spread)))) for level in COLORS[name])
    return red, green, blue


@cache
def _style() -> Style:
    return Style(json.loads(files("dicebear_styles").joinpath("pixel-art.json").read_text("utf-8")))


# Hair that covers fewer than 20 of the 256 pixels: nobody could tell its color.
SPARSE_HAIR = frozenset(f"short{number:02d}" for number in (2, 3, 4, 5, 7, 8, 9, 10, 12, 18, 19, 20, 21, 23, 24))


@cache
def _variants(component: str, prefix: str = "") -> tuple[str, ...]:
    definition = json.loads(files("dicebear_styles").joinpath("pixel-art.json").read_text("utf-8"))
    return tuple(name for name in definition["components"][component]["variants"] if name.startswith(prefix) and name not in SPARSE_HAIR)


def _figure(rng: random.Random) -> tuple[NDArray[np.uint8], dict[str, tuple[str, tuple[int, int, int] | None]]]:
    """A 16 x 16 RGBA figure and its traits."""
    hair, clothing, hat = (rng.choice(list(COLORS)) for _ in range(3))
    hair_rgb, clothing_rgb, hat_rgb = jittered(hair, rng), jittered(clothing, rng), jittered(hat, rng)
    skin = rng.choice(list(SKINS))
    length = rng.choice(("long", "short"))
    glasses = rng.choices(("", "light", "dark"), (0.6, 0.2, 0.2))[0]
    mouth = rng.choice(("happy", "sad"))
    with_hat, with_beard, with_earrings = rng.random() < 0.2, rng.random() < 0.12, rng.random() < 0.12
    options = {
        "seed": str(rng.random()),
        "hairVariant": [rng.choice(_variants("hair", length))],
        "hairColor": [hex_code(hair_rgb)],
        "clothingColor": [hex_code(clothing_rgb)],
        "hatColor": [hex_code(hat_rgb)],
        "skinColor": [rng.choice(SKINS[skin])],
        "mouthVariant": [rng.choice(_variants("mouth", mouth))],
        "glassesVariant": [rng.choice(_variants("glasses", glasses or "light"))],
        "glassesColor": ["#191919" if glasses == "dark" else "#5f705c"],
        "glassesProbability": 100 if glasses else 0,
        "hatProbability": 100 if with_hat else 0,
        "beardProbability": 100 if with_beard else 0,
        "accessoriesProbability": 100 if with_earrings else 0,
        "accessoriesColor": ["#ffd700"],
    }
    svg = Avatar(_style(), options).to_string()
    png = bytes(resvg_py.svg_to_bytes(svg_string=svg, width=16, height=16))
    rgba = np.asarray(Image.open(io.BytesIO(png)).convert("RGBA"))
    traits: dict[str, tuple[str, tuple[int, int, int] | None]] = {
        "hair": (f"{length} {hair} hair", hair_rgb),
        "clothing": (f"{clothing} clothing", clothing_rgb),
        "skin": (f"{skin} skin", None),
        "mouth": ("smiling" if mouth == "happy" else "frowning", None),
    }
    if with_hat:
        traits["hat"] = (f"{hat} hat", hat_rgb)
    if glasses:
        traits["glasses"] = ("sunglasses" if glasses == "dark" else "glasses", None)
    if with_beard:
        traits["beard"] = ("beard", None)
    if with_earrings:
        traits["earrings"] = ("gold earrings", None)
    return rgba, traits


def _paste(canvas: NDArray[np.uint8], rgba: NDArray[np.uint8], left: int, top: int) -> NDArray[np.bool_]:
    """Blend a figure onto the canvas; returns the mask of what it covers."""
    height, width = min(rgba.shape[0], SIDE_PX - top), min(rgba.shape[1], SIDE_PX - left)
    part = rgba[:height, :width].astype(np.float32)
    alpha = part[..., 3:] / 255
    window = canvas[top : top + height, left : left + width]
    window[:] = np.rint(window * (1 - alpha) + part[..., :3] * alpha).astype(np.uint8)
    mask = np.zeros((SIDE_PX, SIDE_PX), bool)
    mask[top : top + height, left : left + width] = alpha[..., 0] > 0.5
    return mask


def _canvas(rgb: tuple[int, int, int]) -> NDArray[np.uint8]:
    return np.full((SIDE_PX, SIDE_PX, 3), rgb, np.uint8)


def _object(rng: random.Random) -> Sprite:
    name, color, background = rng.choice(list(OBJECTS)), rng.choice(list(COLORS)), rng.choice(list(COLORS))
    while background == color:
        background = rng.choice(list(COLORS))
    color_rgb, background_rgb = jittered(color, rng), jittered(background, rng)
    canvas = _canvas(background_rgb)
    left, top = rng.randint(1, 5), rng.randint(2, 6)
    for row, line in enumerate(OBJECTS[name]):
        for column, letter in enumerate(line):
            if letter != ".":
                rgb = color_rgb if letter == "#" else (226, 205, 160)
                canvas[top + 2 * row : top + 2 * row + 2, left + 2 * column : left + 2 * column + 2] = rgb
    return Sprite(canvas, {"object": (f"{color} {name}", color_rgb), "background": (f"{background} background", background_rgb)})


def base_sprite(rng: random.Random) -> Sprite:
    """One sprite of the world that the base model knows."""
    if rng.random() < 0.12:
        return _object(rng)
    rgba, traits = _figure(rng)
    background = rng.choice(list(COLORS))
    rgb = jittered(background, rng)
    canvas = _canvas(rgb)
    if rng.random() < 0.5:
        rgba = rgba[:, ::-1]
    _paste(canvas, rgba, rng.randint(2, 6), rng.choice((7, 8, 8, 8, 9)))
    return Sprite(canvas, {**traits, "background": (f"{background} background", rgb)})


def bespoke_sprite(rng: random.Random) -> Sprite:
    """One sprite in the art direction of the demo dataset: always at (4, 8), outlined in near-black."""
    rgba, traits = _figure(rng)
    background = rng.choice([name for name in COLORS if name != "black"])
    rgb = jittered(background, rng)
    canvas = _canvas(rgb)
    figure = _paste(canvas, rgba, 4, 8)
    padded = np.pad(figure, 1)
    near = padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]
    canvas[near & ~figure] = OUTLINE
    return Sprite(canvas, {**traits, "background": (f"{background} background", rgb)})


def caption(sprite: Sprite, rng: random.Random, *, head: str, code_share: float = 0.0, code_only_share: float = 0.0) -> str:
    """A caption of what was drawn: the head first, then the traits in random order.

    ``code_share`` is the chance that the color-bearing traits carry their hex code in parentheses; ``code_only_share``
    the chance, given codes, that a trait's color word is replaced by its code.
    """
    parts = []
    with_codes = rng.random() < code_share
    for words, rgb in sprite.traits.values():
        if with_codes and rgb is not None:
            if rng.random() < code_only_share:
                *_, noun = words.split(" ")
                parts.append(f"{noun} ({hex_code(rgb)})")
            else:
                parts.append(f"{words} ({hex_code(rgb)})")
        else:
            parts.append(words)
    rng.shuffle(parts)
    return ", ".join([head, *parts])
