"""The one run that splits a set of settings: change as little as possible on the best run, to a value that has been seen and is allowed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.effects.matched_pairs import configuration_tokens, tokens_of
from lorascope.analysis.table import UNSTATED, Block, Table
from lorascope.errors import BadParameter
from lorascope.parameters.catalogue import find, known
from lorascope.parameters.parameter import Kind, shown
from lorascope.records.plain import number
from lorascope.records.run import ParameterValue

SCALES = (("network_dim", "network_alpha", "adapter_scale"), ("conv_dim", "conv_alpha", "conv_scale"))


@dataclass(frozen=True, slots=True)
class Split:
    """What to change on the run ``base`` (nothing: only what ``why`` says would help)."""

    base: str
    change: Mapping[str, ParameterValue] = field(default_factory=dict)
    why: str = ""


def best_row(table: Table, direction: str | None) -> int | None:
    """The row of the best run, seen within its class; the highest where nobody says which way is better. None for an empty table."""
    if not table.runs:
        return None
    ranked = -table.centered if direction == "lower" else table.centered
    return int(np.argmax(ranked))


def split(table: Table, members: Sequence[str], base: int) -> Split:
    """The run that splits a set: a single member changed on the row ``base``, the first (most probable) one that can be.

    Of its values the one that most runs have, other than the base's, is taken; a configuration that was run already is proposed again
    only where all were. What then comes out as before is not due to the member that was changed.
    """
    configurations, again = configuration_tokens(table), dict[str, ParameterValue]()
    for name in members:
        block = table.block(name)
        if block is None or block.codes[base] == UNSTATED:
            continue
        for code in _other_levels(block, int(block.codes[base])):
            value = block.levels[code]
            if not allowed(name, value):
                continue
            if not _was_run(block, code, base, configurations):
                others = [member for member in members if member != name]
                return Split(table.runs[base], {name: value}, _meaning(name, others))
            again = again or {name: value}
    every = ", ".join(members)
    if all((block := table.block(name)) is not None and block.codes[base] == UNSTATED for name in members):
        return Split(table.runs[base], {}, f"{table.runs[base]}, the best run, does not say its {every}: record it, or repeat the run")
    why = f"every single change of {every} was run already: this one with another seed says how much of its difference was chance"
    return Split(table.runs[base], again, why)


def split_between(name: str, table: Table, value_of: Mapping[str, ParameterValue], base: int) -> Split:
    """The run that splits a setting from a change of the evaluation: the best run's settings with the value that other classes have."""
    own = value_of.get(table.runs[base])
    others = [value for value in dict.fromkeys(value_of.values()) if value != own and allowed(name, value)]
    why = f"{name} changed only together with how the metric was measured: measure all runs the same way (no training), or make this run"
    return Split(table.runs[base], {name: others[0]} if others else {}, why)


def split_scale(table: Table, dim: str, alpha: str, base: int) -> Split | None:
    """Where a rank varied and its alpha never did, rank and adapter scale alpha/rank moved together: the run that moves one alone.

    None where that is not so, or where the base does not state both.
    """
    block, fixed = table.block(dim), table.constant.get(alpha)
    ours, scale_of = number(block.value(base)) if block is not None else None, number(fixed)
    if block is None or ours is None or scale_of is None or min(ours, scale_of) <= 0:
        return None
    for code in _other_levels(block, int(block.codes[base])):
        theirs = number(block.levels[code])
        wanted = scale_of / ours * theirs if theirs is not None else 0.0
        if not 0 < wanted < math.inf:
            continue
        value: ParameterValue = int(wanted) if wanted == int(wanted) else wanted
        if allowed(alpha, value):
            why = (
                f"{dim} and {alpha}/{dim}, the adapter's scale, cannot be told apart: {alpha} was {shown(fixed)} wherever it is stated. "
                f"({shown(block.levels[code])}, {alpha} {shown(value)}) would separate them: another {dim} at the same scale of "
                f"{scale_of / ours:.4g}"
            )
            return Split(table.runs[base], {dim: block.levels[code], alpha: value}, why)
    return None


def allowed(name: str, value: ParameterValue) -> bool:
    """Whether the catalogue takes this value (a setting that it does not know may have any)."""
    if not known(name):
        return True
    try:
        find(name).parse(value)
    except BadParameter:
        return False
    return True


def another_value(name: str, value: ParameterValue) -> ParameterValue:
    """A value that the catalogue allows beside the only one that was seen; the same value where none is known.

    >>> another_value("network_alpha", 16), another_value("flip_aug", True), another_value("mixed_precision", "fp16")
    (32, False, 'bf16')
    """
    tries: list[ParameterValue] = []
    if isinstance(value, bool):
        tries = [not value]
    elif isinstance(value, int | float) and number(value) is not None:
        tries = [value * 2, value / 2, 1 if value == 0 else value]
    elif known(name) and find(name).kind is Kind.CHOICE:
        tries = [choice for choice in sorted(find(name).choices) if choice != value]
    return next((other for other in tries if other != value and allowed(name, other)), value)


def _meaning(name: str, others: Sequence[str]) -> str:
    if not others:
        return f"only {name} is changed: what changes with it is its own doing (and chance)"
    left = f", and {others[0]} is what is left" if len(others) == 1 else ""
    moved = f"if the metric moves with it (more than a replicate does), {name} matters"
    return f"only {name} is changed: {moved}; if it stays, {name} does not{left}"


def _other_levels(block: Block, own: int) -> list[int]:
    counts = np.bincount(block.codes[block.codes != UNSTATED], minlength=len(block.levels))
    return sorted((code for code in range(len(block.levels)) if code != own), key=lambda code: (-int(counts[code]), abs(code - own), code))


def _was_run(block: Block, code: int, base: int, configurations: NDArray[np.uint64]) -> bool:
    tokens = tokens_of(block)
    changed = configurations[[base]] - tokens[[base]] + tokens_of(block, np.array([code]))
    return bool((configurations == changed).any())
