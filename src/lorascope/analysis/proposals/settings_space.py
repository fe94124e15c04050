"""Configurations as points: how far two lie apart, and what of a new one has never been seen.

Ordered values are placed by the rank of their level on 0 to 1 (logarithms first, where the catalogue says so), so that one odd value does
not dwarf the others; beyond the levels seen the line goes on in proportion. All other values are equal or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.parameters.catalogue import find, known
from lorascope.parameters.parameter import Kind, Scale
from lorascope.records.run import ParameterValue

Settings = Mapping[str, ParameterValue]
Floats = NDArray[np.float64]

SEED = "seed"
_UNKNOWN = math.nan  # a run that does not say a setting: half way between equal and different
_FURTHEST = 3.0  # how far beyond the levels seen a value may be placed, in ranges
_ORDERED = (Kind.INTEGER, Kind.FLOAT, Kind.STEPS_OR_RATIO)


@dataclass(frozen=True, slots=True)
class Axis:
    """One setting: its levels in order (``ordered``), or in the order of their text."""

    name: str
    levels: tuple[ParameterValue, ...]
    ordered: bool
    log: bool = False

    def place(self, value: ParameterValue) -> float:
        """Where a value lies: 0 to 1 between the levels seen of an ordered setting, else the number of the level."""
        if not self.ordered:
            return float(self.levels.index(value)) if value in self.levels else float(len(self.levels) + hash_place(value))
        at, seen = self._line(value), [self._line(level) for level in self.levels]
        if len(seen) == 1:
            unit = 2.0 if self.log else max(abs(seen[0]), 1e-9)
            return max(-_FURTHEST, min(_FURTHEST, (at - seen[0]) / unit))
        span = seen[-1] - seen[0]
        beyond = (at - seen[-1]) / span if at > seen[-1] else (at - seen[0]) / span if at < seen[0] else 0.0
        inside = float(np.interp(at, seen, np.linspace(0, 1, len(seen))))
        return inside + max(-_FURTHEST, min(_FURTHEST, beyond))

    def covers(self, value: ParameterValue) -> bool:
        """Whether a value is one of the levels, or lies between two of them."""
        if not self.ordered or not _is_number(value):
            return value in self.levels
        return self._line(self.levels[0]) <= self._line(value) <= self._line(self.levels[-1])

    def _line(self, value: ParameterValue) -> float:
        number = float(value or 0)
        return math.log2(max(number, 1e-12)) if self.log else number


@dataclass(frozen=True, slots=True)
class Space:
    """The settings in which configurations differ."""

    axes: tuple[Axis, ...]

    def points(self, configurations: Sequence[Settings]) -> Floats:
        """One row per configuration, one column per axis; NaN where it does not say the setting."""
        columns = [_column(axis, configurations) for axis in self.axes]
        return np.array(columns, np.float64).reshape(len(self.axes), len(configurations)).T

    def novelty(self, points: Floats) -> Floats:
        """In how many settings each point lies outside everything seen."""
        count = np.zeros(len(points))
        for at, axis in enumerate(self.axes):
            most = 0.0 if len(axis.levels) == 1 else 1.0 if axis.ordered else len(axis.levels) - 1.0
            with np.errstate(invalid="ignore"):
                count += (points[:, at] < 0) | (points[:, at] > most)
        return count

    def distances(self, first: Floats, second: Floats, axis: int) -> Floats:
        """How far every point of ``first`` lies from every one of ``second`` on one axis; half for what is not said."""
        gap = np.abs(first[:, axis, None] - second[None, :, axis])
        if not self.axes[axis].ordered:
            gap = (gap > 0).astype(np.float64) + np.where(np.isnan(gap), np.nan, 0.0)
        neither = np.isnan(first[:, axis, None]) & np.isnan(second[None, :, axis])
        return np.asarray(np.where(neither, 0.0, np.nan_to_num(gap, nan=0.5)))


def space_of(seen: Sequence[Settings], asked: Sequence[Settings] = ()) -> Space:
    """The settings in which the configurations ``seen`` differ, or in which one that is ``asked`` about differs from them.

    A setting that none of those seen says is left out: nothing is known of its value there. The training seed never counts.
    """
    names = sorted({name for settings in seen for name in settings if name != SEED})
    axes = (_axis(name, seen, asked) for name in names)
    return Space(tuple(axis for axis in axes if axis is not None))


def _axis(name: str, seen: Sequence[Settings], asked: Sequence[Settings]) -> Axis | None:
    values = {_plain(value) for settings in seen if (value := settings.get(name)) is not None}
    others = {_plain(value) for settings in asked if (value := settings.get(name)) is not None}
    if not values or len(values | others) < 2:
        return None
    ordered = all(map(_is_number, values | others)) and _counts(name)
    log = ordered and known(name) and find(name).scale is Scale.LOG and all(float(value or 0) > 0 for value in values | others)
    in_order = (
        sorted(values, key=lambda value: float(value or 0)) if ordered else sorted(values, key=lambda value: (str(value), str(type(value))))
    )
    return Axis(name, tuple(in_order), ordered, log)


def signature(settings: Settings) -> tuple[tuple[str, str], ...]:
    """What makes two runs replicates of each other: every setting but the training seed, as text."""
    return tuple((name, repr(_plain(value))) for name, value in sorted(settings.items()) if name != SEED and value is not None)


def different(first: Settings, second: Settings) -> dict[str, tuple[ParameterValue, ParameterValue]]:
    """The settings that two configurations both say, and say differently; the seed does not count."""
    shared = sorted(name for name in first if name in second and name != SEED)
    pairs = {name: (first[name], second[name]) for name in shared}
    return {name: pair for name, pair in pairs.items() if _plain(pair[0]) != _plain(pair[1])}


def _column(axis: Axis, configurations: Sequence[Settings]) -> list[float]:
    """The places of configurations on an axis; a number that is stated to be off counts as 0. Each value is placed once."""
    places: dict[tuple[type, ParameterValue], float] = {}
    column = []
    for settings in configurations:
        value = settings.get(axis.name)
        if value is None and axis.name in settings and axis.ordered and not axis.log:
            value = 0
        if value is None:
            column.append(_UNKNOWN)
            continue
        key = (type(value), value)
        if key not in places:
            places[key] = axis.place(value if axis.ordered else _plain(value))
        column.append(places[key])
    return column


def hash_place(value: ParameterValue) -> int:
    """A number for a value outside the levels, the same on every machine."""
    return sum(map(ord, str(value)))


def _counts(name: str) -> bool:
    """Whether numbers of this setting are more or less of something."""
    return not known(name) or (find(name).kind in _ORDERED and find(name).scale not in {Scale.NOMINAL, Scale.IGNORED})


def _plain(value: ParameterValue) -> ParameterValue:
    """16 and 16.0 are one value; True is not 1."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**53:
        return float(value)
    return value


def _is_number(value: ParameterValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
