"""JSON inside other files (a metadata value, a small file beside the weights): read as what it is, or not at all."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from lorascope.errors import BadParameter
from lorascope.parameters.catalogue import find, known
from lorascope.records.run import JsonValue, ParameterValue

LONGEST = 1_000_000  # letters: the longest configuration in a file's metadata has some ten thousand


def json_in(text: str | None) -> JsonValue:
    """The value of a JSON text; None when it is none, or too long or deep to be what we look for. NaN and infinities become texts.

    >>> json_in('{"step": 500}'), json_in("not JSON"), json_in("[NaN, 1e999]")
    ({'step': 500}, None, ['NaN', 'inf'])
    """
    if text is None or len(text) > LONGEST:
        return None
    try:
        value: JsonValue = json.loads(text, parse_constant=str, parse_float=_finite)
    except (ValueError, RecursionError):
        return None
    return value


def object_in(text: str | None) -> dict[str, JsonValue]:
    """The members of a JSON object; none when the text is something else."""
    value = json_in(text)
    return value if isinstance(value, dict) else {}


def whole(value: JsonValue) -> int | None:
    """A whole number that can count steps; None when it is not one.

    >>> whole(500), whole(500.0), whole(True), whole("500"), whole(-1)
    (500, 500, None, None, None)
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        return None
    return int(value) if 0 <= value < 2**53 else None


def known_parameters(values: Mapping[str, JsonValue], where: str) -> tuple[dict[str, ParameterValue], list[str]]:
    """Values under our names, parsed; what cannot be one is left out with a note that names it. Lists and objects are left out."""
    parsed: dict[str, ParameterValue] = {}
    notes = []
    for name, value in values.items():
        if value is None or isinstance(value, list | dict) or not known(name):
            continue
        try:
            parsed[find(name).name] = find(name).parse(value)
        except BadParameter as error:
            notes.append(f"{where}: {error.message}; left out")
    return parsed, notes


def _finite(digits: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else str(number)
