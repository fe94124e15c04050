"""What a parameter is: its kind, unit, range, defaults and meaning. Definitions only; what a value *does* is for data to say."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from lorascope.errors import BadParameter
from lorascope.records.run import ParameterValue


class Kind(StrEnum):
    """The kind of value a parameter takes.

    ``steps_or_ratio``: an integer of steps, or a share below 1 of all steps. ``size``: a width and a height in pixels,
    kept as the text "width,height".
    """

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXT = "text"
    STEPS_OR_RATIO = "steps or ratio"
    SIZE = "size"


class Scale(StrEnum):
    """How values compare in an analysis."""

    LINEAR = "linear"
    LOG = "log"
    NOMINAL = "nominal"
    IGNORED = "ignored"


class Category(StrEnum):
    """The groups of the taxonomy, under the names that stored runs use."""

    ARCHITECTURE = "architecture"
    OPTIMIZATION = "hyperparameters"
    DATA = "data"
    AUGMENTATION = "augmentation"
    BUCKETS = "preprocessing"
    STABILITY = "stability"
    ADVANCED = "advanced"
    DERIVED = "derived"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a training, under kohya's name.

    ``default`` is ours (a preset for SD 1.5; None says nothing to the trainer), ``trainer_default`` what sd-scripts does
    when nothing is said; None means unset or off. ``low`` and ``high`` are inclusive bounds. ``choices`` are compared as
    text without regard to case; ``other_choices`` is a regular expression of values allowed beside them. ``passed_as`` is
    how sd-scripts takes it where that is not simply ``--name``. ``lab_only`` marks what the trainer does not know: it is
    recorded, never passed on. ``source`` names where the semantics were read.
    """

    name: str
    category: Category
    kind: Kind
    meaning: str
    default: ParameterValue = None
    trainer_default: ParameterValue = None
    unit: str = ""
    scale: Scale = Scale.LINEAR
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    optional: bool = False
    interactions: str = ""
    source: str = "sd-scripts 48d368f"
    other_choices: str = ""
    passed_as: str = ""
    lab_only: bool = False

    def parse(self, value: object) -> ParameterValue:
        """A value of the right kind within the range, or BadParameter saying what is allowed.

        Text is accepted for every kind (command lines and safetensors metadata hold text only), and "None" as text says
        that an optional parameter is unset.
        """
        if self.optional and (value is None or (isinstance(value, str) and value == "None")):
            return None
        if value is None:
            raise self._bad(value)
        try:
            parsed = _READERS[self.kind](value)
            is_in_range = self._in_range(parsed)
        except (ValueError, OverflowError) as error:
            raise self._bad(value) from error
        if not is_in_range:
            raise self._bad(value)
        return self._chosen(parsed) if self.choices else parsed

    def _in_range(self, parsed: ParameterValue) -> bool:
        sides = parsed.split(",") if self.kind is Kind.SIZE and isinstance(parsed, str) else [parsed]
        numbers = [float(side) for side in sides if side is not None] if self.kind in _NUMERIC else []
        return all((self.low is None or number >= self.low) and (self.high is None or number <= self.high) for number in numbers)

    def _chosen(self, parsed: ParameterValue) -> ParameterValue:
        spelling = {choice.lower(): choice for choice in self.choices}.get(str(parsed).lower())
        if spelling is not None:
            return spelling if isinstance(parsed, str) else parsed
        if self.other_choices and re.fullmatch(self.other_choices, str(parsed)):
            return parsed
        raise self._bad(parsed)

    def allowed(self) -> str:
        """What values are allowed, in words."""
        unset = ", or None (unset)" if self.optional else ""
        if self.choices:
            return "one of " + ", ".join(self.choices) + (f", or {_IN_WORDS[self.other_choices]}" if self.other_choices else "") + unset
        what, low, high = _WORDS[self.kind], _bound(self.low), _bound(self.high)
        if self.low is not None and self.high is not None:
            return f"{what}, {low} to {high}{unset}"
        if self.low is not None:
            return f"{what}, at least {low}{unset}"
        return (f"{what}, at most {high}" if self.high is not None else what) + unset

    def argument(self) -> str | None:
        """How sd-scripts takes the parameter, or None when it does not: derived and lab-only ones are never passed on."""
        if self.lab_only or self.category is Category.DERIVED:
            return None
        return self.passed_as or f"--{self.name}"

    def _bad(self, value: object) -> BadParameter:
        return BadParameter(f"{self.name} = {value!r}: must be {self.allowed()}", next_step=f"lorascope parameters {self.name}")


ANY_CLASS = r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)+"  # a dotted path, such as bitsandbytes.optim.AdEMAMix8bit
ADAFACTOR_RATE = r"adafactor:[0-9.eE+-]+"  # what sd-scripts writes into its metadata for Adafactor's own schedule

_IN_WORDS = {ANY_CLASS: "the dotted path of a class or module", ADAFACTOR_RATE: "adafactor:RATE"}
_NUMERIC = (Kind.INTEGER, Kind.FLOAT, Kind.STEPS_OR_RATIO, Kind.SIZE)
_SIZE = re.compile(r"[(\[]?\s*([0-9]+)\s*(?:[,xX]\s*([0-9]+)\s*)?[)\]]?")
_WORDS = {
    Kind.INTEGER: "a whole number",
    Kind.FLOAT: "a number",
    Kind.BOOLEAN: "true or false",
    Kind.CHOICE: "one of its choices",
    Kind.TEXT: "text",
    Kind.STEPS_OR_RATIO: "steps (a whole number) or a share of all steps (below 1)",
    Kind.SIZE: "a side in pixels (512) or width,height (512,768)",
}


def shown(value: ParameterValue) -> str:
    """A value as it is written in a configuration; - is unset, quotes mark text that would not be seen.

    >>> shown(True), shown(None), shown(","), shown(2e-06)
    ('true', '-', '","', '2e-06')
    """
    if value is None:
        return "-"
    if isinstance(value, bool):
        return str(value).lower()
    text = str(value)
    return text if any(letter.isalnum() for letter in text) else f'"{text}"'


def _bound(number: float | None) -> str:
    return "" if number is None else f"{number:.12g}"


# The readers raise ValueError only: parse() turns it into a BadParameter.


def _integer(value: object) -> int:
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004
    try:
        return int(str(value))  # exact beyond 2**53, where seeds live
    except ValueError:
        number = float(str(value))
        if number != int(number):
            raise
        return int(number)


def _float(value: object) -> float:
    if isinstance(value, bool):
        raise ValueError(value)  # noqa: TRY004
    number = float(str(value))
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _steps_or_ratio(value: object) -> int | float:
    text = str(value)
    if text.endswith("%"):
        ratio = _float(text.removesuffix("%")) / 100
        if ratio >= 1:  # 100 % would read as one step
            raise ValueError(value)
        return ratio
    number = _float(value)
    return _integer(value) if number >= 1 or number == 0 else number


def _boolean(value: object) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in known:
        raise ValueError(value)
    return known[str(value).lower()]


def _text(value: object) -> str:
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return " ".join(value)  # network_args and optimizer_args are lists in TOML
    if not isinstance(value, str):
        raise ValueError(value)  # noqa: TRY004
    return value


def _size(value: object) -> str:
    match = _SIZE.fullmatch(str(value).strip())
    if isinstance(value, bool) or match is None:
        raise ValueError(value)
    return f"{int(match[1])},{int(match[2] or match[1])}"


_READERS: dict[Kind, Callable[[object], ParameterValue]] = {
    Kind.INTEGER: _integer,
    Kind.FLOAT: _float,
    Kind.BOOLEAN: _boolean,
    Kind.CHOICE: _text,
    Kind.TEXT: _text,
    Kind.STEPS_OR_RATIO: _steps_or_ratio,
    Kind.SIZE: _size,
}
