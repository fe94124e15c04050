"""The ledger as JSON: format 1. Fixed keys may be joined by others, but never change their meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from lorascope.analysis.ledger.reliability import ENOUGH, Calibration
from lorascope.evaluation.choice_words import rounded
from lorascope.jobs.find_rules import RuleFound, Rules
from lorascope.jobs.read_ledger import Entry, Ledger
from lorascope.jobs.register_hypothesis import Registered
from lorascope.records.judgment import Judgment


def entry_answer(entry: Entry) -> dict[str, Any]:
    """One hypothesis: what was declared, where it stands, and what a test would teach."""
    hypothesis, plan = entry.hypothesis, entry.plan
    return {
        "name": hypothesis.name,
        "statement": hypothesis.statement,
        "source": hypothesis.source,
        "kind": plan.kind or None,
        "metric": plan.metric,
        "direction": plan.direction,
        "threshold": plan.threshold,
        "change": {name: list(pair) for name, pair in plan.change.items()} or None,
        "rule": plan.rule,
        "n": plan.n,
        "claimed_n": hypothesis.claimed_n,
        "prior": plan.prior,
        "confidence": rounded(entry.confidence),
        "verdict": str(entry.verdict),
        "power": rounded(plan.power),
        "information_bits": rounded(entry.information_bits),
        "value": plan.value,
        "cost_gpu_hours": plan.cost_gpu_hours,
        "worth": rounded(entry.worth),
        "falsified_by": plan.falsified_by,
        "registered_at": plan.registered_at,
        "replaces": plan.replaces,
        "note_only": plan.note_only,
        "judgments": len(entry.judgments),
        "notes": [entry.why_not] if entry.why_not else [],
    }


def ledger_answer(ledger: Ledger) -> dict[str, Any]:
    """All hypotheses, the most worthwhile tests first."""
    return {
        "format": 1,
        "hypotheses": [entry_answer(entry) for entry in ledger.entries],
        "contradictions": [asdict(one) for one in ledger.contradictions],
        "usual_gpu_hours": rounded(ledger.usual_gpu_hours),
        "notes": [],
    }


def judgment_answer(judgment: Judgment) -> dict[str, Any]:
    """One judgment."""
    found = asdict(judgment)
    return {**found, "verdict": str(judgment.verdict), **{key: list(found[key]) for key in ("runs", "to", "notes")}}


def judgments_answer(judgments: Sequence[Judgment]) -> dict[str, Any]:
    """Several judgments."""
    return {"format": 1, "judgments": [judgment_answer(judgment) for judgment in judgments]}


def shown_answer(ledger: Ledger, name: str) -> dict[str, Any]:
    """One hypothesis with its whole history."""
    entry = ledger.find(name)
    against = [asdict(one) for one in ledger.contradictions if name in {one.first, one.second}]
    judgments = [judgment_answer(judgment) for judgment in entry.judgments]
    return {"format": 1, "hypothesis": entry_answer(entry), "judgments": judgments, "contradictions": against}


def registered_answer(registered: Registered) -> dict[str, Any]:
    """What was registered."""
    power, hypothesis = registered.power, registered.hypothesis
    return {
        "format": 1,
        "name": hypothesis.name,
        "power": rounded(power.power),
        "n": power.n,
        "n_for_80_percent": power.n_needed,
        "unit": power.unit,
        "information_bits": rounded(registered.information_bits),
        "falsified_by": hypothesis.extra.get("falsified_by"),
        "registered_at": hypothesis.extra.get("registered_at"),
        "contradictions": [asdict(one) for one in registered.contradictions],
        "notes": list(registered.notes),
    }


def calibration_answer(calibration: Calibration, resolved: Sequence[tuple[str, float, bool]]) -> dict[str, Any]:
    """How stated priors came out."""
    few = f"scores and reliability are told from {ENOUGH} resolved hypotheses on"
    bins = None if calibration.bins is None else [{key: rounded(value) for key, value in asdict(one).items()} for one in calibration.bins]
    return {
        "format": 1,
        "resolved": [{"name": name, "prior": prior, "held": held} for name, prior, held in resolved],
        "n": calibration.n,
        "expected_true": rounded(calibration.expected),
        "came_true": calibration.came_true,
        "brier": rounded(calibration.brier),
        "log_score": rounded(calibration.log_score),
        "reliability": bins,
        "notes": [few] if calibration.brier is None else [],
    }


def rules_answer(rules: Rules) -> dict[str, Any]:
    """The rules found, those that hold for the same runs together."""
    return {
        "format": 1,
        "metric": rules.metric,
        "bad_when": rules.bad_when,
        "runs": rules.runs,
        "bad": rules.bad,
        "tried": rules.tried,
        "conditions": rules.conditions,
        "rules": [_rule_answer(one) for one in rules.rules],
        "notes": list(rules.notes),
    }


def _rule_answer(one: RuleFound) -> dict[str, Any]:
    found, stands = one.found, one.standing
    return {
        "rules": list(one.words),
        "more_rules": found.more_rules,
        "support": found.support,
        "bad": found.hits,
        "others": found.others,
        "others_bad": found.other_hits,
        "rate": rounded(stands.rate),
        "low": rounded(stands.interval.low),
        "high": rounded(stands.interval.high),
        "others_low": rounded(stands.others.low) if stands.others else None,
        "others_high": rounded(stands.others.high) if stands.others else None,
        "p_value": rounded(found.p_value),
        "q_value": rounded(found.q_value),
        "standing": str(stands.rung),
        "word": stands.word,
        "matched_pairs": [list(pair) for pair in one.pairs],
        "counterexamples": list(one.against),
        "runs": list(one.members),
        "falsified_by": f"{stands.to_falsify} more runs of this kind that do not come out so",
    }
