"""Weigh a claim about checkpoints: that one of the named epochs is the best of its run."""

from __future__ import annotations

from lorascope.analysis.ledger.weigh import Weighed
from lorascope.evaluation.best_checkpoint import choose
from lorascope.evaluation.epoch_effects import fit, tabulate
from lorascope.evaluation.metric import Direction
from lorascope.jobs.hypothesis_numbers import Found, Numbers, found_in, nothing
from lorascope.records.plan import Plan
from lorascope.records.sample import Score
from lorascope.reports.wording import counted, listed

_LEAST = 1e-4  # a probability from 4,000 draws is never surer


def weigh_epochs(plan: Plan, numbers: Numbers) -> Found:
    """What a run's own checkpoints say. The data's probability that one of ``plan.epochs`` is the best, against the share of all epochs
    that they are: a set of three out of ten is right in 30 % of cases without looking.
    """
    assert plan.metric is not None
    past = numbers.find(plan.runs[0], plan.metric)
    by_epoch = numbers.cells.get((past.name, plan.metric), {}) if past is not None else {}
    prompt = plan.protocol.get("prompt")
    cells = {
        epoch: {name: mean for name, (mean, _) in of.items() if prompt in {None, name}}
        for epoch, of in sorted(by_epoch.items())
        if epoch != 0
    }
    cells = {epoch: of for epoch, of in cells.items() if of}
    if past is None or not cells:
        return nothing(f"the checkpoints of {plan.runs[0]} were never measured on {plan.metric}, one by one")
    claimed = [epoch for epoch in plan.epochs if epoch in cells]
    if not claimed or len(claimed) == len(cells):
        return nothing(f"of the {len(cells)} measured epochs of {past.name} it names {'none' if not claimed else 'all'}")
    scores = [Score(past.name, epoch, name, None, plan.metric, mean) for epoch, of in cells.items() for name, mean in sorted(of.items())]
    choice = choose(fit(tabulate(scores, plan.metric)), Direction(plan.direction or "higher"))
    images = sum(count for epoch in cells for name, (_, count) in by_epoch[epoch].items() if prompt in {None, name})
    prompts = len({name for of in cells.values() for name in of})
    by_luck = len(claimed) / len(cells)
    notes = [f"{counted(len(claimed), 'epoch')} of {len(cells)}: {100 * by_luck:.0f} % by luck alone"]
    if choice is None:
        why = f"{counted(prompts, 'prompt')} and one image for each checkpoint: epochs and luck cannot be told apart"
        weighed = Weighed(None, n=prompts, of="prompts", images=images, obstacles=(why,), notes=tuple(notes), unlooked=by_luck)
    else:
        p_best = sum(one.p_best for one in choice.candidates if one.epoch in claimed)
        sure = min(1 - _LEAST, max(_LEAST, p_best))
        factor = sure / (1 - sure) / (by_luck / (1 - by_luck))
        alike = listed(choice.set90)
        leader = f"epoch {choice.leader.epoch}, with {100 * choice.leader.p_best:.0f} %"
        notes.append(f"the most probable best is {leader}; it is one of {alike} with 90 %")
        weighed = Weighed(p_best, None, None, factor, prompts, "prompts", images, (), tuple(notes), unlooked=by_luck)
    return found_in(weighed, [past.name], [], [(epoch, sorted(of.items())) for epoch, of in cells.items()])
