"""Claims of change: percentages, differences and ratios, recomputed from the two numbers they stand between.

A rounded number is an interval: 216.6 may have been 216.55 to 216.65, and a percentage is wrong only if nothing in the intervals gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from lorascope.claims.claim import Found, Verdict
from lorascope.claims.markdown import Kind, Statement
from lorascope.claims.quantity import Quantity
from lorascope.claims.report import Report, found_at, shown
from lorascope.claims.vocabulary import CHANGE, FALLS, HEDGED, RISES

_ARROW = re.compile(r"^[^\d→]{0,30}(?:→|->|=>|\bto\b)[^\d→]{0,12}$")
_AGAINST = re.compile(r"\b(?:vs\.?|versus|against|compared (?:to|with)|instead of|relative to|than|over)\b", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|down from|up from|was|before)\b[^\d]{0,25}$", re.IGNORECASE)
_BY = re.compile(r"\b(?:by|of)\s(?:about\s)?$")
_SHARE = re.compile(r"[^;.|\d]{0,60}\(\s*|\s*(?:\w+\s){0,3}?(?:=|:|,|is|are|or|i\.e\.)?\s*")
_RATIO_WORDS = {"twice": 2.0, "half": 0.5, "double": 2.0, "doubled": 2.0, "halved": 0.5, "tripled": 3.0, "triple": 3.0}
_RATIO = re.compile(rf"\b({'|'.join(_RATIO_WORDS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two numbers of one thing. ``ordered``: it is said which was before."""

    before: Quantity
    after: Quantity
    ordered: bool


def change_claims(report: Report) -> Iterator[Found]:
    """Every stated change between two numbers of the same sentence or row, with what it comes to."""
    for one in report.comparisons:
        if found := judged(report.at(one.document, one.line), one.claimed, Pair(one.before, one.after, ordered=True)):
            yield found
    compared = {(one.document, one.line) for one in report.comparisons}
    for statement in report.statements:
        if statement.kind is Kind.ROW or (statement.document, statement.line) in compared or not statement.has_digits:
            continue
        yield from _in_sentence(report, statement)


def _in_sentence(report: Report, statement: Statement) -> Iterator[Found]:
    numbers = report.numbers(statement)
    if len(numbers) > 12 or len(numbers) < 2:
        return
    for claimed in numbers:
        if not _claims_change(claimed, statement):
            continue
        pair = pair_for(claimed, numbers, statement.own)
        found = judged(statement, claimed, pair) if pair else None
        if found:
            yield found
    yield from _moves(statement, numbers)
    yield from _shares(statement, numbers)
    yield from _ratio_words(statement, numbers)


def _claims_change(one: Quantity, statement: Statement) -> bool:
    if one.total is not None or one.bound in {"<", ">", "≤", "≥"}:
        return False
    before = re.split(r"[,;:|.]\s|\(", one.before)[-1][-30:]
    after = re.split(r"[,;:(|.)]", statement.own[one.end : one.end + 40])[0][:30]
    if one.unit == "x":
        return bool(CHANGE.search(after))
    if one.unit == "" and _BY.search(one.before):  # "reduced by 23.4"
        return bool(CHANGE.search(before))
    return one.unit in {"%", "points"} and bool(one.signed or CHANGE.search(before) or CHANGE.search(after))


def pair_for(claimed: Quantity, numbers: tuple[Quantity, ...], text: str) -> Pair | None:
    """The two numbers that a claimed change stands between: side by side with an arrow or "vs", or the only two beside it."""
    others = [
        one
        for one in numbers
        if one is not claimed and one.total is None and one.upper is None and not one.signed and not one.bound.strip("+")
    ]
    best: tuple[int, Pair] | None = None
    for left, right in pairwise(others):
        if left.unit != right.unit and left.unit and right.unit:
            continue
        between = text[left.end : right.start]
        turned = bool(_FROM.search(between)) and len(between) < 30  # "217, down from 301"
        first, second = (right, left) if turned else (left, right)
        ordered = turned or bool(_ARROW.match(between))
        if first.is_percent and claimed.is_percent and not ordered:
            continue  # "15 % … 11 % vs 66 %": shares beside each other, of which none is said to be the change
        near = _beside(claimed, (first, second), text)
        if near is not None and (ordered or _AGAINST.search(between)) and len(between) <= 45 and not re.search(r"[,;|]\s", between):
            distance = near
            if best is None or distance < best[0]:
                best = distance, Pair(first, second, ordered)
    if best:
        return best[1]
    plain = [one for one in others if one.unit not in {"%", "x"}]
    if claimed.unit == "":
        return None
    return Pair(plain[0], plain[1], ordered=False) if len(plain) == 2 and _alike(plain[0], plain[1]) and len(text) < 250 else None


def _beside(claimed: Quantity, pair: tuple[Quantity, Quantity], text: str) -> int | None:
    """How far the pair is from the claimed change; None where another clause or bracket lies between them."""
    begin, end = min(one.start for one in pair), max(one.end for one in pair)
    if begin < claimed.start < end:
        return 0
    between = text[claimed.end : begin] if claimed.start < begin else text[end : claimed.start]
    if len(between) > 70 or re.search(r"\).*\(|[;|·]|[.]\s|\d", between):
        return None
    return len(between)


def _alike(first: Quantity, second: Quantity) -> bool:
    """Whether two numbers count the same thing: the same noun, and sizes that can be compared."""
    nouns = [one.noun.split(" ")[0] for one in (first, second)]
    small, large = sorted((abs(first.value), abs(second.value)))
    return nouns[0] == nouns[1] != "" and first.unit == second.unit and small > 0 and large < 100 * small


def judged(statement: Statement, claimed: Quantity, pair: Pair) -> Found | None:
    """Whether a claimed change is what the pair gives, by any fair reading; None where it cannot be computed."""
    before, after = pair.before, pair.after
    unit = claimed.unit or ("difference" if claimed.signed else "")
    readings: list[tuple[str, float, float, float]] = []
    if unit == "%":
        readings += _percent_readings(before, after)
        if not pair.ordered:  # "216.6 vs 301": what is compared with stands behind
            readings = [*_percent_readings(after, before), *readings]
        if before.unit == "%" or after.unit == "%":
            readings.append(("points", *_difference(before, after)))
    elif unit == "x":
        readings += _ratios(before, after)
    else:
        scale = 100.0 if unit == "points" and max(abs(before.value), abs(after.value)) <= 1 else 1.0
        value, low, high = _difference(before, after)
        readings.append((unit, scale * value, scale * low, scale * high))
    if not readings:
        return None
    sign = _sign(claimed, statement.own)
    agreed = [reading for reading in readings if _agrees(claimed, reading, sign)]
    kind, value, _, _ = agreed[0] if agreed else readings[0]
    if kind == "%" and before.low > 0 and abs(value - 100 * (after.value / before.value - 1)) > 1e-9:
        before, after = after, before
    text = _words(kind, value, before, after)
    return found_at(statement, Verdict.CONSISTENT if agreed else Verdict.INCONSISTENT, text if agreed else f"{text}, not {claimed.text}")


def _sign(claimed: Quantity, text: str) -> int:
    """+1, -1 or 0: which way the claim says the number went, where it says so without doubt."""
    if claimed.signed:
        return 1 if claimed.value > 0 and not claimed.text.startswith("±") else -1
    near = text[max(0, claimed.start - 50) : claimed.end + 30]
    falls, rises = bool(FALLS.search(near)), bool(RISES.search(near))
    return 0 if falls == rises else 1 if rises else -1


def _agrees(claimed: Quantity, reading: tuple[str, float, float, float], sign: int) -> bool:
    _, value, low, high = reading
    if reading[0] == "x":
        return _meets(claimed, low, high)
    magnitude = sorted((abs(low), abs(high)))
    if low <= 0 <= high:
        magnitude[0] = 0.0
    # a signed claim in the wrong direction is wrong, a share written without its minus is not
    if claimed.signed and sign and abs(value) > 1e-9 and (value > 0) != (sign > 0) and low * high > 0:
        return False
    return _meets(claimed, magnitude[0], magnitude[1])


def _meets(claimed: Quantity, low: float, high: float) -> bool:
    half = (claimed.high - claimed.low) / 2 if claimed.upper is None else 0.0
    first = abs(claimed.value) - half
    last = (claimed.upper if claimed.upper is not None else abs(claimed.value)) + half
    if claimed.about:
        first, last = first - 0.06 * abs(claimed.value) - half, last + 0.06 * abs(claimed.value) + half
    if claimed.bound == "+" or claimed.before.rstrip().endswith(("over", "more than", "at least")):
        last = float("inf")
    if claimed.before.rstrip().endswith(("up to", "under", "less than", "almost", "nearly")):
        first = 0.0 if not claimed.about else first
    room = 1e-9 * max(1.0, abs(first))
    return low <= last + room and high >= first - room


def _percent_readings(before: Quantity, after: Quantity) -> list[tuple[str, float, float, float]]:
    if before.low <= 0 or after.low < 0:
        return []
    value = 100 * (after.value - before.value) / before.value
    return [("%", value, 100 * (after.low / before.high - 1), 100 * (after.high / before.low - 1))]


def _ratios(before: Quantity, after: Quantity) -> list[tuple[str, float, float, float]]:
    if min(before.low, after.low) <= 0:
        return []
    return [("x", b.value / a.value, b.low / a.high, b.high / a.low) for a, b in ((before, after), (after, before))]


def _difference(before: Quantity, after: Quantity) -> tuple[float, float, float]:
    return after.value - before.value, after.low - before.high, after.high - before.low


def _words(kind: str, value: float, before: Quantity, after: Quantity) -> str:
    first, second = shown(before.value), shown(after.value)
    if kind == "x":
        return f"{second} / {first} = {shown(value or 0)} times"
    unit = " %" if kind == "%" else " points" if kind == "points" else ""
    return f"{first} to {second} is {'+' if value > 0 else ''}{shown(value)}{unit}"


def _moves(statement: Statement, numbers: tuple[Quantity, ...]) -> Iterator[Found]:
    """As in "fell from 335.7 to 238.9": a direction beside two numbers."""
    for first, second in pairwise(numbers):
        between, before = statement.own[first.end : second.start], statement.own[max(0, first.start - 45) : first.start]
        if (
            HEDGED.search(statement.own)
            or first.total
            or second.total
            or first.unit != second.unit
            or not _ARROW.match(between)
            or first.upper
            or second.upper
        ):
            continue
        falls, rises = bool(FALLS.search(before)), bool(RISES.search(before))
        if falls == rises or "from" not in before.lower() or first.low <= 0:
            continue
        value = 100 * (second.value / first.value - 1)
        holds = value < 0 if falls else value > 0
        yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, _words("%", value, first, second))


def _shares(statement: Statement, numbers: tuple[Quantity, ...]) -> Iterator[Found]:
    """As in "7/8 (87.5 %)": a share and its percentage beside it."""
    shares = [one for one in numbers if one.total is not None and not one.is_score and 0 < one.total >= one.value]
    percents = [one for one in numbers if one.is_percent and not one.signed and not CHANGE.search(f"{one.before[-25:]} {one.noun}")]
    if (
        len(percents) == 1
        and len(shares) > 1
        and percents[0].upper is None
        and re.search(r"\(", statement.own[percents[0].end : shares[0].start])
    ):  # one percentage for several shares: it must be one of them
        ratios = [100 * one.value / one.total for one in shares if one.total]
        holds = any(percents[0].may_be(ratio) for ratio in ratios)
        said = f"the shares are {', '.join(f'{shown(ratio)} %' for ratio in ratios)}"
        yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said)
        return
    for at, one in enumerate(numbers):
        if one.total is None or one.is_score or one.total <= 0 or one.value > one.total:
            continue
        for other in numbers[max(0, at - 1) : at + 2]:
            between = statement.own[min(one.end, other.end) : max(one.start, other.start)]
            if other is one or not other.is_percent or other.signed or not _SHARE.fullmatch(between):
                continue
            value = 100 * one.value / one.total
            holds = other.may_be(value, 1e-9) or (other.bound == "+" and value >= other.low)
            said = f"{shown(one.value)} of {shown(one.total)} is {shown(value)} %"
            yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said if holds else f"{said}, not {other.text}")


def _ratio_words(statement: Statement, numbers: tuple[Quantity, ...]) -> Iterator[Found]:
    word = _RATIO.search(statement.own)
    if not word or HEDGED.search(statement.own):
        return
    pair = next(
        (Pair(a, b, ordered=True) for a, b in pairwise(numbers) if _ARROW.match(statement.own[a.end : b.start]) and a.unit == b.unit), None
    )
    if pair is None or min(pair.before.low, pair.after.low) <= 0:
        return
    ratio, asked = pair.after.value / pair.before.value, _RATIO_WORDS[word[1].lower()]
    holds = min(abs(ratio / asked - 1), abs(1 / ratio / asked - 1)) <= 0.1
    said = f"{shown(pair.before.value)} to {shown(pair.after.value)} is {shown(ratio)} times"
    yield found_at(statement, Verdict.CONSISTENT if holds else Verdict.INCONSISTENT, said if holds else f'{said}, not "{word[1]}"')
