"""Several runs to be made together, as changes of one base: a screen of up to 11 settings, or the runs that add most to those there are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from lorascope.analysis.ledger.power import power_of
from lorascope.analysis.proposals.designs import SCREEN_RUNS, SCREENED, augment, plackett_burman
from lorascope.analysis.proposals.gains import information_bits
from lorascope.analysis.proposals.next_runs import Candidate, Question, replicate_of, single_changes
from lorascope.analysis.proposals.settings_space import Floats, Settings, signature, space_of
from lorascope.analysis.proposals.steps import Change, bold_value, promising, with_companions
from lorascope.records.run import ParameterValue

MOST_HALVED = 24
_DRAWN = 100
_MOST_WITH_A_SCREEN = 40  # runs: in larger projects no screen is looked for


def screen(question: Question, names: Sequence[str] = ()) -> list[Candidate]:
    """The 12 runs of a Plackett-Burman screen: each of 11 settings at the base's level and at one other, far enough to show.

    Every setting is at each level in six runs whatever the others do, so that all effects come out of all 12 runs. Only as a whole does it
    tell anything; the last run is the base itself. The settings and levels follow from the base and from what people vary, not from how
    runs came out, so that a screen that was begun is the same screen when its next runs are asked for.
    """
    levels = _bold_levels(question, names, SCREENED)
    if len(levels) < 2:
        return []
    noise = question.standing.noise
    power = power_of(question.supposed_effect(), 2 * noise.sd / math.sqrt(SCREEN_RUNS)) if noise else 0.0
    bits = sum(information_bits(question.prior(name), power) for name in levels) / SCREEN_RUNS
    found = []
    for number, row in enumerate(plackett_burman(), 1):
        change: Change = {}
        for sign, step in zip(row, levels.values(), strict=False):
            change |= step if sign > 0 else {}
        moved = [name for sign, name in zip(row, levels, strict=False) if sign > 0]
        what = f"changes {', '.join(moved)}" if moved else "repeats the base"
        why = f"run {number} of {SCREEN_RUNS} of a screen of {len(levels)} settings ({what}); only all together tell anything"
        made = change or dict(replicate_of(question).change)
        found.append(Candidate("screen" if moved else "replicate", question.base, made, why, bits))
    return found


def screen_under_way(question: Question) -> tuple[Question, int]:
    """The question put to the run whose screen was begun, and how many of its runs were made; the question as it is where none was."""
    if len(question.seen) > _MOST_WITH_A_SCREEN:
        return question, 0
    made = {signature(settings) for settings in question.seen}
    best, most = question, 0
    for base in {signature(past.settings): past for past in reversed(question.standing.runs)}.values():
        own = replace(question, base=base, replicates=question.standing.replicates_of(base))
        rows = [one for one in screen(own) if one.kind == "screen"]
        count = sum(signature(one.settings) in made for one in rows)
        if count >= most and count:
            best, most = own, count
    return best, most


def halves(question: Question, count: int) -> list[Candidate]:
    """``count`` runs that each change half of everything that is worth varying, drawn anew each time.

    Settings that are changed in about half of the runs, each time with others, come apart in the fewest runs.
    """
    levels = _bold_levels(question, (), MOST_HALVED)
    size = max(1, len(levels) // 2)
    found = []
    for number in range(count if len(levels) > 1 else 0):
        rng = np.random.default_rng([len(question.seen) + number, len(levels)])
        chosen = sorted(rng.permutation(sorted(levels))[:size].tolist())
        change: Change = {}
        for name in chosen:
            change |= levels[name]
        none = math.prod(1 - question.prior(name) for name in chosen)
        power = max(question.power(name) for name in chosen)
        why = (
            f"changes {len(chosen)} of {len(levels)} settings, another half each time: which of them matter comes out of all such runs "
            "together, not out of this one alone"
        )
        found.append(Candidate("half of all", question.base, change, why, information_bits(min(0.95, 1 - none), power)))
    return found


def _bold_levels(question: Question, names: Sequence[str], most: int) -> dict[str, Change]:
    """The first settings worth varying, each with a level far enough from the base's; none that another takes along."""
    base = question.base.settings
    varied = [axis.name for axis in space_of(question.seen).axes]
    levels: dict[str, Change] = {}
    for name in names or promising(base, varied):
        value = bold_value(name, base.get(name))
        taken = {moved for change in levels.values() for moved in change}
        if value is None or len(levels) >= most or name in taken:
            continue
        change = with_companions({name: value}, base)
        if not taken & set(change):
            levels[name] = change
    return levels


def added(question: Question, count: int, names: Sequence[str] = ()) -> list[Candidate]:
    """The ``count`` runs that add most to those there are about up to 11 settings, each of up to half of them changed (D-optimal).

    An effect of a setting is taken to be there with the probability that the analysis gives it: less is learned of what hardly matters.
    """
    levels = _other_levels(question, names, SCREENED)
    noise = question.standing.noise
    if len(levels) < 2 or noise is None:
        return []
    columns = list(levels)
    rows = _patterns(len(columns))
    # a column per setting, scaled by its prior: log det(X'X + I / s0²) up to a constant
    scales = np.array([question.prior(name) ** 0.5 for name in columns]) * question.supposed_effect() / (2 * noise.sd)
    made = _coded(question, columns, levels) * scales
    found = []
    for at in augment(made, rows * scales, count):
        row = rows[at] * scales
        bits = 0.5 * math.log2(1 + float(row @ np.linalg.solve(made.T @ made + np.eye(len(columns)), row)))
        change: Change = {}
        for column in np.flatnonzero(rows[at] > 0):
            change |= levels[columns[int(column)]]
        moved = ", ".join(columns[int(column)] for column in np.flatnonzero(rows[at] > 0))
        why = (
            f"with the runs there are, this one tells most of {len(columns)} settings at once (it changes {moved}): each one's effect "
            "comes out of all runs together, not out of this one alone"
        )
        found.append(Candidate("screen", question.base, change, why, bits))
        made = np.vstack([made, row])
    return found


def _patterns(columns: int) -> Floats:
    """Which settings a run may change, -1 and 1: all singles and pairs, the Plackett-Burman rows, and a fixed draw of half of them."""
    singles_and_pairs = [pick for size in (1, 2) for pick in combinations(range(columns), size)]
    rows = -np.ones((len(singles_and_pairs), columns))
    for at, pick in enumerate(singles_and_pairs):
        rows[at, list(pick)] = 1.0
    screens = np.array(plackett_burman(), np.float64)[:-1, :columns]
    rng = np.random.default_rng(0)
    drawn = np.array([rng.permutation(np.where(np.arange(columns) < max(1, columns // 2), 1.0, -1.0)) for _ in range(_DRAWN)])
    return np.unique(np.vstack([rows, screens[(screens > 0).any(axis=1)], drawn]), axis=0)


def _other_levels(question: Question, names: Sequence[str], most: int) -> dict[str, Change]:
    """For the most promising settings another level than the base's: one that was seen, if any. None that another takes along."""
    levels: dict[str, Change] = {}
    for candidate in sorted(single_changes(question, names), key=lambda one: -(one.bits or 0)):
        moved = next(iter(candidate.change))
        taken = {name for change in levels.values() for name in change}
        if moved not in levels and not taken & set(candidate.change) and len(levels) < most:
            levels[moved] = dict(candidate.change)
    return levels


def _coded(question: Question, columns: Sequence[str], levels: dict[str, Change]) -> Floats:
    """The runs there are: -1 at the base's level, 1 at the other, 0 elsewhere."""
    rows = [[_code(settings, name, question.base.settings, levels[name][name]) for name in columns] for settings in question.seen]
    return np.array(rows, np.float64).reshape(len(rows), len(columns))


def _code(settings: Settings, name: str, base: Settings, other: ParameterValue) -> float:
    value = settings.get(name)
    return -1.0 if value == base.get(name) else 1.0 if value == other else 0.0
