"""Find the runs that a hypothesis speaks of, and weigh what their numbers say: nothing is written, no clock is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lorascope.analysis.ledger.arms import Arms, Block, find_arms, on_side, told_differences, written
from lorascope.analysis.ledger.weigh import weigh, weigh_level
from lorascope.analysis.replicates import trained_apart
from lorascope.jobs.hypothesis_numbers import Found, Numbers, by_class, found_in, nothing
from lorascope.jobs.weigh_epochs import weigh_epochs
from lorascope.jobs.weigh_rule import weigh_rule
from lorascope.records.history import PastRun
from lorascope.records.plan import CHANGE, EPOCHS, RULE, Plan
from lorascope.reports.wording import counted, listed


def weigh_hypothesis(plan: Plan, numbers: Numbers, named: Sequence[str] = ()) -> Found:
    """What the numbers say of a plan; ``named`` runs only, when given. Everything that keeps them from deciding is an obstacle."""
    if plan.lacks:
        return nothing(f"cannot be judged as written: it names no {', no '.join(lack.split(' ', 1)[1] for lack in plan.lacks)}")
    assert plan.metric is not None
    runs = [past for past in numbers.measured(plan) if not named or past.name in named]
    if not runs:
        return nothing(*_unmeasured(plan, numbers, named))
    if plan.kind == RULE:
        return weigh_rule(plan, by_class(runs, plan.metric)[0])
    if plan.kind == CHANGE:
        return _weigh_change(plan, numbers, runs, named)
    return weigh_epochs(plan, numbers) if plan.kind == EPOCHS else _weigh_level(plan, numbers, runs)


def _unmeasured(plan: Plan, numbers: Numbers, named: Sequence[str]) -> list[str]:
    """Why there is no number to judge by."""
    assert plan.metric is not None
    everywhere = numbers.history.measured(plan.metric)
    if not numbers.history.runs:
        return ["no run is recorded yet"]
    if not everywhere:
        count = counted(len(numbers.history.runs), "run")
        return [f"its own metric, {plan.metric}, was never measured: not in any of {count}", *_besides(plan, numbers)]
    if named:
        return [f"{plan.metric} is not measured as declared in {listed(named)}"]
    return [f"{counted(len(everywhere), 'run')} measured {plan.metric} otherwise than declared"]


def _besides(plan: Plan, numbers: Numbers) -> list[str]:
    """What would keep the runs that are there from deciding, had they been measured."""
    return [] if plan.kind != CHANGE else list(find_arms(numbers.history.runs, plan.change).obstacles)


def _weigh_change(plan: Plan, numbers: Numbers, runs: Sequence[PastRun], named: Sequence[str]) -> Found:
    assert plan.metric is not None
    classes = by_class(runs, plan.metric)
    tried = [find_arms(of_class, plan.change) for of_class in classes]
    arms = next((one for one in tried if one.blocks), next((one for one in tried if one.confounded), tried[0]))
    if not arms.blocks:
        return nothing(*_why_no_arms(plan, numbers, arms, runs, classes, named))
    blocks = tuple(Block(trained_apart(block.before, plan.metric), trained_apart(block.after, plan.metric)) for block in arms.blocks)
    used = [past for block in blocks for past in (*block.before, *block.after)]
    values = {past.name: numbers.prompts(past, plan) for past in used}
    noise, yes_or_no = numbers.noise(plan), numbers.yes_or_no(plan.metric)
    left_out = _left_out(plan, numbers, named)
    weighed = weigh(blocks, values, sign=plan.sign, threshold=plan.threshold or 0.0, noise=noise, yes_or_no=yes_or_no)
    if left_out:
        weighed = replace(weighed, obstacles=(f"runs that fit it as well were left out: {_few(left_out)}", *weighed.obstacles))
    if len(classes) > 1:
        weighed = replace(weighed, notes=(*weighed.notes, "runs measured on other prompts or by another protocol were left out"))
    before, after = ([past.name for block in blocks for past in getattr(block, side)] for side in ("before", "after"))
    return found_in(weighed, before, after, [sorted(values[name].items()) for name in (*before, *after)])


def _left_out(plan: Plan, numbers: Numbers, named: Sequence[str]) -> tuple[str, ...]:
    """With runs named: the others that the plan speaks of, unless they were seen before it. Who names runs may have chosen them."""
    if not named or plan.metric is None:
        return ()
    groups = (find_arms(of_class, plan.change).blocks for of_class in by_class(numbers.measured(plan), plan.metric))
    fitting = {past.name for blocks in groups for block in blocks for past in (*block.before, *block.after)}
    return tuple(sorted(fitting - {*named, *plan.seen}))


def _why_no_arms(
    plan: Plan, numbers: Numbers, arms: Arms, runs: Sequence[PastRun], classes: Sequence[Sequence[PastRun]], named: Sequence[str]
) -> list[str]:  # fmt: skip
    """Why the change cannot be seen in these runs; with two runs named, what else differs between them."""
    reasons = list(arms.obstacles)
    two = [past for name in (named or plan.runs) if (past := numbers.history.find(name)) is not None]
    if len(two) == 2 and not arms.confounded:
        others = told_differences(two[0], two[1], tuple(plan.change))
        if others:
            reasons.append(f"confounded: {two[0].name} and {two[1].name} also differ in {_few(others)}")
    sides = [[past for past in runs if on_side(past, plan.change, side)] for side in (0, 1)]
    if len(classes) > 1 and all(sides) and not arms.confounded:
        return [
            f"runs with {written(plan.change, 0)} and with {written(plan.change, 1)} were measured on other prompts or by other protocols"
        ]
    return reasons


def _weigh_level(plan: Plan, numbers: Numbers, runs: Sequence[PastRun]) -> Found:
    """A level that one run is said to reach."""
    assert plan.threshold is not None
    spoken = [past for past in runs if past.name in plan.runs]
    if not spoken:
        return nothing(f"{plan.metric} was never measured in {listed(list(plan.runs))}")
    if len(spoken) > 1:
        return nothing(f"it speaks of {len(spoken)} runs at once; make one hypothesis of each, or a rule over runs")
    prompts = numbers.prompts(spoken[0], plan)
    weighed = weigh_level(prompts, sign=plan.sign, threshold=plan.threshold)
    scale = spoken[0].run.extra.get(f"{plan.metric}_scale")
    if isinstance(scale, str):
        weighed = replace(weighed, notes=(*weighed.notes, f"its scale: {scale}"))
    return found_in(weighed, [spoken[0].name], [], sorted(prompts.items()))


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
