"""What a parameter is: its kind, unit, range, defaults and meaning. Definitions only; what a value *does* is for data to say."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from lorascope.errors import BadParameter
from lorascope.records.run import ParameterValue


class Kind(StrEnum):
    """The kind of value a parameter takes. ``steps_or_ratio``: an integer of steps, or a share below 1 of all steps."""

    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    TEXT = "text"
    STEPS_OR_RATIO = "steps or ratio"


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

    ``default`` is ours (a preset for SD 1.5), ``trainer_default`` what sd-scripts does when nothing is said; None means
    unset. ``low`` and ``high`` are inclusive bounds. ``source`` names where the semantics were read.
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

    def parse(self, value: object) -> ParameterValue:
        """A value of the right kind within the range, or BadParameter saying what is allowed.

        Text is accepted for every kind (command lines and safetensors metadata hold text only).
        """
        if value is None or (isinstance(value, str) and value == "None"):
            if self.optional:
                return None
            raise self._bad(value)
        parsed = self._converted(value)
        if isinstance(parsed, float) and not math.isfinite(parsed):
            raise self._bad(value)
        if isinstance(parsed, int | float) and not isinstance(parsed, bool):
            too_low = self.low is not None and parsed < self.low
            if too_low or (self.high is not None and parsed > self.high):
                raise self._bad(value)
        if self.choices and parsed not in self.choices:
            raise self._bad(value)
        return parsed

    def _converted(self, value: object) -> ParameterValue:
        try:
            if self.kind is Kind.BOOLEAN:
                return _boolean(value)
            if isinstance(value, bool):
                raise self._bad(value)
            if self.kind is Kind.INTEGER:
                number = float(str(value))
                if number != int(number):
                    raise self._bad(value)
                return int(number)
            if self.kind is Kind.FLOAT:
                return float(str(value))
            if self.kind is Kind.STEPS_OR_RATIO:
                number = float(str(value).removesuffix("%")) / (100 if str(value).endswith("%") else 1)
                return int(number) if number == int(number) else number
        except (ValueError, OverflowError) as error:
            raise self._bad(value) from error
        if not isinstance(value, str):
            raise self._bad(value)
        return value

    def allowed(self) -> str:
        """What values are allowed, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        words = {Kind.INTEGER: "a whole number", Kind.FLOAT: "a number", Kind.BOOLEAN: "true or false", Kind.TEXT: "text"}
        what = words.get(self.kind, "steps (a whole number) or a share of all steps (below 1)")
        low, high = _shown(self.low), _shown(self.high)
        if self.low is not None and self.high is not None:
            return f"{what}, {low} to {high}"
        if self.low is not None:
            return f"{what}, at least {low}"
        return f"{what}, at most {high}" if self.high is not None else what

    def _bad(self, value: object) -> BadParameter:
        return BadParameter(f"{self.name} = {value!r}: must be {self.allowed()}", next_step=f"lorascope parameters {self.name}")


def _shown(bound: float | None) -> str:
    return "" if bound is None else f"{bound:g}"


def _boolean(value: object) -> bool:
    known = {"true": True, "false": False, "1": True, "0": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in known:
        raise ValueError(value)
    return known[str(value).lower()]
