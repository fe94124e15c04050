"""What the tables of a report hold: a metric by checkpoint or run, comparisons of two values, and columns of marks against a target."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, stdev

from lorascope.claims.markdown import Table
from lorascope.claims.quantity import Quantity, quantities
from lorascope.claims.vocabulary import BETTER, MET, MISSED, NEUTRAL, epochs_in, words

_ORDERED = frozenset({"epoch", "step", "checkpoint", "iteration", "ckpt"})
_LOWER = frozenset(
    "loss error fid lpips distance mse mae artifact difference deviation noise perplexity failure defect leakage kid deltae".split()
)
_HIGHER = frozenset(
    "accuracy score similarity psnr ssim quality clip aesthetic precision recall consistency fidelity adherence likeness success reward "
    "dino".split()
)
_OF_ALL = frozenset({"mean", "overall", "median", "total"})
_CHANGE_TITLE = re.compile(r"improv|change|delta|diff|Δ|gain|reduction|increase|decrease|relative", re.IGNORECASE)
_BETTER_TITLE = re.compile(r"improv|gain", re.IGNORECASE)
_TARGET = re.compile(r"(?P<sign>[<>≤≥]=?)\s*(?P<number>\d[\d.,]*)\s*(?P<percent>%)?")
_UNDER, _OVER = re.compile(r"\b(?:under|below|within)\b", re.IGNORECASE), re.compile(r"\b(?:over|above)\b", re.IGNORECASE)
_MOST_COMPARISONS = 500
_SUMMARY = re.compile(r"^(?:mean|average|avg|sum|total|overall|median|min|max|std|sd)\b\.?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Point:
    """One cell: the row's label ("8", "final", a run's name), its number and its line."""

    label: str
    number: Quantity
    line: int


@dataclass(frozen=True, slots=True)
class Series:
    """One column of numbers. ``ordered``: by epoch or step. ``of_all``: an average. ``direction``: "lower", "higher", ""."""

    document: str
    name: str
    points: tuple[Point, ...]
    ordered: bool
    of_all: bool
    direction: str
    table: int
    at: int
    kind: str = "epoch"

    @property
    def words(self) -> frozenset[str]:
        """The words of its name."""
        return words(self.name)

    @property
    def values(self) -> tuple[float, ...]:
        """Its numbers in order."""
        return tuple(point.number.value for point in self.points)

    def find(self, label: str) -> Point | None:
        """The point of a label."""
        return next((point for point in self.points if point.label == label), None)

    def between(self, first: int, last: int) -> tuple[Point, ...]:
        """The points of numbered checkpoints from first to last."""
        return tuple(point for point in self.points if point.label.isdecimal() and first <= int(point.label) <= last)

    def extreme(self, *, lowest: bool) -> Point:
        """Its lowest or highest point, the first of equals."""
        return (min if lowest else max)(self.points, key=lambda point: point.number.value)

    def best(self) -> Point | None:
        """Its best point, where it is known which way is better."""
        return self.extreme(lowest=self.direction == "lower") if self.direction else None

    @property
    def mean(self) -> float:
        """The mean of its points."""
        return fmean(self.values)

    @property
    def spread(self) -> float:
        """The standard deviation of its points; 0 for one."""
        return stdev(self.values) if len(self.points) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A table's row that sets two numbers beside each other and states the change."""

    document: str
    line: int
    metric: str
    before: Quantity
    after: Quantity
    claimed: Quantity
    titles: tuple[str, str, str]
    table: int
    text: str

    @property
    def called_better(self) -> bool:
        """Whether the change is called an improvement."""
        return bool(_BETTER_TITLE.search(self.titles[2]) or BETTER.search(self.text) or ("✅" in self.text))


@dataclass(frozen=True, slots=True)
class Marks:
    """A column that says of each row whether a target is met. ``below``: the target is an upper limit."""

    document: str
    table: int
    target: float
    below: bool
    marks: tuple[tuple[str, int, bool | None, str], ...]


def label_of(cell: str) -> str:
    """How a row is called: "8" for "Epoch 8", "E8" or "000008"; else its words in lower case.

    >>> label_of("Epoch 08"), label_of("Final (E10)"), label_of("SD15_DIM64")
    ('8', 'final', 'sd15_dim64')
    """
    text = cell.strip().lower()
    if re.match(r"(?:final|last)\b", text):
        return "final"
    if found := re.fullmatch(r"0*(\d{1,9})k?\.?", text):
        return found[1]
    if (epochs := epochs_in(text)) and len(epochs) == 1 and epochs[0][0] == epochs[0][1]:
        return str(epochs[0][0])
    return text


def read_series(table: Table, *, comma: bool = False) -> list[Series]:
    """The table's columns of numbers under one index: its first column."""
    if len(table.titles) < 2 or not table.rows:
        return []
    labels = [label_of(cell) for cell in table.column(0)]
    kind = next(iter(words(table.titles[0]) & _ORDERED), "")
    numbered = sum(label.isdecimal() or label == "final" for label in labels)
    ordered = numbered >= 0.7 * len(labels) and (bool(kind) or any(epochs_in(cell) for cell in table.column(0)))
    kept = [at for at, cell in enumerate(table.column(0)) if not _SUMMARY.match(cell.strip())]
    target = next((there for title in table.titles[1:] if (there := _TARGET.search(title))), None)
    implied = "" if target is None else "lower" if target["sign"][0] in "<≤" else "higher"
    found = []
    for at, title in enumerate(table.titles[1:], 1):
        cells = table.column(at)
        if _TARGET.search(title) or (_CHANGE_TITLE.search(title) and not kind) or not title.strip():
            continue
        points = [(place, one) for place in kept if (one := _one_number(cells[place], comma=comma)) is not None]
        filled = sum(bool(cells[place].strip(" -–—")) for place in kept)
        if not points or len(points) < 0.6 * filled:
            continue
        found.append(
            Series(
                table.document, title, tuple(Point(labels[place], one, table.rows[place].line) for place, one in points), ordered,
                bool(words(title) & _OF_ALL), direction_of(title) or implied, table.line, at, kind or "row",
            )
        )  # fmt: skip
    return found


def direction_of(name: str) -> str:
    """Which way a metric is better, as far as its name says: "lower", "higher" or "".

    >>> direction_of("Val loss"), direction_of("Face similarity"), direction_of("Avg Colors")
    ('lower', 'higher', '')
    """
    found = words(name)
    if "↓" in name or found & _LOWER:
        return "lower"
    return "higher" if "↑" in name or found & _HIGHER else ""


def read_comparisons(table: Table, *, comma: bool = False) -> list[Comparison]:
    """The rows that state a change between the two columns of numbers before it."""
    if words(table.titles[0] if table.titles else "") & _ORDERED:
        return []
    changes = [at for at, title in enumerate(table.titles) if at > 2 and _CHANGE_TITLE.search(title)]
    found = []
    for at in changes[:1]:
        for row in table.rows:
            cells = [row.cells[place] if place < len(row.cells) else "" for place in range(at + 1)]
            numbers = [(place, one) for place in range(1, at) if (one := _one_number(cells[place], comma=comma)) is not None]
            claimed = quantities(cells[at], comma=comma)
            if len(numbers) >= 2 and len(claimed) == 1:
                (first, before), (second, after) = numbers[-2:]
                titles = (table.titles[first], table.titles[second], table.titles[at])
                found.append(Comparison(table.document, row.line, cells[0], before, after, claimed[0], titles, table.line, row.text))
    return found


def read_marks(table: Table) -> Marks | None:
    """The column that says whether a target is met, when its title states the target."""
    for at, title in enumerate(table.titles[1:], 1):
        target = _TARGET.search(title)
        if target is None:
            continue
        below = target["sign"][0] in "<≤"
        one = quantities(target["number"].rstrip(".,"))
        rows = [row for row in table.rows if at < len(row.cells)]
        marks = [(label_of(row.cells[0]), row.line, _mark(row.cells[at], below=below), row.cells[at]) for row in rows]
        if one and sum(mark is not None for _, _, mark, _ in marks) >= 0.5 * len(marks):
            return Marks(table.document, table.line, one[0].value, below, tuple(marks))
    return None


def _mark(cell: str, *, below: bool) -> bool | None:
    """Whether a cell says that the target is met; None where it says "close", or nothing of it."""
    if NEUTRAL.search(cell):
        return None
    under, over = bool(_UNDER.search(cell)), bool(_OVER.search(cell))
    if MISSED.search(cell) or (over if below else under):
        return False
    return True if MET.search(cell) or (under if below else over) else None


def _one_number(cell: str, *, comma: bool) -> Quantity | None:
    """The number a cell holds: "216.6", "0.81 ± 0.02" (the first), "9/10"; None for words with a number in them."""
    found = quantities(cell, comma=comma)
    if not found or len(found) > 2 or (len(found) == 2 and "±" not in cell and "(" not in cell):
        return None
    rest = cell[: found[0].start].strip(" ~≈$€*🏆⭐") if found[0].start else ""
    return found[0] if not rest or not any(sign.isalpha() for sign in rest) else None


def with_directions(series: Sequence[Series], comparisons: Sequence[Comparison]) -> list[Series]:
    """The series, those without a direction given the one that a comparison of the same metric shows."""
    ways = [
        (words(one.metric), "lower" if one.after.value < one.before.value else "higher")
        for one in comparisons[:_MOST_COMPARISONS]
        if one.called_better and one.before.value != one.after.value
    ]

    def way_of(one: Series) -> str:
        return one.direction or next((way for named, way in ways if one.words and one.words <= named), "")

    return [replace(one, direction=way_of(one)) for one in series]
