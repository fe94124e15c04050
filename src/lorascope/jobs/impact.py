"""Which parameters matter for a metric, over all runs in the store that have it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lorascope.analysis.effects.impact import impact
from lorascope.analysis.effects.matched_pairs import ablation_graph
from lorascope.analysis.table import tabulate
from lorascope.analysis.where_text import parse_where
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.choice_words import rounded
from lorascope.jobs.read_history import CHOSEN_ON, read_history
from lorascope.records.effect import Effect, EffectSet, Impact, Interaction
from lorascope.records.history import History
from lorascope.reports.ablation import Drawn, DrawnEdge, draw_ablation
from lorascope.store import Store

MOST_PAIRS_SHOWN = 20  # of a parameter, in an answer


def find_impact(
    store: Store,
    metric: str,
    *,
    where: str | None = None,
    chosen: str = "last",
    direction: str | None = None,
    interactions: Sequence[tuple[str, str]] = (),
    seed: int = 0,
) -> Impact:
    """Which parameters matter for a metric, over the runs for which ``where`` holds. See ``analysis/effects/impact.py``.

    ``chosen`` ("last", "best") is the checkpoint that stands for a run.

    Raises:
        NotFound: no run has this metric, or an interaction names a setting that no run states; the nearest names are suggested.
        BadParameter: ``where`` cannot be read, ``chosen`` is neither, or an interaction is of a setting with itself.
    """
    history = comparable_history(store, metric, where=where, chosen=chosen)
    stated = {name for past in history.runs for name in past.settings}
    for first, second in interactions:
        if first == second:
            raise BadParameter(f"the effect of {first} cannot depend on {first} itself", next_step="name two settings")
    for name in (name for pair in interactions for name in pair):
        if history.runs and name not in stated:
            raise NotFound(f"no run states {name}", next_step=did_you_mean(name, stated) or "list the runs' settings: lorascope runs")
    found = impact(history, metric, direction=direction, seed=seed, interactions=interactions)
    if chosen == "best":
        note = "Each run stands with its best checkpoint: the more checkpoints a run has, the more that flatters it."
        found = replace(found, notes=(*found.notes, note))
    return found


def comparable_history(store: Store, metric: str, *, where: str | None = None, chosen: str = "last") -> History:
    """The history of one metric, of the runs for which ``where`` holds; errors as in ``find_impact``."""
    if chosen not in CHOSEN_ON:
        raise BadParameter(f"checkpoint {chosen!r} is not understood", next_step="write last or best")
    condition = parse_where(where) if where is not None else None
    with store.snapshot():
        history = read_history(store, [metric], chosen=chosen)
        kept = {row.name for row in store.query_runs(condition)} if condition is not None else None
        if history.runs and not history.measured(metric):
            known = sorted({*store.measured_metrics(), *(name for past in history.runs for name in past.run.outcome)})
            raise NotFound(f"no run has a number of {metric}", next_step=did_you_mean(metric, known) or _instead(known))
    if kept is None:
        return history
    return replace(history, runs=tuple(past for past in history.runs if past.name in kept))


def _instead(known: Sequence[str]) -> str:
    return f"there are: {', '.join(known)}" if known else "measure it: lorascope evaluate RUN"


def draw_graph(store: Store, metric: str, *, where: str | None = None, chosen: str = "last") -> str:
    """The ablation graph of a metric's runs as SVG: runs that differ in one setting (solid) or in two or three (dashed)."""
    history = comparable_history(store, metric, where=where, chosen=chosen)
    table = tabulate(history, metric)
    runs = tuple(Drawn(name, value) for name, value in zip(table.runs, table.y.tolist(), strict=True))
    edges = tuple(DrawnEdge(edge.first, edge.second, edge.settings) for edge in ablation_graph(table))
    return draw_ablation(metric, history.facts(metric).unit, runs, edges)


def answer(found: Impact, *, seed: int = 0) -> dict[str, object]:
    """The impact as one JSON object, format 1."""
    return {
        "format": 1,
        "metric": found.metric,
        "unit": found.unit or None,
        "direction": found.direction,
        "runs": found.runs,
        "exploratory": found.exploratory,
        "classes": dict(sorted(found.classes.items())),
        "replicate_sd": rounded(found.replicate_sd),
        "method": {
            "claims": "block-SuSiE",
            "claim_from": 0.5,
            "association": "rank R2, joint permutations, Benjamini-Hochberg",
            "seed": seed,
        },
        "parameters": [_effect(effect) for effect in found.effects],
        "sets": [_set(one) for one in found.sets],
        "interactions": [_interaction(one) for one in found.interactions],
        "left_out": dict(sorted(found.left_out.items())),
        "notes": list(found.notes),
    }


def _effect(effect: Effect) -> dict[str, object]:
    pairs = effect.matched
    return {
        "name": effect.name,
        "association": rounded(effect.association),
        "q_value": rounded(effect.q_value),
        "probability": rounded(effect.probability),
        "claim": effect.claim.value,
        "aliased_with": list(effect.aliased_with),
        "pairs": pairs.count or len(pairs.pairs),
        "estimate": rounded(effect.estimate),
        "low": rounded(effect.low),
        "high": rounded(effect.high),
        "levels": [_plain(level) for level in effect.levels[:MOST_PAIRS_SHOWN]],
        "rho": rounded(effect.rho),
        "rho_low": rounded(effect.rho_low),
        "rho_high": rounded(effect.rho_high),
        "tau_b": rounded(effect.tau_b),
        "separable": effect.separable,
        "vif": rounded(effect.vif),
        "paired": {
            "estimate": rounded(pairs.estimate),
            "low": rounded(pairs.low),
            "high": rounded(pairs.high),
            "runs": [list(pair) for pair in pairs.pairs[:MOST_PAIRS_SHOWN]],
        },
        "notes": list(effect.notes),
    }


def _set(one: EffectSet) -> dict[str, object]:
    return {
        "members": list(one.members),
        "probability": rounded(one.probability),
        "splitting_run": {name: _plain(value) for name, value in one.splitting_run.items()},
        "base": one.base or None,
        "why": one.why,
        "kind": one.kind,
    }


def _interaction(one: Interaction) -> dict[str, object]:
    return {
        "parameters": [one.first, one.second],
        "low": list(one.low),
        "high": list(one.high),
        "cells": list(one.cells),
        "estimate": rounded(one.estimate),
        "estimate_low": rounded(one.estimate_low),
        "estimate_high": rounded(one.estimate_high),
        "filling_run": {name: _plain(value) for name, value in one.filling_run.items()} or None,
        "base": one.base or None,
        "note": one.note,
    }


def _plain(value: object) -> object:
    """A setting's value as JSON can hold it: what is not finite as text."""
    return str(value) if isinstance(value, float) and value - value != 0 else value
