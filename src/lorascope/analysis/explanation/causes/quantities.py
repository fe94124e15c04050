"""Numbers that follow from settings and in which causes show: "how strong is the learning rate", whichever key says it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from lorascope.records.run import ParameterValue

Settings = Mapping[str, ParameterValue]
_FIRST_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number read from settings. ``by_ratio``: compared by the logarithm of the ratio; ``names`` are the settings that it is read from.

    ``words`` says what it is, for a sentence; ``also`` are other settings that move it (a share of the steps, with the steps).
    """

    name: str
    words: str
    names: tuple[str, ...]
    read: Callable[[Settings], float | None]
    by_ratio: bool = False
    also: tuple[str, ...] = ()


def number(settings: Settings, *names: str) -> float | None:
    """The first of these settings that is a finite number (true counts 1), or None.

    >>> number({"unet_lr": None, "learning_rate": "1e-4"}, "unet_lr", "learning_rate")
    0.0001
    """
    for name in names:
        value = settings.get(name)
        if isinstance(value, str):
            text = value.strip().lower()
            if text in {"true", "false"}:
                return float(text == "true")
            try:
                value = float(text)
            except ValueError:
                continue
        if isinstance(value, int | float) and math.isfinite(value):
            return float(value)
    return None


def scale(settings: Settings) -> float | None:
    """By what the adapter's change is multiplied: alpha / dim; alpha 0 counts as dim (sd-scripts: networks/lora.py).

    >>> scale({"network_dim": 64, "network_alpha": 16})
    0.25
    """
    dim, alpha = number(settings, "network_dim", "rank", "lora_rank"), number(settings, "network_alpha", "lora_alpha")
    if not dim or dim < 0 or alpha is None or alpha < 0:
        return None
    return alpha / dim if alpha else 1.0


def _bare_dim(settings: Settings) -> float | None:
    """The rank, where alpha is not recorded: only then is the rank alone worth looking at."""
    dim = number(settings, "network_dim", "rank", "lora_rank")
    return dim if dim and number(settings, "network_alpha", "lora_alpha") is None else None


def _rate(settings: Settings) -> float | None:
    return number(settings, "unet_lr") or number(settings, "learning_rate", "lr")


def _text_ratio(settings: Settings) -> float | None:
    text, rate = number(settings, "text_encoder_lr", "te_lr"), _rate(settings)
    return text / rate if text is not None and rate else None


def _length(settings: Settings) -> float | None:
    """How long a training is: passes over each image if epochs are set (they override steps), else steps times batch."""
    epochs = number(settings, "max_train_epochs", "num_train_epochs", "epochs")
    if epochs:
        return epochs * (number(settings, "num_repeats", "dataset_repeats", "repeats") or 1)
    steps = number(settings, "max_train_steps", "total_steps", "steps")
    return steps * (number(settings, "train_batch_size", "batch_size") or 1) if steps else None


def _silent_steps(settings: Settings) -> float | None:
    """1 where neither epochs nor another number of steps than sd-scripts' silent 1600 is set, though other settings are recorded."""
    if not settings or "learning_rate" not in settings:
        return None
    steps = number(settings, "max_train_steps", "total_steps")
    return float(not number(settings, "max_train_epochs", "epochs", "num_train_epochs") and steps == 1600)


def _dropout(settings: Settings) -> float | None:
    rates = [number(settings, name) for name in ("caption_dropout_rate", "caption_dropout", "caption_tag_dropout_rate")]
    known = [rate for rate in rates if rate is not None]
    return max(known) if known else None


def _half_precision(settings: Settings) -> float | None:
    """0.8 for fp16 with weights in full precision, 1.5 for full_fp16, 0 for bf16 and full precision."""
    if number(settings, "full_fp16"):
        return 1.5
    stated = settings.get("mixed_precision")
    return None if stated is None else 0.8 * (str(stated).lower() in {"fp16", "float16", "16", "half"})


def _side(settings: Settings) -> float | None:
    """The side of the square that a resolution's area makes, in pixels."""
    stated = next((settings[name] for name in ("resolution", "image_resolution", "train_resolution") if settings.get(name)), None)
    sides = [float(text) for text in _FIRST_NUMBER.findall(str(stated))] if stated is not None else []
    area = sides[0] * (sides[1] if len(sides) > 1 else sides[0]) if sides else 0.0
    return math.sqrt(area) if 0 < area < math.inf else None


def _optimizer(settings: Settings) -> str:
    return str(settings.get("optimizer_type") or "").lower()


def _rateless_with_rate(settings: Settings) -> float | None:
    """1 where an optimizer that finds its own rate (Prodigy, D-Adaptation: expects about 1) got an ordinary small one."""
    name, rate = _optimizer(settings), _rate(settings)
    if not name or rate is None:
        return None
    return float(("prodigy" in name or "dadapt" in name) and rate <= 0.1)


def _adafactor_own_rate(settings: Settings) -> float | None:
    """1 where Adafactor may follow its own relative steps, so that the configured rate is ignored."""
    name = _optimizer(settings)
    if not name:
        return None
    arguments = str(settings.get("optimizer_args") or "").lower().replace(" ", "")
    return float("adafactor" in name and "relative_step=false" not in arguments)


def _smoothing(settings: Settings) -> float | None:
    """1 where images are resized with smoothing, 0 where with nearest neighbor."""
    stated = settings.get("resize_interpolation")
    return None if stated is None else float(str(stated).lower() in {"lanczos", "bicubic", "cubic", "bilinear", "linear", "box"})


def _other_extension(settings: Settings) -> float | None:
    """1 where captions are looked for under another extension than .txt, which nearly all captions have."""
    stated = settings.get("caption_extension")
    return None if stated is None else float(str(stated).strip().lower().lstrip(".") != "txt")


def _kept_tags(settings: Settings) -> float | None:
    """How many tags stay in front. Without shuffling all of them do: there, a change of keep_tokens counts little."""
    kept = number(settings, "keep_tokens")
    shuffles, drops = number(settings, "shuffle_caption"), number(settings, "caption_tag_dropout_rate")
    return kept if kept is None or shuffles != 0 or drops else 9 + 0.45 * min(kept, 1)


def _cached_text(settings: Settings) -> float | None:
    return number(settings, "cache_text_encoder_outputs_to_disk", "cache_text_encoder_outputs")


def _warmup_share(settings: Settings) -> float | None:
    warmup = number(settings, "lr_warmup_steps")
    if warmup is None or warmup <= 1:
        return warmup
    steps = _steps(settings)
    return min(warmup / steps, 10.0) if steps else None


def _steps(settings: Settings) -> float | None:
    """How many steps a training takes: epochs times batches per epoch where epochs are set (they override steps) and images are known."""
    epochs, images = number(settings, "max_train_epochs", "num_train_epochs", "epochs"), number(settings, "num_images", "num_train_images")
    if not epochs or epochs < 0:
        return number(settings, "max_train_steps", "total_steps")
    if not images or images < 0:
        return None
    together = (number(settings, "train_batch_size", "batch_size") or 1) * (number(settings, "gradient_accumulation_steps") or 1)
    batches = images * (number(settings, "num_repeats", "dataset_repeats", "repeats") or 1) / together
    return epochs * max(1.0, batches)


def _one(name: str, words: str, *names: str, by_ratio: bool = False) -> Quantity:
    every = names or (name,)
    return Quantity(name, words, every, lambda settings: number(settings, *every), by_ratio)


_LENGTH_NAMES = ("max_train_epochs", "max_train_steps", "num_repeats", "train_batch_size")
_STEPS_NAMES = (*_LENGTH_NAMES, "gradient_accumulation_steps", "num_images", "num_train_images")
_TEXT_NAMES, _TAG_NAMES = ("text_encoder_lr", "te_lr"), ("keep_tokens", "shuffle_caption")
_RATE_NAMES = ("unet_lr", "learning_rate", "lr")
QUANTITIES = {
    quantity.name: quantity
    for quantity in (
        Quantity("rate", "the learning rate", _RATE_NAMES, _rate, by_ratio=True),
        Quantity("text_ratio", "the text encoder's rate over the U-Net's", _TEXT_NAMES, _text_ratio, by_ratio=True, also=_RATE_NAMES),
        Quantity("scale", "alpha / dim", ("network_dim", "network_alpha"), scale, by_ratio=True),
        Quantity("bare_dim", "the rank (alpha is not recorded)", ("network_dim",), _bare_dim, by_ratio=True, also=("network_alpha",)),
        Quantity("length", "the length of the training", _LENGTH_NAMES, _length, by_ratio=True),
        Quantity("silent_steps", "the default of 1600 steps", ("max_train_steps", "max_train_epochs"), _silent_steps),
        Quantity("keep_tokens", "the number of tags that stay in front", _TAG_NAMES, _kept_tags, also=("caption_tag_dropout_rate",)),
        _one("shuffle", "shuffling of tags", "shuffle_caption"),
        Quantity("dropout", "caption dropout", ("caption_dropout_rate", "caption_tag_dropout_rate"), _dropout),
        Quantity("half_precision", "half precision", ("mixed_precision", "full_fp16"), _half_precision),
        _one("noise_offset", "the noise offset", "noise_offset"),
        _one("color_aug", "color augmentation", "color_aug"),
        _one("flip_aug", "mirroring", "flip_aug"),
        _one("random_crop", "random cropping", "random_crop"),
        Quantity("side", "the training resolution", ("resolution", "image_resolution"), _side, by_ratio=True),
        Quantity("smoothing", "smoothing when images are resized", ("resize_interpolation",), _smoothing),
        _one("images", "the number of images", "num_images", "num_train_images", by_ratio=True),
        _one("window", "the text window in tokens", "max_token_length"),
        Quantity("extension", "the captions' file extension", ("caption_extension",), _other_extension),
        _one("clip_skip", "clip skip", "clip_skip"),
        _one("adapter_dropout", "dropout inside the adapter", "network_dropout", "rank_dropout", "module_dropout"),
        _one("unet_only", "training of the U-Net alone", "network_train_unet_only"),
        _one("conv_dim", "the convolutions' rank", "conv_dim"),
        _one("batch", "the batch size", "train_batch_size", "batch_size", by_ratio=True),
        _one("cached_latents", "cached latents", "cache_latents_to_disk", "cache_latents"),
        Quantity("cached_text", "cached text encodings", ("cache_text_encoder_outputs",), _cached_text),
        Quantity("rateless", "a small rate for an optimizer that finds its own", ("optimizer_type", "learning_rate"), _rateless_with_rate),
        Quantity("adafactor", "Adafactor's own steps", ("optimizer_type", "optimizer_args"), _adafactor_own_rate),
        Quantity("warmup", "the share of steps that warm up", ("lr_warmup_steps",), _warmup_share, also=_STEPS_NAMES),
        _one("v_prediction", "v-prediction", "v_parameterization"),
        _one("resumed", "training on from another file", "resumed", "network_weights_given"),
    )
}  # fmt: skip
