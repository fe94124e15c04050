"""One change at a time on a run's settings: values seen elsewhere in the project, and the usual next ones that the catalogue allows.

A change takes along what it would otherwise move by itself: another rank at the same alpha is also another strength.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.proposals.settings_space import SEED, Settings
from lorascope.analysis.proposals.usual_values import USUAL, bold, ladder, neighbors
from lorascope.errors import BadParameter
from lorascope.parameters.catalogue import find, known
from lorascope.parameters.parameter import Category, Kind, Parameter, Scale
from lorascope.records.run import ParameterValue

Change = dict[str, ParameterValue]

# What a setting that is off is first set to.
_FIRST = {
    "caption_dropout_rate": 0.05,
    "caption_tag_dropout_rate": 0.05,
    "ip_noise_gamma": 0.05,
    "min_snr_gamma": 5.0,
    "network_dropout": 0.1,
    "module_dropout": 0.1,
    "rank_dropout": 0.1,
    "noise_offset": 0.05,
    "keep_tokens": 1,
}
_FEW_LEVELS = 4  # of the values seen, those nearest in rank and those used most
_MOST_EPOCHS = 10_000
_DIGITS = 3


@dataclass(frozen=True, slots=True)
class Step:
    """A change of one setting (``moved``), with what must come along. ``seen``: another run of the project has this value."""

    moved: str
    change: Mapping[str, ParameterValue]
    seen: bool


def steps(base: Settings, seen: Sequence[Settings], names: Sequence[str]) -> tuple[Step, ...]:
    """All single changes of ``base`` in these settings, those with values the project has seen first."""
    found: list[Step] = []
    for name in names:
        if not can_be_set(name, base):
            continue
        others = _seen_values(name, base.get(name), seen)
        new = [value for value in _usual_values(find(name), base.get(name)) if value not in others]
        for value, is_seen in [*((value, True) for value in others), *((value, False) for value in new)]:
            if (parsed := valid(name, value)) is not None and not _same(parsed, base.get(name)):
                found.append(Step(name, with_companions({name: parsed}, base), is_seen))
    return tuple(found)


def can_be_set(name: str, base: Settings) -> bool:
    """Whether a recipe can say this setting, and saying it on this base does anything."""
    if not known(name) or name == SEED:
        return False
    parameter = find(name)
    if parameter.lab_only or parameter.category is Category.DERIVED or parameter.scale is Scale.IGNORED:
        return False
    idle = {
        "learning_rate": bool(base.get("unet_lr")),  # it would move the text encoder alone, or nothing
        "max_train_steps": bool(base.get("max_train_epochs")),
        "text_encoder_lr": bool(base.get("network_train_unet_only")),
        "conv_alpha": not base.get("conv_dim"),
        "lr_warmup_steps": base.get("lr_scheduler", "constant") == "constant",
        "lr_scheduler_num_cycles": base.get("lr_scheduler") != "cosine_with_restarts",
        "lr_scheduler_power": base.get("lr_scheduler") != "polynomial",
        "unet_lr": base.get("unet_lr") is None,
        "keep_tokens": not (base.get("shuffle_caption") or base.get("caption_tag_dropout_rate")),
        "shuffle_caption": bool(base.get("shuffle_caption")) and base.get("keep_tokens") is not None,  # without it no token is kept
        "prior_loss_weight": not base.get("reg_data_dir"),
        "bucket_no_upscale": not base.get("enable_bucket"),
        "random_crop": bool(base.get("cache_latents")),
        "num_repeats": True,  # a folder's name: no recipe says it
    }
    return not idle.get(name, False)


def with_companions(change: Mapping[str, ParameterValue], base: Settings) -> Change:
    """A change with what it would otherwise move along unasked, or could not be made without."""
    made = dict(change)
    for dim, alpha in (("network_dim", "network_alpha"), ("conv_dim", "conv_alpha")):
        new, old, scale = made.get(dim), base.get(dim), base.get(alpha)
        if _number(new) and _number(old) and _number(scale) and alpha not in made:
            made[alpha] = _rounded(float(scale or 0) * float(new or 0) / float(old or 1))
    if made.get("lr_scheduler") == "constant" and base.get("lr_warmup_steps"):
        made["lr_warmup_steps"] = 0
    return made


def applied(base: Settings, change: Mapping[str, ParameterValue]) -> dict[str, ParameterValue]:
    """The settings of a base with a change made."""
    return {**base, **change}


def valid(name: str, value: ParameterValue) -> ParameterValue:
    """The value as the catalogue takes it, or None."""
    try:
        return find(name).parse(value)
    except BadParameter:
        return None


def _seen_values(name: str, own: ParameterValue, seen: Sequence[Settings]) -> list[ParameterValue]:
    """Values that other runs have: the next lower and higher, then those used most, at most ``_FEW_LEVELS``."""
    counts = Counter(value for settings in seen if (value := settings.get(name)) is not None and not _same(value, own))
    by_use = sorted(counts, key=lambda value: (-counts[value], str(value)))
    near: list[ParameterValue] = []
    numbers: list[ParameterValue] = [value for value in counts if isinstance(value, int | float) and not isinstance(value, bool)]
    if _number(own) and len(numbers) == len(counts):
        at = float(own or 0)
        in_order = sorted(numbers, key=lambda value: float(value or 0))
        near = [value for value in in_order if float(value or 0) < at][-1:] + [value for value in in_order if float(value or 0) > at][:1]
    return list(dict.fromkeys([*near, *by_use]))[:_FEW_LEVELS]


def other_values(name: str, own: ParameterValue, seen: Sequence[Settings]) -> list[ParameterValue]:
    """Everything a setting may be tried at: values that other runs have, and the usual ones, near and far."""
    values = [*_seen_values(name, own, seen), *ladder(name), *_usual_values(find(name), own)]
    left = own if own is not None else find(name).trainer_default  # what nobody said is what the trainer does by itself
    parsed = [found for value in values if (found := valid(name, value)) is not None and not _same(found, left)]
    return list(dict.fromkeys(parsed))


def bold_value(name: str, own: ParameterValue) -> ParameterValue:
    """A value far enough away to show an effect if there is one, the same whatever the project has run; None where none is known."""
    left = own if own is not None else find(name).trainer_default
    first = next((value for value in (bold(name, left), *_usual_values(find(name), own)) if value is not None), None)
    parsed = None if first is None else valid(name, first)
    return None if parsed is None or _same(parsed, left) else parsed


def promising(base: Settings, varied: Sequence[str]) -> list[str]:
    """What is worth varying on a base: what people usually vary, in their order, then what this project varied beyond it."""
    return [name for name in dict.fromkeys([*USUAL, *sorted(varied)]) if can_be_set(name, base)]


def _usual_values(parameter: Parameter, own: ParameterValue) -> Iterator[ParameterValue]:
    """The next values up and down that people try, where the project has none."""
    if parameter.kind is Kind.BOOLEAN:
        yield not own
        return
    if near := neighbors(parameter.name, own):
        if _number(own) or parameter.name not in _FIRST:
            yield from near
        else:
            yield _FIRST[parameter.name]
        return
    if parameter.kind not in {Kind.INTEGER, Kind.FLOAT} or parameter.scale is Scale.NOMINAL:
        return
    if not _number(own):
        if parameter.name in _FIRST:
            yield _FIRST[parameter.name]
        return
    value = float(own or 0)
    if parameter.kind is Kind.INTEGER and parameter.scale is Scale.LINEAR and value < 8:
        yield int(value) + 1
        yield int(value) - 1
        return
    for factor in (0.5, 2.0):
        number = _rounded(value * factor)
        if parameter.kind is Kind.INTEGER:
            number = round(number)
        yield min(number, _MOST_EPOCHS) if parameter.name == "max_train_epochs" else number


def _rounded(number: float) -> float:
    """Three digits: 0.00030000000000000003 is nobody's learning rate."""
    return float(f"{number:.{_DIGITS}g}") if number else 0.0


def _number(value: ParameterValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _same(first: ParameterValue, second: ParameterValue) -> bool:
    if isinstance(first, bool) != isinstance(second, bool):
        return False
    return first == second or (
        not first and not second and not isinstance(first, str) and not isinstance(second, str) and first is not None
    )
