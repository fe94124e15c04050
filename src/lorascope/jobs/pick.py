"""Choose a checkpoint of a run, with the probability that it is the best: by one metric, under conditions, or for a purpose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from lorascope.analysis.winners_curse import expected_extreme
from lorascope.errors import NotFound
from lorascope.evaluation.best_checkpoint import Candidate, Choice, choose
from lorascope.evaluation.choice_words import Grounds, detectable, listed, number, rounded, sentences
from lorascope.evaluation.color_reading import ColorReading, read_colors
from lorascope.evaluation.course_words import course_sentences
from lorascope.evaluation.curve_shape import CurveShape, curve_shape
from lorascope.evaluation.default_metric import default_metric
from lorascope.evaluation.epoch_effects import copied, fit, tabulate
from lorascope.evaluation.joint_choice import JointEpoch
from lorascope.evaluation.joint_words import best_feasible, joint_sentences, leader_feasible
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import METRICS, metric_named
from lorascope.evaluation.needed_images import Needed, Noise, needed_images, noise_parts
from lorascope.evaluation.purposes import Purpose
from lorascope.evaluation.scale import scale_of
from lorascope.evaluation.summary import summarize
from lorascope.evaluation.training_set import Band
from lorascope.jobs.pick_joint import Joint, pick_jointly
from lorascope.jobs.pick_notes import about_purpose, about_scores, beside_training, direction_asked, nothing_measured
from lorascope.jobs.pick_scores import NoiseFloor, ToPick, about_twins, read_to_pick, refuse_mixed
from lorascope.jobs.read_assets import color_names
from lorascope.jobs.training_set import band_json, kept_bands
from lorascope.records.measurement import Measurement
from lorascope.records.run import CountedIn, JsonValue
from lorascope.records.sample import Score
from lorascope.store import Store

TOLERANCE_SHARE = 0.05  # an epoch within 5 % of the run's mean level of the best is good enough


@dataclass(frozen=True, slots=True)
class PickedEpoch:
    """One checkpoint: its measurement, its shrunk estimate and its probability of being the best (None: cannot be compared).

    ``same_as``: other numbers of the same weights, pooled here. ``joint``: its probabilities under conditions, where some were named.
    """

    measured: Measurement
    shrunk: float | None
    p_best: float | None
    same_as: tuple[int, ...] = ()
    joint: JointEpoch | None = None


@dataclass(frozen=True, slots=True)
class Pick:
    """The answer. ``best`` is None when nothing can be called best; ``cannot_tell`` then and otherwise holds the epochs that
    cannot be told apart (together 90 % of the probability; empty when one epoch alone has it).

    ``prompts`` and ``seeds`` count what each checkpoint was measured on. ``good_enough``: the earliest epoch within ``tolerance``
    of the best with 80 % probability. ``baseline``: the base model without a LoRA. ``readings``: colors that scores carry.
    ``band``: where the training images lie, None when that is not known. ``shape``: the course over checkpoints, along ``axis`` ("epochs"
    or "steps"). ``needed``: sizes of an evaluation with the difference that each shows. ``joint``: what conditions and further metrics
    leave; ``best`` and ``cannot_tell`` are then of the checkpoints that meet the condition. ``floors``: the same weights scored twice.
    """

    run: str
    metric: str
    unit: str
    direction: Direction
    prompts: int
    seeds: int
    p_value: float | None
    checkpoints: tuple[PickedEpoch, ...]
    best: Candidate | None
    leader: Candidate | None
    cannot_tell: tuple[int, ...]
    good_enough: int | None
    tolerance: float
    detectable: float | None
    prompts_to_decide: int | None
    baseline: Measurement | None
    readings: tuple[ColorReading, ...]
    notes: tuple[str, ...]
    band: Band | None = None
    shape: CurveShape | None = None
    axis: str = "epochs"
    needed: tuple[Needed, ...] = ()
    noise: Noise | None = None
    purpose: Purpose | None = None
    joint: Joint | None = None
    floors: tuple[NoiseFloor, ...] = ()


def pick(
    store: Store, run: str, metric: str | None = None, *, direction: Direction | None = None, prompt: str | None = None,
    purpose: str | None = None, where: str | None = None, also: Sequence[str] = (), seed: int = 0,
) -> Pick:  # fmt: skip
    """Choose among a run's checkpoints. ``metric`` None: one that checks what the prompts ask for, if there is one.

    ``prompt`` restricts to one prompt, ``purpose`` to those that ask for something ("green background"). ``where`` is a condition on
    metrics ("background_color_accuracy >= .9"), ``also`` names further metrics to weigh. ``seed`` is of the 4,000 draws, not of images.

    Raises:
        NotFound: no such run, no scores of a metric, no such prompt or purpose. BadParameter: which way is better is not known, the
            condition cannot be read, or the metric changes its unit or version between checkpoints.
    """
    data = read_to_pick(store, run, () if prompt is None else (prompt,), purpose)
    notes: tuple[str, ...] = ()
    if metric is None:
        chosen = default_metric([score for score in data.scores if score.epoch != 0], data.purpose)
        if chosen is None:
            raise nothing_measured(run, "any metric", data.scores)
        metric, why = chosen
        notes = (why,)
    scores = data.of_metric(metric)
    if not any(score.value is not None for score in [*scores, *data.of_base(metric)]):
        raise nothing_measured(run, metric, data.scores)
    if not any(score.value is not None for score in scores):
        raise NotFound(f"no checkpoint of run {run} has a value of {metric}", next_step=f"lorascope evaluate {run}")
    refuse_mixed(run, metric, scores)
    way, about_way = direction_asked(metric, direction, scores)
    joint = pick_jointly(data, metric, way, where, also, seed) if where is not None or also else None
    picked = _pick(data, metric, way, scores, seed)
    if joint is not None:
        picked = _under_conditions(picked, joint)
    picked = _above_floor(picked)
    band = kept_bands(data.run).get(metric)
    beside = beside_training([row.measured for row in picked.checkpoints], band) if band else ()
    readings = read_colors(data.scores, color_names()) if any("rgb" in score.extra for score in data.scores) else ()
    every = (*notes, *picked.notes, *beside, *about_way, *_about_run(data, scores))
    return replace(picked, readings=readings, notes=every, band=band)


def _about_run(data: ToPick, scores: Sequence[Score]) -> list[str]:
    notes = []
    seen = {score.epoch for score in scores}
    unseen = tuple(sorted(epoch for epoch in data.saved if data.twins.get(epoch, epoch) not in seen))
    if unseen:
        notes.append(f"No scores of {listed(unseen)}: left out.")
    if data.run.counted_in is CountedIn.STEPS:
        notes.append("This run saved its checkpoints by steps: an epoch's number here is the optimizer step it was saved at.")
    return notes


def _pick(data: ToPick, metric: str, way: Direction, scores: Sequence[Score], seed: int) -> Pick:
    known = metric_named(metric)
    scale = scale_of(known, scores)
    unit = scale.unit
    cells = tabulate(scores, metric)
    effects = fit(cells)
    tolerance = TOLERANCE_SHARE * abs(effects.level)
    # else every epoch was measured on prompts of its own, or one number was written for all prompts
    comparable = (len(effects.epochs) > 1 or len(cells.epochs) == 1) and not copied(cells)
    choice = choose(effects, way, seed=seed, tolerance=tolerance) if comparable else None
    luck = expected_extreme(len(effects.epochs))
    grounds = Grounds(cells, effects, choice, unit, tolerance, luck, way is Direction.LOWER, scale.low, scale.high)
    told = choice if choice and len(choice.candidates) > 1 else None  # the only one of its kind is no best
    measurements = summarize(scores, METRICS)
    baseline = next(iter(summarize(data.of_base(metric), METRICS)), None)
    apart = told.set90 if told else cells.epochs
    floors = data.floors(metric)
    axis, at = _positions(data, effects.epochs)
    shape = curve_shape(effects, at, way)
    noise = noise_parts(scores, cells, effects)
    table = needed_images(noise) if noise else ()
    seen = detectable(grounds)
    notes = (
        *(about_purpose(data.purpose, measurements) if data.purpose else ()),
        *sentences(grounds),
        *(course_sentences(shape, seen, unit, axis) if len(effects.epochs) > 1 else ()),
        *about_twins(data, floors, unit),
        *about_scores(scores, measurements, baseline, known, foreign=scale.foreign),
    )
    return Pick(
        run=data.run.name, metric=metric, unit=unit, direction=way,
        prompts=len({score.prompt for score in scores if score.value is not None}),
        seeds=max(int(cells.images.max()), len(cells.blocks) if cells.by_seed else 1),
        p_value=effects.p_value, checkpoints=_picked(data, measurements, told),
        best=told.best if told else None, leader=told.leader if told else None,
        cannot_tell=apart if len(apart) > 1 else (),
        good_enough=told.good_enough if told else None, tolerance=tolerance,
        detectable=seen, prompts_to_decide=told.prompts_to_decide if told else None,
        baseline=baseline, readings=(), notes=notes, shape=shape, axis=axis, needed=table, noise=noise, purpose=data.purpose, floors=floors,
    )  # fmt: skip


def _above_floor(picked: Pick) -> Pick:
    """Nothing is called best by a lead that the same weights, scored twice, show between themselves.

    Only where prompts do not explain it (more than they would show as a difference): something else then differs between evaluations.
    """
    floor = max((abs(one.difference) for one in picked.floors), default=0.0)
    means = sorted(row.measured.mean for row in picked.checkpoints if row.measured.mean is not None)
    if picked.best is None or len(means) < 2 or floor <= (picked.detectable or 0.0):
        return picked
    lead = means[1] - means[0] if picked.direction is Direction.LOWER else means[-1] - means[-2]
    if lead >= 2 * floor:
        return picked
    note = (
        f"No epoch can be called best: the same weights, scored twice, lie {number(floor)} apart, more than these prompts explain, and the "
        f"lead is {number(lead)}. Something else differs between the evaluations; the probabilities below do not know of it."
    )
    apart = tuple(row.measured.epoch for row in picked.checkpoints)
    return replace(picked, best=None, cannot_tell=apart, notes=(note, *picked.notes))


def _picked(data: ToPick, measurements: Sequence[Measurement], choice: Choice | None) -> tuple[PickedEpoch, ...]:
    by_epoch = {candidate.epoch: candidate for candidate in choice.candidates} if choice else {}
    return tuple(
        PickedEpoch(measured, found.shrunk if found else None, found.p_best if found else None, data.same_as(measured.epoch))
        for measured in measurements
        for found in [by_epoch.get(measured.epoch)]
    )


def _positions(data: ToPick, epochs: Sequence[int]) -> tuple[str, list[float]]:
    """Where checkpoints lie on the axis: their optimizer steps where all are known and increase, else their numbers."""
    steps = {checkpoint.epoch: checkpoint.step for checkpoint in data.checkpoints}
    known = [step for epoch in epochs if (step := steps.get(epoch)) is not None]
    if data.run.counted_in is CountedIn.STEPS:
        return "steps", [float(epoch) for epoch in epochs]
    if len(known) == len(epochs) and all(first < second for first, second in pairwise(known)):
        return "steps", [float(step) for step in known]
    return "epochs", [float(epoch) for epoch in epochs]


def _under_conditions(picked: Pick, joint: Joint) -> Pick:
    """The choice among the checkpoints that meet the conditions; without conditions only Pareto's probabilities are added."""
    choice = joint.choice
    if choice is None:
        note = (
            "Conditions and further metrics cannot be weighed: fewer than two checkpoints share prompts in all of them, or one value each."
        )
        every = tuple(row.measured.epoch for row in picked.checkpoints)
        apart = every if len(every) > 1 else ()  # what could be told without the condition says nothing of those that meet it
        empty = replace(picked, best=None, leader=None, good_enough=None, cannot_tell=apart) if joint.where is not None else picked
        return replace(empty, joint=joint, notes=(note, *picked.notes))
    rows = {row.epoch: row for row in choice.epochs}
    checkpoints = tuple(replace(row, joint=rows.get(row.measured.epoch)) for row in picked.checkpoints)
    said = joint_sentences(choice, picked.metric, joint.where, joint.metrics)
    plain = ("What follows is without the condition.",) if joint.where is not None else ()
    found = replace(picked, joint=joint, checkpoints=checkpoints, notes=(*said, *plain, *picked.notes))
    if joint.where is None:
        return found
    best, leader = best_feasible(choice), leader_feasible(choice)
    shrunk = {row.measured.epoch: row.shrunk or 0.0 for row in picked.checkpoints}
    ranked = sorted((row for row in choice.epochs if row.p_best_feasible > 0), key=lambda row: (-row.p_best_feasible, row.epoch))
    held, members = 0.0, []
    for row in ranked:
        if held < 0.9 * (1 - choice.p_none) - 1e-9:
            members.append(row.epoch)
        held += row.p_best_feasible
    return replace(
        found,
        best=Candidate(best.epoch, shrunk[best.epoch], best.p_best_feasible) if best else None,
        leader=Candidate(leader.epoch, shrunk[leader.epoch], leader.p_best_feasible) if leader else None,
        cannot_tell=tuple(sorted(members)) if len(members) > 1 else (), good_enough=None,
    )  # fmt: skip


def answer(pick: Pick) -> dict[str, JsonValue]:
    """The choice as JSON: format 1. Fixed keys may be joined by others, but never change their meaning."""
    return {
        "format": 1,
        "run": pick.run,
        "metric": pick.metric,
        "unit": pick.unit,
        "direction": str(pick.direction),
        "prompts": pick.prompts,
        "seeds": pick.seeds,
        "differ": {"p_value": rounded(pick.p_value)},
        "checkpoints": [
            {**_numbers(row.measured), "shrunk": rounded(row.shrunk), "p_best": rounded(row.p_best), **_beside(row)}
            for row in pick.checkpoints
        ],
        "best": _candidate(pick.best),
        "cannot_tell": list(pick.cannot_tell),
        "leader": _candidate(pick.leader),
        "good_enough": pick.good_enough,
        "tolerance": rounded(pick.tolerance),
        "detectable": rounded(pick.detectable),
        "prompts_to_decide": pick.prompts_to_decide,
        "band": band_json(pick.band),
        "baseline": _numbers(pick.baseline) if pick.baseline else None,
        "purpose": _purpose(pick.purpose),
        "shape": _shape(pick),
        "needed": [
            {"prompts": row.prompts, "seeds": row.seeds, "images": row.images, "detectable": rounded(row.detectable)} for row in pick.needed
        ],
        "split_assumed": pick.noise.assumed if pick.noise else None,
        "where": pick.joint.where if pick.joint else None,
        "metrics": list(pick.joint.metrics) if pick.joint else [pick.metric],
        "p_none": rounded(pick.joint.choice.p_none) if pick.joint and pick.joint.choice else None,
        "noise_floor": [{"epochs": list(one.epochs), "difference": rounded(one.difference), "n": one.n} for one in pick.floors],
        "readings": [_reading(reading) for reading in pick.readings],
        "notes": list(pick.notes),
    }  # fmt: skip


def _numbers(measured: Measurement) -> dict[str, JsonValue]:
    return {
        "epoch": measured.epoch, "mean": rounded(measured.mean), "low": rounded(measured.low), "high": rounded(measured.high),
        "n": measured.images,
    }  # fmt: skip


def _beside(row: PickedEpoch) -> dict[str, JsonValue]:
    beside: dict[str, JsonValue] = {"same_as": list(row.same_as)} if row.same_as else {}
    if row.joint is not None:
        beside |= {
            "p_feasible": rounded(row.joint.p_feasible), "p_pareto": rounded(row.joint.p_pareto),
            "p_best_and_feasible": rounded(row.joint.p_best_feasible),
        }  # fmt: skip
    return beside


def _purpose(purpose: Purpose | None) -> dict[str, JsonValue] | None:
    if purpose is None:
        return None
    return {"text": purpose.text, "prompts": list(purpose.prompts), "by": "text" if purpose.by_text else "expectations"}


def _shape(pick: Pick) -> dict[str, JsonValue] | None:
    shape = pick.shape
    if shape is None:
        return None
    end = shape.end
    last: dict[str, JsonValue] | None = None
    if end is not None:
        last = {"improvement": rounded(end.slope), "low": rounded(end.low), "high": rounded(end.high), "points": end.points}
        last["improving"] = end.improving
    return {
        "name": shape.name, "noise": shape.noise, "decided": shape.decided, "weight": rounded(shape.weight),
        "weights": {str(course): rounded(weight) for course, weight in shape.weights},
        "second": str(shape.second) if shape.second else None, "p_value": rounded(shape.p_value), "axis": pick.axis,
        "turns_at": shape.turns_at, "end": last, "reason": shape.reason or None,
    }  # fmt: skip


def _candidate(candidate: Candidate | None) -> dict[str, JsonValue] | None:
    return {"epoch": candidate.epoch, "p_best": rounded(candidate.p_best)} if candidate else None


def _reading(reading: ColorReading) -> dict[str, JsonValue]:
    return {
        "epoch": reading.epoch, "prompt": reading.prompt, "seed": reading.seed, "metric": reading.metric, "value": rounded(reading.value),
        "rgb": list(reading.rgb), "color": reading.color, "expected": reading.expected,
        "agreement": str(reading.agreement) if reading.agreement else None, "lacks": list(reading.lacks),
    }  # fmt: skip
