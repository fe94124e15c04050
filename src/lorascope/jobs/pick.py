"""Choose a checkpoint of a run on one metric, with the probability that it is the best."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from lorascope.analysis.winners_curse import expected_extreme
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.best_checkpoint import Candidate, choose
from lorascope.evaluation.choice_words import Grounds, detectable, listed, number, rounded, sentences
from lorascope.evaluation.color_reading import ColorReading, read_colors
from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.epoch_effects import fit, tabulate
from lorascope.evaluation.metric import Direction, Metric
from lorascope.evaluation.metrics import METRICS, metric_named
from lorascope.evaluation.summary import summarize
from lorascope.evaluation.training_set import Band
from lorascope.jobs.read_assets import color_names
from lorascope.jobs.training_set import band_json, kept_bands
from lorascope.records.measurement import Measurement
from lorascope.records.run import CountedIn, JsonValue
from lorascope.records.sample import Score
from lorascope.store import Store

TOLERANCE_SHARE = 0.05  # an epoch within 5 % of the run's mean level of the best is good enough


@dataclass(frozen=True, slots=True)
class PickedEpoch:
    """One checkpoint: its measurement, its shrunk estimate and its probability of being the best (None: cannot be compared)."""

    measured: Measurement
    shrunk: float | None
    p_best: float | None


@dataclass(frozen=True, slots=True)
class Pick:
    """The answer. ``best`` is None when nothing can be called best; ``cannot_tell`` then and otherwise holds the epochs that
    cannot be told apart (together 90 % of the probability; empty when one epoch alone has it).

    ``prompts`` and ``seeds`` count what each checkpoint was measured on. ``good_enough``: the earliest epoch within ``tolerance``
    of the best with 80 % probability. ``baseline``: the base model without a LoRA. ``readings``: colors that scores carry.
    ``band``: where the training images lie, None when that is not known.
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


def pick(
    store: Store, run: str, metric: str, *, direction: Direction | None = None, prompt: str | None = None, seed: int = 0
) -> Pick:  # fmt: skip
    """Choose among a run's checkpoints. ``prompt`` restricts to one prompt; ``seed`` is of the 4,000 draws, not of images.

    Raises:
        NotFound: no such run, no scores of the metric, no such prompt. BadParameter: which way is better is not known.
    """
    with store.snapshot():
        recorded = store.run(run)
        every = _of_prompt(store.scores(run), prompt, run)
        saved = {checkpoint.epoch for checkpoint in store.checkpoints(run)}
    scores = [score for score in every if score.metric == metric]
    if not any(score.value is not None for score in scores):
        raise _nothing_measured(run, metric, every)
    way, notes = _direction(metric, direction, scores)
    # Epoch 0 is the base model, unless the trainer counts from 0 and saved it.
    base = [score for score in scores if score.epoch == 0 and 0 not in saved]
    candidates = [score for score in scores if score.epoch != 0 or 0 in saved]
    if not any(score.value is not None for score in candidates):
        raise NotFound(f"no checkpoint of run {run} has a value of {metric}", next_step=f"lorascope evaluate {run}")
    unseen = tuple(sorted(saved - {score.epoch for score in candidates}))
    if unseen:
        notes = (*notes, f"No scores of {listed(unseen)}: left out.")
    if recorded.counted_in is CountedIn.STEPS:
        notes = (*notes, "This run saved its checkpoints by steps: an epoch's number here is the optimizer step it was saved at.")
    chosen = _pick(metric, way, candidates, base, seed)
    readings = read_colors(every, color_names()) if any("rgb" in score.extra for score in every) else ()
    band = kept_bands(recorded).get(metric)
    beside = _beside(chosen.checkpoints, band) if band else ()
    return replace(chosen, readings=readings, notes=(*chosen.notes, *beside, *notes), band=band)


def _pick(metric: str, way: Direction, scores: Sequence[Score], base: Sequence[Score], seed: int) -> Pick:
    known = metric_named(metric)
    unit = known.unit if known else next((str(score.extra["unit"]) for score in scores if "unit" in score.extra), "")
    cells = tabulate(scores, metric)
    effects = fit(cells)
    tolerance = TOLERANCE_SHARE * abs(effects.level)
    comparable = len(effects.epochs) > 1 or len(cells.epochs) == 1  # else every epoch was measured on prompts of its own
    choice = choose(effects, way, seed=seed, tolerance=tolerance) if comparable else None
    luck = expected_extreme(len(effects.epochs))
    bounds = (known.low, known.high) if known else (-math.inf, math.inf)
    grounds = Grounds(cells, effects, choice, unit, tolerance, luck, way is Direction.LOWER, *bounds)
    by_epoch = {candidate.epoch: candidate for candidate in choice.candidates} if choice else {}
    measurements = summarize(scores, METRICS)
    baseline = next(iter(summarize(base, METRICS)), None)
    apart = choice.set90 if choice else cells.epochs
    picked = tuple(
        PickedEpoch(measured, found.shrunk if found else None, found.p_best if found else None)
        for measured in measurements
        for found in [by_epoch.get(measured.epoch)]
    )
    return Pick(
        run=scores[0].run, metric=metric, unit=unit, direction=way,
        prompts=len({score.prompt for score in scores if score.value is not None}),
        seeds=max(int(cells.images.max()), len(cells.blocks) if cells.by_seed else 1),
        p_value=effects.p_value, checkpoints=picked,
        best=choice.best if choice else None, leader=choice.leader if choice else None,
        cannot_tell=apart if len(apart) > 1 else (),
        good_enough=choice.good_enough if choice else None, tolerance=tolerance,
        detectable=detectable(grounds), prompts_to_decide=choice.prompts_to_decide if choice else None,
        baseline=baseline, readings=(),
        notes=(*sentences(grounds), *_about_scores(scores, measurements, baseline, known)),
    )  # fmt: skip


def _beside(checkpoints: Sequence[PickedEpoch], band: Band) -> tuple[str, ...]:
    """Where the training images lie, and which checkpoints do not lie there."""
    middle = f"5th to 95th percentile; median {number(band.median)}, n = {band.n}"
    said = f"The training images have {number(band.low)} to {number(band.high)} ({middle})"
    outside = []
    for place in ("below", "above"):
        epochs = tuple(
            row.measured.epoch for row in checkpoints if row.measured.mean is not None and band.place(row.measured.mean) == place
        )
        if epochs and len(epochs) == len(checkpoints) > 1:
            outside.append(f"every checkpoint's mean lies {place} that")
        elif epochs:
            outside.append(f"{listed(epochs)} {'lies' if len(epochs) == 1 else 'lie'} {place} that")
    if not outside:
        return (f"{said}; every checkpoint's mean lies within.",)
    return (f"{said}; {' and '.join(outside)}.",)


def _direction(metric: str, asked: Direction | None, scores: Sequence[Score]) -> tuple[Direction, tuple[str, ...]]:
    """Which way is better, as asked or else as the metric has it, and what to say about that."""
    own = direction_of(metric, scores)
    if asked is not None:
        against = own in {Direction.HIGHER, Direction.LOWER} and own is not asked
        return asked, (f"Picked for {asked} values as asked, against the metric's own direction ({own}).",) if against else ()
    if own is Direction.NONE:
        taken = "lower was taken to be better (--direction changes that)"
        return Direction.LOWER, (f"{metric} describes, it does not judge: {taken}. The choice says little about quality.",)
    if own is None:
        raise BadParameter(
            f"which way {metric} is better is not known: it is no metric of ours",
            next_step="say it: --direction lower or --direction higher",
        )
    return own, ()


def _about_scores(
    scores: Sequence[Score], measurements: Sequence[Measurement], baseline: Measurement | None, known: Metric | None
) -> list[str]:  # fmt: skip
    """What one should know of the numbers themselves."""
    notes = ["Intervals are 95 %, over prompts."]
    unmeasured = sum(measured.not_measurable for measured in measurements)
    if unmeasured:
        reasons = sorted({score.reason for score in scores if score.value is None and score.reason})
        notes.append(f"{unmeasured} images gave no value{': ' + '; '.join(reasons) if reasons else ''}.")
    assumed = sum(score.extra.get("grid") == "assumed" for score in scores)
    if assumed:
        notes.append(f"In {assumed} of {len(scores)} images no grid was certain: they were read with the training images' number of cells.")
    if any(measured.low is None for measured in measurements):
        notes.append("An interval is missing where an epoch has one prompt only, or the same value on every prompt.")
    if any(score.seed is None for score in scores):
        notes.append(
            "The images were made without a seed: another draw of the same prompt gives another value, and that is part of the noise."
        )
    if baseline is not None and baseline.mean is not None:
        notes.append(f"The base model without a LoRA: {number(baseline.mean)} (n = {baseline.images}).")
    if known is not None and known.direction is not Direction.NONE:
        notes.append("Measure the chosen checkpoint on fresh prompts before reporting its value.")
    return notes


def _of_prompt(scores: Sequence[Score], prompt: str | None, run: str) -> list[Score]:
    kept = [score for score in scores if prompt in {None, score.prompt}]
    if prompt is not None and not kept:
        names = sorted({score.prompt for score in scores})
        raise NotFound(
            f"run {run} has no scores of a prompt {prompt!r}",
            next_step=did_you_mean(prompt, names) or f"it has {', '.join(names) or 'none'}",
        )
    return kept


def _nothing_measured(run: str, metric: str, scores: Sequence[Score]) -> NotFound:
    names = sorted({score.metric for score in scores if score.value is not None})
    reason = next((score.reason for score in scores if score.metric == metric and score.reason), "")
    there = did_you_mean(metric, names) or (f"it has {', '.join(names)}" if names else f"measure it: lorascope evaluate {run}")
    return NotFound(f"run {run} has no values of {metric}{': ' + reason if reason else ''}", next_step=there)


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
            {**_numbers(row.measured), "shrunk": rounded(row.shrunk), "p_best": rounded(row.p_best)} for row in pick.checkpoints
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
        "readings": [_reading(reading) for reading in pick.readings],
        "notes": list(pick.notes),
    }  # fmt: skip


def _numbers(measured: Measurement) -> dict[str, JsonValue]:
    return {
        "epoch": measured.epoch, "mean": rounded(measured.mean), "low": rounded(measured.low), "high": rounded(measured.high),
        "n": measured.images,
    }  # fmt: skip


def _candidate(candidate: Candidate | None) -> dict[str, JsonValue] | None:
    return {"epoch": candidate.epoch, "p_best": rounded(candidate.p_best)} if candidate else None


def _reading(reading: ColorReading) -> dict[str, JsonValue]:
    return {
        "epoch": reading.epoch, "prompt": reading.prompt, "seed": reading.seed, "metric": reading.metric, "value": rounded(reading.value),
        "rgb": list(reading.rgb), "color": reading.color, "expected": reading.expected,
        "agreement": str(reading.agreement) if reading.agreement else None, "lacks": list(reading.lacks),
    }  # fmt: skip
