"""The two arms of a change: runs before it and runs after it that differ in nothing else, as far as is recorded.

Where no such runs exist, the nearest two are named with all that else differs between them: what came out differently cannot be put
down to the change then.
"""

from __future__ import annotations

import math
import operator
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.table import NOT_SETTINGS
from lorascope.records.history import PastRun
from lorascope.records.plain import number
from lorascope.records.run import ParameterValue

MOST_COMPARED = 200  # runs of each arm, when the nearest pair is looked for
COMPARISON = re.compile(r"\s*(>=|<=|>|<)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*")
COMPARE = {">=": operator.ge, "<=": operator.le, ">": operator.gt, "<": operator.lt}
Change = Mapping[str, tuple[ParameterValue, ParameterValue]]


@dataclass(frozen=True, slots=True)
class Block:
    """Runs with equal settings but for the change: ``before`` it and ``after`` it."""

    before: tuple[PastRun, ...]
    after: tuple[PastRun, ...]


@dataclass(frozen=True, slots=True)
class Arms:
    """The blocks that can be compared; without any, ``obstacles`` say why not. ``confounded`` are the settings that else differ."""

    blocks: tuple[Block, ...]
    obstacles: tuple[str, ...] = ()
    confounded: tuple[str, ...] = ()


def find_arms(runs: Sequence[PastRun], change: Change) -> Arms:
    """The arms of ``change`` among ``runs`` (those that were measured, of one comparability class)."""
    before = [past for past in runs if on_side(past, change, 0)]
    after = [past for past in runs if on_side(past, change, 1)]
    if not before or not after:
        return Arms((), _missing(runs, change, before, after))
    blocks: dict[tuple[tuple[str, str, ParameterValue], ...], tuple[list[PastRun], list[PastRun]]] = defaultdict(lambda: ([], []))
    for side, arm in enumerate((before, after)):
        for past in arm:
            blocks[_rest(past, change)][side].append(past)
    both = tuple(Block(tuple(b), tuple(a)) for b, a in blocks.values() if b and a)
    if both:
        return Arms(both)
    first, second, differing = _nearest(before, after, change)
    shown = ", ".join(differing[:4]) + (f" and {len(differing) - 4} more" if len(differing) > 4 else "")
    whose = f"{', '.join(change)} alone"
    return Arms(
        (), (f"confounded: {first.name} and {second.name} also differ in {shown}; the difference cannot be put down to {whose}",), differing
    )


def on_side(past: PastRun, change: Change, side: int) -> bool:
    """Whether a run has the values of one side of the change (0 before, 1 after)."""
    return all(_matches(past.settings.get(name), pair[side]) for name, pair in change.items())


def told_differences(first: PastRun, second: PastRun, without: Sequence[str] = ()) -> tuple[str, ...]:
    """The settings that are not equal in two runs, or that only one of them records, by name: the first kind first."""
    names = sorted({*first.settings, *second.settings} - {*without, *NOT_SETTINGS})
    unequal = [name for name in names if not _matches(first.settings.get(name), second.settings.get(name))]
    both = [name for name in unequal if first.settings.get(name) is not None and second.settings.get(name) is not None]
    return tuple(both + [f"{name} (recorded in one only)" for name in unequal if name not in both])


def written(change: Change, side: int) -> str:
    """One side of a change in words: "keep_tokens = 3"."""
    return " and ".join(
        f"{name} {'' if isinstance(pair[side], str) and COMPARISON.fullmatch(str(pair[side])) else '= '}{_shown(pair[side])}"
        for name, pair in change.items()
    )


def _missing(runs: Sequence[PastRun], change: Change, before: Sequence[PastRun], after: Sequence[PastRun]) -> tuple[str, ...]:
    silent = [name for name in change if not any(past.settings.get(name) is not None for past in runs)]
    if silent:
        return (f"no measured run says its {' and '.join(silent)}",)
    found = [f"no measured run has {written(change, side)}" for side, arm in enumerate((before, after)) if not arm]
    return tuple(found)


def _nearest(before: Sequence[PastRun], after: Sequence[PastRun], change: Change) -> tuple[PastRun, PastRun, tuple[str, ...]]:
    pairs = ((a, b, told_differences(a, b, tuple(change))) for a in before[:MOST_COMPARED] for b in after[:MOST_COMPARED])
    return min(pairs, key=lambda found: (len(found[2]), found[0].name, found[1].name))


def _rest(past: PastRun, change: Change) -> tuple[tuple[str, str, ParameterValue], ...]:
    kept = [
        (name, _kind(value), value)
        for name, value in past.settings.items()
        if name not in change and name not in NOT_SETTINGS and value is not None
    ]
    return tuple(sorted(kept, key=lambda item: item[0]))


def _kind(value: ParameterValue) -> str:
    return "bool" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "text"


def _matches(found: ParameterValue, wanted: ParameterValue) -> bool:
    here, there = number(found), number(wanted)
    if isinstance(wanted, str) and here is not None and (parsed := COMPARISON.fullmatch(wanted)):
        return bool(COMPARE[parsed[1]](here, float(parsed[2])))
    if here is not None and there is not None:
        return math.isclose(here, there, rel_tol=1e-9)
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _shown(value: ParameterValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "not set" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
