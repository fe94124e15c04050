"""Causes in the training images and in what is done to them on the way."""

from __future__ import annotations

import math

from lorascope.analysis.explanation.causes.cause_kind import Aspect, CauseKind, Check, Sign, Trace

IMAGES = (
    CauseKind(
        "near_duplicate_images", "near-duplicate images",
        "pictures that occur several times are learned by heart before the others are learned at all",
        Check.AUDIT, "an image that is there k times is trained k times per epoch (sd-scripts: repeats per image)",
        effects={Aspect.DIVERSITY: -1.0, Aspect.PROMPT: -0.5, Aspect.COLOR: -0.3, Aspect.OVERALL: -0.6},
        traces={Trace.LOSS_END: -0.5, Trace.LATE_FALL: 0.6},
        defects=("duplicates",), in_data=True,
        test="list the duplicates",
        command="lorascope audit DATASET",
    ),
    CauseKind(
        "resampled_images", "images resampled",
        "pictures that were resized with smoothing (Lanczos, bicubic) have no hard edges left to learn, and more colors than were drawn",
        Check.AUDIT, "sd-scripts library/utils.py: images smaller than the bucket are enlarged with Lanczos; JPEG and rescaled pixel art",
        signs=(Sign("smoothing", 1, 1.0),),
        effects={Aspect.DETAIL: -1.0, Aspect.STYLE: -0.5, Aspect.COLOR: -0.1, Aspect.OVERALL: -0.5},
        traces={Trace.LOSS_END: -0.2},
        defects=("resampled",), in_data=True, signs_or_data=True,
        test="measure edge crispness and mixed cells of the training images themselves",
        command="lorascope measure DATASET",
    ),
    CauseKind(
        "dataset_shrunk", "dataset shrunk",
        "with fewer images each is seen more often, or the training is shorter: less variety to learn from",
        Check.METADATA, "sd-scripts: steps per epoch follow the number of images; ss_dataset_dirs in the file holds the count",
        signs=(Sign("images", -1, math.log(1.35)),),
        effects={Aspect.DIVERSITY: -1.0, Aspect.PROMPT: -0.7, Aspect.COLOR: -0.4, Aspect.OVERALL: -0.6},
        traces={Trace.LOSS_END: -0.5, Trace.LATE_FALL: 0.5},
        defects=("unreadable",), in_data=True,
        test="compare img_count in the metadata of both files, and the two dataset versions",
        command="lorascope datasets diff OLD NEW",
    ),
    CauseKind(
        "noise_offset_high", "noise offset too high",
        "noise offset shifts whole channels: flat colors drift and plain backgrounds become uneven",
        Check.REVERT, "sd-scripts custom_train_functions.py: adds offset x N(0, 1) per channel",
        signs=(Sign("noise_offset", 1, 0.06, 0.12),),
        effects={Aspect.COLOR: -1.0, Aspect.STYLE: -0.5, Aspect.DETAIL: -0.4, Aspect.OVERALL: -0.6},
        traces={Trace.LOSS_END: 0.6},
    ),
    CauseKind(
        "color_aug_on", "color augmentation on",
        "hue and gamma of the training images change at random, so that color words mean a range of colors",
        Check.REVERT, "sd-scripts train_util.py: hue by 16 degrees or gamma .95 to 1.05 on 0 to 255, in a third of the samples",
        signs=(Sign("color_aug", 1, 1.0, 1.0),),
        effects={Aspect.COLOR: -1.0, Aspect.STYLE: -0.6, Aspect.DETAIL: -0.2, Aspect.OVERALL: -0.6},
        traces={Trace.LOSS_END: 0.2},
    ),
    CauseKind(
        "resolution_mismatch", "resolution does not fit",
        "another training resolution than the base model's or the good run's: details are blurred, doubled or lost",
        Check.REVERT, "sd-scripts train_util.py: the bucket's area is width x height; images are enlarged with Lanczos",
        signs=(Sign("side", 1, math.log(1.2)), Sign("side", -1, math.log(1.2))),
        effects={Aspect.DETAIL: -1.0, Aspect.PROMPT: -0.4, Aspect.STYLE: -0.5, Aspect.COLOR: -0.2, Aspect.OVERALL: -0.6},
        defects=("sizes",),
    ),
    CauseKind(
        "mirrored_images", "images mirrored",
        "half of the images are mirrored while captions say left and right, and asymmetric subjects become symmetric",
        Check.REVERT, "sd-scripts train_util.py: flip_aug leaves captions as they are",
        signs=(Sign("flip_aug", 1, 1.0),),
        effects={Aspect.PROMPT: -0.6, Aspect.STYLE: -0.5, Aspect.OVERALL: -0.4},
        rarity=-2.0,
    ),
    CauseKind(
        "cropped_images", "images cropped at random",
        "what the caption names may lie outside the crop",
        Check.REVERT, "sd-scripts train_util.py: random_crop",
        signs=(Sign("random_crop", 1, 1.0),),
        effects={Aspect.PROMPT: -0.8, Aspect.STYLE: -0.4, Aspect.OVERALL: -0.5},
        rarity=-2.0,
    ),
    CauseKind(
        "stale_latent_cache", "stale latent cache",
        "latents cached on disk are matched by file name: repainted images, another VAE or another resolution change nothing",
        Check.METADATA, "sd-scripts strategy_base.py: a 64 x 64 latent was accepted for a 768 bucket",
        signs=(Sign("cached_latents", 1, 1.0),),
        effects={Aspect.DETAIL: -0.7, Aspect.STYLE: -0.6, Aspect.OVERALL: -0.5},
        rarity=-2.0,
        test="compare the dates of the .npz caches with those of the images; delete the caches",
    ),
)  # fmt: skip
