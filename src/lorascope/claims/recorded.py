"""What a report says beside what the store has of it: columns of a metric that was recorded, quoted values, and settings of a named run."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.index import MOST_POINTS
from lorascope.claims.markdown import Kind
from lorascope.claims.report import Report, StoredSeries, found_at, labels_in, shown
from lorascope.claims.series import Point, Series
from lorascope.claims.vocabulary import HEDGED, words

_LEAST_MATCHES = 3


def recorded_claims(report: Report) -> Iterator[Found]:
    """Every number of a report of which the records have the same quantity."""
    if report.records.series:
        yield from _columns(report)
        yield from _quoted(report)
    if report.records.runs:
        yield from _settings(report)


def _columns(report: Report) -> Iterator[Found]:
    """Columns by epoch that are a recorded metric, cell by cell."""
    for series in (one for one in report.series if one.ordered and len(one.points) <= MOST_POINTS):
        stored = match_stored(report, series)
        if stored is None:
            continue
        whose = f"the records of {stored.run}{', prompt ' + stored.prompt if stored.prompt else ''}"
        for point in series.points:
            known = stored.values.get(_epoch(point, stored))
            if known is None:
                continue
            statement = report.at(series.document, point.line)
            if point.number.may_be(known, 1e-6):
                yield found_at(statement, Verdict.CONSISTENT, f"{series.name}: {shown(known)} in {whose}", source="records")
            else:
                said = f"{series.name} at {series.kind} {point.label} is {shown(known)} in {whose}, not {point.number.text}"
                yield found_at(statement, Verdict.INCONSISTENT, said, "F19", source="records")


def match_stored(report: Report, series: Series) -> StoredSeries | None:
    """The recorded metric that a column quotes: at least half of its values, and three, are those of the records."""
    best: tuple[int, StoredSeries] | None = None
    for stored in report.records.series:
        pairs = [(point, stored.values[epoch]) for point in series.points if (epoch := _epoch(point, stored)) in stored.values]
        hits = sum(point.number.may_be(value, 1e-6) for point, value in pairs)
        if hits >= max(_LEAST_MATCHES, 0.5 * len(pairs)) and len({value for _, value in pairs}) > 1 and (best is None or hits > best[0]):
            best = hits, stored
    return best[1] if best else None


def _epoch(point: Point, stored: StoredSeries) -> int:
    if point.label == "final":
        return max(stored.values, default=-1)
    return int(point.label) if point.label.isdecimal() and len(point.label) < 10 else -1


def _quoted(report: Report) -> Iterator[Found]:
    """As in "Epoch 8 of caption_fix has 216.6 unique colors", in a document that names a recorded run and has no table of it."""
    for document in report.documents:
        named = [one for one in report.records.series if one.prompt is None and report.names_run(document.name, one.run)]
        if not named or report.curves_of(document.name):
            continue
        for statement in document.statements:
            labels = labels_in(statement)
            if (
                statement.kind is Kind.CODE
                or len(labels) != 1
                or not labels[0].isdecimal()
                or len(labels[0]) > 9
                or HEDGED.search(statement.own)
            ):
                continue
            for number in report.numbers(statement):
                near = words(number.noun) | words(" ".join(number.before.split()[-4:]))
                meant = [
                    one for one in named if int(labels[0]) in one.values and len(words(one.metric) & near) >= min(2, len(words(one.metric)))
                ]
                if number.total is not None or number.signed or not meant:
                    continue
                scale = 100.0 if number.is_percent else 1.0
                right = [one for one in meant if number.may_be(scale * one.values[int(labels[0])], 1e-6)]
                one = right[0] if right else meant[0]
                known = shown(scale * one.values[int(labels[0])])
                said = f"{one.metric} of {one.run} at epoch {labels[0]} is {known} in the records"
                if right:
                    yield found_at(statement, Verdict.CONSISTENT, said, source="records")
                elif len(meant) == 1:
                    yield found_at(statement, Verdict.INCONSISTENT, f"{said}, not {number.text}", "F19", source="records")


def _settings(report: Report) -> Iterator[Found]:
    """The configuration of a document that names one recorded run, beside that run's settings."""
    for document in report.documents:
        named = [run for run in report.records.runs if report.names_run(document.name, run.name, in_title=True)]
        if len(named) != 1:
            continue
        for setting in report.settings:
            if setting.document != document.name or setting.place != "config":
                continue
            known = named[0].settings.get(setting.name)
            if known is None or type(known) is not type(setting.value) or known == setting.value:
                continue
            statement = report.at(document.name, setting.line)
            value = shown(known) if isinstance(known, float) else known
            said = f"{setting.name} of {named[0].name} is {value} in the records"
            found = found_at(statement, Verdict.INCONSISTENT, said, "F19", source="records")
            yield found if statement.own else _worded(found, setting.text)


def _worded(found: Found, text: str) -> Found:
    return Found(
        type(found.place)(found.place.document, found.place.line, text), found.verdict, found.recomputed, found.flag, None, found.source
    )
