"""Which bucket each image falls into, worked out from image sizes alone, before anything is trained.

Follows sd-scripts 48d368f, library/train_util.py (BucketManager.select_bucket, make_buckets) and library/model_util.py
(make_bucket_resolutions). What would stop sd-scripts in the middle of its start is refused here with its reason.
Sizes are (width, height) in pixels.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lorascope.errors import BadParameter
from lorascope.records.run import ParameterValue

Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class BucketRules:
    """The settings that decide. ``step_unit_px`` is what bucket_reso_steps must be a multiple of: 64 (SD 1, 2) or 32 (SDXL)."""

    resolution: Size
    enable_bucket: bool = False
    bucket_no_upscale: bool = False
    min_bucket_reso: int = 256
    max_bucket_reso: int = 1024
    bucket_reso_steps: int = 64
    cache_latents: bool = False
    random_crop: bool = False
    step_unit_px: int = 64

    @classmethod
    def of(cls, parameters: Mapping[str, ParameterValue], step_unit_px: int = 64) -> BucketRules:
        """The rules that validated parameters (catalogue.validate) ask for; the trainer's defaults where they are silent.

        Raises:
            BadParameter: there is no resolution.
        """

        def number(name: str, default: int) -> int:
            value = parameters.get(name)
            return default if value is None else int(value)

        return cls(
            resolution=parse_resolution(parameters.get("resolution")),
            enable_bucket=bool(parameters.get("enable_bucket")),
            bucket_no_upscale=bool(parameters.get("bucket_no_upscale")),
            min_bucket_reso=number("min_bucket_reso", 256),
            max_bucket_reso=number("max_bucket_reso", 1024),
            bucket_reso_steps=number("bucket_reso_steps", 64),
            cache_latents=bool(parameters.get("cache_latents") or parameters.get("cache_latents_to_disk")),
            random_crop=bool(parameters.get("random_crop")),
            step_unit_px=step_unit_px,
        )


@dataclass(frozen=True, slots=True)
class Bucket:
    """A size of trained images and how many fall into it, repeats included."""

    width: int
    height: int
    count: int


@dataclass(frozen=True, slots=True)
class Placement:
    """What becomes of one image: resized to ``resized``, then cut to ``bucket``."""

    bucket: Size
    resized: Size


def parse_resolution(value: ParameterValue) -> Size:
    """Width and height of a validated ``resolution`` ("512,768").

    Raises:
        BadParameter: it is unset.
    """
    if not isinstance(value, str):
        raise BadParameter("resolution is not set", next_step='set it, for SD 1.5 for instance to "512,512"')
    width, height = value.split(",")
    return int(width), int(height)


def plan_buckets(images: Iterable[tuple[Size, int]], rules: BucketRules) -> tuple[Bucket, ...]:
    """The buckets of a dataset, sorted by size. ``images`` are (size, repeats); repeats of 0 leave an image out.

    >>> rules = BucketRules((512, 512), enable_bucket=True, bucket_no_upscale=True)
    >>> plan_buckets([((512, 512), 10), ((700, 500), 1)], rules)
    (Bucket(width=512, height=384, count=1), Bucket(width=512, height=512, count=10))

    Raises:
        BadParameter: the settings or an image would stop sd-scripts; says why.
    """
    offered = _offered(rules)
    counts: Counter[Size] = Counter()
    for size, repeats in images:
        if repeats > 0:
            counts[_placed(size, rules, offered).bucket] += repeats
    return tuple(Bucket(width, height, count) for (width, height), count in sorted(counts.items()))


def place(size: Size, rules: BucketRules) -> Placement:
    """What becomes of one image of this size.

    >>> place((700, 500), BucketRules((512, 512), enable_bucket=True))
    Placement(bucket=(576, 448), resized=(627, 448))

    Raises:
        BadParameter: the settings or the image would stop sd-scripts; says why.
    """
    return _placed(size, rules, _offered(rules))


def _offered(rules: BucketRules) -> tuple[Size, ...]:
    """The sizes to choose from, or none when every image makes its own."""
    if not rules.enable_bucket:
        return (rules.resolution,)
    low, high = _checked_bounds(rules)
    return () if rules.bucket_no_upscale else bucket_sizes(rules.resolution, low, high, rules.bucket_reso_steps)


def _placed(size: Size, rules: BucketRules, offered: tuple[Size, ...]) -> Placement:
    if min(size) < 1:
        raise BadParameter(f"an image of {_shown(size)} has no area")
    if not rules.enable_bucket:
        _check_fixed_size(size, rules)
    return _nearest_shape(size, offered) if offered else _own_shape(size, rules)


def bucket_sizes(resolution: Size, low: int, high: int, step: int) -> tuple[Size, ...]:
    """The buckets offered when images may be enlarged: every multiple of ``step`` as one side, the largest multiple that
    stays within the resolution's area as the other, and the square.

    >>> bucket_sizes((128, 128), 64, 256, 64)
    ((64, 192), (64, 256), (128, 128), (192, 64), (256, 64))
    """
    area = resolution[0] * resolution[1]
    square = int(math.sqrt(area) // step) * step
    sizes = {(square, square)}
    for width in range(low, high + 1, step):
        height = min(high, area // width // step * step)
        if height >= low:
            sizes |= {(width, height), (height, width)}
    return tuple(sorted(sizes))


def _checked_bounds(rules: BucketRules) -> Size:
    """min_bucket_reso rounded down and max_bucket_reso rounded up to the step."""
    step, unit = rules.bucket_reso_steps, rules.step_unit_px
    if step < 1 or step % unit:
        raise BadParameter(
            f"bucket_reso_steps = {step}: must be a multiple of {unit}", next_step=f"set it to {max(unit, step // unit * unit)}"
        )
    low, high = rules.min_bucket_reso // step * step, -(-rules.max_bucket_reso // step) * step
    if low < step and not rules.bucket_no_upscale:
        raise BadParameter(f"min_bucket_reso = {rules.min_bucket_reso}: must be at least bucket_reso_steps ({step})")
    if low > min(rules.resolution):
        raise BadParameter(f"min_bucket_reso = {rules.min_bucket_reso} exceeds resolution {_shown(rules.resolution)}")
    if high < max(rules.resolution):
        raise BadParameter(f"max_bucket_reso = {rules.max_bucket_reso} is below resolution {_shown(rules.resolution)}")
    return low, high


def _check_fixed_size(size: Size, rules: BucketRules) -> None:
    """Without buckets only cached latents are resized; random_crop can cut but not enlarge."""
    width, height = rules.resolution
    larger = size[0] >= width and size[1] >= height
    if size == rules.resolution or rules.cache_latents or (rules.random_crop and larger):
        return
    raise BadParameter(
        f"an image of {_shown(size)} is not the resolution {_shown(rules.resolution)}, and buckets are off",
        next_step="set enable_bucket = true, or cache_latents = true to resize and cut",
    )


def _nearest_shape(size: Size, sizes: tuple[Size, ...]) -> Placement:
    """The bucket of the very same size, or else the one of the nearest width / height; the image covers it."""
    width, height = size
    shape = width / height
    bucket = size if size in sizes else min(sizes, key=lambda candidate: abs(candidate[0] / candidate[1] - shape))
    scale = bucket[1] / height if shape > bucket[0] / bucket[1] else bucket[0] / width
    return Placement(bucket, (int(width * scale + 0.5), int(height * scale + 0.5)))


def _own_shape(size: Size, rules: BucketRules) -> Placement:
    """The image's own size, shrunk to the area of the resolution when larger, cut to multiples of the step."""
    width, height = size
    area, step = rules.resolution[0] * rules.resolution[1], rules.bucket_reso_steps
    resized = _shrunk(size, area, step) if width * height > area else size
    bucket = resized[0] - resized[0] % step, resized[1] - resized[1] % step
    if min(bucket) < 1:
        raise _too_small(size, step)
    return Placement(bucket, resized)


def _shrunk(size: Size, area: int, step: int) -> Size:
    """The size nearest the area with one side a multiple of the step: that side which keeps the shape better."""
    shape = size[0] / size[1]
    width = math.sqrt(area * shape)
    rounded_width, rounded_height = _rounded(width, step), _rounded(area / width, step)
    height_then, width_then = _rounded(rounded_width / shape, step), _rounded(rounded_height * shape, step)
    if min(height_then, rounded_height) < 1:
        raise _too_small(size, step)
    if abs(rounded_width / height_then - shape) < abs(width_then / rounded_height - shape):
        return rounded_width, int(rounded_width / shape + 0.5)
    return int(rounded_height * shape + 0.5), rounded_height


def _rounded(length: float, step: int) -> int:
    """The nearest whole number, cut to a multiple of the step."""
    return int(length + 0.5) // step * step


def _too_small(size: Size, step: int) -> BadParameter:
    return BadParameter(
        f"an image of {_shown(size)} has a side below bucket_reso_steps ({step} px) and bucket_no_upscale is on",
        next_step="set bucket_no_upscale = false, or enlarge the images first (pixel art: nearest neighbor)",
    )


def _shown(size: Size) -> str:
    return f"{size[0]} x {size[1]} px"
