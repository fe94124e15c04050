"""Claims that compare rows of the report's tables: two checkpoints, ranks, ranges, how many meet a limit, and rows that have names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import fmean

from lorascope.claims.changes import Pair, judged
from lorascope.claims.claim import Found, Verdict
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.quantity import Quantity
from lorascope.claims.report import Report, found_at, labels_in, shown
from lorascope.claims.series import Point, Series
from lorascope.claims.vocabulary import BEST, CHANGE, HEDGED, HIGHEST, LOWEST, WORST, number_word, words

_RANKS = {"second": 2, "third": 3, "fourth": 4, "2nd": 2, "3rd": 3, "4th": 4}
_RANK = re.compile(rf"\b({'|'.join(_RANKS)})[- ](best|lowest|highest)\b", re.IGNORECASE)
_RANGE = re.compile(r"\b(?:rang\w+|varie[sd]|lies?|lay)\s(?:from|between)\s*$", re.IGNORECASE)
_COUNTED = re.compile(
    r"\b(?P<count>all|every|no|none of the|\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten)\s"
    r"(?:(?:of|out of)\s(?:the\s)?\d{1,3}\s)?(?:the\s)?(?:epochs?|checkpoints?|steps|runs?)\s(?:\w+\s){0,3}?"
    r"(?P<way>below|under|above|over|less than|more than)\s*$",
    re.IGNORECASE,
)
_MEAN_OF = re.compile(r"\b(?:mean|average)\s(?:of|over)\s*$", re.IGNORECASE)
_LIST_GAP = re.compile(r"\s*(?:,|and|,\s?and|&)\s*")
_RESULT_GAP = re.compile(r"\s*(?:is|=|:|gives|makes|are|was|,\s?(?:i\.e\.|so))\s*")
_LONGEST = 400  # characters of a sentence that is looked at
_LABEL = re.compile(r"[A-Za-z][\w.+-]{2,60}")


def lookup_claims(report: Report) -> Iterator[Found]:
    """Every sentence that compares or counts rows of a table near it."""
    for statement in report.statements:
        if statement.kind in {Kind.ROW, Kind.CODE} or len(statement.own) > _LONGEST or HEDGED.search(statement.own):
            continue
        if statement.has_digits:
            yield from _listed_mean(report, statement)
        if report.curves(statement):
            yield from _two_checkpoints(report, statement)
            yield from _ranked(report, statement)
            if statement.has_digits:
                yield from _ranged(report, statement)
                yield from _counted(report, statement)
        yield from _named_rows(report, statement)


def _judge(statement: Statement, holds: bool, said: str) -> Found:  # noqa: FBT001 - what was found, beside what it is called
    return found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said)


def _listed_mean(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "the mean of 0.63, 0.61 and 0.64 is 0.63"."""
    numbers = report.numbers(statement)
    for at, first in enumerate(numbers):
        if not _MEAN_OF.search(first.before):
            continue
        end = at
        while end + 1 < len(numbers) and _LIST_GAP.fullmatch(statement.own[numbers[end].end : numbers[end + 1].start]):
            end += 1
        if end == at or end + 1 >= len(numbers) or not _RESULT_GAP.fullmatch(statement.own[numbers[end].end : numbers[end + 1].start]):
            continue
        listed, claimed = numbers[at : end + 1], numbers[end + 1]
        low, high = fmean(one.low for one in listed), fmean(one.high for one in listed)
        mean = fmean(one.value for one in listed)
        holds = claimed.low <= high and claimed.high >= low and (claimed.may_be(mean) or claimed.high - claimed.low >= high - low)
        yield _judge(statement, holds, f"the mean of {', '.join(shown(one.value) for one in listed)} is {shown(mean)}")


def _two_checkpoints(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "epoch 8 is 9.3 % better than epoch 5": the change between two checkpoints, looked up."""
    labels, numbers = labels_in(statement), report.numbers(statement)
    if len(labels) != 2 or len(numbers) != 1 or not CHANGE.search(statement.own):
        return
    claimed = numbers[0]
    if claimed.total is not None or claimed.upper is not None or claimed.bound or claimed.unit not in {"%", "", "points", "x"}:
        return
    series = report.series_of(statement, only_named=True)
    if series is None and len({one.name for one in report.curves(statement)}) == 1:
        series = report.curves(statement)[0]
    first, second = (series.find(label) for label in labels) if series else (None, None)
    if series is None or first is None or second is None or any(claimed.may_be(point.number.value) for point in (first, second)):
        return
    found = judged(statement, claimed, Pair(first.number, second.number, ordered=False)) if claimed.unit else None
    apart = abs(first.number.value - second.number.value)
    if claimed.unit == "" and re.search(r"\bby\s*$|\b(?:is|are|was)\s*$", claimed.before):
        room = (first.number.high - first.number.low + second.number.high - second.number.low) / 2
        holds = claimed.low - room <= apart + 1e-9 and claimed.high + room >= apart - 1e-9
        found = _judge(statement, holds, f"{series.name} at {labels[0]} and {labels[1]} differ by {shown(apart)}")
    if found is not None:
        yield found


def _ranked(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "epoch 5 is second best"."""
    match, labels = _RANK.search(statement.own), labels_in(statement)
    series = report.series_of(statement)
    if match is None or len(labels) != 1 or series is None:
        return
    word = match[2].lower()
    if word == "best" and not series.direction:
        return
    lowest = series.direction == "lower" if word == "best" else word == "lowest"
    ordered = sorted(series.points, key=lambda point: point.number.value, reverse=not lowest)
    rank = _RANKS[match[1].lower()]
    point = series.find(labels[0])
    if point is not None and len(ordered) >= rank:
        there = ordered[rank - 1]
        holds = there.number.value == point.number.value
        yield _judge(statement, holds, f"{series.name}: {match[0].lower()} is {shown(there.number.value)} at {there.label}")


def _ranged(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "the loss ranges from 0.4 to 0.9", over all checkpoints."""
    numbers = report.numbers(statement)
    for first, second in pairwise(numbers):
        if not _RANGE.search(statement.own[: first.start]) or labels_in(statement):
            continue
        series = report.series_of(statement, only_named=True)
        if series is not None:
            low, high = min(series.values), max(series.values)
            holds = first.may_be(low) and second.may_be(high)
            yield _judge(statement, holds, f"{series.name} lies between {shown(low)} and {shown(high)}")


def _counted(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "3 of 10 epochs are below 250"."""
    for limit in report.numbers(statement):
        match = _COUNTED.search(statement.own[: limit.start])
        if match is None or limit.unit not in {"", "%"}:
            continue
        series = report.series_of(statement)
        if series is None:
            continue
        below = match["way"].lower() in {"below", "under", "less than"}
        count = sum(value < limit.value if below else value > limit.value for value in series.values)
        word = match["count"].lower()
        stated = len(series.points) if word in {"all", "every"} else 0 if word.startswith("no") else _number(word)
        said = f"{count} of {len(series.points)} values of {series.name} are {match['way'].lower()} {shown(limit.value)}"
        yield _judge(statement, count == stated, said)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else number_word(word)


def _named_rows(report: Report, statement: Statement) -> Iterator[Found]:
    """Tables whose rows have names: a quoted value, or the best, of the one row that a sentence names."""
    columns = report.named_near(statement)
    if not columns or statement.kind is Kind.HEADING:
        return
    said = {word.lower().strip(".-") for word in _LABEL.findall(statement.own)}
    for series in columns:
        rows = [point for point in series.points if point.label in said]
        if len(rows) != 1 or not series.words <= words(statement.own):
            continue
        yield from _row_value(report, statement, series, rows[0], columns)
        yield from _row_extreme(statement, series, rows[0])


def _row_value(report: Report, statement: Statement, series: Series, row: Point, columns: Sequence[Series]) -> Iterator[Found]:
    numbers = [one for one in report.numbers(statement) if _states_value(one)]
    if len(numbers) != 1 or CHANGE.search(statement.own):
        return
    claimed = numbers[0]
    elsewhere = any(claimed.may_be(point.number.value) for other in columns if other is not series for point in other.points)
    holds = claimed.may_be(row.number.value)
    if holds or not elsewhere:
        yield _judge(statement, holds, f"{series.name} of {row.label} is {shown(row.number.value)} (line {row.line})")


def _states_value(one: Quantity) -> bool:
    return one.total is None and one.upper is None and not one.bound and not one.signed and one.unit in {"", "%"}


def _row_extreme(statement: Statement, series: Series, row: Point) -> Iterator[Found]:
    lowest, highest = bool(LOWEST.search(statement.own)), bool(HIGHEST.search(statement.own))
    best, worst = bool(BEST.search(statement.own)), bool(WORST.search(statement.own))
    if lowest + highest + best + worst != 1 or _RANK.search(statement.own) or len(series.points) < 2:
        return
    if (best or worst) and not series.direction:
        return
    top = series.extreme(lowest=lowest or (best and series.direction == "lower") or (worst and series.direction == "higher"))
    said = f"{series.name}: it is {shown(top.number.value)} of {top.label} (line {top.line}); {row.label} has {shown(row.number.value)}"
    yield _judge(statement, top.number.value == row.number.value, said)
