"""What is read from pixels, against what was drawn: ``python benchmarks/bench_pixels.py [--sprites N]``.

Grids, cells, background masks and kinds, palettes and color words, each with n, and the CPU time of every step beside decoding the same
file. Truth comes from the demo's captions and from tools/planted_pictures.py. The drawn sprites have seeds that no threshold was
chosen on; the demo's sprites, the generators themselves and the survey of color names were all looked at while choosing.
"""

from __future__ import annotations

import argparse
import io
import json
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from table import keep, show

sys.path.insert(0, str(Path(__file__).parent.parent / "tools"))
import planted_pictures as planted
from lorascope.captions.sight import see
from lorascope.jobs.read_assets import color_names, color_table, demo_dataset, demo_plants
from lorascope.jobs.read_pixels import _by_pillow, load_pixels
from lorascope.pixels.background import find_background
from lorascope.pixels.cells import Scale, to_cells
from lorascope.pixels.grid import ACCEPT_CONFIDENCE, find_grid
from lorascope.pixels.palette import count_colors, exact_palette, merged_palette
from lorascope.records.color import oklab, oklab_distance, parse_hex
from lorascope.records.color_names import BASIC_TERMS, SYNONYMS, ColorNames, ColorPhrase, read_phrase

Pixels = NDArray[np.uint8]
Row = dict[str, object]
SEED = 1000  # away from the seeds of the tests

CONDITIONS: dict[str, Callable[[Pixels, int], Pixels]] = {
    "nearest 512": lambda cells, _: planted.enlarged(cells, 512),
    "nearest 576": lambda cells, _: planted.enlarged(cells, 576),
    "nearest 1024": lambda cells, _: planted.enlarged(cells, 1024),
    "decoder noise": lambda cells, seed: planted.decoder_noise(planted.enlarged(cells, 512), seed),
    "JPEG 85": lambda cells, _: planted.jpeg(planted.enlarged(cells, 512), 85),
    "decoder + JPEG": lambda cells, seed: planted.jpeg(planted.decoder_noise(planted.enlarged(cells, 512), seed), 85),
    "shift 9 px": lambda cells, seed: planted.shifted(planted.enlarged(cells, 512), 9 if seed % 2 else -9),
    "shift + decoder": lambda cells, seed: planted.decoder_noise(planted.shifted(planted.enlarged(cells, 512), 9), seed),
}


def demo_sprites() -> list[tuple[Pixels, tuple[int, int, int]]]:
    """The demo's sprites with the RGB of their backgrounds."""
    captions = json.loads(demo_plants().read_text("utf-8"))["captions"]
    paths = sorted(demo_dataset().glob("*.png"))
    return [(np.asarray(Image.open(path).convert("RGB")), parse_hex(captions[path.stem]["codes"]["background"])) for path in paths]


def grids(sprites: Sequence[Pixels], n: int) -> list[Row]:
    """How often columns and rows come back, surely, and how far the sampled cells are from the drawn ones."""
    families = {"demo 24": list(sprites), "drawn 24": [planted.draw(SEED + i).pixels for i in range(n)]}
    families |= {f"drawn {side}": [planted.draw(SEED + i, side, side).pixels for i in range(n)] for side in (16, 32, 48)}
    families["drawn 24 x 32"] = [planted.draw(SEED + i, 24, 32).pixels for i in range(n)]
    families["random 24"] = [planted.noise_sprite(SEED + i) for i in range(n)]
    rows: list[Row] = []
    for family, pictures in families.items():
        for condition, treat in CONDITIONS.items():
            found, confidences, errors = 0, [], []
            for seed, cells in enumerate(pictures):
                grid = find_grid(pixels := treat(cells, seed))
                right = grid is not None and grid.certain and (grid.rows, grid.columns) == cells.shape[:2]
                found += right
                confidences.append(grid.confidence if grid else 0.0)
                if right:
                    sampled = to_cells(pixels).rgb
                    # A shift of more than half a cell moves the sprite by a whole one: the picture does not say where it stood.
                    moved = [planted.shifted(cells, by) for by in (-1, 0, 1)]
                    errors.append(min(float(np.percentile(oklab_distance(sampled, other), 99)) for other in moved))
            rows.append({
                "sprites": family, "condition": condition, "n": len(pictures), "found": found / len(pictures),
                "least confidence": min(confidences), "cells p99 OKLab": statistics.median(errors) if errors else None,
            })  # fmt: skip
    return rows


def no_grids(sprites: Sequence[Pixels], n: int) -> list[Row]:
    """The confidence in a grid where there is none."""
    pictures = {
        "photo-like": [planted.photo_like(SEED + i) for i in range(n)],
        "photo-like, JPEG 75": [planted.jpeg(planted.photo_like(SEED + i), 75) for i in range(n)],
        "gradient": [planted.smooth_gradient(SEED + i) for i in range(n)],
        "gradient, JPEG 75": [planted.jpeg(planted.smooth_gradient(SEED + i), 75) for i in range(n)],
        "bicubic": [planted.bicubic(cells, 512) for cells in sprites[:n]],
        "bicubic, random cells": [planted.bicubic(planted.noise_sprite(SEED + i), 512) for i in range(n)],
    }
    pictures |= {f"{count} plain rectangles": [planted.rectangles(SEED + i, count) for i in range(4 * n)] for count in (1, 3, 5, 10)}
    rows: list[Row] = []
    for name, group in pictures.items():
        confidences = [grid.confidence if (grid := find_grid(pixels)) else 0.0 for pixels in group]
        wrong = sum(confidence >= ACCEPT_CONFIDENCE for confidence in confidences)
        rows.append({"picture": name, "n": len(group), "taken for a grid": wrong, "most confidence": max(confidences)})
    return rows


def overlap(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Intersection over union."""
    return 0.0 if found.shape != truth.shape else float(np.count_nonzero(found & truth) / np.count_nonzero(found | truth))


def masks(sprites: Sequence[tuple[Pixels, tuple[int, int, int]]], n: int) -> tuple[list[Row], list[Row]]:
    """Overlap of the background mask with the truth, and which kind was taken for which."""
    rows: list[Row] = []
    confusion: Counter[tuple[str, str]] = Counter()
    for condition, treat in {"as drawn": lambda cells, _: cells, **CONDITIONS}.items():
        groups = {"demo": [(cells, (cells == np.array(rgb)).all(axis=-1), "solid") for cells, rgb in sprites]}
        for wide in (False, True):
            drawn = [planted.draw(SEED + i, kind=kind, wide=wide) for i in range(n) for kind in planted.KINDS[: 4 if wide else 5]]
            groups["drawn, hard" if wide else "drawn"] = [(picture.pixels, picture.mask, picture.kind) for picture in drawn]
        for name, group in groups.items():
            overlaps = []
            for seed, (cells, truth, kind) in enumerate(group):
                found = find_background(to_cells(treat(cells, seed)).rgb)
                confusion[kind, found.kind.value] += 1
                if kind != "complex":
                    overlaps.append(overlap(found.mask, truth))
            low, middle = np.percentile(overlaps, [5, 50])
            rows.append({
                "sprites": name, "condition": condition, "n": len(overlaps), "IoU median": float(middle), "IoU p5": float(low),
                "IoU least": min(overlaps),
            })  # fmt: skip
    kinds = [{"drawn": kind, **{f"seen {seen}": confusion[kind, seen] for seen in planted.KINDS}} for kind in planted.KINDS]
    return rows, kinds


def palettes(n: int) -> list[Row]:
    """Colors counted raw (nearest sample of each cell) and merged, by truth."""
    rows: list[Row] = []
    for condition, treat in CONDITIONS.items():
        raw, merged, true = [], [], []
        for seed in range(n):
            cells = planted.draw(SEED + seed).pixels
            pixels = treat(cells, seed)
            true.append(len(exact_palette(cells)))
            raw.append(count_colors(np.asarray(Image.fromarray(pixels).resize((24, 24), Image.Resampling.NEAREST))))
            merged.append(len(merged_palette(to_cells(pixels).rgb)))
        ratio = [found / truth for found, truth in zip(merged, true, strict=True)]
        rows.append({
            "condition": condition, "n": n, "true": statistics.median(true), "raw": statistics.median(raw),
            "merged": statistics.median(merged), "merged/true most": max(ratio),
            "within 1": sum(abs(a - b) <= 1 for a, b in zip(merged, true, strict=True)) / n,
        })  # fmt: skip
    return rows


def words() -> list[Row]:
    """Color words: the survey with each color left out of its term's exemplars, wrong words, and the demo's true captions."""
    names, right, wrong, demo = color_names(), Counter[str](), Counter[str](), Counter[str]()
    for name, rgb in color_table().items():
        last = name.split()[-1].replace("grey", "gray")
        term = SYNONYMS.get(last, last)
        if term not in BASIC_TERMS:
            continue
        others = names.exemplars[term][np.abs(names.exemplars[term] - oklab(rgb)).sum(axis=-1) > 1e-9]
        said = read_phrase(name)
        left = ColorNames({**names.exemplars, term: others}, names.medians)
        right[left.agreement(ColorPhrase((term,), said.modifiers if said else ()), rgb)] += 1
        wrong.update(names.agreement(ColorPhrase((word,)), rgb) for word in BASIC_TERMS if word != term)
    for truth in json.loads(demo_plants().read_text("utf-8"))["captions"].values():
        for part in truth["caption"].split(", "):
            *_, word, noun = ["", *part.split()]
            if noun in truth["codes"] and (phrase := read_phrase(word)):
                demo[names.agreement(phrase, parse_hex(truth["codes"][noun]))] += 1
    rows: list[Row] = []
    for title, counts in (("survey, left out", right), ("wrong basic words", wrong), ("demo's true words", demo)):
        n = counts.total()
        rows.append({"words": title, "n": n, **{verdict: counts[verdict] / n for verdict in ("agree", "unsure", "conflict")}})
    return rows


def cpu_ms(call: Callable[[], object], repeats: int = 25) -> float:
    """The median CPU milliseconds of a call."""
    call()
    times = []
    for _ in range(repeats):
        start = time.process_time_ns()
        call()
        times.append((time.process_time_ns() - start) / 1e6)
    return statistics.median(times)


def costs() -> list[Row]:
    """CPU milliseconds of every step at 512 x 512, beside decoding the same picture's PNG."""
    sprite = planted.draw(0).pixels
    pictures = {
        "flawless 576": planted.enlarged(sprite, 576), "flawless 512": planted.enlarged(sprite, 512),
        "decoder 512": planted.decoder_noise(planted.enlarged(sprite, 512), 0), "photo-like 512": planted.photo_like(0),
    }  # fmt: skip
    steps: dict[str, dict[str, object]] = {}
    for name, pixels in pictures.items():
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG")
        data, cells = file.getvalue(), to_cells(pixels).rgb
        timed: dict[str, Callable[[], object]] = {
            "decode, Pillow": lambda data=data: _by_pillow(io.BytesIO(data)),
            "decode, as installed": lambda data=data: load_pixels(io.BytesIO(data)),
            "grid": lambda pixels=pixels: find_grid(pixels),
            "cells, grid included": lambda pixels=pixels: to_cells(pixels),
            "background": lambda cells=cells: find_background(cells),
            "exact palette of cells": lambda cells=cells: exact_palette(cells),
            "merged palette of cells": lambda cells=cells: merged_palette(cells),
            "count colors of all pixels": lambda pixels=pixels: count_colors(pixels),
            "all that an audit sees": lambda pixels=pixels: see(pixels),
        }
        for step, call in timed.items():
            steps.setdefault(step, {"step": step})[name] = cpu_ms(call)
        steps.setdefault("scale", {"step": "(scale)"})[name] = Scale(to_cells(pixels).scale).value
    return list(steps.values())


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sprites", type=int, default=40, help="drawn sprites per condition; the demo's 203 come on top")
    n = parser.parse_args().sprites
    sprites = demo_sprites()
    cells = [pixels for pixels, _ in sprites]
    mask_rows, kind_rows = masks(sprites, n)
    tables: dict[str, list[Row]] = {
        "Grids found (goal: all of 24 x 24)": grids(cells, n),
        f"No grid (accepted from {ACCEPT_CONFIDENCE})": no_grids(cells, n),
        "Background masks (goal: p5 at least 0.98)": mask_rows,
        "Background kinds, all conditions": kind_rows,
        "Palette sizes (goal: within 1 on flawless, at most twice under noise)": palettes(n),
        "Color words (goal: no conflict for right ones)": words(),
        "CPU ms per picture": costs(),
    }
    for title, rows in tables.items():
        show(title, rows)
    keep("pixels", [{"table": title, **row} for title, rows in tables.items() for row in rows], numpy=np.__version__)


if __name__ == "__main__":
    main()
