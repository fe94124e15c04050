"""What a plan would find: its power, and the n that would do. A plan that would rather miss the effect is not worth its cost."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from lorascope.analysis.ledger.power import design_effect, least_that, power_of, t_power
from lorascope.analysis.ledger.share_power import share_power
from lorascope.records.plan import CHANGE, RULE, Plan

GOOD_POWER = 0.8
ASSUMED_ICC = 0.5  # how alike images of one prompt answer, where nobody measured it
MOST_N = 4_000


@dataclass(frozen=True, slots=True)
class PlanPower:
    """The ``power`` to find the declared effect at 5 % (None: cannot be computed, ``lacks`` says what for), and what would give 80 %.

    ``unit`` is what n counts on each side. ``least_effect`` is what the plan's own n would find with 80 % power, where that is the
    difference of two means. ``assumes`` is what was taken for granted.
    """

    power: float | None
    n: int | None = None
    n_needed: int | None = None
    unit: str = "prompts"
    lacks: tuple[str, ...] = ()
    assumes: tuple[str, ...] = ()


def plan_power(plan: Plan, *, yes_or_no: bool) -> PlanPower:
    """The power of a plan. A ``baseline`` (the share before the change, or of the other runs) makes shares of it; else ``sd`` is needed."""
    if plan.kind == RULE:
        return _of_shares(plan, plan.share, "runs", float)
    if plan.kind != CHANGE:
        return PlanPower(None, lacks=("a change of settings, or a rule over runs",))
    if plan.threshold is None or plan.threshold <= 0:
        return PlanPower(None, plan.n, lacks=("how large an effect would count (a threshold above 0)",))
    if yes_or_no or plan.baseline is not None:
        after = (plan.baseline or 0.0) + plan.sign * plan.threshold
        return _of_shares(plan, after, "prompts", lambda n: _answers(n, plan, after))
    return _of_means(plan, plan.threshold)


def _of_shares(plan: Plan, after: float, unit: str, answers: Callable[[int], float]) -> PlanPower:
    before = plan.baseline
    if before is None:
        what = "the share before the change" if unit == "prompts" else "the share of the other runs that come out so"
        return PlanPower(None, plan.n, unit=unit, lacks=(f"{what} (a baseline)",))
    if not 0 <= before <= 1 or not 0 <= after <= 1:
        return PlanPower(None, plan.n, unit=unit, lacks=(f"shares between 0 and 1: {before:g} would become {after:g}",))

    def power_at(n: int) -> float:
        return share_power(before, after, int(answers(n)))

    assumes = [f"assumed: images of one prompt agree with a correlation of {ASSUMED_ICC}"] if unit == "prompts" and plan.seeds > 1 else []
    assumes += (
        ["assumed: no noise between trainings; two runs that differ in their seed only would measure it"]
        if unit == "prompts" and plan.run_sd is None
        else []
    )
    return _told(plan, power_at, unit, assumes)


def _answers(n: int, plan: Plan, after: float) -> float:
    """How many independent answers n prompts give on one side: alike ones count for less, and the noise between trainings sets a limit."""
    count = n * plan.seeds * plan.runs_per_arm / design_effect(plan.seeds, ASSUMED_ICC)
    before = plan.baseline or 0.0
    spread = (before * (1 - before) + after * (1 - after)) / 2
    if not plan.run_sd or spread <= 0:
        return count
    return spread / (spread / count + plan.run_sd**2 / plan.runs_per_arm)


def _of_means(plan: Plan, difference: float) -> PlanPower:
    sd = plan.sd
    if sd is None:
        return PlanPower(None, plan.n, lacks=("how much the difference varies from prompt to prompt (an sd)",))
    run_variance = 2 * (plan.run_sd or 0.0) ** 2 / plan.runs_per_arm

    def power_at(n: int) -> float:
        if not run_variance:
            return t_power(difference, sd / math.sqrt(plan.runs_per_arm), n)
        return power_of(difference, math.sqrt(sd**2 / (n * plan.runs_per_arm) + run_variance))

    return _told(
        plan,
        power_at,
        "prompts",
        ["assumed: no noise between trainings; two runs that differ in their seed only would measure it"] if plan.run_sd is None else [],
    )


def _told(plan: Plan, power_at: Callable[[int], float], unit: str, assumes: list[str]) -> PlanPower:
    needed = least_that(lambda n: n > MOST_N or power_at(n) >= GOOD_POWER)
    needed = None if needed is None or needed > MOST_N else needed
    if needed is not None:  # exact power goes up and down a little: the first n that does
        needed = next((n for n in range(max(1, needed - 8), needed + 1) if power_at(n) >= GOOD_POWER), needed)
    if plan.n is None:
        return PlanPower(None, None, needed, unit, ("how many (an n)",), tuple(assumes))
    return PlanPower(power_at(plan.n), plan.n, needed, unit, (), tuple(assumes))
