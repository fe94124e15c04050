"""Diagnostics: weights, loss and the row of checkpoints, each against the good runs' own."""

from __future__ import annotations

import math

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind, Trace
from lorascope.analysis.explanation.causes.evaluation import NOISE, UNLISTED
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, percent, runs_of
from lorascope.analysis.explanation.shifts import Shift, anything_evidence, pattern_evidence

_WEIGHTS = (Trace.NORM, Trace.TEXT_RATIO, Trace.EFFECTIVE_RANK, Trace.BROKEN_WEIGHTS, Trace.DEAD_WEIGHTS)
_LOSS = (Trace.LOSS_END, Trace.LOSS_ROUGHNESS, Trace.BROKEN_LOSS)
_SHAPE = (Trace.LATE_RISE, Trace.LATE_FALL, Trace.JAGGED)
_SHARES = (Trace.BROKEN_WEIGHTS, Trace.DEAD_WEIGHTS, Trace.BROKEN_LOSS)
_MOST = 6.0  # evidence of one channel's levels beyond which more of it hardly counts: they depend on much that nobody recorded
_SEEN, _NOT_SEEN = 5.0, -2.5  # values that are not finite, or all zero: nearly proof where a cause makes them


def weigh_weights(case: Case, cause: CauseKind) -> Said:
    """What the weights of the last checkpoint say."""
    return _weigh(case, cause, _WEIGHTS)


def weigh_loss(case: Case, cause: CauseKind) -> Said:
    """What the training's loss says: its level and its roughness, not its being small."""
    return _weigh(case, cause, _LOSS)


def weigh_shape(case: Case, cause: CauseKind) -> Said:
    """What the row of checkpoints says: still rising, past its best, up and down."""
    return _weigh(case, cause, _SHAPE)


def _weigh(case: Case, cause: CauseKind, which: tuple[Trace, ...]) -> Said:
    shifts = {str(trace): case.traces[trace] for trace in which if trace in case.traces and trace not in _SHARES}
    if cause.id == NOISE or not any(trace in case.traces for trace in which):
        return SILENT
    if cause.id == UNLISTED:
        return Said(_limited(anything_evidence(shifts)))
    expected = {str(trace): cause.traces.get(trace, 0.0) for trace in which}
    score = _limited(pattern_evidence(shifts, expected)) + _of_shares(case, cause, which)
    pros = [
        _words(trace, case.traces[trace]) for trace in which
        if trace in case.traces and (abs(case.traces[trace].z) >= 1.5) and case.traces[trace].z * cause.traces.get(trace, 0) > 0
    ]  # fmt: skip
    cons = [
        f"{_words(trace, case.traces[trace])}, though this cause would {'raise' if cause.traces.get(trace, 0) > 0 else 'lower'} it"
        for trace in which
        if trace in case.traces and abs(cause.traces.get(trace, 0)) >= 0.5 and case.traces[trace].z * cause.traces.get(trace, 0) < 0.5
    ]  # fmt: skip
    return Said(score, tuple(pros), tuple(cons[:2]))


def _of_shares(case: Case, cause: CauseKind, which: tuple[Trace, ...]) -> float:
    """What values that are not finite, or zero, say: they are there or not."""
    made = [trace for trace in which if trace in _SHARES and trace in case.traces and cause.traces.get(trace, 0.0) > 0]
    return sum(_SEEN if case.traces[trace].z > 0 else _NOT_SEEN * min(1.0, cause.traces[trace]) for trace in made)


def _limited(score: float) -> float:
    return _MOST * math.tanh(score / _MOST)


def _words(trace: Trace, each: Shift) -> str:
    if trace in _SHARES:
        return f"{trace}: {percent(each.value)}" if each.value < 1 else f"{trace}: there are some"
    if trace in _SHAPE:
        return f"{trace}: {each.value:.2g} ({runs_of(each.n)}: {each.mean:.2g} ± {each.sd:.1g}, in spreads between runs)"
    return f"{trace} is {math.exp(each.value - each.mean):.2g} times that of {runs_of(each.n)}"


WEIGHTS = Channel("weights", "weight diagnostics", weigh_weights)
LOSS = Channel("loss", "the training's loss", weigh_loss)
SHAPE = Channel("shape", "the row of checkpoints", weigh_shape)
