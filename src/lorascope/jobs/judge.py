"""Judge hypotheses: weigh the runs that they declared, on the metric and threshold they declared, and add what was found to the ledger.

Nothing is chained: every judgment goes from the stated prior to a posterior with all data of today, so that no number counts twice.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from lorascope.analysis.ledger.belief import verdict_of
from lorascope.analysis.ledger.weigh import Weighed
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.choice_words import rounded
from lorascope.jobs.hypothesis_numbers import Found, Numbers, read_numbers
from lorascope.jobs.read_ledger import read_judgments, registration_of
from lorascope.jobs.weigh_hypothesis import weigh_hypothesis
from lorascope.records.hypothesis import Hypothesis
from lorascope.records.judgment import Judgment
from lorascope.records.plan import CHANGE, RULE, Plan, plan_of
from lorascope.store import Store

MOST_NAMED = 100  # runs of a side that a judgment names


def judge(store: Store, name: str | None, *, runs: Sequence[str] = (), at: float | None = None) -> tuple[Judgment, ...]:
    """Judge one hypothesis, or all that are not only noted; keep each judgment that differs from the last one of its hypothesis.

    ``runs``: judge by these only. ``at``: the time to write into new judgments (now when left out); answers do not depend on it.

    Raises:
        NotFound: no such hypothesis or run. BadParameter: it is only noted, or runs are named for more than one hypothesis.
    """
    with store.snapshot():
        chosen = _chosen(store.hypotheses(), name)
        if runs and name is None:
            raise BadParameter("runs are named for all hypotheses at once", next_step="name one hypothesis")
        plans = [plan_of(hypothesis) for hypothesis in chosen]
        numbers = read_numbers(store, [plan.metric for plan in plans if plan.metric is not None])
        earlier = read_judgments(store)
    for run in runs:
        if numbers.history.find(run) is None:
            close = did_you_mean(run, [past.name for past in numbers.history.runs])
            raise NotFound(f"no run {run!r}", next_step=close or "see them: lorascope runs")
    judged = [_judge(hypothesis, plan, numbers, runs) for hypothesis, plan in zip(chosen, plans, strict=True)]
    found, news = [], []
    for judgment in judged:
        last = earlier[judgment.hypothesis][-1] if earlier.get(judgment.hypothesis) else None
        if last is not None and _told(last) == _told(judgment):
            found.append(replace(judgment, at=last.at))
        else:
            found.append(replace(judgment, at=time.time() if at is None else at))
            news.append(found[-1])
    verdicts = {judgment.hypothesis: judgment.verdict for judgment in found}
    store.keep_foreign([(judgment.as_record(), 0) for judgment in news])
    store.put_hypotheses([replace(one, verdict=verdicts[one.name]) for one in chosen if one.verdict is not verdicts[one.name]])
    return tuple(found)


def _chosen(hypotheses: Sequence[Hypothesis], name: str | None) -> list[Hypothesis]:
    if name is None:
        return [one for one in hypotheses if not plan_of(one).note_only]
    found = next((one for one in hypotheses if one.name == name), None)
    if found is None:
        close = did_you_mean(name, [one.name for one in hypotheses])
        raise NotFound(f"no hypothesis {name!r}", next_step=close or "see them: lorascope hypothesis list --all")
    if plan_of(found).note_only:
        raise BadParameter(
            f"{name} is only noted: its test was too weak to be worth judging",
            next_step=f"register it with enough n: lorascope hypothesis add NEW_NAME --replaces {name} --n …",
        )
    return [found]


def _judge(hypothesis: Hypothesis, plan: Plan, numbers: Numbers, runs: Sequence[str]) -> Judgment:
    found = weigh_hypothesis(plan, numbers, runs)
    weighed = found.weighed
    exploratory = _is_exploratory(plan, found)
    obstacles = list(weighed.obstacles)
    if plan.registration is not None and registration_of(hypothesis) != plan.registration:
        obstacles.insert(0, "it was changed after it was registered; register the change as a new hypothesis that replaces it")
    prior = weighed.unlooked if plan.prior is None else plan.prior
    factor = weighed.bayes_factor if found.data else 1.0
    planned, there = _planned(plan, weighed)
    said = verdict_of(prior, factor, obstacles=obstacles, planned_n=planned, n=there, exploratory=exploratory)
    facts = numbers.history.facts(plan.metric) if plan.metric is not None else None
    notes = list(weighed.notes)
    if exploratory and found.runs:
        notes.append(_why_exploratory(plan))
    return Judgment(
        hypothesis=hypothesis.name,
        verdict=said.verdict,
        reason=said.reason,
        kind=plan.kind,
        metric=plan.metric,
        unit="share of runs" if plan.kind == RULE else facts.unit if facts else "",
        threshold=plan.threshold,
        prior=plan.prior,
        posterior=rounded(said.posterior) if plan.prior is not None or found.data else None,
        bayes_factor=rounded(weighed.bayes_factor) if found.data else None,
        estimate=rounded(weighed.estimate),
        low=rounded(weighed.low),
        high=rounded(weighed.high),
        n=weighed.n,
        of=weighed.of,
        images=weighed.images,
        runs=found.runs[:MOST_NAMED],
        to=found.to[:MOST_NAMED],
        exploratory=exploratory,
        data=found.data,
        notes=tuple(notes),
    )


def _told(judgment: Judgment) -> tuple[object, ...]:
    """What makes a judgment another one: the numbers and what follows from them, not its wording."""
    return (judgment.verdict, judgment.data, judgment.bayes_factor, judgment.posterior, judgment.estimate, judgment.n, judgment.exploratory)


def _planned(plan: Plan, weighed: Weighed) -> tuple[int | None, int]:
    """The declared n, and how much of it is there: runs of a rule, prompts of a change, or trainings where several were declared."""
    if plan.kind == RULE:
        return plan.n, weighed.n
    if plan.kind != CHANGE or not weighed.prompts:
        return None, 0
    trainings = weighed.n if weighed.of == "runs" else 1
    if trainings < plan.runs_per_arm and weighed.of != "pairs of runs":
        return plan.runs_per_arm, trainings
    return plan.n, weighed.prompts


def _is_exploratory(plan: Plan, found: Found) -> bool:
    return plan.registered_at is None or bool({*found.runs, *found.to} & set(plan.seen))


def _why_exploratory(plan: Plan) -> str:
    if plan.registered_at is None:
        return "exploratory: it was not registered before these numbers were there"
    return "exploratory: some of these numbers were there before it was registered"
