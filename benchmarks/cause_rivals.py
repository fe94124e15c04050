"""How people explain a bad run without weighing evidence: by what was changed since its parent, or by rules of thumb."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from lorascope.records.history import PastRun
from lorascope.records.run import ParameterValue
from simulated_bad_runs import BadCase
from simulated_causes import CAUSES

Probabilities = dict[str, float]
_FLOOR = 0.05  # weight of a cause of which nothing is said; what is named has 1

_BY_SETTING: Mapping[str, tuple[str, ...]] = {  # setting → causes it suggests when it went down, and when it went up
    "network_dim": ("rank_without_alpha",), "network_alpha": ("rank_without_alpha",), "keep_tokens": ("keep_tokens_off",),
    "shuffle_caption": ("keep_tokens_off",), "caption_dropout_rate": ("caption_dropout_high",), "mixed_precision": ("fp16_overflow",),
    "full_fp16": ("fp16_overflow",), "noise_offset": ("noise_offset_high",), "color_aug": ("color_aug_on",),
    "cache_latents": ("color_aug_on",), "resolution": ("resolution_mismatch",), "text_encoder_lr": ("te_lr_too_high",),
    "caption_extension": ("captions_missing",), "resize_interpolation": ("resampled_images",), "num_images": ("dataset_shrunk",),
    "dataset": ("caption_hex_conflict", "captions_missing", "near_duplicate_images", "resampled_images", "dataset_shrunk"),
}  # fmt: skip
_BY_WAY: Mapping[str, tuple[str, str]] = {
    "learning_rate": ("lr_too_low", "lr_too_high"),
    "unet_lr": ("lr_too_low", "lr_too_high"),
    "max_train_epochs": ("too_few_steps", "too_many_steps"),
    "num_repeats": ("too_few_steps", "too_many_steps"),
    "train_batch_size": ("too_many_steps", "too_few_steps"),
}
_Rule = Callable[[Mapping[str, ParameterValue]], bool]


def change_list(case: BadCase) -> Probabilities:
    """Everything that was changed since the parent (the run before, where no parent is known) is equally suspected."""
    bad = case.history.runs[-1]
    parent = case.history.find(bad.run.parent or "") or case.history.runs[-2]
    suspected: set[str] = set()
    for name in sorted(set(bad.settings) | set(parent.settings)):
        before, after = parent.settings.get(name), bad.settings.get(name)
        if before == after:
            continue
        if name in _BY_WAY and _is_number(before) and _is_number(after):
            suspected.add(_BY_WAY[name][_number(after) > _number(before)])
        elif name in _BY_SETTING:
            suspected |= set(_BY_SETTING[name])
        else:
            suspected.add("unlisted")
    if bad.protocol != parent.protocol:
        suspected.add("eval_protocol_changed")
    return _shared(suspected or {"noise_only"})


def rules(case: BadCase) -> Probabilities:
    """Rules of thumb on the bad run alone: values that guides warn of, and findings of its audit."""
    bad = case.history.runs[-1]
    suspected = {cause for cause, is_so in _RULES.items() if is_so(bad.settings)} | _found(bad)
    return _shared(suspected or {"unlisted"})


def _found(bad: PastRun) -> set[str]:
    found = bad.findings or {}
    by_check = {
        "color_word_contradicts_code": "caption_hex_conflict", "code_absent_from_image": "caption_hex_conflict",
        "background_word_contradicts_pixels": "caption_hex_conflict", "missing_or_empty_caption": "captions_missing",
        "duplicate_image": "near_duplicate_images", "near_duplicate_captions": "near_duplicate_images",
    }  # fmt: skip
    causes = {cause for check, cause in by_check.items() if found.get(check)}
    return (
        causes | ({"fp16_overflow"} if bad.weights.get("nan_share") else set()) | ({"dataset_shrunk"} if (bad.images or 99) < 50 else set())
    )


def _above(name: str, bound: float) -> _Rule:
    return lambda settings: _is_number(settings.get(name)) and _number(settings[name]) > bound


def _scale_below(bound: float) -> _Rule:
    def is_so(settings: Mapping[str, ParameterValue]) -> bool:
        alpha, dim = settings.get("network_alpha"), settings.get("network_dim")
        return _is_number(alpha) and _is_number(dim) and _number(alpha) / _number(dim) < bound

    return is_so


_RULES: Mapping[str, _Rule] = {
    "rank_without_alpha": _scale_below(0.5),
    "lr_too_high": _above("learning_rate", 3e-4),
    "lr_too_low": lambda settings: _is_number(settings.get("learning_rate")) and _number(settings["learning_rate"]) < 5e-5,
    "too_few_steps": lambda settings: _is_number(settings.get("max_train_epochs")) and _number(settings["max_train_epochs"]) < 8,
    "too_many_steps": _above("max_train_epochs", 20),
    "keep_tokens_off": lambda settings: settings.get("keep_tokens") == 0,
    "caption_dropout_high": _above("caption_dropout_rate", 0.1),
    "fp16_overflow": lambda settings: settings.get("full_fp16") is True,
    "noise_offset_high": _above("noise_offset", 0.1),
    "color_aug_on": lambda settings: settings.get("color_aug") is True,
    "resolution_mismatch": lambda settings: settings.get("resolution") not in {None, "512,512"},
    "te_lr_too_high": _above("text_encoder_lr", 1e-4),
    "resampled_images": lambda settings: settings.get("resize_interpolation") not in {None, "nearest"},
}


def _is_number(value: ParameterValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(value: ParameterValue) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _shared(suspected: set[str]) -> Probabilities:
    weights = {cause: 1.0 if cause in suspected else _FLOOR for cause in CAUSES}
    total = sum(weights.values())
    return {cause: weight / total for cause, weight in weights.items()}
