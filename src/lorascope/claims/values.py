"""Claims that quote a value or name a best: looked up in the report's tables, and in the records."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.quantity import Quantity
from lorascope.claims.report import Report, found_at, labels_in, shown
from lorascope.claims.series import Point, Series
from lorascope.claims.settings import conditions_in
from lorascope.claims.vocabulary import BEST, FALLS, HEDGED, HIGHEST, LOWEST, WORST, epochs_in, words

_TARGET = re.compile(
    r"\b(?P<way>below|under|less than|fewer than|above|over|more than|exceed\w*)\s(?:(?:the|our|its|a)\s)?(?:(?:target|limit|threshold|"
    r"goal)\s(?:of\s)?)?$",
    re.IGNORECASE,
)
_SIDE_OF = re.compile(r"\b(below|under|above|over)\s(?:the\s)?(?:(?:target|limit|threshold|goal)\s(?:of\s)?)?$", re.IGNORECASE)
_PARTS = re.compile(r",\s|;\s|\sand\s|\sbut\s|\swhile\s")
_CLAUSE = re.compile(r"[,;:|.]\s|\(")
_SIDE = re.compile(r"\b(?:below|under|less|fewer|above|over|more|exceed\w*)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|no|never|n't|instead|rather|fail\w*|miss\w*|target|limit|threshold|goal)\b", re.IGNORECASE)


def value_claims(report: Report) -> Iterator[Found]:
    """Quoted values, named extremes and stated thresholds, each with what the tables and the records have."""
    for statement in report.statements:
        if statement.kind in {Kind.ROW, Kind.CODE} or not report.curves(statement):
            continue
        yield from _quoted(report, statement)
        yield from _extreme(report, statement)
    for statement in report.statements:
        if statement.kind is not Kind.CODE and statement.has_digits and _SIDE.search(statement.own):
            yield from _thresholds(report, statement)
    yield from _rows_called_best(report)


def _quoted(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "Epoch 8 has 216.6 colors": one checkpoint and a number of a named metric; of several checkpoints, clause by clause."""
    labels = labels_in(statement)
    if not labels or not statement.has_digits:
        return
    numbers = [one for one in report.numbers(statement) if one.total is None and one.upper is None and not one.bound and not one.signed]
    if len(labels) == 1:
        yield from _values_at(report, statement, labels[0], numbers)
        return
    begin = 0
    for end in [*(match.end() for match in _PARTS.finditer(statement.own)), len(statement.own)]:
        epochs = epochs_in(statement.own[begin:end])
        inside = [one for one in numbers if begin <= one.start < end]
        if len(epochs) == 1 and epochs[0][0] == epochs[0][1] and len(inside) == 1:
            yield from _values_at(report, statement, str(epochs[0][0]), inside)
        begin = end


def _values_at(report: Report, statement: Statement, label: str, numbers: list[Quantity]) -> Iterator[Found]:
    for one in numbers:
        if (one.is_percent and not _in_percent(report, statement)) or one.unit in {"x", "h", "s", "MB", "GB", "points"}:
            continue
        series = _meant(report, statement, one, label)
        point = series.find(label) if series else None
        if side := _SIDE_OF.search(one.before):
            if series and point:
                holds = (point.number.low < one.high) if side[1].lower() in {"below", "under"} else (point.number.high > one.low)
                said = f"{series.name} at {_called(series, label)} is {shown(point.number.value)}"
                yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said, "" if holds else "F06")
            continue
        named = [there for there in report.curves(statement) if (at := there.find(label)) and one.may_be(at.number.value)]
        if named:
            yield found_at(statement, Verdict.CONSISTENT, f"{named[0].name} at {_called(named[0], label)} is {shown(one.value)}")
        elif series and point and len(numbers) == 1 and _is_plain(statement):
            said = f"{series.name} at {_called(series, label)} is {shown(point.number.value)} (line {point.line}), not {one.text}"
            yield found_at(statement, Verdict.INCONSISTENT, said)


def _is_plain(statement: Statement) -> bool:
    """Whether a sentence states a value of this run: no guess, no denial, no setting of another run."""
    return not (conditions_in(statement.own) or HEDGED.search(statement.own) or _NOT.search(statement.own))


def _in_percent(report: Report, statement: Statement) -> bool:
    return any(one.points[0].number.is_percent or "%" in one.name for one in report.curves(statement))


def _meant(report: Report, statement: Statement, one: Quantity, label: str) -> Series | None:
    """The series whose name stands right beside the number: its words are the number's noun, or the words before it."""
    near = words(one.noun) | words(_CLAUSE.split(one.before)[-1])
    curves = report.curves(statement)
    fits = [series for series in curves if series.words and (series.words <= near or (series.words & near and len(curves) == 1))]
    return fits[0] if fits and len({_value(series, label) for series in fits} - {None}) == 1 else None


def _called(series: Series, label: str) -> str:
    return f"{series.kind} {label}" if label.isdecimal() else label


def extreme_claimed(report: Report, statement: Statement) -> tuple[Series, Point, str] | None:
    """The series and its extreme that a statement names with a word (best, lowest …); None where none is clear."""
    text = statement.own
    series = quoted_series(report, statement) or report.series_of(statement)
    if series is None or len(series.points) < 3:
        return None
    if (found := LOWEST.search(text)) or (found := HIGHEST.search(text)):
        return series, series.extreme(lowest=bool(LOWEST.search(text))), found[0].lower()
    if (found := BEST.search(text)) and (point := series.best()):
        return series, point, found[0].lower()
    if found and not series.direction:  # nobody says which way is better: the best is at one of the ends at least
        return series, _nearer_end(series, labels_in(statement)), found[0].lower()
    if (found := WORST.search(text)) and series.direction:
        return series, series.extreme(lowest=series.direction != "lower"), found[0].lower()
    return None


def _nearer_end(series: Series, labels: tuple[str, ...]) -> Point:
    """The lowest or highest point, whichever is among the labels; else the one nearer to the first of them."""
    ends = (series.extreme(lowest=True), series.extreme(lowest=False))
    there = next((point for label in labels if (point := series.find(label))), ends[0])
    return min(ends, key=lambda point: (point.label not in labels, abs(point.number.value - there.number.value)))


def quoted_series(report: Report, statement: Statement) -> Series | None:
    """The series by epoch of which a statement quotes the value at a checkpoint it names; else the one it names by a word."""
    for label in labels_in(statement):
        for one in report.numbers(statement):
            for series in report.curves(statement):
                point = series.find(label)
                if point is not None and one.total is None and one.may_be(point.number.value):
                    return series
    return report.series_of(statement, only_named=True)


def _extreme(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "Epoch 8 is the best": one checkpoint, one word of extremity."""
    labels = labels_in(statement)
    if (
        len(labels) != 1
        or HEDGED.search(statement.own)
        or _negated(statement.own)
        or (FALLS.search(statement.own) and "from" in statement.own)
    ):
        return
    claimed = extreme_claimed(report, statement)
    if claimed is None:
        return
    series, point, word = claimed
    others = [one for one in report.curves(statement) if one.direction or word in {"lowest", "highest"}]
    lowest = point == series.extreme(lowest=True)
    tops = [
        one
        for one in others
        if one.table == series.table
        and (one.best() if word in {"best", "optimal", "peak", "peaked", "top", "winner"} else one.extreme(lowest=lowest)) is not None
    ]
    agreeing = [
        one
        for one in tops
        if _top(one, word, lowest=lowest).label == labels[0] or _top(one, word, lowest=lowest).number.value == _value(one, labels[0])
    ]
    named = bool((series.words - {"mean"}) & words(statement.own))
    if not series.direction and point.label == labels[0]:
        yield found_at(statement, Verdict.CONSISTENT, f"{series.name}: an end of {len(series.points)} at {_called(series, labels[0])}")
    elif (series in agreeing) or (agreeing and not named):
        chosen = series if series in agreeing else agreeing[0]
        yield found_at(statement, Verdict.CONSISTENT, f"{chosen.name}: {word} of {len(chosen.points)} at {_called(chosen, labels[0])}")
    elif series.find(labels[0]) is not None:
        there = series.find(labels[0])
        assert there is not None
        yield found_at(
            statement,
            Verdict.INCONSISTENT,
            f"{series.name}: {word} is {shown(point.number.value)} at {_called(series, point.label)} (line {point.line}); "
            f"{_called(series, labels[0])} has {shown(there.number.value)}",
        )


def _negated(text: str) -> bool:
    return bool(
        re.search(
            r"\b(?:not|isn't|no longer|post[- ]peak|(?:second|third|fourth|2nd|3rd|4th)[- ](?:best|lowest|highest)|near(?:ly)?|almost|"
            r"one of)\b",
            text,
            re.IGNORECASE,
        )
    )


def _top(series: Series, word: str, *, lowest: bool) -> Point:
    best = series.best()
    return best if best is not None and word in {"best", "optimal", "peak", "peaked", "top", "winner"} else series.extreme(lowest=lowest)


def _value(series: Series, label: str) -> float | None:
    point = series.find(label)
    return point.number.value if point else None


def _rows_called_best(report: Report) -> Iterator[Found]:
    """A row whose remark says best or worst: it must be that in some column of numbers of its table."""
    for statement in report.statements:
        if statement.kind is not Kind.ROW:
            continue
        columns = report.columns_of(statement)
        remark = " ".join(cell for cell in statement.own.split(" | ")[1:] if not any(sign.isdigit() for sign in cell))
        word = BEST.search(remark) or WORST.search(remark)
        if not word or not columns or HEDGED.search(remark) or _negated(remark):
            continue
        lowest_is = {one.at: (one.direction == "lower") == bool(BEST.search(remark)) for one in columns if one.direction}
        tops = {one.at: one.extreme(lowest=lowest_is[one.at]) for one in columns if one.at in lowest_is and len(one.points) > 2}
        asked = [one for one in columns if one.at in tops and one.words & words(remark)] or [one for one in columns if one.at in tops]
        if not asked:
            continue
        right = [
            one for one in asked if tops[one.at].line == statement.line or _value(one, labels_in(statement)[0]) == tops[one.at].number.value
        ]
        if right:
            yield found_at(statement, Verdict.CONSISTENT, f"{right[0].name}: {word[0].lower()} of {len(right[0].points)}")
        else:
            top = tops[asked[0].at]
            yield found_at(
                statement,
                Verdict.INCONSISTENT,
                f"{asked[0].name}: {word[0].lower()} is {shown(top.number.value)} at {_called(asked[0], top.label)} (line {top.line})",
            )


def _thresholds(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "216.6, under the target of 250": a number said to be on one side of another."""
    numbers = report.numbers(statement)
    for before, after in pairwise(numbers):
        between = statement.own[before.end : after.start]
        match = _TARGET.search(between)
        if (
            match is None
            or len(between) > 45
            or before.unit != after.unit
            or before.total
            or after.total
            or _NOT.search(between[: match.start()])
        ):
            continue
        if (
            before.is_percent
            and re.search(r"\b(?:improv|better|more|less|fewer|higher|lower)", between[: match.end()], re.IGNORECASE)
            and "target" not in between
        ):
            continue
        below = match["way"].lower() in {"below", "under", "less than", "fewer than"}
        holds = before.low < after.high if below else before.high > after.low
        if match["way"].lower() == "over" and "target" not in between.lower() and "limit" not in between.lower():
            continue
        said = f"{shown(before.value)} is {'below' if before.value < after.value else 'not below'} {shown(after.value)}"
        yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said, "" if holds else "F06")
