"""The training images of a toy run, in memory, with the augmentations that sd-scripts applies."""

from __future__ import annotations

import random
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from lorascope.errors import BadFile
from lorascope.records.dataset import Dataset, DatasetItem
from lorascope.records.run import ParameterValue

MAX_SIDE_PX = 4096


@dataclass(frozen=True, slots=True)
class TrainingImages:
    """Images, (n, side, side, 3) uint8, and their captions. ``repeats``: how often an epoch shows each (``num_repeats``)."""

    images: NDArray[np.uint8]
    captions: tuple[str, ...]
    side_px: int
    flip: bool
    jitter: bool
    repeats: int = 1

    @classmethod
    def read(cls, dataset: Dataset, values: Mapping[str, ParameterValue], side_px: int) -> TrainingImages:
        """Read the dataset's images at the base model's size.

        Raises:
            BadFile: an image cannot be read, or its size is not ``side_px`` or a whole multiple of it.
        """
        if not dataset.items:
            raise BadFile("no images to train on", where=dataset.folder, next_step="name a folder with images and captions")
        pixels = [_read(Path(dataset.folder), item, side_px) for item in dataset.items]
        repeats = int(str(values.get("num_repeats") or 1))
        captions = tuple(item.caption or "" for item in dataset.items)
        return cls(np.stack(pixels), captions, side_px, bool(values.get("flip_aug")), bool(values.get("color_aug")), repeats)

    def __len__(self) -> int:
        """How many pictures an epoch shows."""
        return len(self.captions) * self.repeats

    def batches(self, size: int, rng: random.Random) -> list[list[int]]:
        """The epoch's batches, as indexes, in random order; the last one is smaller when the count does not divide."""
        order = [*range(len(self.captions))] * self.repeats
        rng.shuffle(order)
        batches = [order[start : start + size] for start in range(0, len(order), size)]
        rng.shuffle(batches)
        return batches

    def pixels(self, batch: list[int], rng: random.Random) -> torch.Tensor:
        """A batch of pictures, (n, 3, side, side) in [-1, 1], mirrored and color-jittered when asked for."""
        chosen = self.images[batch]
        if self.flip:
            mirrored = [rng.random() < 0.5 for _ in batch]
            chosen = np.stack([image[:, ::-1] if mirror else image for image, mirror in zip(chosen, mirrored, strict=True)])
        if self.jitter:
            chosen = np.stack([_jittered(image, rng) for image in chosen])
        return torch.from_numpy(chosen.astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2).contiguous()


def _jittered(image: NDArray[np.uint8], rng: random.Random) -> NDArray[np.uint8]:
    """sd-scripts' color_aug: one time in three, half of those a hue shift of up to 16 degrees, half a gamma of .95 to 1.05."""
    if rng.random() >= 1 / 3:
        return image
    if rng.random() < 0.5:
        hsv = np.asarray(Image.fromarray(image).convert("HSV")).copy()
        shift = round(rng.uniform(-16, 16) / 360 * 256)
        hsv[..., 0] = (hsv[..., 0].astype(int) + shift) % 256
        return np.asarray(Image.fromarray(hsv, "HSV").convert("RGB"))
    # The trainer raises 0-255 values to the power without rescaling: 255 becomes 193 or, clipped, 255. So do we.
    return np.clip(image.astype(np.float64) ** rng.uniform(0.95, 1.05), 0, 255).astype(np.uint8)


def _read(folder: Path, item: DatasetItem, side_px: int) -> NDArray[np.uint8]:
    path = folder / item.image_file
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(path) as image:
            width, height = image.size
            if width != height or width % side_px or width > MAX_SIDE_PX:
                raise BadFile(
                    f"image is {width} x {height} px; the toy trainer takes {side_px} x {side_px} or whole multiples of it",
                    where=str(path),
                    next_step="resize the image with nearest neighbor, or train with another trainer",
                )
            rgb = image.convert("RGB").resize((side_px, side_px), Image.Resampling.NEAREST)
            return np.asarray(rgb)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError, ValueError) as error:
        raise BadFile(
            f"image cannot be read: {error}", where=str(path), next_step="remove or replace it; lorascope audit lists all such files"
        ) from error
