"""What one should know of the numbers behind a choice, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.choice_words import listed, number
from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.metric import Direction, Metric
from lorascope.evaluation.purposes import Purpose
from lorascope.evaluation.training_set import Band
from lorascope.records.measurement import Measurement
from lorascope.records.sample import Score


def direction_asked(metric: str, asked: Direction | None, scores: Sequence[Score]) -> tuple[Direction, tuple[str, ...]]:
    """Which way is better, as asked or else as the metric has it, and what to say about that.

    Raises:
        BadParameter: it is not known.
    """
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


def about_scores(
    scores: Sequence[Score], measurements: Sequence[Measurement], baseline: Measurement | None, known: Metric | None,
    *, foreign: bool = False,
) -> list[str]:  # fmt: skip
    """What one should know of the numbers themselves. ``foreign``: they lie outside our metric's range."""
    notes = ["Intervals are 95 %, over prompts."]
    if foreign and known is not None:
        notes.append(
            f"Values lie outside {number(known.low)} to {number(known.high)}, the range of our {known.name}: these were not measured by "
            "our rule, and are shown on the scale they came in."
        )
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


def about_purpose(purpose: Purpose, measurements: Sequence[Measurement]) -> list[str]:
    """Which prompts stand for a purpose, and how little they are."""
    how = "by the wording of their text; no expectation says it" if purpose.by_text else "by what they expect"
    some = ", ".join(purpose.prompts[:6]) + (f" and {len(purpose.prompts) - 6} more" if len(purpose.prompts) > 6 else "")
    notes = [f"For {purpose.text!r}: {len(purpose.prompts)} prompt{'s' if len(purpose.prompts) > 1 else ''}, {how} ({some})."]
    fewest = min((measured.images for measured in measurements), default=0)
    if fewest <= 1:
        notes.append("One image per checkpoint (n = 1): which of them is best for this purpose cannot be said from that.")
    elif len(purpose.prompts) == 1:
        notes.append("One prompt: what holds for it need not hold for other prompts of this purpose.")
    return notes


def beside_training(rows: Sequence[Measurement], band: Band) -> tuple[str, ...]:
    """Where the training images lie, and which checkpoints do not lie there."""
    middle = f"5th to 95th percentile; median {number(band.median)}, n = {band.n}"
    said = f"The training images have {number(band.low)} to {number(band.high)} ({middle})"
    outside = []
    for place in ("below", "above"):
        epochs = tuple(measured.epoch for measured in rows if measured.mean is not None and band.place(measured.mean) == place)
        if epochs and len(epochs) == len(rows) > 1:
            outside.append(f"every checkpoint's mean lies {place} that")
        elif epochs:
            outside.append(f"{listed(epochs)} {'lies' if len(epochs) == 1 else 'lie'} {place} that")
    if not outside:
        return (f"{said}; every checkpoint's mean lies within.",)
    return (f"{said}; {' and '.join(outside)}.",)


def nothing_measured(run: str, metric: str, scores: Sequence[Score]) -> NotFound:
    """The error that says what was measured instead."""
    names = sorted({score.metric for score in scores if score.value is not None})
    reason = next((score.reason for score in scores if score.metric == metric and score.reason), "")
    there = did_you_mean(metric, names) or (f"it has {', '.join(names)}" if names else f"measure it: lorascope evaluate {run}")
    return NotFound(f"run {run} has no values of {metric}{': ' + reason if reason else ''}", next_step=there)
