"""What a question about runs means: comparisons of fields with values, joined by and, or, not. ``where_text.py`` reads it.

A value that a run does not have compares to nothing: only ``= none`` holds for it, so ``not (keep_tokens = 1)`` finds runs that
do not say it, and ``keep_tokens != 1`` does not. Values of another kind are not equal, and neither less nor greater. True is 1.
``holds`` says it in Python; ``store/where_sql.py`` says the same to a database.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import ge, gt, le, lt
from typing import Any

from lorascope.errors import NotFound, did_you_mean
from lorascope.parameters.catalogue import PARAMETERS, known
from lorascope.parameters.renamed import RENAMED

Value = bool | int | float | str | None


@dataclass(frozen=True, slots=True)
class Name:
    """A field as it is written, and where (its first column is 1)."""

    text: str
    column: int = 1


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field beside a value. ``operator`` is one of = != < <= > >= contains like."""

    field: Name
    operator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Membership:
    """A field that has one of these values, or with ``negated`` has another."""

    field: Name
    values: tuple[Value, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Not:
    """What does not hold."""

    of: Where


@dataclass(frozen=True, slots=True)
class And:
    """All of these hold."""

    parts: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of these holds."""

    parts: tuple[Where, ...]


Where = Comparison | Membership | Not | And | Or

RUN_FIELDS = {
    "name": "run_name",
    "status": "status",
    "trainer": "trainer",
    "base_model": "base_model",
    "parent": "parent",
    "dataset": "dataset_digest",
    "started": "started_at",
    "finished": "finished_at",
    "reason": "reason",
    "counted_in": "counted_in",
}
TIMES = frozenset({"started", "finished"})


class Which(StrEnum):
    """Which value of a metric's series: the best needs a direction, ``value`` is the best where one is known, else the last."""

    VALUE = "value"
    BEST = "best"
    LAST = "last"
    MIN = "min"
    MAX = "max"


@dataclass(frozen=True, slots=True)
class RunField:
    """A fact of the run itself, such as its status."""

    name: str


@dataclass(frozen=True, slots=True)
class ParameterField:
    """A parameter, under our name for it."""

    name: str


@dataclass(frozen=True, slots=True)
class MetricField:
    """A metric: the best, last, least or greatest of its values."""

    metric: str
    which: Which


Field = RunField | ParameterField | MetricField


def fields(where: Where) -> Iterator[Name]:
    """The fields that a question asks about, as written."""
    match where:
        case Comparison() | Membership():
            yield where.field
        case Not():
            yield from fields(where.of)
        case And() | Or():
            for part in where.parts:
                yield from fields(part)


def field_of(name: Name, is_metric: Callable[[str], bool], others: Callable[[], Collection[str]]) -> Field:
    """What a name means: a fact of the run, a parameter (other spellings are understood), a metric, or a key that only runs know.

    ``best.NAME``, ``last.NAME``, ``min.NAME``, ``max.NAME`` are metrics, ``parameter.NAME`` is a parameter. ``is_metric`` says whether any
    run has a metric of this name; ``others`` lists the metrics and the parameters that the catalogue does not know.

    Raises:
        NotFound: nothing has this name; the nearest ones are suggested.
    """
    head, _, rest = name.text.partition(".")
    if rest and head in {Which.BEST, Which.LAST, Which.MIN, Which.MAX} and is_metric(rest):
        return MetricField(rest, Which(head))
    if rest and head == "parameter":
        return ParameterField(RENAMED.get(rest, rest))
    if name.text in RUN_FIELDS:
        return RunField(name.text)
    if known(name.text):
        return ParameterField(RENAMED.get(name.text, name.text))
    if is_metric(name.text):
        return MetricField(name.text, Which.VALUE)
    kept = others()
    if name.text in kept:
        return ParameterField(name.text)
    there = [*RUN_FIELDS, *(parameter.name for parameter in PARAMETERS), *RENAMED, *kept, *(f"best.{metric}" for metric in kept)]
    raise NotFound(
        f"column {name.column}: no field, parameter or metric is called {name.text!r}",
        next_step=did_you_mean(name.text, there) or "see the parameters: lorascope parameters",
    )


def holds(where: Where, look: Callable[[str], Value]) -> bool:
    """Whether this holds for a run whose fields ``look`` tells; None for what it does not have."""
    match where:
        case Comparison():
            return _compares(look(where.field.text), where.operator, where.value)
        case Membership():
            found = look(where.field.text)
            return any(_compares(found, "=", value) for value in where.values) != where.negated if found is not None else (
                None in where.values and not where.negated
            )  # fmt: skip
        case Not():
            return not holds(where.of, look)
        case And():
            return all(holds(part, look) for part in where.parts)
        case Or():
            return any(holds(part, look) for part in where.parts)


def _compares(found: Value, operator: str, value: Value) -> bool:
    if value is None or found is None:
        return (found is None) == (operator == "=") if value is None else False
    alike = isinstance(found, str) == isinstance(value, str)
    if operator in {"=", "!="}:
        return (alike and found == value) == (operator == "=")
    if isinstance(found, str) and isinstance(value, str):
        return _TEXTS[operator](found, value)
    if isinstance(found, str) or isinstance(value, str):
        return False
    return operator in _ORDERS and _ORDERS[operator](found, value)


_ORDERS: dict[str, Callable[[Any, Any], bool]] = {"<": lt, "<=": le, ">": gt, ">=": ge}
_TEXTS: dict[str, Callable[[str, str], bool]] = {
    **_ORDERS,
    "contains": lambda found, value: value in found,
    "like": lambda found, value: re.fullmatch(like_pattern(value), found, re.DOTALL) is not None,
}


def like_pattern(pattern: str) -> str:
    """A pattern of ``like`` (% any text, _ any character) as a regular expression.

    >>> like_pattern("caption%_v_")
    'caption.*.v.'
    """
    return "".join({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern)
