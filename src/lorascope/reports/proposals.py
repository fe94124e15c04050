"""Proposals and predictions as the JSON that ``next`` and ``predict`` print: numbers to six digits, in an order that does not change."""

from __future__ import annotations

import math
from collections.abc import Mapping

from lorascope.records.proposal import Estimated, Next, Prediction, Proposal
from lorascope.records.run import JsonValue, ParameterValue


def next_json(found: Next) -> dict[str, JsonValue]:
    """What to run next as one object."""
    incumbent = found.incumbent
    notes = list(found.notes)
    if found.proposals and not any(proposal.recipe for proposal in found.proposals):
        notes.append("recipe is null: with --out DIR the recipes are written there; recipe_text is what they say")
    if found.proposals and all(proposal.gpu_hours is None for proposal in found.proposals):
        notes.append(f"cost is null: {found.proposals[0].cost_basis}")
    if any(proposal.gain.estimate is None for proposal in found.proposals):
        notes.append("gain is null where nothing is known of it: it takes three measured runs that differ, and that varied what is changed")
    return {
        "format": 1,
        "objective": found.objective,
        "metric": found.metric,
        "unit": found.unit,
        "direction": found.direction,
        "runs": found.runs,
        "incumbent": None
        if incumbent is None
        else {"run": incumbent.run, "measured": rounded(incumbent.measured), "true": _estimated(incumbent.true)},
        "noise": None if found.noise_sd is None else {"sd": rounded(found.noise_sd), "df": found.noise_df, "assumed": found.noise_df == 0},
        "proposals": [_proposal_json(proposal) for proposal in found.proposals],
        "notes": list[JsonValue](notes),
    }


def prediction_json(found: Prediction) -> dict[str, JsonValue]:
    """A prediction as one object."""
    return {
        "format": 1,
        "verdict": str(found.verdict),
        "reason": found.reason,
        "metrics": [
            {
                "metric": one.metric, "unit": one.unit, **_estimated(one.expected), "runs": one.runs,
                "target": rounded(one.target), "p_reached": rounded(one.p_reached),
            }
            for one in found.metrics
        ],
        "risks": [
            {"rule": risk.rule, "n": risk.n, "probability": rounded(risk.probability), "evidence": risk.evidence} for risk in found.risks
        ],
        "nearest": None if found.nearest is None else {"run": found.nearest, "different": _pairs(found.change)},
        "unseen": list[JsonValue](found.unseen),
        "cost": _cost(found.gpu_hours, found.gpu_hours_low, found.gpu_hours_high, found.money, found.cost_basis),
        "calibration": None if found.calibration is None else {name: rounded(value) for name, value in sorted(found.calibration.items())},
        "notes": list[JsonValue](found.notes),
    }  # fmt: skip


def rounded(value: float | None) -> float | int | None:
    """Six digits; what is no finite number is null."""
    if value is None or not math.isfinite(value):
        return None
    return value if isinstance(value, int) else float(f"{value:.6g}")


def _proposal_json(proposal: Proposal) -> dict[str, JsonValue]:
    return {
        "kind": proposal.kind,
        "base": proposal.base or None,
        "change": _plain(proposal.change),
        "why": proposal.why,
        "information_bits": rounded(proposal.information_bits),
        "gain": {**_estimated(proposal.gain), "p_better": rounded(proposal.p_better)},
        "cost": _cost(proposal.gpu_hours, proposal.gpu_hours_low, proposal.gpu_hours_high, proposal.money, proposal.cost_basis),
        "recipe": proposal.recipe or None,
        "recipe_text": proposal.recipe_text,
    }


def _cost(hours: float | None, low: float | None, high: float | None, money: float | None, basis: str) -> dict[str, JsonValue] | None:
    if hours is None:
        return None
    return {"gpu_hours": rounded(hours), "low": rounded(low), "high": rounded(high), "money": rounded(money), "basis": basis}


def _estimated(value: Estimated) -> dict[str, JsonValue]:
    return {"estimate": rounded(value.estimate), "low": rounded(value.low), "high": rounded(value.high)}


def _plain(change: Mapping[str, ParameterValue]) -> dict[str, JsonValue]:
    return {name: change[name] for name in sorted(change)}


def _pairs(change: Mapping[str, tuple[ParameterValue, ParameterValue]]) -> dict[str, JsonValue]:
    return {name: list[JsonValue](change[name]) for name in sorted(change)}
