"""The choice of a best: F22 too small a difference, F23 a best value as it was read, F24 many looked at and one reported."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from scipy.special import gammaln

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.flag import Example, Flag
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.noise import Luck, luck_of, runner_up
from lorascope.claims.report import Report, found_at, labels_in, shown
from lorascope.claims.series import Point, Series
from lorascope.claims.values import quoted_series
from lorascope.claims.vocabulary import BEST, BETTER, CHANGE, HEDGED, words

_LEAST_POINTS = 4
_CHANCE_LEVEL = 0.05
_COUNTED = re.compile(r"\b(?:prompts?|images?|pictures?|samples?|runs?|generations?|faces?|subjects?|accuracy|rate|%)", re.IGNORECASE)
_HAS_ERROR = re.compile(
    r"±|\b(?:interval|CI|standard error|s\.?e\.?m?|p\s?[=<]|95\s?%|shrunk\w*|fresh prompts|held[- ]out|undecided|confidence)\b",
    re.IGNORECASE,
)


def too_small(report: Report) -> Iterator[Found]:
    """F22: the best is no farther from the next than noise puts them; or two shares that chance explains."""
    for statement in report.statements:
        if statement.kind is not Kind.ROW or not BEST.search(_remark(statement)):
            continue
        for series in report.columns_of(statement):
            best = series.best()
            if best is None or best.line != statement.line or report.prompt_of(series) is not None or len(series.points) < _LEAST_POINTS:
                continue
            second, luck = runner_up(series, best), luck_of(report, series, best)
            if second is None or luck is None or not _within_noise(series, best, second, luck):
                continue
            gap = abs(best.number.value - second.number.value)
            needs = f"; about {shown(luck.detectable)} could be told" if luck.detectable else ""
            yield found_at(
                statement,
                Verdict.MISLEADING,
                f"{shown(gap)} better than {series.kind} {second.label} in {series.name}: within the noise{needs}",
                "F22",
            )
            break
    yield from _shares(report)


def _remark(statement: Statement) -> str:
    return " ".join(cell for cell in statement.own.split(" | ")[1:] if not any(sign.isdigit() for sign in cell))


def _within_noise(series: Series, best: Point, second: Point, luck: Luck) -> bool:
    gap = abs(best.number.value - second.number.value)
    return gap < luck.detectable if luck.detectable else gap < series.spread


def _shares(report: Report) -> Iterator[Found]:
    """Two shares compared: 7/8 against 5/8."""
    for statement in report.statements:
        if statement.kind is Kind.CODE or "/" not in statement.own or not (CHANGE.search(statement.own) or BEST.search(statement.own)):
            continue
        shares = [
            number
            for number in report.numbers(statement)
            if number.total and number.value <= number.total and _COUNTED.search(f"{number.noun} {statement.own}")
        ]
        if (
            len(shares) != 2
            or len(statement.own) > 300
            or HEDGED.search(statement.own)
            or any(not float(value).is_integer() for one in shares for value in (one.value, one.total or 0))
        ):
            continue
        (a, n), (b, m) = ((int(one.value), int(one.total or 0)) for one in shares)
        chance = _fisher(a, n, b, m)
        if chance > _CHANCE_LEVEL:
            yield found_at(
                statement, Verdict.MISLEADING, f"{a}/{n} and {b}/{m} differ by chance with p = {shown(round(chance, 2))} (Fisher)", "F22"
            )


def _fisher(a: int, n: int, b: int, m: int) -> float:
    """Two-sided p of Fisher's exact test of a of n against b of m."""
    if max(n, m) > 100_000:
        return 0.0
    whole = a + b

    def log_chance(k: int) -> float:
        return float(_choose(n, k) + _choose(m, whole - k) - _choose(n + m, whole))

    seen = log_chance(a)
    every = [log_chance(k) for k in range(max(0, whole - m), min(n, whole) + 1)]
    return min(1.0, sum(math.exp(chance) for chance in every if chance <= seen + 1e-9))


def _choose(n: int, k: int) -> float:
    return float(gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1))


def unshrunk_best(report: Report) -> Iterator[Found]:
    """F23: the value of a best of several is reported as it was read."""
    compared = {(one.document, one.line) for one in report.comparisons}
    for statement in report.statements:
        if not statement.has_digits or statement.kind is Kind.CODE or HEDGED.search(statement.own) or _HAS_ERROR.search(statement.own):
            continue
        if statement.kind is Kind.ROW:
            if BEST.search(_remark(statement)):
                yield from _selected(report, statement, [one for one in report.columns_of(statement) if report.prompt_of(one) is None])
            elif (statement.document, statement.line) in compared:
                yield from _selected(report, statement, list(report.curves(statement)))
            continue
        if BEST.search(statement.own) or BETTER.search(statement.own):
            series = quoted_series(report, statement)
            yield from _selected(report, statement, [series] if series else list(report.curves(statement)))


def _selected(report: Report, statement: Statement, columns: list[Series]) -> Iterator[Found]:
    for series in columns:
        best = series.best()
        if best is None or len(series.points) < _LEAST_POINTS or report.prompt_of(series) is not None:
            continue
        quoted = [
            number
            for number in report.numbers(statement)
            if not number.is_percent and number.total is None and number.may_be(best.number.value)
        ]
        compared = statement.kind is Kind.ROW or labels_in(statement) or len(quoted) > 0
        if not quoted or not compared or (len(best.number.text.replace(".", "").lstrip("-0")) < 2):
            continue
        luck = luck_of(report, series, best)
        if luck is None:
            return
        said = (
            f"{shown(best.number.value)} is the best of {luck.count}; with no difference at all the best of {luck.count} would be "
            f"about {shown(luck.expected)}"
        )
        if luck.shrunk is not None:
            said += f"; about {shown(luck.shrunk)} is left of it ({luck.source})"
        yield found_at(statement, Verdict.MISLEADING, said, "F23", shrunk=luck.shrunk)
        return


def many_looked_at(report: Report) -> Iterator[Found]:
    """F24: several prompts or metrics were measured, and a best on one of them is reported."""
    for statement in report.statements:
        if statement.kind is Kind.CODE or HEDGED.search(statement.own) or not BEST.search(statement.own):
            continue
        columns = report.columns_of(statement) if statement.kind is Kind.ROW else (quoted_series(report, statement),)
        for series in columns:
            if (
                series is None
                or report.prompt_of(series) is None
                or not (series.words - {"mean"}) & words(_remark(statement) if statement.kind is Kind.ROW else statement.own)
            ):
                continue
            best = series.best()
            prompts = len(report.prompts[statement.document])
            parts = sum(report.prompt_of(one) is not None for one in (*report.beside(series), series))
            overall = next((one.best() for one in report.beside(series) if one.of_all), None)
            named = labels_in(statement)
            if best and overall and best.label != overall.label and parts < prompts and best.label in named:
                said = (
                    f"the best on 1 of {prompts} prompts and {len(series.points)} checkpoints that were looked at; {prompts - parts} "
                    "prompts are not shown"
                )
                yield found_at(statement, Verdict.MISLEADING, said, "F24")


_CURVE = """Prompts:

1. a red hat
2. a dog in snow
3. a boat
4. a castle

| Epoch | Mean error | Hat | Remark |
|---|---|---|---|
| 1 | 0.91 | 0.80 | |
| 2 | 0.95 | 0.88 | |
| 3 | 0.70 | 0.61 | {best} |
| 4 | 0.74 | 0.30 | |
| 5 | 0.73 | 0.55 | |
"""
FLAGS = (
    Flag(
        id="F22",
        title="The difference is below what could be seen",
        meaning=(
            "A best that is no farther from the next than the noise puts them, or two shares that chance explains (Fisher's exact "
            "test, p > .05)."
        ),
        misleads="On the next set of prompts the order is as likely to turn.",
        remedy="Say that they cannot be told apart, and how many prompts would decide (lorascope pick).",
        find=too_small,
        fires=(Example(_CURVE.format(best="BEST")), Example("Accuracy improved from 5/8 prompts to 7/8 prompts.\n")),
        silent=(Example(_CURVE.format(best="")), Example("Accuracy improved from 10/80 prompts to 70/80 prompts.\n")),
    ),
    Flag(
        id="F23",
        title="The best value as it was read",
        meaning="The value of the best of at least four checkpoints is reported without an interval or correction for the choice.",
        misleads="The best of ten looks 1.5 standard errors better than it is; measured again it falls back.",
        remedy="Report the shrunken value, or measure the chosen checkpoint on fresh prompts.",
        find=unshrunk_best,
        fires=(Example(_CURVE.format(best="") + "\nEpoch 3 is best with a mean error of 0.70.\n"),),
        silent=(
            Example(_CURVE.format(best="") + "\nEpoch 2 has a mean error of 0.95.\n"),
            Example(_CURVE.format(best="") + "\nEpoch 3 is best: 0.70 ± 0.15.\n"),
        ),
    ),
    Flag(
        id="F24",
        title="Several looked at, one reported",
        meaning="Several prompts or metrics were measured, and a best on one of them is reported.",
        misleads="Among many prompts and checkpoints some pair is always striking; which one is chance.",
        remedy="Report all of them, or name the prompt before looking.",
        find=many_looked_at,
        fires=(Example(_CURVE.format(best="") + "\nEpoch 4 is the best on the hat (0.30).\n"),),
        silent=(Example(_CURVE.format(best="") + "\nEpoch 3 has the best mean error (0.70).\n"),),
    ),
)
