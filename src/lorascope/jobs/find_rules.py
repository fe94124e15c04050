"""Find rules in a project's runs: under which settings a metric comes out bad, and how far each rule has come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lorascope.analysis.ledger.arms import COMPARE, COMPARISON
from lorascope.analysis.ledger.rule_ladder import Standing, standing
from lorascope.analysis.ledger.rule_literals import with_products
from lorascope.analysis.ledger.rule_pairs import RulePairs, Stated, rule_pairs, stated
from lorascope.analysis.ledger.rules import Found, Rule, search
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.jobs.hypothesis_numbers import by_class
from lorascope.jobs.read_history import read_history
from lorascope.records.history import PastRun
from lorascope.records.plan import plan_of
from lorascope.reports.wording import counted
from lorascope.store import Store

Q_VALUE = 0.10  # rules above this false discovery rate are counted, not listed, unless all are asked for


@dataclass(frozen=True, slots=True)
class RuleFound:
    """A set of runs with the rules that single it out, where it stands, and the matched pairs that speak of each of its rules."""

    found: Found
    standing: Standing
    members: tuple[str, ...]
    against: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """The rules found in ``runs`` measured runs of which ``bad`` came out bad; ``tried`` sets of runs were tried, by ``conditions``."""

    metric: str
    bad_when: str
    runs: int
    bad: int
    tried: int
    conditions: int
    rules: tuple[RuleFound, ...]
    notes: tuple[str, ...]


def find_rules(store: Store, metric: str, bad_when: str, *, everything: bool = False) -> Rules:
    """Search the runs that were measured alike. ``bad_when``: "< 5", ">= 0.3". ``everything``: list also what chance explains.

    Raises:
        NotFound: no run has the metric. BadParameter: ``bad_when`` cannot be read.
    """
    matched = COMPARISON.fullmatch(bad_when)
    if matched is None:
        raise BadParameter(f"bad when {bad_when!r} cannot be read", next_step='write a comparison with a number: --bad-when "< 5"')
    is_bad, limit = COMPARE[matched[1]], float(matched[2])
    history = read_history(store, [metric])
    measured = sorted((past for past in history.measured(metric) if math.isfinite(past.outcomes[metric].value)), key=lambda past: past.name)
    if not measured:
        known = sorted(read_history(store).metrics)
        raise NotFound(f"no run has a number of {metric}", next_step=did_you_mean(metric, known) or _measured(known))
    runs = by_class(measured, metric)[0]
    outcomes = [bool(is_bad(past.outcomes[metric].value, limit)) for past in runs]
    notes = (
        [f"left out: {counted(len(measured) - len(runs), 'run')} measured on other prompts or by other protocols"]
        if len(runs) < len(measured)
        else []
    )
    if all(outcomes) or not any(outcomes):
        which = "all" if outcomes[0] else "none"
        notes.append(f"{which} of the {len(runs)} runs came out bad: nothing can be told apart; choose another limit, or make other runs")
        return Rules(metric, bad_when.strip(), len(runs), sum(outcomes), 0, 0, (), tuple(notes))
    settings = [with_products(past.settings) for past in runs]
    result = search(settings, outcomes)
    kept = [one for one in result.found if everything or one.q_value <= Q_VALUE]
    registered = _registered(store, metric)
    wholes = [stated(past.settings) for past in runs]
    rules = tuple(_rule(one, runs, outcomes, registered, wholes) for one in kept)
    notes += _notes(len(runs), result.tried, len(result.found) - len(kept), result.thinned, rules)
    return Rules(metric, bad_when.strip(), len(runs), sum(outcomes), result.tried, result.rules, rules, tuple(notes))


def _rule(one: Found, runs: Sequence[PastRun], outcomes: Sequence[bool], registered: set[str], wholes: Sequence[Stated]) -> RuleFound:
    settings = [past.settings for past in runs]
    best = RulePairs((), (), 0)
    for rule in one.rules:
        names = {name for literal in rule for name in literal.settings}
        found = rule_pairs(one.members, one.outside, settings, outcomes, names, wholes)
        best = max(best, found, key=lambda pairs: (len(pairs.agree) - len(pairs.against), pairs.seeds))
    words = tuple(written(rule) for rule in one.rules)
    stands = standing(
        one.hits, one.support, one.other_hits, one.others,
        matched=len(best.agree), matched_against=len(best.against), seeds=best.seeds, registered=bool(registered & set(words)),
    )  # fmt: skip
    return RuleFound(
        found=one,
        standing=stands,
        members=tuple(runs[at].name for at in one.members),
        against=tuple(runs[at].name for at in one.members if not outcomes[at]),
        pairs=tuple((runs[first].name, runs[second].name) for first, second in best.agree),
        words=words,
    )


def written(rule: Rule) -> str:
    """A rule as a condition that ``lorascope runs --where`` reads.

    >>> written(())
    ''
    """
    return " and ".join(map(str, rule))


def _registered(store: Store, metric: str) -> set[str]:
    """The rules that were registered before they were judged."""
    plans = map(plan_of, store.hypotheses())
    return {plan.rule for plan in plans if plan.rule and plan.metric == metric and plan.registered_at is not None and not plan.note_only}


def _notes(runs: int, tried: int, dropped: int, thinned: Sequence[str], rules: Sequence[RuleFound]) -> list[str]:
    found = []
    if not tried:
        found.append(f"no condition on a setting holds for at least 3 of the {runs} runs and not for all of them: nothing to try")
    elif not rules:
        luck = "more than luck explains (above a false discovery rate of 10 %)"
        found.append(f"none of the {tried} sets of runs that were tried goes with the outcome {luck}")
    if dropped and rules:
        found.append(f"{dropped} more go with it no better than luck explains; --all shows them")
    if any(len(one.found.rules) + one.found.more_rules > 1 for one in rules):
        found.append("rules listed together hold for the same runs: only a run that is in one and not in the other can tell them apart")
    if rules:
        found.append("a rule says which runs came out bad, not why: only pairs of runs that differ in nothing else speak of a cause")
    if thinned:
        found.append(
            f"of {', '.join(thinned[:4])} only some levels were tried" + (f", and of {len(thinned) - 4} more" if len(thinned) > 4 else "")
        )
    return found


def _measured(known: Sequence[str]) -> str:
    return f"measured are: {', '.join(known)}" if known else "nothing is measured yet: lorascope import FOLDER, or lorascope evaluate RUN"
