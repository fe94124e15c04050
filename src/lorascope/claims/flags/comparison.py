"""Comparisons: F02 one number for two metrics, F03 unlike units, F04 one prompt, F05 an extreme as baseline, F26 a chosen reference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import combinations

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.noise import luck_of
from lorascope.claims.quantity import Quantity
from lorascope.claims.report import Report, found_at, labels_in, shown
from lorascope.claims.series import Comparison, Series
from lorascope.claims.values import quoted_series
from lorascope.claims.vocabulary import BEST, BETTER, CHANGE, HEDGED, WORSE, WORST, words

_MEAN = frozenset({"mean", "overall", "median"})
_PROTOCOL = frozenset("prompt image seed step cfg guidance sampler weight strength resolution scale".split())
_ABOUT_PROTOCOL = frozenset("test number count inference evaluation eval lora per size".split())
_COMPARES = re.compile(r"\b(?:vs\.?|versus|compared (?:to|with)|against|than|improve\w* over)\b", re.IGNORECASE)
_SINGLE = re.compile(r"\b(?:single|one|1)\s(?:test\s|sample\s)?(?:image|prompt|picture|sample|generation)\b|\bn\s?=\s?1\b", re.IGNORECASE)
_CHOSEN = re.compile(
    r"\b(?:previous|old|prior|last|reference|baseline(?:'s)?)\s(?:run's\s)?best\b|\bbest (?:checkpoint |epoch )?of the (?:previous|old|"
    r"baseline|reference)\b",
    re.IGNORECASE,
)
_MOST_ROWS = 100
_CLAIMS = re.compile("|".join(one.pattern for one in (BEST, WORST, BETTER, WORSE)), re.IGNORECASE)


def same_number_twice(report: Report) -> Iterator[Found]:
    """F02: in one column of a comparison, one number for two metrics; or two columns of a table that are equal throughout."""
    for first, second, value in _repeated(report):
        said = f"{shown(value.value)} stands for {first.metric} and for {second.metric} (line {second.line})"
        for statement in _relying(report, first):
            yield found_at(statement, Verdict.MISLEADING, said, "F02")
    for series in report.series:
        for other in report.beside(series):
            if other.at > series.at and len(series.points) >= 3 and series.values == other.values and len(set(series.values)) > 1:
                statement = report.at(series.document, series.points[0].line)
                yield found_at(
                    statement, Verdict.MISLEADING, f"{series.name} and {other.name} are equal in all {len(series.points)} rows", "F02"
                )


def unlike_units(report: Report) -> Iterator[Found]:
    """F03: an average beside one prompt's value, or numbers of different protocols."""
    for first, second, value in _repeated(report):
        if words(first.metric) & _MEAN and not words(second.metric) & _MEAN:
            said = f"an average is compared with {shown(value.value)}, which line {second.line} has as {second.metric} alone"
            for statement in _relying(report, first):
                yield found_at(statement, Verdict.MISLEADING, said, "F03")
    seen: set[tuple[str, int]] = set()
    for one in report.comparisons:
        rows = _protocol_rows(report, one) if (one.document, one.table) not in seen else []
        seen.add((one.document, one.table))
        if rows:
            yield found_at(
                report.at(one.document, one.line), Verdict.MISLEADING, f"the two were measured differently: {'; '.join(rows)}", "F03"
            )
    for statement in report.statements:
        if statement.kind is Kind.ROW or not _COMPARES.search(statement.own) or HEDGED.search(statement.own):
            continue
        unlike = _unlike_counts(report, statement)
        mixed = words(statement.own) & _MEAN and _SINGLE.search(statement.own) and CHANGE.search(statement.own)
        if unlike:
            yield found_at(statement, Verdict.MISLEADING, f"the two were measured differently: {unlike}", "F03")
        elif mixed and len([number for number in report.numbers(statement) if not number.is_percent]) >= 2:
            yield found_at(statement, Verdict.MISLEADING, "an average is compared with a single image or prompt", "F03")


def _unlike_counts(report: Report, statement: Statement) -> str:
    """Different numbers of prompts, images or seeds on the two sides of a comparison that has a value on each."""
    match = _COMPARES.search(statement.own)
    numbers = report.numbers(statement)
    if match is None or len(numbers) < 4:
        return ""
    sides = ([one for one in numbers if one.end <= match.start()], [one for one in numbers if one.start >= match.end()])
    counts: list[dict[str, float]] = []
    for side in sides:
        nouns = [
            (words(one.noun.split(" ")[0]) & {"prompt", "image", "seed", "step"}, one.value) for one in side if one.noun and not one.unit
        ]
        counts.append({next(iter(noun)): value for noun, value in nouns if noun})
        if len(side) <= len(counts[-1]):
            return ""
    shared = sorted(noun for noun in counts[0].keys() & counts[1].keys() if counts[0][noun] != counts[1][noun])
    return "; ".join(f"{shown(counts[0][noun])} and {shown(counts[1][noun])} {noun}s" for noun in shared)


def _protocol_rows(report: Report, one: Comparison) -> list[str]:
    """Rows of the comparison's table in which a setting of the evaluation differs."""
    found = []
    for row in report.table(one.document, one.table).rows:
        named = words(row.cells[0]) if row.cells else frozenset()
        if len(row.cells) < 3 or not named & _PROTOCOL or named - _PROTOCOL - _ABOUT_PROTOCOL:
            continue
        first, second = row.cells[1].strip(), row.cells[2].strip()
        if first and second and first != second:
            found.append(f"{row.cells[0]} {first} and {second}")
    return found


def one_prompt(report: Report) -> Iterator[Found]:
    """F04: a claim on the value of one prompt or one image."""
    singles = [
        series
        for series in report.series
        if series.ordered and report.prompt_of(series) is not None and any(one.of_all for one in report.beside(series))
    ]
    for one in report.comparisons:
        series = next(
            (
                single
                for single in singles[:_MOST_ROWS]
                if single.document == one.document and single.words <= words(one.metric) and not words(one.metric) & _MEAN
            ),
            None,
        )
        if series:
            prompt = report.prompt_of(series)
            yield found_at(
                report.at(one.document, one.line),
                Verdict.MISLEADING,
                f"one prompt of {len(report.prompts[one.document])} (line {prompt.line if prompt else 0}), one image to a value",
                "F04",
            )
    for statement in report.statements:
        if HEDGED.search(statement.own) or not _CLAIMS.search(statement.own):
            continue
        if statement.kind is Kind.ROW:
            yield from _remark_on_one(report, statement, singles)
            continue
        series = quoted_series(report, statement)
        if series in singles and labels_in(statement):
            yield found_at(
                statement, Verdict.MISLEADING, f"{series.name} is one prompt of {len(report.prompts[statement.document])}", "F04"
            )
        elif (single := _SINGLE.search(statement.own)) and CHANGE.search(statement.own) and len(report.numbers(statement)) > 1:
            yield found_at(statement, Verdict.MISLEADING, f'it rests on "{single[0]}"', "F04")


def _remark_on_one(report: Report, statement: Statement, singles: list[Series]) -> Iterator[Found]:
    """A remark in a table that only the column of one prompt bears out, or that names it."""
    remark = " ".join(cell for cell in statement.own.split(" | ")[1:] if not any(sign.isdigit() for sign in cell))
    columns = [series for series in report.columns_of(statement) if series.direction]
    mine = [series for series in columns if series in singles]
    if not mine or not _CLAIMS.search(remark):
        return
    single = mine[0]
    others = [series for series in columns if series not in singles]
    named = bool(single.words & words(remark))
    alone = (
        bool(WORSE.search(remark)) and _worse(single, statement) is True and any(_worse(series, statement) is False for series in others)
    )
    if named or alone:
        why = "" if named else "; the average says the opposite"
        yield found_at(
            statement, Verdict.MISLEADING, f"{single.name} is one prompt of {len(report.prompts[statement.document])}{why}", "F04"
        )


def _worse(series: Series, statement: Statement) -> bool | None:
    at = next((place for place, point in enumerate(series.points) if point.line == statement.line), 0)
    if at == 0:
        return None
    change = series.points[at].number.value - series.points[at - 1].number.value
    return None if change == 0 else (change > 0) == (series.direction == "lower")


def extreme_as_baseline(report: Report) -> Iterator[Found]:
    """F05: a change counted from the worst point, or to the best of many single values."""
    for statement in report.statements:
        if (
            statement.kind in {Kind.ROW, Kind.CODE}
            or not CHANGE.search(statement.own)
            or HEDGED.search(statement.own)
            or len(report.numbers(statement)) < 2
        ):
            continue
        numbers = report.numbers(statement)
        for series in report.curves(statement):
            worst = series.extreme(lowest=series.direction != "lower") if series.direction else None
            best, first = series.best(), series.points[0]
            if worst is None or best is None or len(series.points) < 4:
                continue
            plain = [number for number in numbers if not number.is_percent and number.total is None]
            if (
                _quotes(plain, worst.number)
                and worst != first
                and len(plain) >= 2
                and any(_quotes(plain, point.number) for point in series.points if point != worst)
            ):
                yield found_at(statement, Verdict.MISLEADING, _from_first(series, plain), "F05")
            elif _quotes(plain, best.number) and any(number.is_percent for number in numbers) and report.prompt_of(series) is not None:
                luck = luck_of(report, series, best)
                expected = f"; noise alone would give about {shown(luck.expected)}" if luck else ""
                yield found_at(
                    statement,
                    Verdict.MISLEADING,
                    f"{shown(best.number.value)} is the best of {len(series.points)} single values{expected}",
                    "F05",
                )


def _from_first(series: Series, plain: list[Quantity]) -> str:
    first = series.points[0].number.value
    target = next(
        (number.value for number in reversed(plain) if number.value != series.extreme(lowest=series.direction != "lower").number.value),
        first,
    )
    share = f": from the first it is {shown(100 * (target / first - 1))} %" if first else ""
    return f"the baseline is the worst of {len(series.points)} points, not the first ({shown(first)}){share}"


def _quotes(numbers: list[Quantity], value: Quantity) -> bool:
    return any(number.may_be(value.value) for number in numbers)


def chosen_reference(report: Report) -> Iterator[Found]:
    """F26: what is compared with is the best of its own run."""
    for one in report.comparisons:
        if {"best", "epoch"} <= words(one.metric) or {"best", "checkpoint"} <= words(one.metric):
            said = (
                f"both sides are the best of their runs (epochs {shown(one.before.value)} and {shown(one.after.value)}): the "
                "reference has its own luck of the choice"
            )
            yield found_at(report.at(one.document, one.line), Verdict.MISLEADING, said, "F26")
    for statement in report.statements:
        if (
            statement.kind is not Kind.ROW
            and _CHOSEN.search(statement.own)
            and CHANGE.search(statement.own)
            and len(report.numbers(statement)) >= 2
        ):
            yield found_at(statement, Verdict.MISLEADING, "the reference was itself selected as the best of its run", "F26")


def _repeated(report: Report) -> Iterator[tuple[Comparison, Comparison, Quantity]]:
    """Two rows of a comparison of different metrics with one number in the same column; the average first."""
    tables: dict[tuple[str, int], list[Comparison]] = {}
    for one in report.comparisons:
        tables.setdefault((one.document, one.table), []).append(one)
    for rows in tables.values():
        for one, other in combinations(rows[:_MOST_ROWS], 2):
            if words(one.metric) == words(other.metric):
                continue
            for mine, theirs in ((one.before, other.before), (one.after, other.after)):
                if mine.value == theirs.value and len(mine.text.strip("+-0.")) >= 3:
                    first, second = (other, one) if words(other.metric) & _MEAN else (one, other)
                    yield first, second, mine


def _relying(report: Report, one: Comparison) -> Iterator[Statement]:
    """The comparison's own row, and the sentences that state its change from the same two numbers."""
    yield report.at(one.document, one.line)
    if one.before.value != one.after.value:
        for statement in report.stating(one.document, one.before.value):
            if one.after.value in {number.value for number in report.numbers(statement)}:
                yield statement


_TWO = """| Metric | Old | New | Change |
|---|---|---|---|
| Mean colors | 301 | 216.6 | -28% |
| Hat colors | 301 | 222 | -26% |
"""
_PROMPTS = """Prompts:

1. a red hat
2. a dog in snow
3. a boat

| Epoch | Mean error | Hat |
|---|---|---|
| 1 | 0.91 | 0.80 |
| 2 | 0.95 | 0.88 |
| 3 | 0.70 | 0.61 |
| 4 | 0.74 | 0.30 |
| 5 | 0.73 | 0.55 |
"""
FLAGS = (
    Flag(
        id="F02",
        title="One number for two metrics",
        meaning="The same number stands for two different metrics of one run.",
        misleads="One of them was most likely never measured, and every comparison with it is with the wrong thing.",
        remedy="Look up both values where they were measured.",
        find=same_number_twice,
        fires=(Example(_TWO),),
        silent=(Example(_TWO.replace("Hat colors | 301", "Hat colors | 305").replace("-26%", "-27%")),),
    ),
    Flag(
        id="F03",
        title="Unlike things compared",
        meaning="An average is set beside one prompt's value, or the two sides were measured on other prompts, seeds or settings.",
        misleads="The difference may be that of the prompts or the settings, not of the runs.",
        remedy="Measure both sides on the same prompts, seeds and settings.",
        find=unlike_units,
        fires=(
            Example(_TWO),
            Example("The new LoRA reaches 0.81 on 8 prompts against 0.74 on 20 prompts, better than before.\n"),
            Example("| Metric | A | B | Change |\n|---|---|---|---|\n| Similarity | 0.70 | 0.77 | +10% |\n| Prompts | 8 | 20 | |\n"),
        ),
        silent=(
            Example("The new LoRA reaches 0.81 on 8 prompts against 0.74 on 8 prompts.\n"),
            Example("| Metric | A | B | Change |\n|---|---|---|---|\n| Similarity | 0.70 | 0.77 | +10% |\n| Prompts | 20 | 20 | |\n"),
        ),
    ),
    Flag(
        id="F04",
        title="One prompt or one image",
        meaning="A claim rests on the value of a single prompt or a single image.",
        misleads="Another draw of the same prompt gives another value, often by a third; what holds of one prompt need not hold of others.",
        remedy="At least 8 prompts with the same seeds for both sides; more prompts before more seeds.",
        find=one_prompt,
        fires=(
            Example(f"{_PROMPTS}\nEpoch 4 is best on the hat (0.30).\n"),
            Example("On a single image the error fell from 0.9 to 0.6, an improvement of 33%.\n"),
        ),
        silent=(Example(f"{_PROMPTS}\nEpoch 3 has the best mean error (0.70).\n"),),
    ),
    Flag(
        id="F05",
        title="An extreme as baseline or result",
        meaning="A change is counted from the worst point of a curve, or to the best of several single values.",
        misleads="Both ends were picked after looking. The best of ten equal checkpoints lies 1.5 standard deviations off by luck alone.",
        remedy="Count from the first checkpoint or from the reference run, and measure the chosen one again on fresh prompts.",
        find=extreme_as_baseline,
        fires=(Example(f"{_PROMPTS}\nThe mean error fell from 0.95 to 0.70.\n"),),
        silent=(Example(f"{_PROMPTS}\nThe mean error fell from 0.91 to 0.73.\n"),),
    ),
    Flag(
        id="F26",
        title="The reference was itself chosen as the best",
        meaning="What is compared with is the best checkpoint of its own run.",
        misleads=(
            "Its value is flattered by the choice as much as the new one, each by an unknown amount; a fresh measurement of both "
            "may turn the order."
        ),
        remedy="Measure both checkpoints again on prompts that chose neither.",
        find=chosen_reference,
        fires=(
            Example(
                "| Metric | Old | New | Change |\n|---|---|---|---|\n| Mean error | 0.80 | 0.70 | -12.5% |\n| Best epoch | 9 | 8 | "
                "|\n".replace("8 | |", "8 | 1 earlier |")
            ),
        ),
        silent=(Example("| Metric | Old | New | Change |\n|---|---|---|---|\n| Mean error | 0.80 | 0.70 | -12.5% |\n"),),
    ),
)
