"""A table of runs: one row a run, its settings and its outcomes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lorascope.errors import BadParameter
from lorascope.importers.csv_columns import Layout, Role
from lorascope.importers.csv_file import Cell, Table, rows_of
from lorascope.importers.importer import Imported
from lorascope.parameters.catalogue import find, known, validate
from lorascope.parameters.parameter import Kind
from lorascope.records.run import JsonValue, ParameterValue, Run, RunStatus

_PART_RUNS = 1_000
_NUMERIC = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.STEPS_OR_RATIO})
_SAID = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_STATUS = {
    **dict.fromkeys(("finished", "completed", "complete", "done", "success", "succeeded"), RunStatus.FINISHED),
    **dict.fromkeys(("failed", "crashed", "error"), RunStatus.FAILED),
    **dict.fromkeys(("interrupted", "killed", "canceled", "cancelled", "aborted", "stopped"), RunStatus.INTERRUPTED),
    "imported": RunStatus.IMPORTED,
}
_OF = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*/\s*([0-9]+)")  # 9/10


def runs_of(table: Table, layout: Layout) -> Iterator[Imported]:
    """The runs, some at a time. Raises BadFile naming line and column."""
    runs: list[Run] = []
    seen: dict[str, str] = {}
    for row in rows_of(table):
        name = row[layout.roles[Role.RUN]]
        if not name.text:
            raise name.bad("is empty: every run needs a name")
        if name.text in seen:
            raise name.bad(f"is the name of a run above already ({seen[name.text]})")
        seen[name.text] = name.where
        runs.append(_run(table, layout, row))
        if len(runs) >= _PART_RUNS:
            yield Imported(runs=tuple(runs))
            runs.clear()
    yield Imported(runs=tuple(runs))


def _run(table: Table, layout: Layout, row: dict[str, Cell]) -> Run:
    texts = {role: row[column].text for role, column in layout.roles.items() if not row[column].is_absent}
    extra: dict[str, JsonValue] = {}
    for column in layout.others:
        value = table.plain(row[column])
        if value is not None:
            extra[column or "unnamed column"] = value
    status = _STATUS.get(texts.get(Role.STATUS, "imported").lower(), RunStatus.IMPORTED)
    if Role.STATUS in texts and _STATUS.get(texts[Role.STATUS].lower()) is None:
        extra["status_in_table"] = texts[Role.STATUS]
    outcome: dict[str, float | None] = {}
    for column, name in layout.outcomes.items():
        _take_outcome(table, row[column], name, outcome, extra)
    return Run(
        name=row[layout.roles[Role.RUN]].text,
        trainer=texts.get(Role.TRAINER, "unknown"),
        status=status,
        parameters=_parameters(table, layout, row),
        outcome=outcome,
        parent=texts.get(Role.PARENT),
        base_model=texts.get(Role.BASE_MODEL),
        reason=texts.get(Role.REASON, ""),
        extra=extra,
    )


def _parameters(table: Table, layout: Layout, row: dict[str, Cell]) -> dict[str, ParameterValue]:
    found: dict[str, ParameterValue] = {}
    for column, name in layout.parameters.items():
        cell = row[column]
        if not known(name):
            value = table.plain(cell)
            if value is not None:
                found[name] = value
        elif cell.text == "None" and find(name).optional:
            found[name] = None
        elif not cell.is_absent:
            found |= _parsed(table, cell, name)
    return found


def _parsed(table: Table, cell: Cell, name: str) -> dict[str, ParameterValue]:
    kind, text = find(name).kind, cell.text
    if kind in _NUMERIC and "," in text:
        text = str(table.number(cell))
    elif kind is Kind.BOOLEAN:
        text = _SAID.get(text.lower(), text)
    try:
        return validate({name: text})
    except BadParameter as error:
        raise cell.bad(f"cannot be: {error.message}") from error


def _take_outcome(table: Table, cell: Cell, name: str, outcome: dict[str, float | None], extra: dict[str, JsonValue]) -> None:
    """An empty cell is no outcome; one that says n/a is one that could not be measured; 9/10 is 9, with its scale kept."""
    if not cell.text:
        return
    of = _OF.fullmatch(cell.text)
    if of is None:
        outcome[name] = table.number(cell)
    else:
        outcome[name] = float(of[1].replace(",", "."))
        extra[f"{name}_is_out_of"] = int(of[2])
