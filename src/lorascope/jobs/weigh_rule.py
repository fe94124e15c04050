"""Weigh a rule over runs: how many of those it singles out are as it says, beside the others, and what it cannot be told from."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.analysis.intervals import exact_share_interval
from lorascope.analysis.ledger.bayes_factor import share_bayes_factor
from lorascope.analysis.ledger.rule_ladder import MEANING, Rung, Standing, always_needs, lower_bound, standing
from lorascope.analysis.ledger.rule_literals import Settings, literals_of, with_products
from lorascope.analysis.ledger.weigh import Weighed
from lorascope.analysis.where import fields, holds
from lorascope.analysis.where_text import parse_where
from lorascope.errors import UserError
from lorascope.jobs.hypothesis_numbers import Found, found_in, nothing
from lorascope.records.history import PastRun
from lorascope.records.plan import Plan
from lorascope.reports.wording import counted, listed

MOST_NAMED = 6  # rivals, or runs against it, that a sentence names


def weigh_rule(plan: Plan, runs: Sequence[PastRun]) -> Found:
    """What ``runs`` (measured, of one comparability class) say of the plan's rule."""
    assert plan.metric is not None
    assert plan.rule is not None
    assert plan.threshold is not None
    try:
        where = parse_where(plan.rule)
    except UserError as error:
        return nothing(f"its rule cannot be read: {error}")
    names = sorted({name.text for name in fields(where)})
    settings = [with_products(past.settings) for past in runs]
    told = [at for at, of_run in enumerate(settings) if all(of_run.get(name) is not None for name in names)]
    members = {at for at in told if holds(where, settings[at].get)}
    if not members:
        return nothing(f"no measured run is one that the rule speaks of ({plan.rule})")
    values = [past.outcomes[plan.metric].value for past in runs]
    as_said = [plan.sign * (value - plan.threshold) > 0 for value in values]
    inside, outside = sorted(members), [at for at in told if at not in members]
    hits, other_hits = sum(as_said[at] for at in inside), sum(as_said[at] for at in outside)
    stands = standing(hits, len(inside), other_hits, len(outside), claimed=plan.share)
    obstacles = (f"{stands.rung}: {MEANING[stands.rung]}",) if stands.rung in {Rung.ANECDOTE, Rung.UNSEPARATED} else ()
    if not obstacles and stands.rung is not Rung.REFUTED and lower_bound(hits, len(inside)) < plan.share:
        obstacles = (f"{hits} of {len(inside)} do not show a rate of {100 * plan.share:.0f} % yet",)
    rivals = _rivals([settings[at] for at in told], [at in members for at in told], plan.rule)
    against = [runs[at].name for at in inside if not as_said[at]]
    notes = [
        *_notes(stands, hits, len(inside), other_hits, len(outside)),
        *_claimed(plan, hits, len(inside)),
        *_rival_notes(rivals),
        *_scale(settings, inside, names),
        *_against(against),
    ]
    if len(told) < len(runs):
        silent = len(runs) - len(told)
        notes.append(
            f"{counted(silent, 'measured run')} {'does' if silent == 1 else 'do'} not say {listed(names)}: neither for nor against it"
        )
    exact = exact_share_interval(hits, len(inside))
    factor = share_bayes_factor(hits, len(inside), plan.share)
    weighed = Weighed(hits / len(inside), exact.low, exact.high, factor, len(inside), "runs", 0, obstacles, tuple(notes))
    digest = [(runs[at].name, values[at], at in members) for at in told]
    return found_in(weighed, [runs[at].name for at in outside], [runs[at].name for at in inside], digest)


def _notes(stands: Standing, hits: int, support: int, other_hits: int, others: int) -> list[str]:
    low = f"{100 * stands.interval.low:.0f} %"
    found = [
        f"{hits} of {support} runs are as it says: with 95 % confidence the true rate is {low} or more; of the {others} others {other_hits}"
    ]
    if hits == support:
        found.append(f'the word "always" would take {always_needs(hits, support)} more runs that all come out so')
    return found


def _claimed(plan: Plan, hits: int, support: int) -> list[str]:
    """What the source counts as its evidence, where that is more than there is."""
    if plan.claimed_n is None or plan.claimed_n <= support:
        return []
    exact = exact_share_interval(plan.claimed_n, plan.claimed_n)
    claimed = f"{plan.claimed_n} of {plan.claimed_n} (95 %: {100 * exact.low:.0f} to 100 %)"
    return [f"its source counts {claimed}; recorded here are {support}, of which {hits} as it says"]


def _scale(settings: Sequence[Settings], inside: Sequence[int], names: Sequence[str]) -> list[str]:
    """A rank is rarely changed without what it is divided by: say so where the latter is not recorded."""
    if "network_dim" not in names or all("network_alpha/network_dim" in settings[at] for at in inside):
        return []
    return ["network_alpha is not recorded of these runs: what looks like a high rank may be a low network_alpha/network_dim"]


def _rivals(rows: Sequence[Settings], inside: Sequence[bool], rule: str) -> list[str]:
    """Other single conditions that hold for exactly the same of these runs."""
    literals, _ = literals_of(rows)
    same = [str(one) for one in literals if [one.holds(row) for row in rows] == list(inside)]
    return [one for one in same if one != rule]


def _rival_notes(rivals: Sequence[str]) -> list[str]:
    return [f"these runs cannot tell it from: {', '.join(rivals[:MOST_NAMED])}"] if rivals else []


def _against(names: Sequence[str]) -> list[str]:
    if not names:
        return []
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return [f"against it: {', '.join(names[:MOST_NAMED])}{more}"]
