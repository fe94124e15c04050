"""The settings of simulated LoRA projects: what a run starts from, harmless edits, and edits that only look like a cause."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lorascope.records.run import ParameterValue
from simulated_causes import Footprint, Settings

NEUTRAL: Mapping[str, tuple[ParameterValue, ...]] = {  # within these, nothing changes that a metric would show
    "lr_scheduler": ("cosine", "constant_with_warmup", "cosine_with_restarts", "linear"),
    "lr_warmup_steps": (0.02, 0.05, 0.1),
    "optimizer_type": ("AdamW", "AdamW8bit", "PagedAdamW8bit"),
    "seed": (42, 7, 1337, 2024),
    "flip_aug": (True, False),
    "max_grad_norm": (1.0, 0.5, 2.0),
    "min_snr_gamma": (None, 5.0, 8.0),
    "network_dropout": (None, 0.05, 0.1),
    "scale_weight_norms": (None, 5.0),
    "max_token_length": (150, 225),
    "bucket_no_upscale": (True, False),
    "min_bucket_reso": (256, 320),
    "bucket_reso_steps": (64, 128),
    "gradient_checkpointing": (True, False),
    "sdpa": (True, False),
    "max_data_loader_n_workers": (2, 4, 8),
    "save_precision": ("fp16", "float"),
    "prior_loss_weight": (1.0, 0.9),
    "weighted_captions": (False, True),
    "persistent_data_loader_workers": (False, True),
}
IN_USE: Mapping[str, Settings] = {  # suspicious values that a project may have lived with since its first run
    "rank_without_alpha": {"network_dim": 128, "network_alpha": 16.0},
    "lr_too_high": {"learning_rate": 4e-4},
    "lr_too_low": {"learning_rate": 2e-5},
    "keep_tokens_off": {"keep_tokens": 0, "shuffle_caption": True},
    "caption_dropout_high": {"caption_dropout_rate": 0.15},
    "fp16_overflow": {"mixed_precision": "fp16", "full_fp16": True},
    "noise_offset_high": {"noise_offset": 0.1},
    "color_aug_on": {"color_aug": True, "cache_latents": False},
    "resolution_mismatch": {"resolution": "768,768"},
    "te_lr_too_high": {"text_encoder_lr": 2e-4},
    "too_few_steps": {"max_train_epochs": 6},
    "too_many_steps": {"max_train_epochs": 24},
}


def first_settings(rng: np.random.Generator, *, images: int | None, in_use: tuple[str, ...]) -> dict[str, ParameterValue]:
    """The settings of a project's first run, with the suspicious values it uses all along."""
    rate = float(rng.choice([5e-5, 1e-4, 2e-4]))
    settings: dict[str, ParameterValue] = {name: values[int(rng.integers(len(values)))] for name, values in NEUTRAL.items()}
    settings |= {
        "network_module": "networks.lora",
        "network_dim": int(rng.choice([16, 32])),
        "network_alpha": 16.0,
        "learning_rate": rate,
        "unet_lr": rate if rng.random() < 0.3 else None,
        "text_encoder_lr": rate / 2,
        "max_train_epochs": int(rng.choice([10, 12, 16])),
        "num_repeats": int(rng.choice([5, 8, 10])),
        "train_batch_size": int(rng.choice([2, 4])),
        "save_every_n_epochs": 1,
        "keep_tokens": int(rng.choice([1, 2, 3])),
        "shuffle_caption": bool(rng.random() < 0.7),
        "caption_extension": ".txt",
        "caption_dropout_rate": float(rng.choice([0.0, 0.02, 0.05])),
        "noise_offset": None if rng.random() < 0.7 else 0.03,
        "color_aug": False,
        "cache_latents": True,
        "resolution": "512,512",
        "enable_bucket": True,
        "max_bucket_reso": 1024,
        "mixed_precision": "bf16" if rng.random() < 0.6 else "fp16",
        "full_fp16": False,
        "resize_interpolation": "nearest" if rng.random() < 0.6 else None,
        "clip_skip": 1,
    }
    if images is not None:
        settings["num_images"] = images
    for cause in in_use:
        settings |= IN_USE[cause]
    return settings


def neutral_edit(rng: np.random.Generator, settings: Settings) -> dict[str, ParameterValue]:
    """One setting moved to another value that makes no difference."""
    name = str(rng.choice(sorted(NEUTRAL)))
    others = [value for value in NEUTRAL[name] if value != settings.get(name)]
    return {name: others[int(rng.integers(len(others)))]}


def look_alike(cause: str, rng: np.random.Generator, settings: Settings) -> Footprint | None:
    """A harmless edit of what this cause is about; None where these settings leave none."""
    make = _LOOK_ALIKES.get(cause)
    return make(rng, settings) if make else None


def tried(cause: str, settings: Settings) -> Footprint | None:
    """The suspicious value itself, in a project that has found it harmless; None where it is in use already."""
    edits = IN_USE.get(cause, {})
    changed = {name: value for name, value in edits.items() if settings.get(name) != value}
    return Footprint(changed) if changed else None


def bold(cause: str, rng: np.random.Generator, settings: Settings) -> Footprint | None:
    """A full-sized suspicious edit that does no harm here: the project does not depend on it, or another edit makes up for it."""
    if cause in {"lr_too_high", "too_few_steps"}:
        factor, epochs = float(rng.choice([2, 3])), int(_float(settings, "max_train_epochs"))
        if settings.get("unet_lr") is not None or epochs < 2 * factor:
            return None
        return Footprint(_scaled(settings, "learning_rate", factor) | {"max_train_epochs": max(1, round(epochs / factor))})
    if cause in {"lr_too_low", "too_many_steps", "rank_without_alpha", "te_lr_too_high"}:
        return None  # these leave traces in the weights whatever the project is like
    return tried(cause, settings)


def _float(settings: Settings, name: str) -> float:
    value = settings[name]
    assert isinstance(value, int | float)
    return float(value)


def _scaled(settings: Settings, name: str, factor: float) -> dict[str, ParameterValue]:
    return {name: float(f"{_float(settings, name) * factor:.2g}")}


def _rank_with_alpha(_: np.random.Generator, settings: Settings) -> Footprint:
    edits = {"network_dim": int(_float(settings, "network_dim")) * 2, "network_alpha": _float(settings, "network_alpha") * 2}
    return Footprint(edits, effective_rank=1.5)


def _rate(up: float, fallback: float) -> Callable[[np.random.Generator, Settings], Footprint]:
    def make(rng: np.random.Generator, settings: Settings) -> Footprint:
        unused = settings.get("unet_lr") is not None and settings.get("text_encoder_lr") is not None
        if unused and rng.random() < 0.7:  # both parts have their own rate: the general one has no effect
            return Footprint(_scaled(settings, "learning_rate", fallback))
        return Footprint(_scaled(settings, "learning_rate", up), dose=1.0)

    return make


def _epochs(up: float, halves: float) -> Callable[[np.random.Generator, Settings], Footprint]:
    def make(rng: np.random.Generator, settings: Settings) -> Footprint:
        epochs, repeats = int(_float(settings, "max_train_epochs")), int(_float(settings, "num_repeats"))
        if rng.random() < 0.5:  # as many steps as before, cut into other epochs
            return Footprint({"max_train_epochs": max(1, round(epochs * halves)), "num_repeats": max(1, round(repeats / halves))})
        return Footprint({"max_train_epochs": max(1, round(epochs * up))})

    return make


def _keep_tokens(_: np.random.Generator, settings: Settings) -> Footprint:
    if not settings["shuffle_caption"]:  # without shuffling, no tag is ever moved
        return Footprint({"keep_tokens": 0})
    return Footprint({"keep_tokens": int(_float(settings, "keep_tokens")) + 1})


def _dropout(rng: np.random.Generator, settings: Settings) -> Footprint:
    return Footprint({"caption_dropout_rate": round(_float(settings, "caption_dropout_rate") + float(rng.choice([0.03, 0.05])), 2)})


def _half_precision(_: np.random.Generator, settings: Settings) -> Footprint | None:
    return Footprint({"mixed_precision": "fp16"}) if settings["mixed_precision"] == "bf16" else None


def _noise_offset(rng: np.random.Generator, settings: Settings) -> Footprint | None:
    return Footprint({"noise_offset": float(rng.choice([0.01, 0.02]))}) if settings["noise_offset"] is None else None


def _uncached(_: np.random.Generator, settings: Settings) -> Footprint | None:
    return Footprint({"cache_latents": False}) if settings["cache_latents"] else None


def _spelled_size(_: np.random.Generator, settings: Settings) -> Footprint | None:
    return Footprint({"resolution": "512,576"}) if settings["resolution"] == "512,512" else None


def _te_rate(rng: np.random.Generator, settings: Settings) -> Footprint:
    return Footprint(_scaled(settings, "text_encoder_lr", float(rng.choice([1.3, 1.5]))))


def _recaptioned(checks: tuple[str, ...], share: float) -> Callable[[np.random.Generator, Settings], Footprint]:
    def make(rng: np.random.Generator, _: Settings) -> Footprint:
        return Footprint(findings={str(rng.choice(checks)): share}, new_dataset=True)

    return make


def _interpolation(_: np.random.Generator, settings: Settings) -> Footprint | None:
    return Footprint({"resize_interpolation": "area"}) if settings["resize_interpolation"] is None else None


def _few_images_gone(rng: np.random.Generator, _: Settings) -> Footprint:
    return Footprint(images=float(rng.uniform(0.9, 0.98)), new_dataset=True)


_LOOK_ALIKES: Mapping[str, Callable[[np.random.Generator, Settings], Footprint | None]] = {
    "rank_without_alpha": _rank_with_alpha,
    "lr_too_high": _rate(1.25, 5.0),
    "lr_too_low": _rate(0.8, 0.2),
    "too_few_steps": _epochs(0.85, 0.5),
    "too_many_steps": _epochs(1.2, 2.0),
    "keep_tokens_off": _keep_tokens,
    "caption_dropout_high": _dropout,
    "fp16_overflow": _half_precision,
    "noise_offset_high": _noise_offset,
    "color_aug_on": _uncached,
    "resolution_mismatch": _spelled_size,
    "te_lr_too_high": _te_rate,
    "caption_hex_conflict": _recaptioned(("color_word_contradicts_code", "duplicate_color_code"), 0.06),
    "captions_missing": _recaptioned(("missing_or_empty_caption",), 0.03),
    "near_duplicate_images": _recaptioned(("duplicate_image", "near_duplicate_captions"), 0.05),
    "resampled_images": _interpolation,
    "dataset_shrunk": _few_images_gone,
}
LOOK_ALIKES = tuple(_LOOK_ALIKES)
