"""Choose by one metric under conditions on others: the condition's text is read here, and held against draws of every level."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lorascope.analysis.where import And, Comparison, Membership, Not, Or, Where, fields
from lorascope.analysis.where_text import parse_where
from lorascope.errors import BadParameter, NotFound, did_you_mean
from lorascope.evaluation.direction import direction_of
from lorascope.evaluation.epoch_effects import Floats, tabulate
from lorascope.evaluation.joint_choice import Flags, JointChoice, Judged, by_metric, choose_jointly, draw_jointly, shared_epochs
from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import metric_named
from lorascope.jobs.pick_scores import ToPick, refuse_mixed
from lorascope.records.sample import Score

_ORDERS: Mapping[str, Callable[[Any, Any], Any]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


@dataclass(frozen=True, slots=True)
class Joint:
    """``metrics`` are all that were looked at, the one that chooses first. ``choice`` None: noise and difference cannot be told apart."""

    metrics: tuple[str, ...]
    where: str | None
    choice: JointChoice | None


def pick_jointly(data: ToPick, metric: str, way: Direction, where: str | None, also: Sequence[str], seed: int) -> Joint:
    """Choose by ``metric`` among the checkpoints for which ``where`` holds; ``also`` are further metrics that count in Pareto's sense.

    Raises:
        NotFound: a metric was not measured. BadParameter: the condition cannot be read, or asks more than levels can say.
    """
    condition = parse_where(where) if where is not None else None
    asked = [name.text for name in fields(condition)] if condition is not None else []
    names = tuple(dict.fromkeys((metric, *also, *asked)))
    if condition is not None:
        _refuse_unanswerable(condition)
    judged = [_judged(data, name, way if name == metric else None) for name in names]
    draws = draw_jointly(judged, seed=seed)
    if draws is None:
        return Joint(names, where, None)
    epochs = shared_epochs(judged)
    levels = by_metric(draws)
    feasible = _holds(condition, levels) if condition is not None else np.ones(draws[0].levels.shape, np.bool_)
    front = [one for one in draws if one.judged.direction is not Direction.NONE] or list(draws[:1])
    if front[0].judged.metric != metric:
        front = [draws[0], *front]
    return Joint(names, where, choose_jointly(front, feasible, epochs))


def _judged(data: ToPick, metric: str, way: Direction | None) -> Judged:
    scores = data.of_metric(metric)
    if not any(score.value is not None for score in scores):
        measured = sorted({score.metric for score in data.scores if score.value is not None})
        there = did_you_mean(metric, measured) or f"it has {', '.join(measured) or 'none'}"
        raise NotFound(f"run {data.run.name} has no values of {metric}", next_step=there)
    refuse_mixed(data.run.name, metric, scores)
    known = metric_named(metric)
    own = way or direction_of(metric, scores) or Direction.NONE
    return Judged(metric, own, tabulate(scores, metric), _only_yes_or_no(scores, between=known is not None and known.yes_or_no))


def _only_yes_or_no(scores: Sequence[Score], *, between: bool) -> bool:
    """Whether all values are 0 or 1, or with ``between`` shares of them."""
    values = [score.value for score in scores if score.value is not None]
    return all(0 <= value <= 1 for value in values) if between else all(value in {0.0, 1.0} for value in values)


def _refuse_unanswerable(where: Where) -> None:
    """Levels are compared with numbers by <, <=, > and >= only."""
    match where:
        case Comparison(field=name, operator=sign, value=value):
            if sign not in _ORDERS or isinstance(value, bool) or not isinstance(value, int | float):
                raise BadParameter(
                    f"column {name.column}: a metric's level is compared with a number, by <, <=, > or >=",
                    next_step=f'write for instance --where "{name.text} >= 0.9"',
                )
        case Membership(field=name):
            raise BadParameter(f"column {name.column}: a metric's level is in no list", next_step=f'write --where "{name.text} >= 0.9"')
        case Not():
            _refuse_unanswerable(where.of)
        case And() | Or():
            for part in where.parts:
                _refuse_unanswerable(part)


def _holds(where: Where, levels: Mapping[str, Floats]) -> Flags:
    """Where a condition holds, per draw and epoch."""
    match where:
        case Comparison():
            flags: Flags = _ORDERS[where.operator](levels[where.field.text], where.value)
            return flags
        case Not():
            return ~_holds(where.of, levels)
        case And() | Or():
            together = np.logical_and if isinstance(where, And) else np.logical_or
            held: Flags = together.reduce([_holds(part, levels) for part in where.parts])
            return held
        case _:
            raise AssertionError("lists were refused before")
