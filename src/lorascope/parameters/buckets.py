"""How images of many shapes are brought to a few sizes. What follows from them is worked out in bucket_plan.py."""

from __future__ import annotations

from lorascope.parameters.parameter import Category, Kind, Parameter, Scale
from lorascope.parameters.source import TRAIN_UTIL

_HERE = Category.BUCKETS

BUCKETS = (
    Parameter(
        "enable_bucket",
        _HERE,
        Kind.BOOLEAN,
        "Train every image in a bucket near its own shape instead of one size for all.",
        default=True,
        trainer_default=False,
        scale=Scale.NOMINAL,
        interactions="Off, an image of another size than resolution stops sd-scripts, unless latents are cached (it is then resized and cut"
        " around its middle) or it is larger and random_crop is on. The other bucket settings are then not read.",
        source=f"{TRAIN_UTIL}4586",
    ),
    Parameter(
        "bucket_no_upscale",
        _HERE,
        Kind.BOOLEAN,
        "Never enlarge an image: its bucket is its own size, rounded down to bucket_reso_steps.",
        default=True,
        trainer_default=False,
        scale=Scale.NOMINAL,
        interactions="min_bucket_reso and max_bucket_reso are not read. An image with a side below bucket_reso_steps stops sd-scripts.",
        source=f"{TRAIN_UTIL}4611, 1033",
    ),
    Parameter(
        "bucket_reso_steps",
        _HERE,
        Kind.INTEGER,
        "Bucket sides are multiples of this.",
        default=64,
        trainer_default=64,
        unit="px",
        low=8,
        scale=Scale.LOG,
        interactions="Must be a multiple of 64 for SD 1 and 2, of 32 for SDXL.",
        source=f"{TRAIN_UTIL}4605",
    ),
    Parameter(
        "min_bucket_reso",
        _HERE,
        Kind.INTEGER,
        "Smallest side of a bucket.",
        default=256,
        trainer_default=256,
        unit="px",
        low=8,
        interactions="Rounded down to bucket_reso_steps; must not exceed resolution. Not read with bucket_no_upscale.",
        source=f"{TRAIN_UTIL}4591",
    ),
    Parameter(
        "max_bucket_reso",
        _HERE,
        Kind.INTEGER,
        "Largest side of a bucket.",
        default=1024,
        trainer_default=1024,
        unit="px",
        low=8,
        interactions="Rounded up to bucket_reso_steps; must not be below resolution. Not read with bucket_no_upscale.",
        source=f"{TRAIN_UTIL}4598",
    ),
    Parameter(
        "resize_interpolation",
        _HERE,
        Kind.CHOICE,
        "How pixels are computed when an image is resized.",
        choices=("lanczos", "nearest", "bilinear", "linear", "bicubic", "cubic", "area"),
        optional=True,
        scale=Scale.NOMINAL,
        interactions="Unset takes area to shrink and lanczos to enlarge, which blurs pixel art; nearest keeps its edges.",
        source=f"{TRAIN_UTIL}4616, library/utils.py:216",
    ),
)
