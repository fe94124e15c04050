"""What a key of sd-scripts is: the type it takes, its choices and its default. Facts of the argument parser, nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from lorascope.records.run import JsonValue


class Takes(StrEnum):
    """The type of value a key takes."""

    FLAG = "flag"
    INT = "int"
    FLOAT = "float"
    TEXT = "str"
    INT_OR_FLOAT = "int or float"
    TEXTS = "list of str"
    FLOATS = "list of float"


@dataclass(frozen=True, slots=True)
class Argument:
    """One key of a training script. ``default`` None is unset; a flag's default is False.

    ``scripts`` names the family whose scripts have the key: "" for all LoRA scripts, else sdxl, flux, sd3, … ``choices`` as the
    argument parser has them (a configuration file is not held to them).
    """

    name: str
    takes: Takes
    default: JsonValue = None
    choices: tuple[str | int, ...] = ()
    scripts: str = ""
    source: str = ""

    def problem(self, value: JsonValue) -> str:
        """What is wrong with a value of a configuration file for this key, or "". The trainer itself does not look.

        >>> Argument("network_dim", Takes.INT).problem("32")
        "must be a whole number, is the text '32'"
        """
        if not _fits(self.takes, value):
            return f"must be {_WORDS[self.takes]}, is {_kind(value)}"
        if self.choices and value not in self.choices:
            return f"must be one of {', '.join(str(choice) for choice in self.choices)}"
        return ""


_WORDS = {
    Takes.FLAG: "true or false",
    Takes.INT: "a whole number",
    Takes.FLOAT: "a number",
    Takes.TEXT: "text in quotes",
    Takes.INT_OR_FLOAT: "a number",
    Takes.TEXTS: "a list of texts",
    Takes.FLOATS: "a number or a list of numbers",
}


def _fits(takes: Takes, value: JsonValue) -> bool:
    if takes is Takes.FLAG:
        return isinstance(value, bool)
    if takes is Takes.INT:
        return isinstance(value, int) and not isinstance(value, bool)
    if takes in {Takes.FLOAT, Takes.INT_OR_FLOAT}:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if takes is Takes.TEXT:
        return isinstance(value, str)
    if takes is Takes.TEXTS:
        return isinstance(value, list) and all(isinstance(part, str) for part in value)
    numbers = value if isinstance(value, list) else [value]
    return all(isinstance(number, int | float) and not isinstance(number, bool) for number in numbers)


def _kind(value: JsonValue) -> str:
    """A value in words, short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, int | float):
        return f"the number {value}"
    return "a list" if isinstance(value, list) else "a table" if isinstance(value, dict) else "nothing"
