"""What may go wrong with a configuration: rules that the project's own runs show, with how many runs they rest on."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.analysis.intervals import exact_share_interval
from lorascope.analysis.ledger.rules import LEAST_SUPPORT, Found, search
from lorascope.analysis.proposals.settings_space import SEED, Settings
from lorascope.records.proposal import Risk

MOST_RISKS = 5
_MOST_FALSE = 0.1  # false discovery rate over all rules that were tried
_PRIOR_RUNS = 2.0  # what the project's overall rate counts for beside a rule's own runs


def learned_risks(runs: Sequence[Settings], bad: Sequence[bool], asked: Settings, what: str) -> tuple[Risk, ...]:
    """The rules over earlier runs that hold for ``asked`` and under which more of them came out badly, the gravest first.

    ``what`` says in words what counts as bad. The probability leans on the project's overall rate, since three of three is not 100 %.
    """
    if len(runs) < 2 * LEAST_SUPPORT or not any(bad) or all(bad):
        return ()
    plain = [{name: value for name, value in settings.items() if name != SEED} for settings in runs]
    overall = sum(bad) / len(bad)
    risks = []
    for found in search(plain, bad).found:
        holding = [rule for rule in found.rules if all(literal.holds(asked) is True for literal in rule)]
        if found.q_value > _MOST_FALSE or not holding:
            continue
        probability = (found.hits + _PRIOR_RUNS * overall) / (found.support + _PRIOR_RUNS)
        rule = " or ".join(" and ".join(map(str, literals)) for literals in holding[:3])
        risks.append(Risk(f"{rule}: {what}", found.support, probability, _evidence(found)))
    return tuple(sorted(risks, key=lambda risk: (-(risk.probability or 0), -risk.n, risk.rule))[:MOST_RISKS])


def _evidence(found: Found) -> str:
    interval = exact_share_interval(found.hits, found.support)
    alike = len(found.rules) + found.more_rules - 1
    cannot_tell = f"; {alike} other {'rule holds' if alike == 1 else 'rules hold'} for the same runs" if alike else ""
    return (
        f"{found.hits} of {found.support} runs (95 % interval {interval.low:.0%} to {interval.high:.0%}), {found.other_hits} of "
        f"{found.others} others{cannot_tell}"
    )
