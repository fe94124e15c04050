"""Counting the colors of a picture: ours against Pillow and numpy, in the same process: ``python benchmarks/bench_unique_colors.py``.

Ours packs each pixel into one integer, sorts, and counts changes. All ways count the same pictures and must agree. Times are
medians of CPU milliseconds; the ratio is to ours on the same picture.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import Image

from lorascope.pixels.palette import count_colors

RESULTS = Path(__file__).parent / "results" / "unique_colors.jsonl"
REPEATS = 15

Pixels = NDArray[np.uint8]


def sprite(side_px: int) -> Pixels:
    """Eight colors in 24 x 24 cells, enlarged."""
    rng = np.random.default_rng(0)
    cells = rng.integers(0, 256, (8, 3), dtype=np.uint8)[rng.integers(0, 8, (24, 24))]
    rows = np.arange(side_px) * 24 // side_px
    return np.ascontiguousarray(cells[rows][:, rows])


def decoded(side_px: int) -> Pixels:
    """The sprite with the faint noise that a decoder leaves (normal, 1.5 levels)."""
    noisy = sprite(side_px) + np.random.default_rng(1).normal(0, 1.5, (side_px, side_px, 3))
    return np.clip(np.rint(noisy), 0, 255).astype(np.uint8)


def noise(side_px: int) -> Pixels:
    """Every pixel at random."""
    return np.random.default_rng(2).integers(0, 256, (side_px, side_px, 3), dtype=np.uint8)


def by_pillow(pixels: Pixels) -> int:
    """Pillow, told how many colors there can be (without that it gives up at 256)."""
    found = Image.fromarray(pixels).getcolors(pixels.shape[0] * pixels.shape[1] + 1)
    return len(found or [])


def by_pillow_largest(pixels: Pixels) -> int:
    """Pillow as it is often called: room for every color there is."""
    return len(Image.fromarray(pixels).getcolors(1 << 24) or [])


def by_numpy_rows(pixels: Pixels) -> int:
    """numpy on rows of three levels, the usual advice."""
    return len(np.unique(pixels.reshape(-1, 3), axis=0))


def by_numpy_packed(pixels: Pixels) -> int:
    """numpy on packed integers."""
    levels = pixels.reshape(-1, 3).astype(np.uint32)
    return len(np.unique(levels[:, 0] << 16 | levels[:, 1] << 8 | levels[:, 2]))


def by_set(pixels: Pixels) -> int:
    """A Python set of tuples, as in many scripts."""
    return len(set(map(tuple, pixels.reshape(-1, 3).tolist())))


WAYS: tuple[tuple[str, Callable[[Pixels], int]], ...] = (
    ("lorascope", count_colors),
    ("Pillow getcolors", by_pillow),
    ("numpy unique packed", by_numpy_packed),
    ("numpy unique rows", by_numpy_rows),
    ("set of tuples", by_set),
)
AT_512_PX = (("Pillow, 2^24 colors", by_pillow_largest),)  # its table alone takes 0.1 s, whatever the picture
PICTURES: tuple[tuple[str, Callable[[int], Pixels]], ...] = (("sprite", sprite), ("decoded sprite", decoded), ("noise", noise))


def cpu_ms(way: Callable[[Pixels], int], pixels: Pixels) -> float:
    """Median CPU milliseconds of a call; short calls are timed in batches."""
    batch = 200 if pixels.size < 10_000 else 1
    times = []
    for _ in range(REPEATS):
        start = time.process_time_ns()
        for _ in range(batch):
            way(pixels)
        times.append((time.process_time_ns() - start) / batch / 1e6)
    return statistics.median(times)


def main() -> None:
    rows = []
    print(f"{'side px':>7}  {'picture':<15} {'colors':>7}  {'way':<20} {'CPU ms':>9}  {'times ours':>10}")
    for side_px in (512, 24):
        for name, make in PICTURES:
            pixels = make(side_px)
            ways = WAYS + (AT_512_PX if side_px == 512 else ())
            counts = {way: count(pixels) for way, count in ways}
            assert len(set(counts.values())) == 1, counts
            ours = 0.0
            for way, count in ways:
                taken = cpu_ms(count, pixels)
                ours = ours or taken
                colors = counts[way]
                rows.append(
                    {"side_px": side_px, "picture": name, "colors": colors, "way": way, "cpu_ms": taken, "times_ours": taken / ours}
                )
                print(f"{side_px:>7}  {name:<15} {colors:>7}  {way:<20} {taken:>9.4f}  {taken / ours:>10.1f}")
    machine = {"machine": platform.machine(), "python": platform.python_version(), "numpy": np.__version__, "pillow": PIL.__version__}
    RESULTS.parent.mkdir(exist_ok=True)
    with RESULTS.open("a", encoding="utf-8") as file:
        file.write(json.dumps({"at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), **machine, "rows": rows}) + "\n")


if __name__ == "__main__":
    main()
