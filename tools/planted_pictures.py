"""Pictures with known truth, for the tests and benchmarks of everything that looks at pixels.

Sprites are drawn at one pixel a cell with their background mask and its kind; the other functions do to them what happens to
pictures between a drawing and a dataset: enlarging, a decoder's noise, JPEG, a shift. Everything follows from its seed.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

Pixels = NDArray[np.uint8]
KINDS = ("solid", "split", "checkered", "gradient", "complex")

# Colors at least 0.14 apart in OKLab, so that a drawn region has one name and an edge is an edge.
PAINTS: tuple[tuple[int, int, int], ...] = (
    (204, 32, 40), (242, 135, 28), (246, 216, 58), (48, 166, 70), (20, 150, 150), (48, 88, 214), (124, 58, 170), (242, 134, 184),
    (116, 70, 34), (26, 25, 28), (240, 240, 238), (136, 138, 140), (106, 231, 69), (160, 226, 240), (70, 16, 30), (232, 190, 150),
)  # fmt: skip
SKIES = ((160, 226, 240), (246, 216, 58), (240, 240, 238), (242, 134, 184), (232, 190, 150))  # gradients start light


@dataclass(frozen=True, slots=True)
class Drawn:
    """A sprite at one pixel a cell, (rows, columns, 3) uint8, with its background: True in ``mask``, its kind and main colors."""

    pixels: Pixels
    mask: NDArray[np.bool_]
    kind: str
    colors: tuple[tuple[int, int, int], ...]


def draw(seed: int, rows: int = 24, columns: int = 24, kind: str = "solid", *, wide: bool = False) -> Drawn:
    """A portrait that stands on the lower edge, symmetric but for a few details, before a background of a kind.

    ``wide`` is the hard kind of portrait: its shoulders reach the sides, and an outline in another color is all that parts a hat, which
    has almost the background's color, from the background.
    """
    rng = np.random.default_rng([seed, rows, columns, KINDS.index(kind)])
    paints = rng.permutation(len(PAINTS))
    pixels, colors = _backdrop(rng, rows, columns, kind, [PAINTS[index] for index in paints])
    taken = {tuple(color) for color in colors}
    figure_paints = [PAINTS[index] for index in paints if PAINTS[index] not in taken][:6]
    if kind in {"gradient", "complex"}:
        figure_paints = [(26, 25, 28), (116, 70, 34), (70, 16, 30), (48, 88, 214), (204, 32, 40)]
    figure = _figure(rng, rows, columns)
    if wide:
        figure[rows * 7 // 8 :] = 0
        near = np.clip(np.array(colors[0]) + rng.integers(-14, 15, 3), 0, 255)
        figure_paints[0], figure_paints[3] = figure_paints[1], (int(near[0]), int(near[1]), int(near[2]))
        figure[(figure == 3) & _touches(figure < 0)] = 1
    pixels[figure >= 0] = np.array(figure_paints, np.uint8)[figure[figure >= 0] % len(figure_paints)]
    return Drawn(pixels, figure < 0, kind, tuple(colors))


def _backdrop(
    rng: np.random.Generator, rows: int, columns: int, kind: str, paints: list[tuple[int, int, int]]
) -> tuple[Pixels, list[tuple[int, int, int]]]:
    first, second = np.array(paints[0], np.uint8), np.array(paints[1], np.uint8)
    y, x = np.mgrid[:rows, :columns]
    if kind == "solid":
        return np.full((rows, columns, 3), first, np.uint8), [paints[0]]
    if kind == "split":
        cut = rng.uniform(0.35, 0.65)
        upper = [x < cut * columns, y < 0.5 * rows, x / columns + y / rows < 1][int(rng.integers(3))]
        return np.where(upper[..., None], first, second), [paints[0], paints[1]]
    if kind == "checkered":
        side = int(rng.choice([1, 1, 2, 3]))
        return np.where(((x // side + y // side) % 2 == 0)[..., None], first, second), [paints[0], paints[1]]
    if kind == "gradient":
        start = np.array(SKIES[int(rng.integers(len(SKIES)))], float)
        stop = start * rng.uniform(0.35, 0.55) + np.array([0, 0, 40])
        way = [y / (rows - 1), x / (columns - 1), (x + y) / (rows + columns - 2)][int(rng.integers(3))][..., None]
        return np.rint(start * (1 - way) + stop * way).clip(0, 255).astype(np.uint8), [tuple(start.astype(int)), tuple(stop.astype(int))]
    scene = np.array(paints[:7], np.uint8)[rng.integers(0, 7, (-(-rows // 3), -(-columns // 3)))]
    return np.ascontiguousarray(scene.repeat(3, axis=0).repeat(3, axis=1)[:rows, :columns]), paints[:7]


def _touches(region: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is beside a region."""
    padded = np.pad(region, 1)
    return padded[:-2, 1:-1] | padded[2:, 1:-1] | padded[1:-1, :-2] | padded[1:-1, 2:]


def _figure(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.int64]:
    """Which paint each cell has, -1 where there is no figure: shoulders, head, hair, eyes, a mouth and a few odd cells."""
    y, x = np.mgrid[:rows, :columns]
    middle, head_y = (columns - 1) / 2, rows * rng.uniform(0.42, 0.5)
    radius_x, radius_y = columns * rng.uniform(0.2, 0.27), rows * rng.uniform(0.22, 0.28)
    figure = np.full((rows, columns), -1)
    shoulders = columns * rng.uniform(0.28, 0.38)
    figure[(y > head_y + radius_y * 0.9) & (abs(x - middle) <= shoulders - (rows - 1 - y) * 0.3)] = 0
    head = ((x - middle) / radius_x) ** 2 + ((y - head_y) / radius_y) ** 2
    figure[head <= 1.25] = 1  # an outline
    figure[head <= 0.85] = 2
    figure[(head <= 1.25) & (y < head_y - radius_y * rng.uniform(0.2, 0.5))] = 3
    eye_y, eye_x = round(head_y), max(2, round(radius_x * 0.5))
    for side in (-1, 1):
        figure[eye_y, round(middle + side * eye_x)] = 4
    figure[round(head_y + radius_y * 0.5), round(middle) - 1 : round(middle) + 2] = 5
    inside = np.flatnonzero(figure >= 0)
    odd = rng.choice(inside, max(3, len(inside) // 40), replace=False)
    figure.flat[odd] = rng.integers(0, 6, len(odd))
    return figure


def noise_sprite(seed: int, rows: int = 24, columns: int = 24, colors: int = 8) -> Pixels:
    """Cells of a few colors at random: an edge at nearly every line."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (colors, 3), dtype=np.uint8)[rng.integers(0, colors, (rows, columns))]


def enlarged(cells: Pixels, width_px: int, height_px: int | None = None) -> Pixels:
    """Nearest-neighbor enlargement; the height follows from the width where it is not given."""
    rows, columns = cells.shape[:2]
    height = round(width_px * rows / columns) if height_px is None else height_px
    return np.ascontiguousarray(cells[np.arange(height) * rows // height][:, np.arange(width_px) * columns // width_px])


def bicubic(cells: Pixels, width_px: int) -> Pixels:
    """A smooth enlargement: the cells are there, their edges are not."""
    height = round(width_px * cells.shape[0] / cells.shape[1])
    return np.asarray(Image.fromarray(cells).resize((width_px, height), Image.Resampling.BICUBIC))


def decoder_noise(pixels: Pixels, seed: int) -> Pixels:
    """What an autoencoder does to an enlarged sprite: edges blurred (sigma 1.5 px), faint blotches (1.2 levels) and grain (0.6)."""
    rng = np.random.default_rng(seed)
    blurred = gaussian_filter(pixels.astype(np.float32), (1.5, 1.5, 0), mode="nearest")
    blotches = gaussian_filter(rng.standard_normal(pixels.shape, dtype=np.float32), (3, 3, 0))
    grain = rng.standard_normal(pixels.shape, dtype=np.float32)
    return np.rint(blurred + blotches * (1.2 / blotches.std()) + 0.6 * grain).clip(0, 255).astype(np.uint8)


def jpeg(pixels: Pixels, quality: int) -> Pixels:
    """Saved as JPEG (4:2:0, as by default) and read again."""
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "JPEG", quality=quality)
    return np.asarray(Image.open(data).convert("RGB"))


def shifted(pixels: Pixels, px: int) -> Pixels:
    """Moved right and down by ``px`` (left and up when negative): what leaves is cut off, the edge fills what comes in."""
    height, width = pixels.shape[:2]
    return pixels[(np.arange(height) - px).clip(0, height - 1)][:, (np.arange(width) - px).clip(0, width - 1)]


def photo_like(seed: int, side_px: int = 512) -> Pixels:
    """No grid at all: detail at every size, as in photographs (amplitude falls with frequency), a few soft objects, camera grain."""
    rng = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(side_px)[:, None], np.fft.rfftfreq(side_px)[None])
    frequency[0, 0] = 1
    shape = (side_px, side_px // 2 + 1)
    spectrum = (rng.standard_normal((*shape, 3)) + 1j * rng.standard_normal((*shape, 3))) / frequency[..., None] ** rng.uniform(1.1, 1.5)
    texture = np.fft.irfft2(spectrum, (side_px, side_px), axes=(0, 1))
    picture = 128 + 45 * texture / texture.std()
    y, x = np.mgrid[:side_px, :side_px] / side_px
    for _ in range(6):
        center, size = rng.uniform(0.1, 0.9, 2), rng.uniform(0.05, 0.3)
        inside = 1 / (1 + np.exp((np.hypot(x - center[0], y - center[1]) - size) * 150))
        picture += inside[..., None] * rng.normal(0, 70, 3)
    return np.rint(picture + rng.normal(0, 2, picture.shape)).clip(0, 255).astype(np.uint8)


def smooth_gradient(seed: int, side_px: int = 512) -> Pixels:
    """One color turning into another over the whole picture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side_px, :side_px] / (side_px - 1)
    angle = rng.uniform(0, np.pi / 2)
    way = ((x * np.cos(angle) + y * np.sin(angle)) / (np.cos(angle) + np.sin(angle)))[..., None]
    start, stop = rng.integers(0, 256, (2, 3))
    return np.rint(start * (1 - way) + stop * way).astype(np.uint8)


def rectangles(seed: int, count: int, side_px: int = 512) -> Pixels:
    """A flat illustration: a few rectangles at any pixel, on no grid. A few sharp lines are what a grid is most easily imagined from."""
    rng = np.random.default_rng([seed, count])
    picture = np.full((side_px, side_px, 3), rng.integers(0, 256, 3), np.uint8)
    for _ in range(count):
        left, top = rng.integers(0, side_px * 6 // 7, 2)
        width, height = rng.integers(side_px // 25, side_px // 3, 2)
        picture[top : top + height, left : left + width] = rng.integers(0, 256, 3)
    return picture
