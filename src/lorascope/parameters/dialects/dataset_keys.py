"""The keys of sd-scripts' ``dataset_config``, and on which of its three levels each may stand. Any other place or type aborts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from lorascope.records.run import JsonValue


class Level(StrEnum):
    """A level of the file: ``[general]``, ``[[datasets]]``, ``[[datasets.subsets]]``. The innermost value counts."""

    GENERAL = "general"
    DATASET = "datasets"
    SUBSET = "datasets.subsets"


class Wants(StrEnum):
    """The type that the schema asks for; it converts nothing."""

    BOOL = "true or false"
    INT = "a whole number"
    FLOAT = "a number with a decimal point"
    NUMBER = "a number"
    TEXT = "text in quotes"
    SIZE = "a whole number or two of them, [width, height]"
    TWO_FLOATS = "two numbers with a decimal point"
    TABLE = "a table"

    def accepts(self, value: JsonValue) -> bool:
        """Whether a value is of this type, as strictly as the schema has it.

        >>> Wants.FLOAT.accepts(1), Wants.SIZE.accepts([512, 768]), Wants.INT.accepts(True)
        (False, True, False)
        """
        return _CHECKS[self](value)


@dataclass(frozen=True, slots=True)
class DatasetKey:
    """One key: the type it takes, where it may stand, and the parameter of ours that it is ("" for none)."""

    name: str
    wants: Wants
    levels: frozenset[Level]
    parameter: str = ""


def _is_int(value: JsonValue) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_pair(value: JsonValue, kind: type[int | float]) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(part, kind) and not isinstance(part, bool) for part in value)


_CHECKS: Mapping[Wants, Callable[[JsonValue], bool]] = {
    Wants.BOOL: lambda value: isinstance(value, bool),
    Wants.INT: _is_int,
    Wants.FLOAT: lambda value: isinstance(value, float),
    Wants.NUMBER: lambda value: _is_int(value) or isinstance(value, float),
    Wants.TEXT: lambda value: isinstance(value, str),
    Wants.SIZE: lambda value: _is_int(value) or _is_pair(value, int),
    Wants.TWO_FLOATS: lambda value: _is_pair(value, float),
    Wants.TABLE: lambda value: isinstance(value, dict),
}

_OUTER = frozenset({Level.GENERAL, Level.DATASET})
_ALL = frozenset(Level)
_INNER = frozenset({Level.SUBSET})

# name:type, or name:type=our name where that differs; "-" is none of ours
_WORDS = {
    _OUTER: """
        batch_size:INT=train_batch_size bucket_no_upscale:BOOL bucket_reso_steps:INT enable_bucket:BOOL max_bucket_reso:INT
        min_bucket_reso:INT network_multiplier:FLOAT resolution:SIZE validation_seed:INT validation_split:FLOAT
    """,
    _ALL: """
        cache_info:BOOL=- caption_dropout_every_n_epochs:INT caption_dropout_rate:NUMBER caption_extension:TEXT caption_prefix:TEXT
        caption_separator:TEXT caption_suffix:TEXT caption_tag_dropout_rate:NUMBER class_tokens:TEXT color_aug:BOOL
        custom_attributes:TABLE=- enable_wildcard:BOOL face_crop_aug_range:TWO_FLOATS flip_aug:BOOL keep_tokens:INT
        keep_tokens_separator:TEXT num_repeats:INT random_crop:BOOL resize_interpolation:TEXT secondary_separator:TEXT
        shuffle_caption:BOOL token_warmup_min:INT token_warmup_step:NUMBER
    """,
    _INNER: "alpha_mask:BOOL conditioning_data_dir:TEXT image_dir:TEXT=- is_reg:BOOL=- metadata_file:TEXT=-",
}


def _keys() -> Mapping[str, DatasetKey]:
    keys = []
    for levels, words in _WORDS.items():
        for word in words.split():
            name, _, rest = word.partition(":")
            wants, _, ours = rest.partition("=")
            keys.append(DatasetKey(name, Wants[wants], levels, "" if ours == "-" else ours or name))
    return MappingProxyType({key.name: key for key in sorted(keys, key=lambda key: key.name)})


DATASET_KEYS: Mapping[str, DatasetKey] = _keys()
