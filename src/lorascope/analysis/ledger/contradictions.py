"""Hypotheses that cannot both hold: the same change said to help and to hurt, or a plan that runs into a rule.

Only what is declared can be compared: of claims without a metric or a change, nothing is found unless they name each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.analysis.where import Value, fields, holds
from lorascope.analysis.where_text import parse_where
from lorascope.errors import UserError
from lorascope.records.plain import number
from lorascope.records.plan import CHANGE, RULE, Plan
from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Two hypotheses, by name, and why they cannot both hold."""

    first: str
    second: str
    why: str


def contradictions(plans: Sequence[Plan]) -> tuple[Contradiction, ...]:
    """All pairs that contradict each other, in the order of the plans; a version and what it replaces do not."""
    replaced = {plan.replaces for plan in plans}
    current = [plan for plan in plans if plan.name not in replaced]
    named = {plan.name for plan in current}
    found: dict[frozenset[str], Contradiction] = {}
    for plan in current:
        for other in plan.contradicts:
            if other in named and other != plan.name:
                found.setdefault(frozenset({plan.name, other}), Contradiction(plan.name, other, "the one says the opposite of the other"))
    for contradiction in (*_opposite_changes(current), *_plans_against_rules(current)):
        found.setdefault(frozenset({contradiction.first, contradiction.second}), contradiction)
    return tuple(found.values())


def _opposite_changes(plans: Sequence[Plan]) -> list[Contradiction]:
    by_change: dict[tuple[object, ...], list[Plan]] = {}
    found = []
    for plan in plans:
        if plan.kind != CHANGE or plan.metric is None or plan.direction is None:
            continue
        forward = _key(plan, turned=False)
        for key, flips in ((forward, False), (_key(plan, turned=True), True)):
            for other in by_change.get(key, ()):
                if (other.direction != plan.direction) != flips:
                    what = ", ".join(plan.change)
                    found.append(Contradiction(other.name, plan.name, f"they say opposite things of {what} and {plan.metric}"))
        by_change.setdefault(forward, []).append(plan)
    return found


def _key(plan: Plan, *, turned: bool) -> tuple[object, ...]:
    ends = ((name, *(_word(value) for value in (pair[::-1] if turned else pair))) for name, pair in sorted(plan.change.items()))
    return (plan.metric, tuple(ends))


def _word(value: ParameterValue) -> str:
    """A value as text: 3 and 3.0 are one, true and 1 are not."""
    found = number(value)
    return str(value if found is None else found)


def _plans_against_rules(plans: Sequence[Plan]) -> list[Contradiction]:
    """A change that leads into the runs of which a rule says that the metric goes the other way."""
    found = []
    for rule in plans:
        if rule.kind != RULE or rule.rule is None or rule.direction is None:
            continue
        for plan in plans:
            against = plan.kind == CHANGE and plan.metric == rule.metric and plan.direction not in {None, rule.direction}
            if against and enters(rule.rule, plan.change):
                what = ", ".join(plan.change)
                found.append(
                    Contradiction(plan.name, rule.name, f"the plan changes {what} to where the rule says {rule.metric} is {rule.direction}")
                )
    return found


def enters(rule: str, change: Mapping[str, tuple[ParameterValue, ParameterValue]]) -> bool:
    """Whether a change leads from where a rule does not hold to where it does; False where the rule asks for more than the change says."""
    try:
        where = parse_where(rule)
    except UserError:
        return False
    if not {name.text for name in fields(where)} <= set(change):
        return False

    def look(at: int) -> bool:
        values: dict[str, Value] = {name: pair[at] for name, pair in change.items()}
        return holds(where, values.get)

    return look(1) and not look(0)
