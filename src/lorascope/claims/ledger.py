"""The runs that a report names, with what it says of each: the document's own ledger, to which the store's runs may be added."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lorascope.claims.markdown import Document, Statement, Table
from lorascope.claims.quantity import quantities
from lorascope.claims.settings import conditions_in, number, parameter_named
from lorascope.claims.vocabulary import epochs_in

_NAMED = re.compile(r"^[^\w]*(?P<name>[A-Za-z][\w.-]{0,80}[_\d-][\w.-]{0,80})\s*(?:\([^)]{0,80}\))?\s*(?::|→|->|=>|—|–)\s*(?P<said>.+)")
_OPEN = re.compile(r"\b(?:in progress|testing(?: now)?|awaiting|pending|running|to be tested|tbd|planned|not finished)\b", re.IGNORECASE)
_RUN_TITLE = re.compile(r"\b(?:run|experiment|model|lora|variant|config(?:uration)?|name)\b", re.IGNORECASE)
_IN_WORDS = re.compile(r"\b(?:run|experiment|training|lora|test|model|variant)s?\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class NamedRun:
    """A run as somebody lists it. ``settings`` are those stated beside its name; ``epochs`` the checkpoints spoken of with a score."""

    name: str
    document: str
    line: int
    settings: Mapping[str, float | str] = field(default_factory=dict)
    score: float | None = None
    finished: bool = True
    said: tuple[tuple[int, str], ...] = ()
    stored: bool = False


def read_runs(document: Document) -> dict[str, NamedRun]:
    """The runs the document lists, by name: items like "NAME: dim=64, score 3/10", and rows of tables of runs."""
    found: dict[str, NamedRun] = {}
    for statement in document.statements:
        if statement.kind in {"item", "text"} and (match := _NAMED.match(statement.text)) and _speaks_of_run(match["name"], match["said"]):
            _add(found, match["name"], document.name, statement, match["said"])
    for table in document.tables:
        _add_rows(found, table)
    return found


def _speaks_of_run(name: str, said: str) -> bool:
    """A name with a digit or several capitals, of which a setting, a score or an epoch is said."""
    if parameter_named(name) or not (sum(sign.isupper() for sign in name) >= 3 or re.search(r"run|exp", name, re.IGNORECASE)):
        return False
    numbers = quantities(said)
    said_of_run = conditions_in(said) or any(one.is_score for one in numbers) or epochs_in(said) or _OPEN.search(said)
    return bool(said_of_run or re.search(r"\d+e-\d", said))


def _add(found: dict[str, NamedRun], name: str, document: str, statement: Statement, said: str) -> None:
    old = found.get(name) or NamedRun(name, document, statement.line)
    settings = dict(old.settings) | {one.name: one.value for one in conditions_in(said) if one.sign == "="}
    subject = next((known for above in reversed(statement.section) if (known := parameter_named(above.split(" ")[0]))), None)
    first = re.match(r"\s*(\d+(?:\.\d+)?(?:e-\d+)?)\s*,", said)
    if subject and first and subject not in settings:
        settings[subject] = number(first[1])
    scores = [one.value for one in quantities(said) if one.is_score]
    old_or_new = old.score if old.score is not None else (scores[0] if scores else None)
    finished = old.finished and not (_OPEN.search(said) and not scores)
    found[name] = NamedRun(name, old.document, old.line, settings, old_or_new, finished, (*old.said, (statement.line, said)))


def _add_rows(found: dict[str, NamedRun], table: Table) -> None:
    if not table.titles or not _RUN_TITLE.search(table.titles[0]):
        return
    names = [parameter_named(title.strip().lower().replace(" ", "_")) for title in table.titles]
    for row in table.rows:
        if not row.cells or not row.cells[0]:
            continue
        settings = {name: number(cell.strip()) for name, cell in zip(names, row.cells, strict=False) if name and cell.strip(" -–")}
        scores = [one.value for cell in row.cells[1:] for one in quantities(cell) if one.is_score]
        text = " ".join(row.cells)
        found[row.cells[0]] = NamedRun(
            row.cells[0], table.document, row.line, settings, scores[0] if scores else None, not _OPEN.search(text), ((row.line, text),)
        )


def meeting(runs: Iterable[NamedRun], text: str) -> list[NamedRun] | None:
    """The runs that meet every condition of a text; None where it states none."""
    conditions = conditions_in(text)
    if not conditions:
        return None
    return [run for run in runs if all(condition.holds(run.settings.get(condition.name)) for condition in conditions)]
