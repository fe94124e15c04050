"""A channel: one kind of evidence, weighed for one cause."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind
from lorascope.parameters.parameter import shown
from lorascope.records.run import ParameterValue


@dataclass(frozen=True, slots=True)
class Said:
    """What a channel says of a cause: a log likelihood ratio against "nothing happened" (0: nothing known), and in sentences."""

    score: float = 0.0
    pros: tuple[str, ...] = ()
    cons: tuple[str, ...] = ()


SILENT = Said()
_DIGEST = re.compile(r"[0-9a-f]{32,}")  # of a dataset or a file: the first twelve digits name it


@dataclass(frozen=True, slots=True)
class Channel:
    """``weigh`` says what this kind of evidence makes of a cause; it is silent where nothing is recorded."""

    name: str
    what: str
    weigh: Callable[[Case, CauseKind], Said]


def setting(name: str, value: ParameterValue) -> str:
    """A setting in a sentence.

    >>> setting("learning_rate", 0.0001)
    'learning_rate 0.0001'
    """
    return f"{name} {value_text(value)}"


def value_text(value: ParameterValue) -> str:
    """A setting's value in a sentence: long texts are cut, since they come from anywhere."""
    text = "unset" if value is None else shown(f"{value:g}" if isinstance(value, float) else value)
    text = text[:12] if _DIGEST.fullmatch(text) else text
    return text if len(text) <= 60 else f"{text[:57]}..."


def percent(share: float) -> str:
    """A share in percent.

    >>> percent(1.0), percent(0.996), percent(0.941), percent(0.0049), percent(0.0)
    ('100 %', '> 99 %', '94 %', '0.49 %', '0 %')
    """
    if 0.995 <= share < 1:
        return "> 99 %"
    return f"{100 * share:.0f} %" if share >= 0.1 else f"{100 * share:.2g} %"


def runs_of(count: int, what: str = "good run") -> str:
    """A number of runs in words.

    >>> runs_of(1), runs_of(12)
    ('1 good run', '12 good runs')
    """
    return f"{count} {what}{'' if count == 1 else 's'}"
