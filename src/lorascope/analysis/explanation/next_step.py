"""The next test: what would settle a cause, what it costs, and which test of all teaches most per cost."""

from __future__ import annotations

import math
import shlex
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind, Check
from lorascope.analysis.explanation.channels.channel import value_text
from lorascope.analysis.explanation.channels.settings import best_reading
from lorascope.analysis.explanation.ranking import Ranked
from lorascope.records.cause import Test
from lorascope.records.run import ParameterValue

# hours of attention and machine, without a training; a training costs what this project's trainings took
_HOURS = {Check.METADATA: 0.02, Check.AUDIT: 0.05, Check.INSPECT: 0.05, Check.EVALUATE: 0.2, Check.SEEDS: 0.3}
_WORDS = {
    Check.METADATA: "seconds", Check.AUDIT: "seconds to a minute", Check.INSPECT: "seconds", Check.EVALUATE: "minutes, no training",
    Check.SEEDS: "minutes, no training",
}  # fmt: skip
_UNKNOWN_HOURS = 3.0  # of a training, to order tests by, where the history does not say
_ATTENTION_HOURS = 0.25  # that any test costs
_WORTH_TESTING = 0.15  # probability that a test's causes must have together, unless the first cause is among them
_SETTLES = {Check.SEEDS: 0.6, Check.EVALUATE: 0.8, Check.INSPECT: 0.8}  # how much of a question a test answers (others: 0.9)


def test_of(case: Case, cause: CauseKind) -> Test:
    """What would settle this cause, with its cost in words and in the project's own GPU hours."""
    hours, timed = training_hours(case)
    good = case.reference.name if case.reference is not None else "a good run"
    names = {"run": case.run.name, "good": good, "metric": case.worst or "METRIC"}
    command = _filled(cause.command, names)
    if cause.check in _HOURS:
        return Test(_what(case, cause, {}), _WORDS[cause.check], 0.0, command)
    change = revert(case, cause) if cause.check is Check.REVERT else {}
    cost = (
        f"{hours:.2g} GPU hours (median of {timed} training{'' if timed == 1 else 's'} here)"
        if hours
        else "one training (this project records no hours)"
    )
    return Test(_what(case, cause, change), cost, hours or 0.0, command, change)


def training_hours(case: Case) -> tuple[float | None, int]:
    """What a training costs here: the median of the hours that are recorded (None: of no run), and of how many runs they are."""
    known = [run.gpu_hours for run in (case.run, *case.others) if run.gpu_hours]
    return median(known) if known else None, len(known)


def revert(case: Case, cause: CauseKind) -> dict[str, ParameterValue]:
    """The settings that a cause is read from, as the good run had them; only those that changed."""
    reading = best_reading(case, cause)
    if reading is None:
        return {}
    return {name: case.changed[name][0] for name in reading.names if name in case.changed}


def first_test(ranked: Sequence[Ranked], tests: Mapping[str, Test]) -> Test | None:
    """The test with the most information per cost: the entropy of whether one of its causes is it, over hours.

    Causes that one command tests are one question.
    """
    groups: dict[tuple[str, str, tuple[str, ...]], list[Ranked]] = defaultdict(list)
    for each in ranked:
        test = tests[each.cause.id]
        groups[test.command or test.what, test.cost, tuple(sorted(test.change))].append(each)
    values = {
        key: _information(group) / (_hours(group[0].cause, tests) + _ATTENTION_HOURS)
        for key, group in groups.items()
        if ranked[0] in group or sum(each.probability for each in group) >= _WORTH_TESTING
    }
    if not values:
        return None
    best = max(values, key=lambda key: values[key])
    return tests[groups[best][0].cause.id]


def _information(group: Sequence[Ranked]) -> float:
    """Bits that a test of these causes is expected to give."""
    p = min(max(math.fsum(each.probability for each in group), 1e-12), 1 - 1e-12)
    settles = _SETTLES.get(group[0].cause.check, 0.9)
    return settles * -(p * math.log2(p) + (1 - p) * math.log2(1 - p))


def _hours(cause: CauseKind, tests: Mapping[str, Test]) -> float:
    if cause.check in _HOURS:
        return _HOURS[cause.check]
    return tests[cause.id].gpu_hours or _UNKNOWN_HOURS


def _what(case: Case, cause: CauseKind, change: Mapping[str, ParameterValue]) -> str:
    if change:
        parts = ", ".join(f"{name} = {value_text(value)}" for name, value in change.items())
        good = case.reference.name if case.reference is not None else "the good run"
        return f"train this run once more with {parts} (as in {good}) and nothing else changed"
    if cause.test:
        return cause.test
    return f"train this run once more without it ({cause.title}) and nothing else changed"


def _filled(command: str, names: Mapping[str, str]) -> str:
    """A command with its names, quoted where a shell would split them."""
    for key, name in names.items():
        command = command.replace("{" + key + "}", shlex.quote(name))
    return command
