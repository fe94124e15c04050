"""Conditions on settings that a rule can be made of: a number above or below a level that was seen, or one of the values that were."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from lorascope.records.plain import number
from lorascope.records.run import ParameterValue

MOST_LEVELS = 8  # levels tried of one setting; of more, these are spread evenly
MOST_LITERALS = 400  # conditions tried in all; of more, the first of every setting, then the second of every setting …
Settings = Mapping[str, ParameterValue]
_PLAIN_NAME = re.compile(r"[^\W\d][\w./:@-]*")


@dataclass(frozen=True, slots=True)
class Literal:
    """One condition: a setting compared (= > <) with a value that was seen. Written as ``lorascope runs --where`` reads it."""

    name: str
    operator: str
    value: ParameterValue

    def __str__(self) -> str:
        name = self.name if _PLAIN_NAME.fullmatch(self.name) else f"`{self.name}`"
        return f"{name} {self.operator} {_written(self.value)}"

    def holds(self, settings: Settings) -> bool | None:
        """Whether it holds for a run; None where the run does not say."""
        found = settings.get(self.name)
        if found is None:
            return None
        if self.operator == "=":
            return found == self.value and isinstance(found, bool) == isinstance(self.value, bool)
        here, there = number(found), number(self.value)
        if here is None or there is None:
            return None
        return here > there if self.operator == ">" else here < there

    @property
    def settings(self) -> tuple[str, ...]:
        """The settings it speaks of: the two behind a product or a quotient."""
        return tuple(re.split(r"[*/]", self.name))


def with_products(settings: Settings) -> dict[str, ParameterValue]:
    """The settings with rank times alpha and alpha over rank, which are often what matters when the rank is blamed.

    >>> with_products({"network_dim": 32, "network_alpha": 16})["network_alpha/network_dim"]
    0.5
    """
    rank, alpha = number(settings.get("network_dim")), number(settings.get("network_alpha"))
    if not rank or alpha is None:
        return dict(settings)
    return {**settings, "network_dim*network_alpha": rank * alpha, "network_alpha/network_dim": alpha / rank}


def literals_of(runs: Sequence[Settings]) -> tuple[tuple[Literal, ...], tuple[str, ...]]:
    """All conditions worth trying on these runs, and the settings of which only some levels are tried."""
    levels: dict[str, set[ParameterValue]] = {}
    for settings in runs:
        for name, value in settings.items():
            if value is not None:
                levels.setdefault(name, set()).add(value)
    thinned, by_setting = [], []
    for name in sorted(levels):
        if len(levels[name]) > 1:
            found, fewer = _of_setting(name, levels[name])
            by_setting.append(found)
            thinned += [name] if fewer else []
    taken = [literal for found in by_setting for literal in found]
    if len(taken) > MOST_LITERALS:
        ordered = sorted(((at, literal) for found in by_setting for at, literal in enumerate(found)), key=lambda pair: pair[0])
        taken = [literal for _, literal in ordered[:MOST_LITERALS]]
        thinned = sorted({literal.name for _, literal in ordered[MOST_LITERALS:]} | set(thinned))
    return tuple(taken), tuple(thinned)


def _of_setting(name: str, levels: Collection[ParameterValue]) -> tuple[list[Literal], bool]:
    """Both sides of every step between two numbers that were seen, or every value that was seen."""
    numbered = [(found, level) for level in levels if (found := number(level)) is not None]
    if len(numbered) < len(set(levels)):
        values = sorted(levels, key=lambda value: (str(type(value)), str(value)))
        return [Literal(name, "=", value) for value in values], False
    steps = [level for _, level in sorted(numbered, key=lambda pair: pair[0])]
    pairs = list(pairwise(steps))
    kept = pairs if len(pairs) <= MOST_LEVELS else [pairs[round(at * (len(pairs) - 1) / (MOST_LEVELS - 1))] for at in range(MOST_LEVELS)]
    return [literal for low, high in kept for literal in (Literal(name, ">", low), Literal(name, "<", high))], len(kept) < len(pairs)


def _written(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    short = f"{value:.12g}"
    return short if isinstance(value, float) and float(short) == value else str(value)  # 1/3 needs all digits, or it is another number
