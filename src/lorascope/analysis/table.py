"""Runs × settings as numbers: what every analysis of a whole project computes on.

Decisions, each because the other way claims more than was recorded:

- Runs are in the order of their names, blocks in the order of theirs, so that the order of recording changes nothing.
- A number of another comparability class is never compared: outcomes and columns are centered within the class. A class whose unit or
  version of the metric is stated to be another, whose numbers spread very differently, or in which no setting varies that varies in the
  largest one, is left out, and named.
- A setting that a run does not state is unknown, not its default: the run says nothing about that setting (its entry is the mean of
  its class), and it is no twin of a run that states it. ``None`` as a value is stated: the setting is off.
- A run that states less than half of what the fullest run of its trainer states has no twins: what else differed is not known.
- The training seed is no setting: runs that differ in nothing else are replicates.
- Of an enum or free text the commonest values get a column each, all others share the rest.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.table_classes import comparable_runs
from lorascope.parameters.catalogue import find, known
from lorascope.parameters.parameter import Scale
from lorascope.records.history import History, PastRun
from lorascope.records.run import ParameterValue

UNSTATED = -1  # the code of a run that does not say
MOST_COLUMNS = 12  # of one enum
MOST_BLOCKS = 300
NOT_SETTINGS = frozenset({"seed"})
_TINY = 1e-9


@dataclass(frozen=True, slots=True)
class Block:
    """One setting. ``codes`` holds per run the index of its value in ``levels`` (``UNSTATED`` where the run does not say).

    ``columns`` (runs × columns) are centered within class: an ordered setting has one column, its level's rank on 0 to 1 (rates: the
    logarithm's position), so a coefficient is the change from the lowest to the highest level; an enum has one per value, divided by
    √2, so that two values weigh as much as a boolean. ``ordered`` says whether the levels have an order.
    """

    name: str
    levels: tuple[ParameterValue, ...]
    codes: NDArray[np.int64]
    columns: NDArray[np.float64]
    ordered: bool

    @property
    def stated(self) -> int:
        """In how many runs the setting is stated."""
        return int((self.codes != UNSTATED).sum())

    def value(self, row: int) -> ParameterValue:
        """The setting's value in a row; None also where it is not stated."""
        code = int(self.codes[row])
        return None if code == UNSTATED else self.levels[code]


@dataclass(frozen=True, slots=True)
class Table:
    """The runs that have a comparable number of one metric, by name, and their settings.

    ``y`` is as recorded, ``centered`` within class. ``group`` is the class of a row as an index into ``classes``. ``blocks`` are the
    settings that vary within a class. ``rest`` is one number per run for its class and everything that is in no block (also that
    something is not stated): runs that differ there are no twins. ``constant`` are settings with one stated value, ``between`` those
    that vary between classes only. ``left_out`` says which runs have a number that was not used, and why (run → reason).
    ``settings`` is how many settings the middle run states.
    """

    metric: str
    runs: tuple[str, ...]
    y: NDArray[np.float64]
    group: NDArray[np.int64]
    classes: tuple[str, ...]
    blocks: tuple[Block, ...]
    rest: NDArray[np.uint64]
    constant: Mapping[str, ParameterValue] = field(default_factory=dict)
    between: tuple[str, ...] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    settings: int = 0

    @property
    def centered(self) -> NDArray[np.float64]:
        """The outcomes minus their class's mean."""
        return center(self.y[:, None], self.group)[:, 0]

    @property
    def degrees(self) -> int:
        """Rows minus classes: what centering leaves."""
        return len(self.runs) - len(self.classes)

    def block(self, name: str) -> Block | None:
        """The block of a setting, or None where it does not vary."""
        return next((block for block in self.blocks if block.name == name), None)


def tabulate(history: History, metric: str) -> Table:
    """The table of a metric: all runs that have a finite, comparable number of it. It may be empty; nothing is raised.

    >>> tabulate(History(()), "style").runs
    ()
    """
    measured, left_out = comparable_runs(history, metric, NOT_SETTINGS)
    rows = [past for past, _ in measured]
    classes = tuple(sorted({name for _, name in measured}))
    place = {name: index for index, name in enumerate(classes)}
    group = np.array([place[name] for _, name in measured], np.int64)
    y = np.array([past.outcomes[metric].value for past in rows], np.float64)
    found = _encode(rows, group)
    names = tuple(past.name for past in rows)
    stated = int(np.median([len(past.settings) for past in rows])) if rows else 0
    return Table(metric, names, y, group, classes, found.blocks, found.rest, found.constant, found.between, left_out, found.notes, stated)


def settings_that_vary(history: History) -> dict[str, tuple[ParameterValue, ...]]:
    """All settings with more than one stated value over all runs, whatever was measured: name → levels in order."""
    names = sorted({name for past in history.runs for name in past.settings} - NOT_SETTINGS)
    coded = {name: code_levels([past.settings.get(name, NOT_STATED) for past in history.runs])[0] for name in names}
    return {name: levels for name, levels in coded.items() if len(levels) > 1}


@dataclass(frozen=True, slots=True)
class _Encoded:
    blocks: tuple[Block, ...]
    constant: Mapping[str, ParameterValue]
    between: tuple[str, ...]
    rest: NDArray[np.uint64]
    notes: tuple[str, ...]


class _NotStated:
    """What a run does not say; unlike None, which says that the setting is off."""


NOT_STATED = _NotStated()
Stated = ParameterValue | _NotStated


def code_levels(values: Sequence[Stated]) -> tuple[tuple[ParameterValue, ...], NDArray[np.int64]]:
    """The distinct values in order (off, booleans, numbers, text) and the index of each given one; ``UNSTATED`` for what is not.

    1 and 1.0 are one value; so are true and 1 where nothing but 0 and 1 stands beside them. A number that is none counts as not stated.

    >>> levels, codes = code_levels([8, 4.0, None, NOT_STATED, 4])
    >>> levels, codes.tolist()
    ((None, 4.0, 8), [2, 1, 0, -1, 1])
    """
    pairs = list(zip(map(type, values), values, strict=True))  # the type beside the value, since True == 1 == 1.0
    keys = {pair: _sort_key(pair[1]) for pair in dict.fromkeys(pairs)}
    stated = {key for key in keys.values() if key is not None}
    if all(key[0] == _BOOLEAN or key in _AS_BOOLEAN for key in stated) and any(key[0] == _BOOLEAN for key in stated):
        keys = {pair: _AS_BOOLEAN.get(key, key) if key is not None else None for pair, key in keys.items()}
    order = {key: index for index, key in enumerate(sorted({key for key in keys.values() if key is not None}))}
    code_of = {pair: UNSTATED if key is None else order[key] for pair, key in keys.items()}
    levels: dict[int, ParameterValue] = {}
    for (_, value), key in keys.items():
        if key is not None and not isinstance(value, _NotStated):
            levels.setdefault(order[key], bool(value) if key[0] == _BOOLEAN else value)
    return tuple(levels[index] for index in range(len(order))), np.array([code_of[pair] for pair in pairs], np.int64)


_OFF, _BOOLEAN, _NUMBER, _TEXT = range(4)
_Key = tuple[int, float | str]
_AS_BOOLEAN: dict[_Key, _Key] = {(_NUMBER, 0.0): (_BOOLEAN, 0.0), (_NUMBER, 1.0): (_BOOLEAN, 1.0)}


def _sort_key(value: Stated) -> _Key | None:
    if isinstance(value, _NotStated) or (isinstance(value, float) and math.isnan(value)):
        return None
    if value is None:
        return _OFF, 0.0
    if isinstance(value, bool):
        return _BOOLEAN, float(value)
    if isinstance(value, str):
        return _TEXT, value
    return _NUMBER, _as_float(value)


def _as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # a whole number beyond all floating-point ones
        return math.inf if value > 0 else -math.inf


def center(columns: NDArray[np.float64], group: NDArray[np.int64]) -> NDArray[np.float64]:
    """Columns minus their mean within each class, over the entries that are there; what is not there (NaN) becomes 0."""
    there = ~np.isnan(columns)
    filled = np.where(there, columns, 0.0)
    for index in range(int(group.max()) + 1 if group.size else 0):
        rows = group == index
        means = filled[rows].sum(axis=0) / np.maximum(there[rows].sum(axis=0), 1)
        filled[rows] -= np.where(there[rows], means, 0.0)
    return filled


def level_columns(
    name: str, levels: Sequence[ParameterValue], counts: Sequence[int] | NDArray[np.int64]
) -> tuple[NDArray[np.float64], bool]:  # fmt: skip
    """What stands in a setting's columns for each of its levels, and whether the levels have an order.

    One row per level (seen ``counts`` times) and a last row of NaN, so that the code ``UNSTATED`` finds it.
    """
    if len(levels) == 2 or _is_ordered(name, levels):
        return _with_unstated(_positions(name, levels)[:, None]), True
    rest = [level for level in levels if level is not None]
    if len(rest) < len(levels) and _is_ordered(name, rest):  # off, or a number: whether, and how much (off sorts first)
        on, how_much = np.ones(len(levels)), np.concatenate([[0.0], _positions(name, rest)])
        on[0] = 0.0
        return _with_unstated(np.stack([on, how_much], axis=1)), False
    common = sorted(range(len(levels)), key=lambda index: (-int(counts[index]), index))[:MOST_COLUMNS]
    shown = [index for index in sorted(common) if counts[index] > 1 or len(levels) <= MOST_COLUMNS]
    columns = np.zeros((len(levels), len(shown)))
    columns[shown, range(len(shown))] = 1 / math.sqrt(2)
    return _with_unstated(columns), False


def _with_unstated(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.vstack([columns, np.full((1, columns.shape[1]), np.nan)])


def _is_ordered(name: str, levels: Sequence[ParameterValue]) -> bool:
    nominal = known(name) and find(name).scale is Scale.NOMINAL
    return not nominal and all(isinstance(level, int | float) for level in levels)


def _positions(name: str, levels: Sequence[ParameterValue]) -> NDArray[np.float64]:
    """Where levels lie on 0 to 1: by rank, those of rates by their logarithm."""
    numbers = np.array([_as_float(level) for level in levels if isinstance(level, int | float)])
    is_rate = known(name) and find(name).scale is Scale.LOG
    if is_rate and len(numbers) == len(levels) > 2 and numbers.min() > 0 and np.isfinite(numbers).all():
        logs = np.log(numbers)
        return np.asarray((logs - logs[0]) / (logs[-1] - logs[0]))
    return np.arange(len(levels)) / max(1, len(levels) - 1)


def _encode(rows: Sequence[PastRun], group: NDArray[np.int64]) -> _Encoded:
    """Every setting that a row states, as what it is: block, constant, or different between classes only."""
    blocks: list[Block] = []
    constant: dict[str, ParameterValue] = {}
    between: list[str] = []
    rest = _tokens("class", group) + _without_twins(rows)
    for name in sorted({name for past in rows for name in past.settings} - NOT_SETTINGS):
        levels, codes = code_levels([past.settings.get(name, NOT_STATED) for past in rows])
        if len(levels) > 1 and varies_within(codes, group):
            columns, ordered = level_columns(name, levels, np.bincount(codes[codes != UNSTATED], minlength=len(levels)))
            centered = center(columns[codes], group)
            blocks.append(Block(name, levels, codes, centered[:, (np.abs(centered) > _TINY).any(axis=0)], ordered))
            continue
        rest = rest + _tokens(name, codes)
        if len(levels) > 1:
            between.append(name)
        elif levels:
            constant[name] = levels[0]
    notes = []
    if len(blocks) > MOST_BLOCKS:
        notes.append(f"{len(blocks)} settings vary; only the {MOST_BLOCKS} that most runs state were looked at.")
        kept = {block.name for block in sorted(blocks, key=lambda block: (-block.stated, block.name))[:MOST_BLOCKS]}
        rest = sum((_tokens(block.name, block.codes) for block in blocks if block.name not in kept), rest)
        blocks = [block for block in blocks if block.name in kept]
    return _Encoded(tuple(blocks), constant, tuple(between), rest, tuple(notes))


def _without_twins(rows: Sequence[PastRun]) -> NDArray[np.uint64]:
    """A number of its own for each run that states too little to be compared with one other; 0 for all others."""
    most: dict[ParameterValue, int] = {}
    for past in rows:
        trainer = past.settings.get("trainer")
        most[trainer] = max(most.get(trainer, 0), len(past.settings))
    thin = np.array([2 * len(past.settings) < most[past.settings.get("trainer")] for past in rows], bool)
    return np.where(thin, scramble(np.arange(1, len(rows) + 1, dtype=np.uint64)), np.uint64(0))


def _tokens(name: str, codes: NDArray[np.int64]) -> NDArray[np.uint64]:
    return level_tokens(name, codes.astype(np.uint64))


def level_tokens(name: str, codes: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A number of 64 bits for each level of a setting: sums of them stand for whole configurations (Zobrist's hashing, 1970)."""
    salt = np.uint64(int.from_bytes(hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), "little"))
    return scramble(codes + salt)


def scramble(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Numbers of 64 bits that look random, one for each given one (Steele, Lea and Flood's SplitMix64, 2014)."""
    mixed = numbers * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def varies_within(codes: NDArray[np.int64], group: NDArray[np.int64]) -> bool:
    """Whether a setting has two stated values within some class."""
    stated = codes != UNSTATED
    levels = int(codes.max(initial=0)) + 1
    seen = np.bincount(group[stated] * levels + codes[stated], minlength=levels)
    padded = np.pad(seen > 0, (0, -len(seen) % levels)).reshape(-1, levels)
    return bool((padded.sum(axis=1) > 1).any())
