"""Statements that cannot both hold: two ranges for the best epoch, a rule against a listed run, a value excluded here and advised there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.ledger import NamedRun
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.quantity import quantities
from lorascope.claims.report import Report, found_at, shown
from lorascope.claims.settings import conditions_in, parameter_named
from lorascope.claims.vocabulary import BEST, epochs_in

_BEST_AT = re.compile(r"\bbest at (\d{1,3})\s?[-–]\s?(\d{1,3})\b", re.IGNORECASE)
_BAD = re.compile(r"❌|\b(?:fail\w*|severe|incompatible|never|avoid|unstable|too (?:high|low)|worst|breaks?|ruins?)\b", re.IGNORECASE)
_ALWAYS = re.compile(r"\b(?:always|only ever|must)\b", re.IGNORECASE)
_ADVISES = re.compile(r"\b(?:might|may|could|try|test|better|capture|recommend\w*|optimal|improve\w*|worth)\b", re.IGNORECASE)
_RULE = re.compile(r"(?<![A-Za-z_])(?P<metric>[A-Za-z_]+)\s?(?P<sign><=?|>=?)\s?(?P<value>\d+(?:\.\d+)?)")
_LATER_WINDOW = re.compile(r"\b(?:peak|optimal|best)\b", re.IGNORECASE)


def contradicted_ranges(report: Report) -> Iterator[Found]:
    """Two different ranges for the best epoch of no particular run."""
    seen: dict[tuple[str, tuple[int, int]], Statement] = {}  # where each range was named first
    for statement in report.statements:
        within = _best_range(statement)
        if within is None:
            continue
        for (document, before), other in seen.items():
            if document == statement.document and not _nested(within, before):
                said = f"best at {within[0]} to {within[1]} here, at {before[0]} to {before[1]} in line {other.line}"
                yield found_at(statement, Verdict.INCONSISTENT, said, "F19")
                break
        seen.setdefault((statement.document, within), statement)


def _best_range(statement: Statement) -> tuple[int, int] | None:
    if statement.kind is Kind.ROW or not BEST.search(statement.own) or "?" in statement.own:
        return None
    if match := _BEST_AT.search(statement.own):
        return int(match[1]), int(match[2])
    ranges = [(first, last) for first, last, more in epochs_in(statement.own) if last > first and not more]
    return ranges[0] if len(ranges) == 1 and last_is_near(statement.own, ranges[0]) else None


def last_is_near(text: str, within: tuple[int, int]) -> bool:
    """Whether the word for the best stands within a few words of the range."""
    place = text.find(str(within[0]))
    return any(abs(match.start() - place) < 40 for match in BEST.finditer(text))


def _nested(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return (one[0] >= other[0] and one[1] <= other[1]) or (other[0] >= one[0] and other[1] <= one[1])


def contradicted_curves(report: Report) -> Iterator[Found]:
    """A rule about epochs ("epochs 1-3: quality < 7") against what is said of a listed run at these epochs."""
    for statement in report.statements:
        if statement.kind is not Kind.CODE:
            continue
        epochs, rule = epochs_in(statement.own), _RULE.search(statement.own)
        if len(epochs) != 1:
            continue
        first, last, _ = epochs[0]
        for run, line, scored, value in _scored_epochs(report.runs):
            if rule and scored[0] <= last and first <= scored[1] and not _meets(rule["sign"], value, float(rule["value"])):
                said = f"{run.name} has {shown(value)} at epochs {scored[0]} to {scored[1]} (line {line})"
                yield found_at(statement, Verdict.INCONSISTENT, said, "F19")
                yield from _evidence_line(report, statement, run, said)
            elif not rule and _LATER_WINDOW.search(statement.own) and first > scored[1] and not run.finished:
                yield from _evidence_line(report, statement, run, f"{run.name} has no epoch after {scored[1]} (line {line})")


def _evidence_line(report: Report, rule: Statement, run: NamedRun, said: str) -> Iterator[Found]:
    """The line below a rule that names this run as its evidence."""
    for step in range(1, 12):
        statement = report.at(rule.document, rule.line + step)
        if (
            statement.kind is not Kind.CODE
            and re.search(rf"\b{re.escape(run.name)}\b", statement.own)
            and re.match(r"\W*(?:evidence|observed|seen)", statement.own, re.IGNORECASE)
        ):
            yield found_at(statement, Verdict.INCONSISTENT, said, "F19")
            return


def _scored_epochs(runs: Sequence[NamedRun]) -> Iterator[tuple[NamedRun, int, tuple[int, int], float]]:
    for run in runs:
        for line, said in run.said:
            epochs = [(first, last) for first, last, more in epochs_in(said) if not more]
            scores = [one.value for one in quantities(said) if one.is_score]
            if len(epochs) == 1 and len(scores) == 1 and not re.search(r"\bbest\b", said, re.IGNORECASE):
                yield run, line, epochs[0], scores[0]


def _meets(sign: str, value: float, bound: float) -> bool:
    return {"<": value < bound, "<=": value <= bound, ">": value > bound}.get(sign, value >= bound)


def contradicted_values(report: Report) -> Iterator[Found]:
    """A value of a parameter that is excluded in one place and advised in another."""
    excluded = list(_exclusions(report))
    if not excluded:
        return
    for statement in report.statements:
        if statement.kind is Kind.CODE or not _ADVISES.search(statement.own) or _BAD.search(statement.raw) or _ALWAYS.search(statement.own):
            continue
        for name, value in _values_advised(report, statement):
            against = next((one for one in excluded if one[0] == name and one[2](value) and one[1] != _where(statement)), None)
            if against:
                yield found_at(statement, Verdict.INCONSISTENT, f"{name} {shown(value)} is excluded by {against[1]}: {against[3]}", "F19")
                break


def _where(statement: Statement) -> str:
    return f"{statement.document} line {statement.line}"


def _exclusions(report: Report) -> Iterator[tuple[str, str, Callable[[float], bool | None], str]]:
    """Parameter, place, a test of values, and the words: what somebody says must not be used."""
    for statement in report.statements:
        if statement.kind is Kind.CODE or _ADVISES.search(statement.own.replace("optimal", "")):
            continue
        text, conditions = statement.own[:80], conditions_in(statement.own)
        above = next((known for one in reversed(statement.section) if (known := parameter_named(one.split(" ")[0]))), None)
        if _ALWAYS.search(text):
            value = re.search(r"\buse\s(?:\w+\s?=\s?)?(\d+(?:\.\d+)?)\b", text)
            if conditions and conditions[0].sign == "=":
                yield conditions[0].name, _where(statement), _other_than(conditions[0].value), text
            elif above and value:
                yield above, _where(statement), _other_than(float(value[1])), text
        elif _BAD.search(statement.raw) and len(conditions) == 1 and statement.kind is Kind.ITEM and "score" not in text:
            yield conditions[0].name, _where(statement), conditions[0].holds, text
    for hypothesis in report.records.hypotheses:
        said = str(hypothesis.extra.get("said_as", ""))
        found = re.search(r"\b([a-z_]+) of (\d+(?:\.\d+)?) and more\b", hypothesis.statement)
        if found and (name := parameter_named(found[1])) and (_BAD.search(said) or "fail" in said.lower()):
            yield name, f"the ledger's {hypothesis.name}", _at_least(float(found[2])), hypothesis.statement[:80]


def _other_than(value: float) -> Callable[[float], bool | None]:
    return lambda other: other != value


def _at_least(value: float) -> Callable[[float], bool | None]:
    return lambda other: other >= value


def _values_advised(report: Report, statement: Statement) -> Iterator[tuple[str, float]]:
    """Parameter and values of a recommendation: "network_dim=64", or bare numbers below a line that names the parameter."""
    for condition in conditions_in(statement.own):
        if condition.sign == "=":
            yield condition.name, condition.value
            return
    named = [name for word in re.findall(r"[A-Za-z_]{3,}", statement.own) if "_" in word and (name := parameter_named(word))]
    if not named:  # "64 might capture more": what the items around it speak of
        for line in (statement.line - 1, statement.line + 1):
            near = report.at(statement.document, line)
            if near.section == statement.section:
                named = [name for word in re.findall(r"[A-Za-z_]{3,}", near.text) if "_" in word and (name := parameter_named(word))]
            if named:
                break
        if not named:
            return
    for number in report.numbers(statement):
        after = statement.own[number.end : number.end + 30]
        if (
            number.unit == ""
            and number.total is None
            and (_ADVISES.search(after) or (len(report.numbers(statement)) > 1 and "test" in statement.own.lower()))
        ):
            yield named[0], number.value
