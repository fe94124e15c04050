"""Whether one setting's effect depends on another: answered only where all four combinations were run, else the run that is missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from lorascope.analysis.effects.matched_pairs import configuration_tokens, tokens_of
from lorascope.analysis.effects.splitting import allowed, another_value
from lorascope.analysis.table import UNSTATED, Table, center
from lorascope.parameters.parameter import shown
from lorascope.records.effect import Interaction
from lorascope.records.run import ParameterValue

# what people ask of LoRA training: rank and alpha, tokens kept and captions, captions and rank, convolutions and rank
ASKED = (
    ("network_dim", "network_alpha"),
    ("keep_tokens", "caption_version"),
    ("caption_version", "network_dim"),
    ("conv_dim", "network_dim"),
)
MOST_NAMED = 4  # values of one side
_CELLS = ((0, 0), (0, 1), (1, 0), (1, 1))


@dataclass(frozen=True, slots=True)
class _Cut:
    """A setting cut in two: which side each row is on (-1: not stated), the values of each side, the commonest first."""

    name: str
    side: NDArray[np.int64]
    values: tuple[tuple[ParameterValue, ...], tuple[ParameterValue, ...]]

    def word(self, side: int) -> str:
        values = self.values[side]
        if not (self.side == side).any():
            return f"not {shown(self.values[1 - side][0])}"
        return " or ".join(
            map(shown, sorted(values, key=lambda value: (not isinstance(value, int | float), str(value).zfill(12)))[:MOST_NAMED])
        )


def asked_interactions(table: Table, base: int | None) -> tuple[Interaction, ...]:
    """The usual questions, as far as both settings are stated and at least one of them varies."""
    found = (interaction(table, first, second, base) for first, second in ASKED if table.block(first) or table.block(second))
    return tuple(one for one in found if one is not None)


def interaction(table: Table, first: str, second: str, base: int | None) -> Interaction | None:
    """How the effect of the first setting changes with the second; None where one of them is stated nowhere or takes no other value."""
    ours, theirs = _cut(table, first), _cut(table, second)
    if ours is None or theirs is None or base is None:
        return None
    inside = [(ours.side == low) & (theirs.side == high) for low, high in _CELLS]
    cells = tuple(int(rows.sum()) for rows in inside)
    assert len(cells) == 4
    low, high = (ours.word(0), theirs.word(0)), (ours.word(1), theirs.word(1))
    empty = [cell for cell, count in zip(_CELLS, cells, strict=True) if count == 0]
    if empty:
        change = _filling(ours, theirs, empty[0], base)
        where = f"{first} {ours.word(empty[0][0])} with {second} {theirs.word(empty[0][1])}"
        more = f"; {len(empty)} of 4 cells are empty" if len(empty) > 1 else ""
        note = f"not estimable: no run has {where}{more}"
        return Interaction(first, second, low, high, cells, filling_run=change, base=table.runs[base], note=note)
    found = _estimate(table, ours, theirs)
    if found is None:
        note = "not estimable: all four cells are filled, but no run is left to show the noise"
        return Interaction(first, second, low, high, cells, note=note)
    estimate, half = found
    word = "an association: " if not _is_square(table, ours, theirs) else ""
    note = f"{word}other settings changed in these runs too" if word else "four runs differ in these two settings alone"
    return Interaction(first, second, low, high, cells, estimate, estimate - half, estimate + half, note=note)


def _cut(table: Table, name: str) -> _Cut | None:
    block = table.block(name)
    if block is None:
        if name not in table.constant:
            return None
        value = table.constant[name]
        other = another_value(name, value)
        return None if other == value else _Cut(name, np.zeros(len(table.runs), np.int64), ((value,), (other,)))
    counts = np.bincount(block.codes[block.codes != UNSTATED], minlength=len(block.levels))
    if block.ordered:
        below = np.cumsum(counts)[:-1]
        at = int(np.argmax(np.minimum(below, counts.sum() - below))) + 1
        upper = np.arange(len(counts)) >= at
    else:
        upper = np.arange(len(counts)) != int(np.argmax(counts))
    order = sorted(range(len(counts)), key=lambda code: (-int(counts[code]), code))
    low, high = (tuple(block.levels[code] for code in order if bool(upper[code]) == side) for side in (False, True))
    return _Cut(name, np.where(block.codes == UNSTATED, -1, upper[block.codes].astype(np.int64)), (low, high))


def _filling(ours: _Cut, theirs: _Cut, cell: tuple[int, int], base: int) -> dict[str, ParameterValue]:
    change = {}
    for cut, side in ((ours, cell[0]), (theirs, cell[1])):
        if cut.side[base] != side:
            change[cut.name] = next((value for value in cut.values[side] if allowed(cut.name, value)), cut.values[side][0])
    return change


def _estimate(table: Table, ours: _Cut, theirs: _Cut) -> tuple[float, float] | None:
    """The difference of differences, classes allowed for, with half of its 95 % interval."""
    rows = (ours.side >= 0) & (theirs.side >= 0)
    first, second, (_, group) = ours.side[rows], theirs.side[rows], np.unique(table.group[rows], return_inverse=True)
    design = center(np.stack([first, second, first * second], axis=1).astype(np.float64), group)
    y = center(table.y[rows][:, None], group)[:, 0]
    degrees = int(rows.sum()) - len(np.unique(group)) - 3
    products = design.T @ design
    if degrees < 1 or np.linalg.matrix_rank(products) < 3:
        return None
    inverse = np.linalg.inv(products)
    coefficients = inverse @ design.T @ y
    residual = y - design @ coefficients
    half = float(stdtrit(degrees, 0.975)) * float(np.sqrt(residual @ residual / degrees * inverse[2, 2]))
    return float(coefficients[2]), half


def _is_square(table: Table, ours: _Cut, theirs: _Cut) -> bool:
    """Whether four runs that are equal in everything else fill the four cells."""
    others = configuration_tokens(table)
    for cut in (ours, theirs):
        block = table.block(cut.name)
        if block is not None:
            others = others - tokens_of(block)
    corner = ours.side * 2 + theirs.side
    rows = (ours.side >= 0) & (theirs.side >= 0)
    pairs = np.unique(np.stack([others[rows], corner[rows].astype(np.uint64)], axis=1), axis=0)
    return bool((np.unique(pairs[:, 0], return_counts=True)[1] == 4).any())
