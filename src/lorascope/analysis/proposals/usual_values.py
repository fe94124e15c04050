"""Which settings people vary, the most telling first, and the values that recipes have: where to look before a project has varied anything.

This is knowledge of the craft, not of the project: it orders and bounds what is proposed, and is never evidence for anything.
"""

from __future__ import annotations

from collections.abc import Mapping

from lorascope.records.run import ParameterValue

# Each is in many recipes, does something on its own, and is cheap to change. What changes nothing is left out by ``steps.can_be_set``.
USUAL = (
    "unet_lr",
    "learning_rate",
    "network_dim",
    "max_train_epochs",
    "keep_tokens",
    "caption_dropout_rate",
    "noise_offset",
    "min_snr_gamma",
    "text_encoder_lr",
    "network_alpha",
    "shuffle_caption",
    "train_batch_size",
    "flip_aug",
    "network_dropout",
    "caption_tag_dropout_rate",
    "lr_scheduler",
    "optimizer_type",
    "max_grad_norm",
    "max_token_length",
    "multires_noise_iterations",
    "loss_type",
    "gradient_accumulation_steps",
    "ip_noise_gamma",
    "random_crop",
    "bucket_no_upscale",
)
# The values that recipes have, in order; of a setting without order, those that can be told apart.
LADDERS: Mapping[str, tuple[ParameterValue, ...]] = {
    "unet_lr": (2e-5, 5e-5, 1e-4, 2e-4, 4e-4),
    "learning_rate": (2e-5, 5e-5, 1e-4, 2e-4, 4e-4),
    "text_encoder_lr": (1e-5, 2e-5, 5e-5, 1e-4),
    "network_dim": (4, 8, 16, 32, 64, 128),
    "network_alpha": (1.0, 4.0, 8.0, 16.0, 32.0),
    "conv_dim": (4, 8, 16, 32),
    "train_batch_size": (1, 2, 4, 8),
    "gradient_accumulation_steps": (1, 2, 4),
    "keep_tokens": (0, 1, 2, 3),
    "caption_dropout_rate": (0.0, 0.02, 0.05, 0.1),
    "caption_tag_dropout_rate": (0.0, 0.05, 0.1),
    "noise_offset": (0.0, 0.03, 0.05, 0.1),
    "ip_noise_gamma": (0.0, 0.05, 0.1),
    "multires_noise_iterations": (0, 4, 6, 8),
    "min_snr_gamma": (1.0, 5.0, 8.0),
    "max_grad_norm": (0.5, 1.0, 2.0),
    "network_dropout": (0.0, 0.05, 0.1, 0.2),
    "rank_dropout": (0.0, 0.05, 0.1),
    "module_dropout": (0.0, 0.05, 0.1),
    "max_token_length": (150, 225),
    "clip_skip": (1, 2),
    "lr_scheduler": ("constant", "cosine", "cosine_with_restarts", "linear"),
    "optimizer_type": ("AdamW", "AdamW8bit", "Lion"),
    "loss_type": ("l2", "huber", "smooth_l1"),
}
_UNORDERED = ("lr_scheduler", "optimizer_type", "loss_type")
_OFF = ("", None, 0, False)
_BOLD = 3  # rungs


def ladder(name: str) -> tuple[ParameterValue, ...]:
    """The usual values of a setting, in order; empty where none are known."""
    return LADDERS.get(name, ())


def neighbors(name: str, own: ParameterValue) -> tuple[ParameterValue, ...]:
    """The next usual values below and above; of a setting without order all others."""
    rungs = LADDERS.get(name, ())
    if name in _UNORDERED:
        return tuple(value for value in rungs if value != own)
    at = _number(own)
    below = [value for value in rungs if _number(value) < at]
    above = [value for value in rungs if _number(value) > at]
    return (*below[-1:], *above[:1])


def bold(name: str, own: ParameterValue) -> ParameterValue:
    """A usual value far enough from ``own`` to show an effect: up to three rungs away, to the side with more room. None: none known.

    >>> bold("network_dim", 32), bold("caption_dropout_rate", 0.0)
    (4, 0.1)
    """
    rungs = LADDERS.get(name, ())
    if name in _UNORDERED:
        return next((value for value in rungs if value != own), None)
    at = _number(own)
    below = [value for value in reversed(rungs) if _number(value) < at]
    above = [value for value in rungs if _number(value) > at]
    side = above if len(above) > len(below) else below
    return side[min(_BOLD, len(side)) - 1] if side else None


def _number(value: ParameterValue) -> float:
    return float(value) if isinstance(value, int | float) and value not in _OFF else 0.0
