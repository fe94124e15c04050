"""Work out what to run next: candidates from the analysis, held against the catalogue and the lint rules, with their cost and recipe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from lorascope.analysis.proposals.costs import Cost, cost_of
from lorascope.analysis.proposals.designs import SCREEN_RUNS
from lorascope.analysis.proposals.gains import improvement
from lorascope.analysis.proposals.improving import improving
from lorascope.analysis.proposals.next_runs import (
    REPLICATE_EVERY,
    Candidate,
    Question,
    new_runs,
    replicate_due,
    replicate_of,
    single_changes,
    splits,
    suggested,
    with_gains,
)
from lorascope.analysis.proposals.screens import added, halves, screen, screen_under_way
from lorascope.analysis.proposals.settings_space import space_of
from lorascope.analysis.proposals.standing import Standing, standing_of, usual_metric
from lorascope.analysis.proposals.steps import promising
from lorascope.analysis.where import Where, holds
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.jobs.search import RANDOM_BELOW, suggest
from lorascope.jobs.write_recipe import file_stem, recipe_text, refused, write_recipe
from lorascope.records.effect import Impact
from lorascope.records.history import History, PastRun
from lorascope.records.proposal import Estimated, Next, Proposal
from lorascope.reports.wording import counted

OBJECTIVES = ("explain", "improve")
DESIGNS = ("auto", "screen", "augment", "single")
SAMPLERS = ("model", "tpe")
SCREEN_BELOW = 20  # runs: smaller projects are screened first
_TPE_CHANGES = 2
_SAMPLES = 24  # suggestions that Optuna is asked for, to choose from
_LEAST_ANALYZED = 3
_SPARE = 2  # proposals beyond those asked for, should the lint rules refuse some
_MOST_REPAIRS = 4
_LEAST_BITS = 0.05  # of a run that splits a set, to come before all others


@dataclass(frozen=True, slots=True)
class Wish:
    """How proposals are asked for. ``where`` must hold for the settings of every proposed run; ``most_changes`` None: as many as help."""

    objective: str = "explain"
    design: str = "auto"
    count: int = 3
    seed: int = 0
    direction: str | None = None
    price_per_gpu_hour: float | None = None
    where: Where | None = None
    most_changes: int | None = None
    sampler: str = "model"
    out: Path | None = None


def propose(history: History, metric: str | None, wish: Wish) -> Next:
    """What to run next, in the order to make the runs. Same history, same wish: same answer.

    Raises:
        NotFound: no run has a number of this metric. BadParameter: nobody says which way is better, and an improvement is asked for.
        MissingExtra: the sampler tpe is asked for and Optuna is not installed. AlreadyExists: a recipe would overwrite another file.
    """
    if not history.runs:
        return _baseline(history, metric, wish)
    chosen = metric_of(history, metric)
    if chosen is None:
        return _unmeasured(history, wish)
    standing = standing_of(history, chosen, direction=wish.direction)
    if standing.incumbent is None:
        raise NotFound(
            f"no run has a finite {chosen} that can be compared", next_step=f"measure one: lorascope evaluate {history.runs[-1].name}"
        )
    if wish.objective == "improve" and standing.direction is None:
        raise BadParameter(f"nobody says which way {chosen} is better", next_step="say it: --direction lower or --direction higher")
    question = _question(history, standing, standing.incumbent)
    notes = _notes(question, wish)
    proposals = tuple(_proposals(history, question, wish, notes))
    if len(proposals) < wish.count:
        notes.append(f"only {len(proposals)} of {wish.count} asked: nothing else is new, within the catalogue and allowed")
    return Next(
        wish.objective, chosen, proposals, tuple(notes), standing.unit, standing.direction, len(standing.runs), standing.standing,
        standing.noise.sd if standing.noise else None, standing.noise.df if standing.noise else 0,
    )  # fmt: skip


def metric_of(history: History, metric: str | None) -> str | None:
    """The metric asked for, or the usual one; None where nothing is measured.

    Raises:
        NotFound: no run has this metric; the nearest names are suggested.
    """
    if metric is None:
        return usual_metric(history)
    measured = sorted(name for name in history.metrics if history.measured(name))
    if metric not in measured:
        known = f"measured are {', '.join(measured[:8])}" if measured else "nothing is measured yet: lorascope evaluate RUN"
        raise NotFound(f"no run has a number of {metric}", next_step=did_you_mean(metric, measured) or known)
    return metric


def _question(history: History, standing: Standing, incumbent: PastRun) -> Question:
    from lorascope.analysis.effects.impact import impact

    analysis: Impact | None = impact(history, standing.metric) if len(standing.runs) >= _LEAST_ANALYZED else None
    return Question(standing, incumbent, analysis, tuple(past.settings for past in history.runs), standing.replicates_of(incumbent))


def _proposals(history: History, question: Question, wish: Wish, notes: list[str]) -> Iterator[Proposal]:
    """Proposals until there are enough: every fifth run of the project repeats the best one, the first if none ever did."""
    whole = wish.objective == "explain" and wish.design == "screen"
    ranked = _ranked(history, question, wish, notes)
    candidates = iter(ranked)
    known = bool(question.standing.noise and question.standing.noise.df)
    since = replicate_due(question.seen) if known else REPLICATE_EVERY
    is_screen = whole or (known and bool(ranked) and ranked[0].kind == "screen")
    made = list(question.seen)
    number = 0
    while number < (len(ranked) if whole else wish.count):
        if since >= REPLICATE_EVERY - 1 and not is_screen:
            candidate, since = replicate_of(replace(question, seen=tuple(made))), 0
        else:
            found = next(candidates, None)
            if found is None:
                return
            if found.kind == "replicate":
                found = replace(found, change=replicate_of(replace(question, seen=tuple(made))).change)
            repaired = _without_what_is_refused(found, wish.where)
            if repaired is None or not new_runs([repaired], made):
                continue
            candidate, since = repaired, since + 1
        made.append(candidate.settings)
        number += 1
        yield _proposal(history, candidate, question.standing.direction, number, wish)


def _without_what_is_refused(candidate: Candidate, where: Where | None) -> Candidate | None:
    """The run without what the lint rules have against it (it would stop, or be idle). None where nothing is left or it is not allowed."""
    before = recipe_text(candidate.base, {}, ())
    for _ in range(_MOST_REPAIRS):
        if where is not None and candidate.kind != "replicate" and not holds(where, candidate.settings.get):
            return None
        against = refused(recipe_text(candidate.base, candidate.change, ()), before)
        if not against:
            return candidate
        keys = {finding.key for finding in against}
        left = {name: value for name, value in candidate.change.items() if name not in keys}
        if not left or len(left) == len(candidate.change):
            return None
        candidate = replace(candidate, change=left)
    return None


def _ranked(history: History, question: Question, wish: Wish, notes: list[str]) -> list[Candidate]:
    """All candidates, those to make first in front."""
    if wish.objective == "improve":
        return _to_improve(question, wish, notes)
    if wish.design == "screen":
        found = screen(question)
        if not found:
            notes.append("no two settings are known that could be screened")
        return with_gains(question, found)
    if wish.design == "augment":
        return with_gains(question, new_runs(added(question, 2 * wish.count), question.seen))
    changes = sorted(with_gains(question, single_changes(question)), key=lambda one: (-round(one.bits or 0, 9), -round(one.expected, 9)))
    first_of_each: dict[str, Candidate] = {}
    for candidate in changes:
        first_of_each.setdefault(next(iter(candidate.change)), candidate)
    rest = [candidate for candidate in changes if first_of_each[next(iter(candidate.change))] is not candidate]
    first = [] if wish.design == "single" else with_gains(question, _to_tell_apart(history, question, wish))
    return new_runs([*first, *first_of_each.values(), *rest], question.seen)


def _to_tell_apart(history: History, question: Question, wish: Wish) -> list[Candidate]:
    """What teaches most: a screen that was begun, else the runs that split what cannot be told apart, else a screen or halves of all."""
    screened, made = screen_under_way(question)
    if 0 < made < SCREEN_RUNS - 1:
        return [one for one in screen(screened) if _allowed(one, wish)]
    runs = {past.name: past for past in history.runs}
    telling = [one for one in splits(question, runs) if (one.bits or 0) >= _LEAST_BITS]
    if not made and len(question.standing.runs) < SCREEN_BELOW:
        return [*telling, *(one for one in screen(question) if _allowed(one, wish))]
    return [*telling, *halves(screened, wish.count + _SPARE)]


def _allowed(candidate: Candidate, wish: Wish) -> bool:
    return wish.where is None or holds(wish.where, candidate.settings.get)


_SEEKING = (
    "runs chosen to improve say little of causes: on simulated projects a third to a half of what impact names after them is wrong; "
    "to learn what matters, take --objective explain"
)


def _to_improve(question: Question, wish: Wish, notes: list[str]) -> list[Candidate]:
    """The runs of largest expected improvement, or Optuna's suggestions."""
    notes.append(_SEEKING)
    if wish.sampler == "tpe":
        return _by_sampler(question, wish, notes)
    spare = _SPARE if wish.where is None else 10 * _SPARE
    return with_gains(question, improving(question, wish.count + spare, wish.most_changes, wish.seed))


def _by_sampler(question: Question, wish: Wish, notes: list[str]) -> list[Candidate]:
    """Single changes and Optuna's suggestions, by expected improvement over the incumbent's shrunken value."""
    standing = question.standing
    space = space_of([past.settings for past in standing.runs])
    names = promising(question.base.settings, [axis.name for axis in space.axes])
    values = [standing.value(past) for past in standing.runs]
    asked = suggest(
        [past.settings for past in standing.runs], values, names, higher=standing.sign > 0, count=_SAMPLES, seed=wish.seed
    )  # fmt: skip
    if not asked:
        notes.append("no setting has values to choose from: single changes only")
    candidates = [*single_changes(question), *suggested(question, asked, wish.most_changes or _TPE_CHANGES)]
    found = with_gains(question, new_runs(candidates, question.seen))
    ranked = sorted(found, key=lambda one: (-round(one.expected, 12), -round(one.bits or 0, 9), sorted(one.change)))
    first_of_each: dict[frozenset[str], Candidate] = {}
    for candidate in ranked:  # three nearly equal runs would teach little more than one
        first_of_each.setdefault(frozenset(candidate.change), candidate)
    chosen = list(first_of_each.values())
    return [*chosen, *(candidate for candidate in ranked if candidate not in chosen)]


def _proposal(history: History, candidate: Candidate, direction: str | None, number: int, wish: Wish) -> Proposal:
    cost = cost_of(history, candidate.settings, candidate.base.images)
    gain = Estimated(0.0, 0.0, 0.0) if candidate.kind == "replicate" else Estimated(None)
    p_better = None
    if candidate.spread is not None and candidate.rests_on:
        gain, p_better = improvement(candidate.spread, direction), candidate.p_better
    stem = file_stem(number, candidate.base.name, candidate.change)
    changed = ", ".join(f"{name} = {value}" for name, value in candidate.change.items())
    text = recipe_text(candidate.base, candidate.change, (f"proposed by lorascope: {changed}, all else as in {candidate.base.name}",))
    path = str(write_recipe(wish.out, stem, text)) if wish.out else ""
    return _with_cost(
        Proposal(
            candidate.kind, candidate.base.name, candidate.change, candidate.why, candidate.bits, gain,
            recipe=path, p_better=p_better, recipe_text=text,
        ), cost, wish,
    )  # fmt: skip


def _with_cost(proposal: Proposal, cost: Cost, wish: Wish) -> Proposal:
    hours = cost.hours
    basis = f"{cost.basis}, n = {cost.runs} runs" if cost.runs else cost.basis
    return replace(
        proposal, gpu_hours=hours.estimate, gpu_hours_low=hours.low, gpu_hours_high=hours.high,
        money=cost.money(wish.price_per_gpu_hour), cost_basis=basis,
    )  # fmt: skip


def _baseline(history: History, metric: str | None, wish: Wish) -> Next:
    """No run yet: the preset, whose only merit is that every later change can be held against it."""
    header = ("proposed by lorascope: the preset for SD 1.5, to be changed one setting at a time",)
    text = recipe_text(None, {}, header)
    path = str(write_recipe(wish.out, "next_1-baseline", text)) if wish.out else ""
    why = "no run is recorded: a baseline from the preset, so that every later change has something to be held against"
    proposal = Proposal("baseline", "", {}, why, None, Estimated(None), recipe=path, recipe_text=text)
    notes = (
        "the preset is for SD 1.5; another base model needs another resolution and learning rate",
        "make it twice with two training seeds: how much a result moves by itself is the first thing to know",
        "or bring in what you have: lorascope import FOLDER",
    )
    return Next(wish.objective, metric, (_with_cost(proposal, cost_of(history, {}), wish),), notes)


def _unmeasured(history: History, wish: Wish) -> Next:
    run = history.runs[-1].name
    notes = (
        f"{len(history.runs)} runs are recorded and none is measured: nothing can be learned from them yet",
        f"measure what is there before training more: lorascope evaluate {run}",
    )
    return Next(wish.objective, None, (), notes)


def _notes(question: Question, wish: Wish) -> list[str]:
    """What must be known to judge the proposals."""
    standing, notes = question.standing, list[str]()
    count, noise = len(standing.runs), standing.noise
    if standing.left_out:
        example = min(standing.left_out)
        notes.append(f"{counted(len(standing.left_out), 'run')} left out, such as {example}: {standing.left_out[example]}")
    if standing.model is None:
        notes.append(
            f"{count} comparable {'run' if count == 1 else 'runs'}, or all equal: gains cannot be estimated, bits rest on assumed priors"
        )
    if noise is None:
        notes.append("the noise is not known and cannot be assumed: all outcomes are 0")
    elif not noise.df:
        notes.append(f"noise between training seeds is assumed (4 % of the level, sd {noise.sd:.3g}): no replicates show it")
    if standing.direction is None:
        notes.append(
            f"nobody says which way {standing.metric} is better: changes start from the latest run, a gain is a rise (--direction)"
        )
    if wish.objective == "improve":
        notes += _notes_on_search(count, wish)
    elif wish.design == "screen":
        notes.append(
            "a screen tells something only when all 12 runs are made; interactions of two settings blur into other settings' effects"
        )
    elif wish.design == "auto" and count < SCREEN_BELOW:
        notes.append("a screen tells something only when all 12 runs are made; if fewer can be paid for: lorascope next --design single")
    return notes


def _notes_on_search(count: int, wish: Wish) -> list[str]:
    notes = []
    if wish.sampler == "tpe" and count < RANDOM_BELOW:
        notes.append(f"{count} runs: below {RANDOM_BELOW} TPE has little to aim by, and its first suggestions are drawn at random")
    if wish.most_changes is None and wish.sampler == "model":
        notes.append(
            "these runs change several settings at once: they look for a better result, not for the reason (--max-changes limits it)"
        )
    notes.append("gains are over the incumbent's shrunken value: the best of many runs was partly lucky")
    notes.append("before a result is shipped, repeat its run with another seed")
    return notes
