"""Which settings matter for a metric, as far as these runs can tell them apart: everything put together into one answer.

A setting is said to matter when its probability, all others considered, is a half or more; below twelve runs only if two runs that
differ in nothing else stand behind it. Settings that split the runs alike share whatever is said of them. Everything else is a ranking,
with the run that would settle it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lorascope.analysis.effects.aliases import Separability, alias_groups, separability
from lorascope.analysis.effects.association import Association, associate
from lorascope.analysis.effects.block_susie import SingleEffects, block_susie
from lorascope.analysis.effects.effect_sizes import PROBABLE, effect_sizes
from lorascope.analysis.effects.impact_words import impact_notes
from lorascope.analysis.effects.interactions import asked_interactions, interaction
from lorascope.analysis.effects.matched_pairs import configuration_tokens, pair_up, twin_groups
from lorascope.analysis.effects.robustness import Doubts, Weakest
from lorascope.analysis.effects.splitting import SCALES, Split, best_row, split, split_between, split_scale
from lorascope.analysis.effects.sums import Moments, moments
from lorascope.analysis.replicates import Replicates, replicate_noise
from lorascope.analysis.table import NOT_STATED, Block, Table, code_levels, tabulate
from lorascope.parameters.parameter import shown
from lorascope.records.effect import Claim, Effect, EffectSet, Impact, Interaction, MatchedPairs
from lorascope.records.history import History

EXPLORATORY_BELOW = 12  # runs
MATTERS_FROM = 0.5
COVERAGE = 0.9  # of credible sets
MOST_LEADS = 6


@dataclass(frozen=True, slots=True)
class _Seen:
    """Everything computed of a table, before anything is said. ``groups`` are all settings, each alone or with its exact aliases."""

    table: Table
    data: Moments
    fit: SingleEffects
    sizes: tuple[NDArray[np.float64], NDArray[np.float64]]
    groups: tuple[tuple[str, ...], ...]
    associations: Mapping[str, Association]
    apart: Mapping[str, Separability]
    pairs: Mapping[str, MatchedPairs]
    base: int
    doubts: Doubts

    @property
    def place(self) -> dict[str, int]:
        return {block.name: index for index, block in enumerate(self.table.blocks)}

    def probability(self, members: Sequence[str]) -> float:
        """That at least one of them is one of the effects; where that rests on one run or on a drift, what is left without it."""
        columns = [self.place[name] for name in members]
        stated = float(1 - np.prod(1 - np.minimum(1.0, self.fit.alpha[:, columns].sum(axis=1))))
        return min(stated, self.weakest(members).probability) if stated >= MATTERS_FROM else stated

    def weakest(self, members: Sequence[str]) -> Weakest:
        """What is left of a claim about them without the run that carries it most, or without a drift."""
        return self.doubts.weakest([self.place[name] for name in members])

    def is_backed(self, members: Sequence[str]) -> bool:
        """Whether there is enough to speak: twelve runs, or a pair of runs that differ in one of the members alone."""
        return len(self.table.runs) >= EXPLORATORY_BELOW or any(self.pairs[name].pairs for name in members)


def impact(
    history: History, metric: str, *, direction: str | None = None, seed: int = 0, interactions: Sequence[tuple[str, str]] = ()
) -> Impact:  # fmt: skip
    """Which settings matter for a metric. ``direction`` ("higher", "lower") overrides what is known of the metric; ``interactions`` are
    asked in place of the usual ones; ``seed`` is of the permutations. Any history has an answer, if only what is missing.
    """
    facts = history.facts(metric)
    way = direction or facts.direction
    table = tabulate(history, metric)
    replicates = replicate_noise(history, metric)
    base = best_row(table, way)
    effects: tuple[Effect, ...] = ()
    sets: tuple[EffectSet, ...] = ()
    if base is not None:
        effects, sets = _effects(_look(table, history, replicates, base, seed), history)
    asked = _asked(table, interactions, base)
    missing = sum(metric not in past.outcomes and metric not in past.absurd for past in history.runs)
    classes = {name: int((table.group == index).sum()) for index, name in enumerate(table.classes)}
    return Impact(
        metric=metric,
        unit=facts.unit,
        direction=way,
        runs=len(table.runs),
        classes=classes,
        effects=effects,
        sets=sets,
        replicate_sd=replicates.sd if replicates else None,
        exploratory=len(table.runs) < EXPLORATORY_BELOW,
        left_out=table.left_out,
        notes=impact_notes(table, effects, sets, replicates, direction=way, missing=missing),
        interactions=asked,
    )


def _asked(table: Table, pairs: Sequence[tuple[str, str]], base: int | None) -> tuple[Interaction, ...]:
    if not pairs:
        return asked_interactions(table, base)
    return tuple(found for first, second in pairs if (found := interaction(table, first, second, base)) is not None)


def _look(table: Table, history: History, replicates: Replicates | None, base: int, seed: int) -> _Seen:
    data = moments(table)
    aliased = alias_groups(table)
    in_group = {name for group in aliased for name in group}
    alone = [(block.name,) for block in table.blocks if block.name not in in_group]
    configurations = configuration_tokens(table)
    fit = block_susie(data)
    pairs = {block.name: pair_up(table, block, twin_groups(block, configurations), replicates) for block in table.blocks}
    return _Seen(
        table=table,
        data=data,
        fit=fit,
        sizes=effect_sizes(data, fit.pip),
        groups=tuple(sorted([*alone, *aliased])),
        associations={one.name: one for one in associate(table, seed=seed)},
        apart=separability(data, [block.name for block in table.blocks]),
        pairs=pairs,
        base=base,
        doubts=Doubts(table, history, data.offsets),
    )


def _effects(seen: _Seen, history: History) -> tuple[tuple[Effect, ...], tuple[EffectSet, ...]]:
    """The effects, the most probable first, and the sets."""
    table = seen.table
    scale_sets = _scale_sets(seen)
    effects = [_effect(seen, group, name, scale_sets) for group in seen.groups for name in group]
    effects += [_between(name, history) for name in table.between]
    effects += [Effect(name, Claim.CONSTANT, levels=(value,)) for name, value in sorted(table.constant.items())]
    rank = {Claim.CONSTANT: 2}
    effects.sort(key=lambda effect: (rank.get(effect.claim, 0), -(effect.probability or 0), -(effect.association or 0), effect.name))
    sets = [*_credible_sets(seen), *_alias_sets(seen), *scale_sets, *_between_sets(seen, history)]
    if not any(one.kind == "credible" for one in sets):
        sets += _lead(seen)
    return tuple(effects), tuple(sets)


def _effect(seen: _Seen, group: tuple[str, ...], name: str, scale_sets: Sequence[EffectSet]) -> Effect:
    table, probability = seen.table, seen.probability(group)
    block = table.blocks[seen.place[name]]
    association, apart = seen.associations.get(name), seen.apart[name]
    scale = next((one.members[1] for one in scale_sets if one.members[0] == name), None)
    others = tuple(other for other in group if other != name)
    if others:
        claim = Claim.ALIASED
    elif probability >= MATTERS_FROM and seen.is_backed(group):
        claim = Claim.MATTERS
    else:
        claim = Claim.UNDECIDED
    estimate, low, high = (None, None, None) if others else _size(seen, block, probability)
    return Effect(
        name=name,
        claim=claim,
        probability=probability / len(group),
        association=association.share if association else None,
        q_value=association.q_value if association else None,
        tau_b=association.tau_b if association else None,
        rho=association.rho if association else None,
        rho_low=association.low if association else None,
        rho_high=association.high if association else None,
        estimate=estimate,
        low=low,
        high=high,
        levels=block.levels,
        aliased_with=(*others, *((scale,) if scale else ())),
        matched=seen.pairs[name],
        separable=apart.separable and not others,
        vif=apart.vif,
        notes=(*_doubt(seen, group), *_effect_notes(seen, block)),
    )


def _doubt(seen: _Seen, group: tuple[str, ...]) -> tuple[str, ...]:
    """Why a setting that looks as if it mattered is not said to."""
    found = seen.weakest(group) if float(seen.fit.pip[[seen.place[name] for name in group]].max()) >= MATTERS_FROM else Weakest(1.0)
    return (f"looks as if it mattered, but {found.why}{f', {found.run}: repeat that one' if found.run else ''}",) if found.why else ()


def _size(seen: _Seen, block: Block, probability: float) -> tuple[float | None, float | None, float | None]:
    """The change from the lowest to the highest level if the setting matters, shrunk, with its 95 % interval."""
    if probability < PROBABLE or block.columns.shape[1] != 1 or not block.ordered:
        return None, None, None
    at = seen.data.offsets[seen.place[block.name]]
    mean, half = float(seen.sizes[0][at]), float(seen.sizes[1][at])
    return mean, mean - half, mean + half


def _effect_notes(seen: _Seen, block: Block) -> tuple[str, ...]:
    notes = []
    runs = len(seen.table.runs)
    if block.stated < runs:
        notes.append(f"stated in {block.stated} of {runs} runs")
    if not block.ordered and block.columns.shape[1] > 1:
        counts = {code: int((block.codes == code).sum()) for code in range(len(block.levels))}
        centered = seen.table.centered
        means = {code: float(centered[block.codes == code].mean()) for code, count in counts.items() if count}
        highest, lowest = max(means, key=lambda code: (means[code], -code)), min(means, key=lambda code: (means[code], code))
        notes.append(
            f"highest with {shown(block.levels[highest])} (n = {counts[highest]}), lowest with {shown(block.levels[lowest])} "
            f"(n = {counts[lowest]}), unadjusted"
        )
    return tuple(notes)


def _credible_sets(seen: _Seen) -> list[EffectSet]:
    """For every effect that most probably is there: the fewest settings that hold it with 90 % probability, aliases kept together."""
    found: dict[tuple[str, ...], float] = {}
    for alpha, null in zip(seen.fit.alpha, seen.fit.null.tolist(), strict=True):
        if null >= 1 - COVERAGE:
            continue
        chosen, mass = _most_probable(seen, alpha, COVERAGE * (1 - null))
        members = tuple(name for group in chosen for name in group)
        if seen.is_backed(members) and not seen.weakest(members).why:
            found[members] = max(found.get(members, 0.0), mass)
    return [_set(seen, members, mass, "credible") for members, mass in sorted(found.items(), key=lambda item: (-item[1], item[0]))]


def _most_probable(seen: _Seen, alpha: NDArray[np.float64], enough: float, most: int = 10_000) -> tuple[list[tuple[str, ...]], float]:
    place = seen.place
    mass = {group: float(sum(alpha[place[name]] for name in group)) for group in seen.groups}
    chosen: list[tuple[str, ...]] = []
    total = 0.0
    for group in sorted(seen.groups, key=lambda group: (-mass[group], group)):
        if total >= enough or sum(map(len, chosen)) >= most:
            break
        chosen.append(group)
        total += mass[group]
    return chosen, min(1.0, total)


def _alias_sets(seen: _Seen) -> list[EffectSet]:
    groups = [group for group in seen.groups if len(group) > 1]
    return [_set(seen, group, seen.probability(group), "aliased") for group in sorted(groups, key=lambda g: (-seen.probability(g), g))]


def _lead(seen: _Seen) -> list[EffectSet]:
    """Where no effect is sure enough: the settings that the strongest of them may be, as a place to begin."""
    if len(seen.groups) < 2 or not len(seen.fit.null):
        return []
    strongest = int(np.argmin(seen.fit.null))
    if seen.fit.null[strongest] > 1 - 1e-6:
        return []
    chosen, _ = _most_probable(seen, seen.fit.alpha[strongest], COVERAGE * (1 - float(seen.fit.null[strongest])), MOST_LEADS)
    members = tuple(name for group in chosen for name in group)
    return [_set(seen, members, seen.probability(members), "lead")] if len(members) > 1 else []


def _set(seen: _Seen, members: tuple[str, ...], probability: float, kind: str) -> EffectSet:
    found = split(seen.table, members, seen.base) if len(members) > 1 else Split(seen.table.runs[seen.base], {}, "it stands alone")
    return EffectSet(members, probability, found.change, found.base, found.why, kind)


def _scale_sets(seen: _Seen) -> list[EffectSet]:
    found = []
    for dim, alpha, scale in SCALES:
        run = split_scale(seen.table, dim, alpha, seen.base)
        if run is not None:
            group = next(group for group in seen.groups if dim in group)
            found.append(EffectSet((dim, scale), seen.probability(group), run.change, run.base, run.why, "scale"))
    return found


def _between(name: str, history: History) -> Effect:
    levels, _ = code_levels([past.settings.get(name, NOT_STATED) for past in history.runs])
    note = "changed only together with how the metric was measured"
    return Effect(name, Claim.ALIASED, levels=levels, aliased_with=("evaluation protocol",), notes=(note,))


def _between_sets(seen: _Seen, history: History) -> list[EffectSet]:
    found = []
    for name in seen.table.between:
        stated = {past.name: past.settings[name] for past in history.runs if name in past.settings}
        values = {run: stated[run] for run in seen.table.runs if run in stated}
        run = split_between(name, seen.table, values, seen.base)
        found.append(EffectSet((name, "evaluation protocol"), 0.0, run.change, run.base, run.why, "aliased"))
    return found
