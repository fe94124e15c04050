"""The course of a curve in plain sentences."""

from __future__ import annotations

from lorascope.evaluation.choice_words import number
from lorascope.evaluation.curve_shape import Course, CurveShape

_SAID = {
    Course.FLAT: "about one level, without a trend",
    Course.IMPROVING: "improving from checkpoint to checkpoint",
    Course.WORSENING: "getting worse from checkpoint to checkpoint",
    Course.PLATEAU: "improving early, then a plateau",
    Course.OVERFIT: "better, then worse again (overfitting)",
    Course.OSCILLATION: "up and down from checkpoint to checkpoint",
    Course.COLLAPSE: "a step to the worse (collapse)",
}


def course_sentences(shape: CurveShape, detectable: float | None, unit: str, axis: str) -> tuple[str, ...]:
    """What may be said of the course, first of all whether there is one."""
    if shape.course is None:
        return (f"Shape of the curve: not to be told; {shape.reason}.",)
    if shape.noise:
        seen = f"; a change of {number(detectable)} {unit}".rstrip() + " would have been seen with 80 % power" if detectable else ""
        return (f"Shape of the curve: noise. No difference, trend or bend is shown (p = {shape.p_value:.2g}){seen}.", *_end(shape, axis))
    second = (
        f"; next, {shape.second} ({dict(shape.weights)[shape.second]:.2f})"
        if shape.second and dict(shape.weights)[shape.second] >= 0.01
        else ""
    )
    if not shape.decided:
        return (f"Shape of the curve: undecided. Most probable is {shape.course} ({shape.weight:.2f}){second}.", *_end(shape, axis))
    turn = f" around epoch {shape.turns_at}" if shape.turns_at is not None and shape.course is Course.OVERFIT else ""
    shown = f"a difference, trend or bend is shown, p = {shape.p_value:.2g}"
    said = f"Shape of the curve: {_SAID[shape.course]}{turn}, with a probability of {shape.weight:.2f}{second} ({shown})."
    return (said, *_end(shape, axis))


def _end(shape: CurveShape, axis: str) -> tuple[str, ...]:
    end = shape.end
    if end is None or end.improving is None:
        return ()
    way = "still improving" if end.improving else "getting worse"
    per = "epoch" if axis == "epochs" else "100 steps"
    factor = 1 if axis == "epochs" else 100
    low, high = sorted((abs(end.low) * factor, abs(end.high) * factor))
    more = " A longer training may be better; that is not shown." if end.improving else ""
    return (f"At the end (last {end.points} checkpoints) it was {way}: by {number(low)} to {number(high)} per {per} (95 %).{more}",)
