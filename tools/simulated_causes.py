"""What physically happens in a bad run, cause by cause: the setting or file that went wrong, and the traces it leaves.

A training is summed up by its *dose*: learning rate × steps × alpha/dim, 1 in a good run. Too small a dose leaves the adapter near
the base model (``UNDER``), too large a one overcooks it (``OVER``); what changes the signal itself has a signature of its own. All
shifts are in standard deviations between good runs, in the metric's own direction. Nothing here knows how causes are ranked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

import numpy as np

from lorascope.records.run import ParameterValue

Settings = Mapping[str, ParameterValue]
Signature = Mapping[str, float]
INDIVIDUAL_SD, SILENT = 0.4, 0.15  # how signatures differ between projects: a factor's spread, and the share of metrics that show nothing
BASE_DISTANCE = 8.0  # how far, in standard deviations, the base model is from a good run

UNDER: Signature = {
    "photorealism": 1.0, "trait_accuracy": -0.8, "palette_adherence": -0.9, "feature_color_accuracy": -0.7,
    "background_color_accuracy": -0.5, "edge_crispness": -0.8, "memorization": -0.5, "unique_colors": 0.9, "mixed_cells": 0.6,
    "color_leak": 0.2,
}  # fmt: skip
OVER: Signature = {
    "memorization": 1.0, "trait_accuracy": -0.6, "color_leak": 0.7, "feature_color_accuracy": -0.5, "background_color_accuracy": -0.7,
    "palette_adherence": -0.4, "unique_colors": -0.3, "background_uniformity": -0.5, "photorealism": -0.3,
}  # fmt: skip


class Ramp(StrEnum):
    """How a shift comes over the checkpoints of a run."""

    CONSTANT = "constant"
    GROWING = "growing"
    COLLAPSE = "collapse"


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a cause changes (``edits``, ``images``, ``protocol``) and the traces that it leaves.

    ``dose`` multiplies the dose of the training; ``shift`` is at the last checkpoint. ``unet``, ``text_encoder`` and
    ``effective_rank`` multiply the weights' diagnostics beyond what the dose does; ``findings``: check → share of the images that have
    it; ``images`` multiplies their number. ``new_captions`` or ``images`` ≠ 1 mean a new dataset version; ``wrong_file``: what was
    evaluated is another run's file.
    """

    edits: Settings = field(default_factory=dict)
    dose: float = 1.0
    shift: Signature = field(default_factory=dict)
    ramp: Ramp = Ramp.CONSTANT
    unet: float = 1.0
    text_encoder: float = 1.0
    effective_rank: float = 1.0
    nan_share: float = 0.0
    loss_level: float = 1.0
    loss_roughness: float = 1.0
    findings: Mapping[str, float] = field(default_factory=dict)
    images: float = 1.0
    new_dataset: bool = False
    protocol: Settings = field(default_factory=dict)
    wrong_file: bool = False


Plant = Callable[[np.random.Generator, float, Settings], Footprint]


def plant(cause: str, rng: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    """The footprint of a cause with this severity (standard deviations on the metrics it hits hardest), on these settings."""
    footprint = _PLANTS[cause](rng, severity, settings)
    return replace(footprint, shift=individual(rng, footprint.shift))


def individual(rng: np.random.Generator, shift: Signature) -> Signature:
    """The same signature in one particular project: no two projects show a cause alike, and some metrics do not show it at all."""
    strongest = max((abs(value) for value in shift.values()), default=0.0)
    found = {}
    for name, value in sorted(shift.items()):
        factor = float(np.exp(INDIVIDUAL_SD * rng.standard_normal()))
        silent = rng.random() < SILENT and abs(value) < strongest
        found[name] = 0.0 if silent else value * min(factor, 2.0)
    return found


def _weak_dose(severity: float) -> float:
    """The dose that ends ``severity`` from a good run: the distance to the base model falls as exp(-3 dose)."""
    return max(0.05, -math.log((severity + BASE_DISTANCE * math.exp(-3)) / BASE_DISTANCE) / 3)


def _strong_dose(severity: float) -> float:
    return 1.0 + severity


def _number(settings: Settings, name: str) -> float:
    value = settings[name]
    assert isinstance(value, int | float)
    return float(value)


def _times(settings: Settings, name: str, factor: float) -> float:
    return float(f"{_number(settings, name) * factor:.2g}")


def _rank_without_alpha(_: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    """alpha stays, so that alpha/dim, and with it the dose, falls with every doubling of the rank."""
    factor = 2 ** int(np.clip(round(-math.log2(_weak_dose(severity))), 1, 3))
    dim = int(_number(settings, "network_dim"))
    return Footprint({"network_dim": dim * factor}, dose=1 / factor, effective_rank=factor**0.7)


def _rates(settings: Settings, factor: float) -> dict[str, ParameterValue]:
    """The learning rates that are set, multiplied: a U-Net rate overrides the general one, so both move."""
    edits: dict[str, ParameterValue] = {"learning_rate": _times(settings, "learning_rate", factor)}
    if settings.get("unet_lr") is not None:
        edits["unet_lr"] = _times(settings, "unet_lr", factor)
    return edits


def _lr_too_high(_: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    dose = _strong_dose(severity)
    return Footprint(_rates(settings, dose), dose=dose, loss_roughness=dose**0.6, effective_rank=0.85)


def _lr_too_low(_: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    dose = _weak_dose(severity)
    return Footprint(_rates(settings, dose), dose=dose, loss_roughness=0.9)


def _steps(rng: np.random.Generator, settings: Settings, factor: float) -> dict[str, ParameterValue]:
    """Fewer or more steps: by epochs, repeats, or another batch size, whichever can be changed by about this factor."""
    ways: list[tuple[str, int]] = []
    for name, by in (("max_train_epochs", factor), ("num_repeats", factor), ("train_batch_size", 1 / factor)):
        before = _number(settings, name)
        after = max(1, round(before * by))
        if abs(math.log(after / before / by)) < 0.35:
            ways.append((name, after))
    name, value = ways[0] if rng.random() < 0.6 else ways[int(rng.integers(len(ways)))]
    return {name: value}


def _too_few_steps(rng: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    dose = _weak_dose(severity)
    return Footprint(_steps(rng, settings, dose), dose=dose)


def _too_many_steps(rng: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    dose = _strong_dose(severity)
    return Footprint(_steps(rng, settings, dose), dose=dose, shift={"memorization": 0.3 * severity}, loss_level=0.94)


def _keep_tokens_off(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    shift = {"trait_accuracy": -1.0, "feature_color_accuracy": -0.6, "background_color_accuracy": -0.8, "color_leak": 0.4}
    found = {"shuffle_hazard": rng.uniform(0.2, 0.6)} if rng.random() < 0.6 else {}
    edits = {"keep_tokens": 0, "shuffle_caption": True}
    return Footprint(edits, shift=_scaled(shift, severity), findings=found, text_encoder=1.1)


def _caption_dropout_high(_: np.random.Generator, severity: float, __: Settings) -> Footprint:
    shift = {"trait_accuracy": -1.0, "feature_color_accuracy": -0.9, "background_color_accuracy": -0.9, "color_leak": 0.2}
    edits = {"caption_dropout_rate": round(min(0.8, 0.15 * severity), 2)}
    return Footprint(edits, shift=_scaled(shift, severity), text_encoder=0.75, loss_level=1.02)


def _fp16_overflow(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    shift = {
        "trait_accuracy": -1.5, "feature_color_accuracy": -1.5, "background_color_accuracy": -1.5, "palette_adherence": -1.2,
        "edge_crispness": -1.5, "unique_colors": -1.8, "photorealism": 0.5, "background_uniformity": 0.5,
    }  # fmt: skip
    edits = {"mixed_precision": "fp16", "full_fp16": True}
    return Footprint(edits, shift=_scaled(shift, severity), ramp=Ramp.COLLAPSE, nan_share=rng.uniform(0.02, 0.6), loss_roughness=1.5)


def _noise_offset_high(_: np.random.Generator, severity: float, __: Settings) -> Footprint:
    shift = {"background_color_accuracy": -1.0, "background_uniformity": -0.8, "palette_adherence": -0.7, "feature_color_accuracy": -0.3}
    offset = round(min(0.5, 0.08 * severity), 2)
    return Footprint({"noise_offset": offset}, shift=_scaled(shift, severity), loss_level=1 + 0.5 * offset)


def _color_aug_on(_: np.random.Generator, severity: float, __: Settings) -> Footprint:
    shift = {"background_color_accuracy": -0.9, "feature_color_accuracy": -1.0, "palette_adherence": -1.0, "unique_colors": 0.7}
    edits = {"color_aug": True, "cache_latents": False}  # the trainer refuses the two together
    return Footprint(edits, shift=_scaled(shift, severity), loss_level=1.02)


def _resolution_mismatch(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    side = int(rng.choice([256, 320, 768, 1024]))
    shift = {"edge_crispness": -1.0, "mixed_cells": 0.8, "trait_accuracy": -0.5, "palette_adherence": -0.3, "background_uniformity": -0.2}
    return Footprint({"resolution": f"{side},{side}"}, shift=_scaled(shift, severity), loss_level=1.06 if side < 512 else 0.93)


def _te_lr_too_high(_: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    shift = {"trait_accuracy": -1.0, "color_leak": 1.0, "feature_color_accuracy": -0.6, "background_color_accuracy": -0.4}
    factor = 2 + 2 * severity
    edits = {"text_encoder_lr": _times(settings, "text_encoder_lr", factor)}
    return Footprint(edits, shift=_scaled(shift, severity), ramp=Ramp.GROWING, text_encoder=factor**0.7, loss_roughness=1.15)


def _caption_hex_conflict(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    shift = {"feature_color_accuracy": -1.0, "background_color_accuracy": -1.0, "palette_adherence": -0.4, "unique_colors": 0.8}
    share = rng.uniform(0.2, 0.9)
    checks = ("color_word_contradicts_code", "code_absent_from_image", "background_word_contradicts_pixels", "feature_code_is_background")
    found = {str(check): share * rng.uniform(0.3, 1.0) for check in rng.choice(checks, size=int(rng.integers(1, 4)), replace=False)}
    if rng.random() < 0.4:  # many codes fill the text encoder's window
        found["beyond_window"] = share * rng.uniform(0.3, 0.9)
    return Footprint(shift=_scaled(shift, severity), findings=found, new_dataset=True, loss_level=1.01)


def _captions_missing(rng: np.random.Generator, severity: float, settings: Settings) -> Footprint:
    shift = {"trait_accuracy": -1.1, "feature_color_accuracy": -0.8, "background_color_accuracy": -0.6, "color_leak": 0.3}
    share = rng.uniform(0.25, 1.0)
    by_extension = rng.random() < 0.3 and settings.get("caption_extension") == ".txt"
    edits: dict[str, ParameterValue] = {"caption_extension": ".caption"} if by_extension else {}
    found = {"missing_or_empty_caption": 1.0 if by_extension else share}
    return Footprint(edits, shift=_scaled(shift, severity), findings=found, new_dataset=not by_extension, text_encoder=0.6, loss_level=1.03)


def _near_duplicate_images(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    shift = {"memorization": 1.2, "trait_accuracy": -0.6, "color_leak": 0.3, "feature_color_accuracy": -0.4}
    share = rng.uniform(0.2, 0.6)
    found = {"duplicate_image": share} | ({"near_duplicate_captions": share * 0.8} if rng.random() < 0.6 else {})
    more = 1 + share * rng.uniform(0.0, 1.0)
    shift = _scaled(shift, severity)
    return Footprint(shift=shift, findings=found, images=more, new_dataset=True, ramp=Ramp.GROWING, loss_level=0.95)


def _resampled_images(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    shift = {"edge_crispness": -1.2, "mixed_cells": 1.2, "unique_colors": 1.0, "palette_adherence": -0.6}
    by_setting = rng.random() < 0.5
    edits: dict[str, ParameterValue] = {"resize_interpolation": str(rng.choice(["lanczos", "bicubic"]))} if by_setting else {}
    return Footprint(edits, shift=_scaled(shift, severity), new_dataset=not by_setting, loss_level=0.97)


def _dataset_shrunk(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    shift = {"memorization": 1.0, "trait_accuracy": -0.8, "feature_color_accuracy": -0.5, "background_color_accuracy": -0.3}
    found = {"unreadable_image": 0.2} if rng.random() < 0.2 else {}
    left = float(np.clip(0.75 - 0.12 * severity, 0.1, 0.6))
    return Footprint(shift=_scaled(shift, severity), findings=found, images=left, new_dataset=True, loss_level=0.93)


def _eval_protocol_changed(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    names = sorted(set(UNDER) | set(OVER))
    shift = {name: float(rng.choice([-1, 1]) * rng.uniform(0.3, 1.2)) for name in names}
    changes: list[dict[str, ParameterValue]] = [
        {"guidance": 4.0}, {"sampler": "ddim"}, {"steps": 12}, {"prompts": "suite-b"}, {"lora_weight": 0.6}, {"metric_version": 2},
    ]  # fmt: skip
    return Footprint(shift=_scaled(shift, severity), protocol=changes[int(rng.integers(len(changes)))])


def _wrong_file_evaluated(_: np.random.Generator, severity: float, __: Settings) -> Footprint:
    shift = {name: 0.9 * value for name, value in UNDER.items()}  # an early or foreign file: nearer to the base model
    return Footprint(shift=_scaled(shift, severity), wrong_file=True)


def _unlisted(rng: np.random.Generator, severity: float, _: Settings) -> Footprint:
    """Something that no list has: another base model, a broken VAE, a driver; half of it leaves no trace in the settings."""
    names = sorted(set(UNDER) | set(OVER))
    hit = rng.choice(names, size=int(rng.integers(2, 6)), replace=False)
    shift = {str(name): float(rng.choice([-1, 1]) * rng.uniform(0.5, 1.2)) for name in hit}
    edits: list[dict[str, ParameterValue]] = [
        {}, {}, {}, {"vae": "community-vae.safetensors"}, {"ip_noise_gamma": 0.3}, {"clip_skip": 4}, {"custom_sampler_patch": "v3"},
    ]  # fmt: skip
    return Footprint(edits[int(rng.integers(len(edits)))], shift=_scaled(shift, severity))


def _noise_only(_: np.random.Generator, __: float, ___: Settings) -> Footprint:
    return Footprint()


def _scaled(shift: Signature, severity: float) -> Signature:
    return {name: value * severity for name, value in shift.items()}


_PLANTS: Mapping[str, Plant] = {
    "rank_without_alpha": _rank_without_alpha,
    "lr_too_high": _lr_too_high,
    "lr_too_low": _lr_too_low,
    "too_few_steps": _too_few_steps,
    "too_many_steps": _too_many_steps,
    "keep_tokens_off": _keep_tokens_off,
    "caption_dropout_high": _caption_dropout_high,
    "fp16_overflow": _fp16_overflow,
    "noise_offset_high": _noise_offset_high,
    "color_aug_on": _color_aug_on,
    "resolution_mismatch": _resolution_mismatch,
    "te_lr_too_high": _te_lr_too_high,
    "caption_hex_conflict": _caption_hex_conflict,
    "captions_missing": _captions_missing,
    "near_duplicate_images": _near_duplicate_images,
    "resampled_images": _resampled_images,
    "dataset_shrunk": _dataset_shrunk,
    "eval_protocol_changed": _eval_protocol_changed,
    "wrong_file_evaluated": _wrong_file_evaluated,
    "unlisted": _unlisted,
    "noise_only": _noise_only,
}
CAUSES = tuple(_PLANTS)
LISTED = tuple(cause for cause in CAUSES if cause not in {"unlisted", "noise_only"})
