"""Describe the training images: their palette, their cells, and for every metric the band in which they lie.

A first guess of what is good was falsified by good art whenever somebody tried (a threshold on single cells calls eyes noise). So no
metric is judged by a fixed number: beside it stands what the user's own training images have.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lorascope.evaluation.metric import Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.metrics import METRICS, photorealism
from lorascope.evaluation.training_set import Band, TrainingSet
from lorascope.pixels.palette import merged_palette
from lorascope.records.color_names import ColorNames
from lorascope.records.prompt import Prompt

AGREED_SHARE = 0.9  # of the images must have the same number of cells for it to be the training set's
LEAST_IMAGES = 5  # fewer have no percentiles worth the name


@dataclass(frozen=True, slots=True)
class TrainingImage:
    """One training image: ``prompt`` holds what its caption says of it as expectations."""

    name: str
    pixels: NDArray[np.uint8]
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is kept of an image once it has been looked at; its pixels are not."""

    image: TrainingImage
    cells: NDArray[np.uint8]
    certain: bool
    colors: NDArray[np.uint8]
    values: Mapping[str, float]


def describe(images: Iterable[TrainingImage], names: ColorNames | None, metrics: Sequence[Metric] = METRICS) -> TrainingSet | None:
    """The training set that these images are, with bands; None without any image. Images are looked at one after the other."""
    seen = [_look(image, names, [metric for metric in metrics if not metric.of_training]) for image in images]
    if not seen:
        return None
    training = _without_bands(seen)
    values: dict[str, list[float]] = {}
    for one in seen:
        for name, value in one.values.items():
            values.setdefault(name, []).append(value)
    training = replace(training, bands=_bands(values))
    distances = [photorealism.distance(one.values, training.bands) for one in seen]
    values = {photorealism.METRIC.name: [distance for distance in distances if distance is not None]}
    compared = [metric for metric in metrics if metric.of_training and metric is not photorealism.METRIC]
    places = {name: place for place, name in enumerate(training.names)}
    for one in seen:
        picture = Picture(one.cells, one.image.prompt, training, names, places.get(one.image.name))
        for name, value in _measured(picture, compared).items():
            values.setdefault(name, []).append(value)
    return replace(training, bands={**training.bands, **_bands(values)})


def _look(image: TrainingImage, names: ColorNames | None, metrics: Sequence[Metric]) -> _Seen:
    picture = Picture(image.pixels, image.prompt, None, names)
    look = picture.look
    values = _measured(picture, [metric for metric in metrics if not metric.yes_or_no])  # a share of pictures has no band
    kept = replace(image, pixels=look.cells.rgb)
    return _Seen(kept, look.cells.rgb, look.cells.certain, look.merged.rgb, values)


def _measured(picture: Picture, metrics: Sequence[Metric]) -> dict[str, float]:
    """The metrics that have a value here."""
    found = {metric.name: picture.of(metric) for metric in metrics}
    return {
        name: value.value if isinstance(value, Reading) else value for name, value in found.items() if not isinstance(value, NotMeasurable)
    }


def _without_bands(seen: Sequence[_Seen]) -> TrainingSet:
    shapes = Counter(one.cells.shape for one in seen if one.certain)
    shape, count = shapes.most_common(1)[0] if shapes else ((0, 0, 3), 0)
    agreed = count >= AGREED_SHARE * len(seen)
    kept = [one for one in seen if one.certain and one.cells.shape == shape]
    palette, weights = _union([one.colors for one in seen])
    return TrainingSet(
        side_cells=min(shape[:2]) if agreed else None,
        palette=palette,
        weights=weights,
        cells=np.stack([one.cells for one in kept]) if kept else np.zeros((0, 0, 0, 3), np.uint8),
        names=tuple(one.image.name for one in kept),
    )


def _union(colors: Sequence[NDArray[np.uint8]]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The merged colors of all images, the commonest first, and the share of images that hold each."""
    merged = merged_palette(np.concatenate(colors)[None])
    images = np.repeat(np.arange(len(colors)), [len(of_image) for of_image in colors])
    pairs = np.unique(np.stack([merged.labels[0], images]), axis=1)
    shares = np.bincount(pairs[0], minlength=len(merged)) / len(colors)
    order = np.argsort(-shares, kind="stable")
    return merged.rgb[order], shares[order]


def _bands(values: Mapping[str, Sequence[float]]) -> dict[str, Band]:
    found = {name: np.percentile(numbers, (5, 50, 95)) for name, numbers in values.items() if len(numbers) >= LEAST_IMAGES}
    return {name: Band(float(low), float(median), float(high), len(values[name])) for name, (low, median, high) in sorted(found.items())}
