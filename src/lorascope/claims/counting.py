"""Claims that count or calculate: so many things announced and listed, sums written out, means and ranges of a column, dates in order."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from statistics import fmean, median, stdev

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.quantity import Quantity, quantities
from lorascope.claims.report import Report, found_at, shown
from lorascope.claims.series import Series
from lorascope.claims.vocabulary import HEDGED, number_word, words

_NUMBER = r"\d+(?:,\d{3})*(?:\.\d+)?"
_TERM = rf"(?:[A-Za-z_]+\s?=\s?)?{_NUMBER}(?:\s[A-Za-z][\w/-]*){{0,3}}?"
_EQUATION = re.compile(
    rf"(?<![\d.\w])(?P<terms>{_TERM}(?:\s?[+\-\u2212×x*÷/]\s?{_TERM}){{1,5}})\s?=\s?(?P<result>{_NUMBER})(?![\d.,]*\s?[+\-\u2212×*÷/%]\s?\d)"
)
_PART = re.compile(rf"(?P<number>(?<![\w.]){_NUMBER})|(?P<sign>(?<![\w])[+\-\u2212×x*÷/](?![A-Za-z]))")
_PARTS = re.compile(
    r"\b(?P<count>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten)[- ](?:distinct |clear |main |classic )?(?P<noun>phase|stage|step|"
    r"part)s?\b",
    re.IGNORECASE,
)
_NUMBERED_PART = re.compile(r"\W*(phase|stage|step|part)\s(\d{1,2})\b", re.IGNORECASE)
_COUNT = r"(?P<count>\d{1,3}|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)\s(?P<nouns>(?:[A-Za-z-]+\s){0,3}[A-Za-z-]+)"
_ANNOUNCED = re.compile(rf"(?:\(|^|\s){_COUNT}(?:\)\s?:?|:)\s*$", re.IGNORECASE)
_NO_NOUN = re.compile(r"(?:ed|kept|read|total|more|less|shown|left|each|only)$", re.IGNORECASE)
_STATISTIC = re.compile(
    r"\b(?P<which>mean|average|median|standard deviation|std|sd|sum|total|range|min(?:imum)?|max(?:imum)?)\b", re.IGNORECASE
)
_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_BEGINS, _ENDS = (
    re.compile(r"\b(?:start(?:ed)?|began|begin)\b", re.IGNORECASE),
    re.compile(r"\b(?:end(?:ed)?|finished|completed)\b", re.IGNORECASE),
)
_COUNTED_UNITS = frozenset("epoch minute hour second percent point color image step px".split())


def count_claims(report: Report) -> Iterator[Found]:
    """Everything that was counted or calculated in the documents and can be done again."""
    yield from _equations(report)
    yield from _per_file(report)
    yield from _column_statistics(report)
    yield from _summary_rows(report)
    yield from _dates(report)


def announced_lists(report: Report) -> Iterator[tuple[Statement, int, int]]:
    """Lists that are announced with their number ("Prompts (8 scenarios):"): the announcement, its number, and how many items follow."""
    followers = _lists_after(report)
    for statement in report.statements:
        if statement.kind in {Kind.ROW, Kind.CODE} or len(statement.own) > 200:
            continue
        listed = followers.get((statement.document, statement.line))
        match = _ANNOUNCED.search(statement.own)
        if match and _NO_NOUN.search(match["nouns"]):
            continue
        if (
            not listed
            or not match
            or HEDGED.search(statement.own)
            or re.search(r"\b(?:of|top|best|first|over|than)\s*$", statement.own[: match.start("count")])
        ):
            continue
        if words(match["nouns"].split(" ")[-1]) & _COUNTED_UNITS or words(match["nouns"]) & _COUNTED_UNITS:
            continue
        word = match["count"]
        yield statement, int(word) if word.isdigit() else number_word(word), listed


def parts_named(report: Report) -> Iterator[tuple[Statement, int, int, str]]:
    """Texts that speak of so many phases (stages, steps, parts): the statement, its number, how many are named so below, and the noun."""
    numbered: dict[tuple[str, str], dict[int, list[int]]] = {}
    for statement in report.statements:
        if begins := _NUMBERED_PART.match(statement.own):
            numbered.setdefault((statement.document, begins[1].lower()), {}).setdefault(int(begins[2]), []).append(statement.line)
    for statement in report.statements:
        match = _PARTS.search(statement.own)
        if match is None or statement.kind in {Kind.CODE, Kind.ROW}:
            continue
        named = {
            number for number, lines in numbered.get((statement.document, match["noun"].lower()), {}).items() if max(lines) > statement.line
        }
        if len(named) > 1:
            count = match["count"]
            yield statement, int(count) if count.isdigit() else number_word(count), len(named), match["noun"].lower()


def _lists_after(report: Report) -> dict[tuple[str, int], int]:
    """How many items follow each statement directly, all at one depth."""
    found: dict[tuple[str, int], int] = {}
    head: Statement | None = None
    depth, count = 0, 0
    for statement in report.statements:
        if statement.kind is Kind.ITEM and head is not None and statement.document == head.document:
            if count == 0 and (head.kind is not Kind.ITEM or statement.depth > head.depth):
                depth, count = statement.depth, 1
                continue
            if count and statement.depth == depth:
                count += 1
                continue
            if count and statement.depth > depth:
                continue
        if head is not None and count:
            found[head.document, head.line] = count
        head, count = statement, 0
    if head is not None and count:
        found[head.document, head.line] = count
    return found


def _equations(report: Report) -> Iterator[Found]:
    """Sums and products that are written out: "203 steps × 10 epochs = 2030"."""
    for statement in report.statements:
        if "=" not in statement.own or statement.kind is Kind.ROW:
            continue
        for match in _EQUATION.finditer(statement.own.replace("(", " ").replace(")", " ")):
            value = _value_of(match["terms"])
            claimed = quantities(match["result"])
            if value is None or not claimed:
                continue
            said = f"{' '.join(match['terms'].split())} = {shown(value)}"
            holds = claimed[0].may_be(value, 1e-6)
            yield found_at(
                statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said if holds else f"{said}, not {match['result']}"
            )


def _value_of(terms: str) -> float | None:
    """The value of numbers joined by signs, products first; None where the signs do not join numbers."""
    total, product, sign, pending = 0.0, None, 1.0, "+"
    for part in _PART.finditer(terms):
        if part["number"]:
            number = float(part["number"].replace(",", ""))
            if pending == "*":
                product = (product or 0.0) * number
            elif pending == "/":
                if number == 0:
                    return None
                product = (product or 0.0) / number
            elif pending:
                total += sign * (product or 0.0)
                product, sign = number, -1.0 if pending == "-" else 1.0
            else:
                return None
            pending = ""
        elif pending:
            return None
        else:
            pending = {"×": "*", "x": "*", "*": "*", "÷": "/", "/": "/", "\u2212": "-"}.get(part["sign"], part["sign"])
    return None if pending or product is None else total + sign * product


def _per_file(report: Report) -> Iterator[Found]:
    """As in "3,621 codes from 203 files": so many of one thing in so many of another, and whether the number is the same elsewhere."""
    stated: dict[tuple[str, float], list[int]] = {}
    large = [
        (one, number)
        for one in report.statements
        if "," in one.own
        for number in report.numbers(one)
        if number.value >= 1000 and "," in number.text
    ]
    for statement, number in large:
        stated.setdefault((statement.document, number.value), []).append(statement.line)
    for statement, number in large:
        lines = sorted(set(stated[statement.document, number.value]) - {statement.line})
        others = [
            one for one in report.numbers(statement) if one.start > number.end and one.unit == "" and one.total is None and one.value >= 2
        ]
        per = (
            others[0]
            if others and re.search(r"\b(?:from|in|across|over|of)\s(?:\w+\s){0,2}$", statement.own[number.end : others[0].start])
            else None
        )
        said = [f"{shown(number.value / per.value)} per {per.noun.split(' ')[-1].rstrip('s') if per.noun else 'one'}"] if per else []
        said += [f"the same in line{'s' if len(lines) > 1 else ''} {', '.join(map(str, lines[:5]))}"] if lines else []
        if said:
            yield found_at(statement, Verdict.CONSISTENT, "; ".join(said))


def _column_statistics(report: Report) -> Iterator[Found]:
    """As in "Mean 290.6", "SD 38.8", "range 216.6-335.7" said of a column of the document."""
    for statement in report.statements:
        if statement.kind is Kind.ROW or not report.curves(statement) or not _STATISTIC.search(statement.own):
            continue
        series = report.series_of(statement, only_named=True)
        if series is None or len(series.points) < 3:
            continue
        for match in _STATISTIC.finditer(statement.own):
            claimed = next((one for one in report.numbers(statement) if 0 <= one.start - match.end() <= 60), None)
            between = statement.own[match.end() : claimed.start] if claimed else ""
            over_all = re.search(
                r"\b(?:over|across|of)\s(?:all|the)?\s?(?:\w+\s){0,2}(?:epochs|checkpoints|runs|steps|rows)", statement.own
            )
            if claimed is None or not over_all or re.search(r"[.;,]|\b(?:at|epoch)\b", between):
                continue
            yield from _judge_statistic(statement, match["which"].lower(), claimed, series)


def _judge_statistic(statement: Statement, which: str, claimed: Quantity, series: Series) -> Iterator[Found]:
    values = series.values
    if which in {"mean", "average"}:
        value = fmean(values)
    elif which in {"standard deviation", "std", "sd"}:
        value = stdev(values)
    elif which == "median":
        value = median(values)
    elif which == "range":
        if claimed.upper is None:
            return
        holds = claimed.may_be(min(values)) and claimed.may_be(max(values))
        said = f"{series.name} ranges from {shown(min(values))} to {shown(max(values))}"
        yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said)
        return
    elif which in {"sum", "total"}:
        value = sum(values)
    else:
        value = min(values) if which.startswith("min") else max(values)
    holds = claimed.may_be(value)
    said = f"the {which} of {series.name} over {len(values)} rows is {shown(value)}"
    yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said if holds else f"{said}, not {claimed.text}")


def _summary_rows(report: Report) -> Iterator[Found]:
    """Rows called mean, sum, minimum … at the end of a table."""
    for document in report.documents:
        for table in document.tables:
            for row in table.rows:
                which = (
                    re.match(r"^(mean|average|avg|sum|total|median|min|max)\b\.?", row.cells[0].strip(), re.IGNORECASE)
                    if row.cells
                    else None
                )
                if which is None or len(table.rows) < 3:
                    continue
                statement = report.at(document.name, row.line)
                for series in report.of_table(document.name, table.line):
                    if series.at >= len(row.cells):
                        continue
                    stated = quantities(row.cells[series.at])
                    if len(stated) == 1 and len(series.points) >= 2 and stated[0].total is None:
                        word = {"avg": "mean"}.get(which[1].lower(), which[1].lower())
                        yield from _judge_statistic(statement, word, stated[0], series)


def _dates(report: Report) -> Iterator[Found]:
    """An end before its beginning."""
    for document in report.documents:
        begun: tuple[Statement, dt.date] | None = None
        for statement in document.statements:
            match = _DATE.search(statement.own)
            date = _date(match) if match else None
            if date is None:
                continue
            if _BEGINS.search(statement.own):
                begun = statement, date
            elif begun and _ENDS.search(statement.own) and date < begun[1]:
                yield found_at(statement, Verdict.INCONSISTENT, f"{date} lies before the beginning, {begun[1]} (line {begun[0].line})")


def _date(match: re.Match[str]) -> dt.date | None:
    try:
        return dt.date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        return None
