"""A report, read: everything that derivations and flags ask of the documents and of the records beside them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from lorascope.claims.claim import Found, Place, Verdict
from lorascope.claims.index import SeriesIndex
from lorascope.claims.ledger import NamedRun, read_runs
from lorascope.claims.markdown import Document, Kind, Statement, Table
from lorascope.claims.quantity import Quantity, quantities, uses_decimal_comma
from lorascope.claims.series import Comparison, Marks, Series, label_of, read_comparisons, read_marks, read_series, with_directions
from lorascope.claims.settings import Change, Setting, read_changes, read_settings
from lorascope.claims.vocabulary import epochs_in, words
from lorascope.records.hypothesis import Hypothesis

Made = TypeVar("Made")
_MOST_PROMPTS = 300
_GENERIC = frozenset({"mean", "overall", "total", "value", "metric", "result", "test", "score"})


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """A metric of a recorded run by epoch: of all prompts, or of one. ``cells``: of all prompts, the values of each by epoch."""

    run: str
    metric: str
    prompt: str | None
    values: Mapping[int, float]
    prompts: int = 1
    cells: Mapping[str, Mapping[int, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Records:
    """What the store knows: its runs with their settings, what was measured of them, and the hypotheses in its ledger.

    ``captions`` are those of the training images; ``same_weights`` groups names of checkpoints whose tensors are equal; ``crashed`` are
    runs that did not finish.
    """

    runs: tuple[NamedRun, ...] = ()
    series: tuple[StoredSeries, ...] = ()
    hypotheses: tuple[Hypothesis, ...] = ()
    captions: frozenset[str] = frozenset()
    same_weights: tuple[tuple[str, str, str], ...] = ()
    crashed: tuple[str, ...] = ()


class Report:
    """One or several documents of one project, read together. Nothing in it changes after it was read."""

    def __init__(self, documents: Sequence[Document], records: Records | None = None) -> None:
        self.documents = tuple(documents)
        self.records = records or Records()
        self.statements: tuple[Statement, ...] = tuple(one for document in documents for one in document.statements)
        self._comma = {document.name: _writes_commas(document) for document in documents}
        self.comparisons: tuple[Comparison, ...] = tuple(
            one for document in documents for table in document.tables for one in read_comparisons(table, comma=self._comma[document.name])
        )
        compared = {(one.document, one.table) for one in self.comparisons}
        series = [
            one for document in documents for table in document.tables for one in read_series(table, comma=self._comma[document.name])
            if (one.document, one.table) not in compared
        ]  # fmt: skip
        self.prompts: Mapping[str, tuple[Statement, ...]] = {document.name: _prompts(document) for document in documents}
        self._prompt_of: dict[tuple[str, int, int], Statement | None] = {}
        self.series: tuple[Series, ...] = tuple(self._as_the_average(with_directions(series, self.comparisons)))
        self.marks: tuple[Marks, ...] = tuple(
            one for document in documents for table in document.tables if (one := read_marks(table)) is not None
        )
        self.settings: tuple[Setting, ...] = tuple(one for document in documents for one in read_settings(document))
        self.changes: tuple[Change, ...] = tuple(one for document in documents for one in read_changes(document))
        self.runs: tuple[NamedRun, ...] = tuple(run for document in documents for run in read_runs(document).values())
        self._text = {document.name: " ".join(one.text for one in document.statements[:20_000]) for document in documents}
        self._at = {(one.document, one.line): one for one in reversed(self.statements)}
        self._remembered: dict[tuple[str | int, ...], Any] = {}
        self._said: dict[tuple[str, str], bool] = {}
        self._names: dict[str, tuple[str, str]] = {}
        self._percents: dict[tuple[str, float], list[Statement]] | None = None
        self._numbers: dict[tuple[str, str], tuple[Quantity, ...]] = {}
        self._documents = {document.name: document for document in documents}
        self._tables = {(table.document, table.line): table for document in documents for table in document.tables}
        self._index = SeriesIndex(self.series)
        self._stating: dict[tuple[str, float], list[Statement]] | None = None

    def _as_the_average(self, series: Sequence[Series]) -> Iterator[Series]:
        """The series; a column of one prompt is better the same way as the average beside it."""
        ways = {(one.document, one.table): one.direction for one in series if one.of_all and one.direction}
        for one in series:
            way = ways.get((one.document, one.table), "")
            yield replace(one, direction=way) if way and not one.direction and self.prompt_of(one) is not None else one

    def numbers(self, statement: Statement) -> tuple[Quantity, ...]:
        """The numbers a statement states."""
        if not statement.has_digits:
            return ()
        found = self._numbers.get((statement.document, statement.own))
        if found is None:
            found = self._numbers[statement.document, statement.own] = quantities(statement.own, comma=self._comma[statement.document])
        return found

    def at(self, document: str, line: int) -> Statement:
        """The first statement of a line; of a line inside a code block one made for it."""
        return self._at.get((document, line)) or Statement(document, line, "", Kind.CODE)

    def text(self, document: str) -> str:
        """All words of a document (of a very long one the beginning)."""
        return self._text[document]

    def says(self, document: str, pattern: re.Pattern[str]) -> bool:
        """Whether a document says something of the kind anywhere."""
        key = (document, pattern.pattern)
        if key not in self._said:
            self._said[key] = bool(pattern.search(self._text[document]))
        return self._said[key]

    def speaks_of(self, series: Series, run: str) -> bool:
        """Whether the document of a series names a run, however it spells it."""
        return self.names_run(series.document, run)

    def names_run(self, document: str, run: str, *, in_title: bool = False) -> bool:
        """Whether a document names a run, however it spells it; ``in_title``: in its first ten statements."""
        if document not in self._names:
            statements = self._documents[document].statements
            self._names[document] = (_name(self._text[document]), _name(" ".join(one.text for one in statements[:10])))
        return len(_name(run)) >= 4 and _name(run) in self._names[document][in_title]

    def with_percent(self, document: str, value: float) -> Sequence[Statement]:
        """The statements of a document that state this percentage."""
        if self._percents is None:
            found: dict[tuple[str, float], list[Statement]] = {}
            for statement in self.statements:
                if "%" in statement.text:
                    for number in self.numbers(statement):
                        if number.is_percent:
                            found.setdefault((statement.document, abs(number.value)), []).append(statement)
            self._percents = found
        return self._percents.get((document, value), ())

    def stating(self, document: str, value: float) -> Sequence[Statement]:
        """The statements of a document, rows aside, in which a number stands."""
        if self._stating is None:
            found: dict[tuple[str, float], list[Statement]] = {}
            for statement in self.statements:
                if statement.kind is not Kind.ROW:
                    for number in {number.value for number in self.numbers(statement)}:
                        found.setdefault((statement.document, number), []).append(statement)
            self._stating = found
        return self._stating.get((document, value), ())

    def curves(self, statement: Statement) -> tuple[Series, ...]:
        """The series by epoch or step that a statement may speak of: those of its document, of a long one those near it."""
        return self._index.near(statement.document, statement.line)

    def remembered(self, key: tuple[str | int, ...], make: Callable[[], Made]) -> Made:
        """What ``make`` gives, made once for a key: for what many lines of a long document ask for."""
        if key not in self._remembered:
            self._remembered[key] = make()
        made: Made = self._remembered[key]
        return made

    def document(self, name: str) -> Document:
        """The document of a name."""
        return self._documents[name]

    def named_near(self, statement: Statement) -> tuple[Series, ...]:
        """The columns of tables near a statement whose rows have names, such as runs."""
        return self._index.named_near(statement.document, statement.line)

    def curves_of(self, document: str) -> tuple[Series, ...]:
        """The first series by epoch or step of a document."""
        return self._index.near(document, 0)

    def table(self, document: str, line: int) -> Table:
        """The table whose titles stand in a line."""
        return self._tables[document, line]

    def of_table(self, document: str, table: int) -> Sequence[Series]:
        """The series of one table."""
        return self._index.of_table(document, table)

    def series_of(self, statement: Statement, *, only_named: bool = False) -> Series | None:
        """The series by epoch that a statement speaks of: the one whose name shares most words with it; else the first average.

        ``only_named``: None where no word is shared.
        """
        curves = self.curves(statement)
        if not curves:
            return None
        ranked = sorted(curves, key=lambda one: (-_shared(one, words(statement.text)), not one.of_all, one.table, one.at))
        if _shared(ranked[0], words(statement.text)) == 0:
            return None if only_named else next((one for one in curves if one.of_all), curves[0])
        return ranked[0]

    def beside(self, series: Series) -> tuple[Series, ...]:
        """The other series of the same table."""
        return tuple(one for one in self._index.of_table(series.document, series.table) if one.at != series.at)

    def prompt_of(self, series: Series) -> Statement | None:
        """The one prompt of a list that a column's name means, where it means one of them."""
        key = (series.document, series.table, series.at)
        if key not in self._prompt_of:
            named = series.words - _GENERIC
            found = [prompt for prompt in self.prompts.get(series.document, ())[:_MOST_PROMPTS] if named and named <= words(prompt.text)]
            self._prompt_of[key] = found[0] if len(found) == 1 and not series.of_all else None
        return self._prompt_of[key]

    def columns_of(self, statement: Statement) -> Sequence[Series]:
        """The series by epoch that have a point in a statement's line."""
        return self._index.of_line(statement.document, statement.line)


def found_at(statement: Statement, verdict: Verdict, recomputed: str, flag: str = "", **more: float | str | None) -> Found:
    """A finding at a statement."""
    shrunk = more.get("shrunk")
    return Found(
        Place(statement.document, statement.line, statement.text), verdict, recomputed, flag,
        shrunk if isinstance(shrunk, float) else None, str(more.get("source") or "document"),
    )  # fmt: skip


def labels_in(statement: Statement) -> tuple[str, ...]:
    """The checkpoints a statement names one by one: "8", "final"."""
    named = [str(first) for first, last, more in epochs_in(statement.own) if first == last and not more]
    if statement.kind is Kind.ROW:
        named = [label_of(statement.text.split(" | ", 1)[0])]
    return tuple(dict.fromkeys(named))


def shown(value: float) -> str:
    """A number as it is written in an answer: at most four digits, whole thousands in full.

    >>> shown(28.0399), shown(2030.0), shown(0.00012345)
    ('28.04', '2030', '0.0001234')
    """
    if value == 0 or not abs(value) < 1e15:
        return f"{value:g}"
    text = f"{value:.4g}" if abs(value) < 1000 else f"{value:.1f}"
    return (text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text).replace("-", "\N{MINUS SIGN}")


def _name(text: str) -> str:
    return "".join(sign for sign in text.lower() if sign.isalnum())


def _shared(series: Series, said: frozenset[str]) -> float:
    named = series.words
    return len((named - _GENERIC) & said) / max(1, len(named - _GENERIC)) + 0.1 * len(named & said & _GENERIC)


def _writes_commas(document: Document) -> bool:
    cells = " ".join(cell for table in document.tables[:200] for row in table.rows[:500] for cell in row.cells)
    return uses_decimal_comma(f"{cells} {' '.join(one.text for one in document.statements[:2000])}")


def _prompts(document: Document) -> tuple[Statement, ...]:
    """The items of lists under a heading that announces prompts."""
    return tuple(
        statement
        for statement in document.statements
        if statement.kind is Kind.ITEM and statement.section and re.search(r"\bprompts?\b", statement.section[-1], re.IGNORECASE)
    )
