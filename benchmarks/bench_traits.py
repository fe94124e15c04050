"""How well things are recognized and features placed, learned from a labeled set alone: ``python benchmarks/bench_traits.py``.

The set is the demo's 203 sprites with their true captions. For each label, the choices that were tried beside each other (what the
classifier sees, and mirrored copies as further training), by the area under the curve on unseen pictures with and without a drawn
picture's noise; then the check as it ships: both answers with their cross-validated counts. Then where features are, from true captions,
from the demo's damaged ones, and from shuffled ones. Last, which strange pictures are taken for strange.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.clauses import read_caption
from lorascope.captions.encoding import decode
from lorascope.captions.labels import color_said, plain_words, says
from lorascope.evaluation.classifier import Space, fit, fold_of
from lorascope.evaluation.traits import Ground, TraitCheck, learn_trait, picture_numbers
from lorascope.jobs.read_assets import color_names, demo_dataset, demo_plants
from lorascope.jobs.read_pixels import load_pixels
from lorascope.pixels.background import find_background
from lorascope.pixels.feature_map import FeatureMap, learn_feature_map
from lorascope.pixels.figure import Figures, Likeness, figure_lab, known_figures
from table import keep, show

LABELS = ("glasses", "sunglasses", "earrings", "beard", "hat", "smiling", "long")
Floats = NDArray[np.float64]


def demo() -> tuple[Figures, list[str], list[str]]:
    """The sprites with their true captions and the damaged ones."""
    true = json.loads(demo_plants().read_text("utf-8"))["captions"]
    names = [name for name in sorted(true) if (demo_dataset() / f"{name}.png").is_file()]
    cells = np.stack([load_pixels(demo_dataset() / f"{name}.png") for name in names])
    figures = known_figures(cells, np.stack([~find_background(one).mask for one in cells]))
    files = [demo_dataset() / f"{name}.txt" for name in names]
    damaged = [decode(file.read_bytes())[0] if file.is_file() else "" for file in files]
    return figures, [true[name]["caption"] for name in names], damaged


def area(scores: Floats, yes: NDArray[np.bool_]) -> float:
    """The chance that a picture with the thing scores above one without."""
    return float((scores[yes][:, None] > scores[~yes][None]).mean())


def cells_only(lab: NDArray[np.float32], _: NDArray[np.bool_]) -> Floats:
    return lab.reshape(len(lab), -1).astype(np.float64)


def tried(figures: Figures, said: Mapping[str, NDArray[np.bool_]]) -> list[dict[str, object]]:
    """Each choice by label: the area under the curve on unseen flawless and noisy pictures."""
    rows = []
    kinds: dict[str, tuple[Callable[[NDArray[np.float32], NDArray[np.bool_]], Floats], bool]] = {
        "cells": (cells_only, False),
        "cells and edges (ships)": (picture_numbers, False),
        "cells and edges, mirrored too": (picture_numbers, True),
    }
    for name, (numbers, mirrored) in kinds.items():
        clean = numbers(figures.lab, figures.mask)
        space = Space.of(clean)
        placed = [space.place(one) for one in (clean, numbers(figures.noisy_lab, figures.noisy_mask))]
        more = space.place(numbers(figures.lab[:, :, ::-1], figures.mask[:, :, ::-1])) if mirrored else placed[0][:0]
        row: dict[str, object] = {"choice": name}
        for label, yes in said.items():
            folds, scores = fold_of(yes, seed=0), [np.zeros(len(yes)), np.zeros(len(yes))]
            for fold in range(5):
                out = folds == fold
                added, kind = (more[~out], yes[~out]) if mirrored else (more, yes[:0])
                line = fit(np.concatenate([placed[0][~out], added]), np.concatenate([yes[~out], kind]))
                for number, shown in enumerate(placed):
                    scores[number][out] = line.scores(shown[out])
            row[label] = f"{area(scores[0], yes):.3f} {area(scores[1], yes):.3f}"
        rows.append(row)
    return rows


def checks(figures: Figures, said: Mapping[str, NDArray[np.bool_]]) -> list[dict[str, object]]:
    """The checks as they ship, each answer in counts of unseen, noisy pictures."""
    start = time.perf_counter()
    ground = Ground.of(figures)
    rows: list[dict[str, object]] = [{"label": "(preparing)", "learned_s": time.perf_counter() - start}]
    for label, yes in said.items():
        start = time.perf_counter()
        check = learn_trait(label, ground, yes)
        row: dict[str, object] = {"label": label, "learned_s": time.perf_counter() - start}
        if isinstance(check, TraitCheck):
            for name, answer in (("present", check.present), ("absent", check.absent)):
                precision = answer.precision
                row[name] = answer.in_words()
                row[f"{name}_precision"] = f"{precision.low:.2f}-{precision.high:.2f}" if precision else "-"
                row[f"{name}_recall"] = f"{answer.recall.low:.2f}-{answer.recall.high:.2f}"
                row[f"{name}_even_odds_low"] = round(answer.even_odds_low, 3)
                row[f"{name}_said"] = answer.even_odds_low >= check.least_precision
        rows.append(row)
    return rows


def maps(figures: Figures, true: list[str], damaged: list[str]) -> list[dict[str, object]]:
    """Where features are, by the captions they were learned from."""
    shuffled = [true[place] for place in np.random.default_rng(0).permutation(len(true))]
    rows: list[dict[str, object]] = []
    for noun in ("hair", "clothing", "hat", "skin"):
        for name, captions in (("true", true), ("damaged", damaged), ("shuffled", shuffled)):
            claims = [color_said(read_caption(caption), noun) for caption in captions]
            start = time.perf_counter()
            found = learn_feature_map(noun, figures, claims, color_names(), [plain_words(caption) for caption in captions])
            row: dict[str, object] = {"feature": noun, "captions": name, "claims": sum(claim is not None for claim in claims)}
            row["learned_s"] = time.perf_counter() - start
            if isinstance(found, FeatureMap):
                row |= {"right": found.right, "of": found.of, "low": round(found.accuracy.low, 3), "covered_by": " ".join(found.covered_by)}
            else:
                row["refused"] = found.reason.split(": ", 1)[1][:80]
            rows.append(row)
    return rows


def strangers(figures: Figures) -> list[dict[str, object]]:
    """What share of strange pictures is judged all the same."""
    half = np.arange(len(figures)) % 2 == 0
    likeness = Likeness.of(figures.among(half))
    rgb, mask = figures.noisy_rgb[~half], figures.noisy_mask[~half]
    noise = np.random.default_rng(1).integers(0, 256, (100, *rgb.shape[1:]), np.uint8)
    kinds = {
        "unseen sprites with noise": (rgb, mask),
        "mirrored": (rgb[:, :, ::-1], mask[:, :, ::-1]),
        "moved by 1 cell": (np.roll(rgb, 1, axis=2), np.roll(mask, 1, axis=2)),
        "moved by 3 cells": (np.roll(rgb, 3, axis=2), np.roll(mask, 3, axis=2)),
        "upside down": (rgb[:, ::-1], mask[:, ::-1]),
        "inverted colors": (255 - rgb, mask),
        "noise": (noise, np.stack([~find_background(one).mask for one in noise])),
    }
    return [
        {
            "pictures": name,
            "n": len(cells),
            "judged": float(np.mean([likeness.distance(one) <= likeness.limit for one in figure_lab(cells, told)])),
        }
        for name, (cells, told) in kinds.items()
    ]


def main() -> None:
    """Measure all four and keep them."""
    figures, true, damaged = demo()
    read = [read_caption(caption) for caption in true]
    said = {label: np.array([says(caption, [label]) for caption in read]) for label in LABELS}
    choice, shipped, placed, strange = tried(figures, said), checks(figures, said), maps(figures, true, damaged), strangers(figures)
    show("what the classifier sees: area under the curve on unseen sprites, flawless and noisy", choice)
    show(
        "the checks, on unseen noisy sprites (95 % intervals)",
        shipped,
        ["said: the answer is given, its sure precision at even odds is 0.9 or more"],
    )
    show("where features are: unseen noisy sprites whose region has the claimed color", placed)
    show("strange pictures: share that is judged", strange, ["learned from every other sprite; the rest is unseen"])
    keep("traits", [*choice, *shipped, *placed, *strange], images=len(figures))


if __name__ == "__main__":
    main()
