"""Labels and trends: F06 a mark against its own target, F07 a word of trend against its own curve."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.report import Report, found_at, labels_in, shown
from lorascope.claims.series import Marks, Series
from lorascope.claims.values import quoted_series
from lorascope.claims.vocabulary import BETTER, FALLS, HEDGED, PLATEAU, RISES, STEADY, WORSE, epochs_in, words

_SENTENCE_PARTS = re.compile(r",\s|;\s|\sbut\s|\swhile\s|\swhereas\s|\sand then\s")
_UNTIL = re.compile(r"\b(?:until|till|up to|through)\s(?:epoch|step|checkpoint|e)\s?(\d{1,7})\b", re.IGNORECASE)
_FLAT_SHARE = 0.1  # a plateau's next value lies within a tenth
_MOST_ODD = 0.34  # a column of marks that fits no column of numbers better than this is about something else


def contradicted_marks(report: Report) -> Iterator[Found]:
    """F06: a mark that contradicts the target in its column's title."""
    for marks in report.marks:
        columns = report.of_table(marks.document, marks.table)
        ranked = sorted(columns, key=lambda one: (len(_odd(marks, one)), not one.of_all, one.at))
        if not ranked or len(_odd(marks, ranked[0])) > _MOST_ODD * len(marks.marks):
            continue
        series = ranked[0]
        sign = "<" if marks.below else ">"
        for label, line, met, cell in marks.marks:
            point = series.find(label)
            if point is None or met is None:
                continue
            said = (
                f"{series.name} {shown(point.number.value)} {'is' if _holds(marks, point.number.value) else 'is not'} {sign} "
                f"{shown(marks.target)}"
            )
            if _holds(marks, point.number.value) == met:
                yield found_at(report.at(marks.document, line), Verdict.CONSISTENT, said)
            else:
                others = [
                    one for one in columns if one is not series and (there := one.find(label)) and _holds(marks, there.number.value) == met
                ]
                told = f' ("{cell}")' + (
                    f"; only {others[0].name} would be, but that rule fails elsewhere" if others and _odd(marks, others[0]) else ""
                )
                yield found_at(report.at(marks.document, line), Verdict.INCONSISTENT, said + told, "F06")


def _odd(marks: Marks, series: Series) -> list[str]:
    """The rows whose mark a column of numbers contradicts; "close" means not met."""
    return [label for label, _, met, _ in marks.marks if (point := series.find(label)) and _holds(marks, point.number.value) != bool(met)]


def _holds(marks: Marks, value: float) -> bool:
    return value < marks.target if marks.below else value > marks.target


def contradicted_trends(report: Report) -> Iterator[Found]:
    """F07: steady, regression, recovered, plateau … where the series, or another metric of the table, says otherwise."""
    for statement in report.statements:
        if not report.curves(statement) or HEDGED.search(statement.own) or statement.kind is Kind.CODE:
            continue
        if statement.kind is Kind.ROW:
            yield from _row_remark(report, statement)
        else:
            yield from _steady(report, statement)
            yield from _plateau(report, statement)
            yield from _between_two(report, statement)
            yield from _at_one(report, statement)


def _row_remark(report: Report, statement: Statement) -> Iterator[Found]:
    """A remark of a row, against the row before."""
    remark = " ".join(cell for cell in statement.own.split(" | ")[1:] if not any(sign.isdigit() for sign in cell))
    better, worse = bool(BETTER.search(remark)), bool(WORSE.search(remark))
    if better == worse:
        return
    columns = [one for one in report.columns_of(statement) if one.direction and len(one.points) > 2]
    named = [one for one in columns if (one.words - {"mean"}) & words(remark)]
    yield from _judge_step(statement, named or columns, "better" if better else "worse", statement.line)


def _judge_step(statement: Statement, columns: list[Series], claimed: str, line: int) -> Iterator[Found]:
    steps = {one: step for one in columns if (step := _step(one, line)) is not None and step[1] != 0}
    if not steps:
        return
    against = [
        one for one, (_, change, _) in steps.items() if ("better" if (change < 0) == (one.direction == "lower") else "worse") != claimed
    ]
    if not against:
        one = next(iter(steps))
        yield found_at(statement, Verdict.CONSISTENT, f"{one.name} {shown(steps[one][0])} to {shown(steps[one][2])}: {claimed}")
        return
    said = ", ".join(
        f"{one.name} {shown(steps[one][0])} to {shown(steps[one][2])} got {'worse' if claimed == 'better' else 'better'}" for one in against
    )
    verdict = Verdict.INCONSISTENT if len(against) == len(steps) else Verdict.MISLEADING
    yield found_at(statement, verdict, said, "F07")


def _step(series: Series, line: int) -> tuple[float, float, float] | None:
    at = next((place for place, point in enumerate(series.points) if point.line == line), 0)
    if at == 0:
        return None
    before, after = series.points[at - 1].number.value, series.points[at].number.value
    return before, after - before, after


def _range_of(statement: Statement) -> tuple[int, int] | None:
    """The range of checkpoints a statement speaks of, or that of the heading right above it."""
    if until := _UNTIL.search(statement.own):
        return 0, int(until[1])
    for text in (statement.own, *reversed(statement.section[-2:])):
        for first, last, more in epochs_in(text):
            if last > first and not more:
                return first, last
    return None


def _steady(report: Report, statement: Statement) -> Iterator[Found]:
    if not STEADY.search(statement.own):
        return
    series = quoted_series(report, statement) or report.series_of(statement)
    if series is None or len(series.points) < 3:
        return
    way = _way(statement.own, series)
    if way == 0:
        return
    within = _range_of(statement)
    points = series.between(*within) if within else series.points
    steps = [(a, b) for a, b in pairwise(points) if a.number.value != b.number.value]
    wrong = [(a, b) for a, b in steps if (b.number.value > a.number.value) != (way > 0)]
    if len(points) < 3:
        return
    if not wrong:
        yield found_at(statement, Verdict.CONSISTENT, f"{series.name}: all {len(steps)} steps that way")
        return
    values = " ".join(shown(point.number.value) for point in points[:12])
    yield found_at(
        statement, Verdict.INCONSISTENT, f"{series.name} {values}: {len(wrong)} of {len(points) - 1} steps go the other way", "F07"
    )


def _way(text: str, series: Series) -> int:
    """+1 up, -1 down, 0 not said."""
    falls, rises = bool(FALLS.search(text)), bool(RISES.search(text))
    if falls != rises:
        return 1 if rises else -1
    better, worse = bool(BETTER.search(text)), bool(WORSE.search(text))
    if better == worse or not series.direction:
        return 0
    return 1 if better == (series.direction == "higher") else -1


def _plateau(report: Report, statement: Statement) -> Iterator[Found]:
    if not PLATEAU.search(statement.own):
        return
    series = quoted_series(report, statement) or report.series_of(statement)
    if series is None:
        return
    within = _range_of(statement)
    label = next(iter(labels_in(statement)), None) or next(
        (str(first) for above in reversed(statement.section[-2:]) for first, last, more in epochs_in(above) if first == last and not more),
        None,
    )
    if within:
        values = [point.number.value for point in series.between(*within)]
        if len(values) > 1 and min(values) > 0:
            share = (max(values) - min(values)) / min(values)
            yield _flat(
                statement, share, f"{series.name} {shown(min(values))} to {shown(max(values))} in epochs {within[0]} to {within[1]}"
            )
    elif label and (point := series.find(label)):
        at = series.points.index(point)
        if at + 1 < len(series.points) and point.number.value > 0:
            after = series.points[at + 1].number.value
            share = abs(after / point.number.value - 1)
            yield _flat(
                statement,
                share,
                f"the next value of {series.name} is {shown(after)}, {shown(100 * (after / point.number.value - 1))} % off",
            )


def _flat(statement: Statement, share: float, said: str) -> Found:
    if share <= _FLAT_SHARE:
        return found_at(statement, Verdict.CONSISTENT, said)
    return found_at(statement, Verdict.INCONSISTENT, f"{said}: no plateau", "F07")


def _between_two(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "The loss rises from epoch 2 to epoch 6": two checkpoints and a direction."""
    within = _range_of_two(statement.own)
    if within is None or STEADY.search(statement.own) or PLATEAU.search(statement.own):
        return
    series = quoted_series(report, statement)
    first, last = (series.find(str(label)) for label in within) if series else (None, None)
    if series is None or first is None or last is None or (way := _way(statement.own, series)) == 0:
        return
    change = last.number.value - first.number.value
    said = f"{series.name}: {shown(first.number.value)} at {series.kind} {within[0]}, {shown(last.number.value)} at {within[1]}"
    if (change > 0) == (way > 0) and change != 0:
        yield found_at(statement, Verdict.CONSISTENT, said)
    else:
        yield found_at(statement, Verdict.INCONSISTENT, said, "F07")


def _range_of_two(text: str) -> tuple[int, int] | None:
    if not re.search(r"\bfrom\s+(?:epoch|step|checkpoint|e)\b|\bbetween\s+(?:epoch|step)s?\b", text, re.IGNORECASE):
        return None
    labels = [label for first, last, more in epochs_in(text) if not more for label in ((first,) if first == last else (first, last))]
    return (labels[0], labels[1]) if len(labels) == 2 and labels[0] < labels[1] else None


def _at_one(report: Report, statement: Statement) -> Iterator[Found]:
    """As in "Epoch 7 regressed": one checkpoint, against the one before, in every column of its table."""
    for part in _SENTENCE_PARTS.split(statement.own):
        epochs = epochs_in(part)
        better, worse = bool(BETTER.search(part)), bool(WORSE.search(part))
        if (
            len(epochs) != 1
            or epochs[0][0] != epochs[0][1]
            or epochs[0][2]
            or better == worse
            or not re.search(r"\b(?:regress\w*|recover\w*|deteriorat\w+|degrad\w+|worsen\w*)\b", part, re.IGNORECASE)
        ):
            continue
        columns = [one for one in report.curves(statement) if one.direction and one.find(str(epochs[0][0]))]
        lines = {point.line for one in columns if (point := one.find(str(epochs[0][0])))}
        if len(lines) == 1 and not re.search(r"\b(?:than|over|compared|vs)\b", part):
            yield from _judge_step(statement, columns, "better" if better else "worse", lines.pop())


_TABLE = """| Epoch | Error (< 0.5) | Remark |
|---|---|---|
| 1 | 0.9 | |
| 2 | 0.7 | |
| 3 | 0.8 | |
| 4 | 0.4 | |
| 5 | 0.6 | |
"""
_MARKED = """| Epoch | Mean error | Target (< 0.5) |
|---|---|---|
| 1 | 0.9 | missed |
| 2 | 0.7 | ✅ |
| 3 | 0.45 | ✅ |
| 4 | 0.4 | ✅ |
"""
_CURVE = """| Epoch | Val loss |
|---|---|
| 1 | 0.9 |
| 2 | 0.7 |
| 3 | 0.8 |
| 4 | 0.4 |
| 5 | 0.6 |
"""
FLAGS = (
    Flag(
        id="F06",
        title="A label contradicts its own threshold",
        meaning=(
            "A row is marked as meeting a target that its number does not meet, or a number is said to be under a limit that it exceeds."
        ),
        misleads="Whoever reads the marks only, and most do, believes the opposite of the numbers.",
        remedy="Say which number the target applies to, and mark by it.",
        find=contradicted_marks,
        fires=(Example(_MARKED),),
        silent=(Example(_MARKED.replace("0.7 | ✅", "0.7 | ❌")),),
    ),
    Flag(
        id="F07",
        title="A word of trend contradicts the curve",
        meaning="Steady, regression, recovery, plateau and the like, where the series itself or another metric beside it says otherwise.",
        misleads="The word is remembered and the numbers are not; a story about two points of noise becomes a rule for the next run.",
        remedy="Give the numbers, and test first whether the checkpoints differ at all.",
        find=contradicted_trends,
        fires=(
            Example(f"{_CURVE}\nThe loss decreases steadily.\n"),
            Example(f"{_CURVE}\nA plateau is reached at epoch 4.\n"),
            Example(f"{_CURVE}\nThe loss rises from epoch 1 to epoch 4.\n"),
            Example(
                _CURVE.replace("| 4 | 0.4 |", "| 4 | 0.4 | regression |")
                .replace("loss |", "loss | Remark |")
                .replace("|---|---|", "|---|---|---|")
            ),
        ),
        silent=(
            Example(
                _CURVE.replace("0.8", "0.6").replace("| 5 | 0.6 |", "| 5 | 0.38 |")
                + "\nThe loss decreases steadily, and a plateau is reached at epoch 4.\n"
            ),
            Example(f"{_CURVE}\nThe loss falls from epoch 1 to epoch 4.\n"),
            Example(_TABLE),
        ),
    ),
)
