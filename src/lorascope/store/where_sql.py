"""A question about runs as SQL. Values are always bound; names come from the catalogue or are quoted as JSON keys.

Says the same as ``analysis.where.holds``: both are held against each other by the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from lorascope.analysis.where import (
    RUN_FIELDS,
    TIMES,
    And,
    Comparison,
    Field,
    Membership,
    MetricField,
    Name,
    Not,
    Or,
    ParameterField,
    RunField,
    Value,
    Where,
    Which,
)
from lorascope.errors import BadParameter
from lorascope.store import json_paths

_MARK = "\0"  # stands for a bound value until the text is whole
Bound = int | float | str


@dataclass(slots=True)
class Sql:
    """SQL with its bound values. ``joins`` has one row of ``metric_series`` for each metric asked about, by its alias."""

    dialect: str
    fields: Mapping[str, Field]
    sources: Mapping[str, Sequence[str]]
    higher_is_better: Callable[[str], bool | None]
    interrupted: Sequence[int] = ()
    joins: dict[str, str] = field(default_factory=dict)

    def bind(self, value: Bound) -> tuple[str, list[Bound]]:
        """A place for a value."""
        return _MARK, [value]

    def text(self, sql: str) -> str:
        """The SQL as the driver of this database wants it."""
        return sql.replace("%", "%%").replace(_MARK, "%s") if self.dialect == "postgresql" else sql.replace(_MARK, "?")

    def column(self, name: Name) -> str:
        """A field as something to select or to sort by."""
        found = self.fields[name.text]
        match found:
            case RunField():
                return self._run_column(found.name)
            case ParameterField():
                return json_paths.value(self.dialect, "r.all_parameters", json_paths.group_of(found.name), found.name)
            case MetricField():
                return self.metric_column(found, name)

    def metric_column(self, metric: MetricField, name: Name, *, descending: bool | None = None) -> str:
        """A metric's value. Where nobody knows which way is better, sorting says it: descending looks for the greatest."""
        alias = self.joins.setdefault(metric.metric, f"m{len(self.joins)}")
        match metric.which:
            case Which.MIN | Which.MAX | Which.LAST:
                return f"{alias}.{metric.which}_value"
            case _:
                higher = self.higher_is_better(metric.metric)
                higher = descending if higher is None else higher
                if higher is None and metric.which is Which.BEST:
                    raise BadParameter(
                        f"column {name.column}: which way is better for {metric.metric} is not known",
                        next_step=f"write max.{metric.metric} or min.{metric.metric}",
                    )
                return f"{alias}.last_value" if higher is None else f"{alias}.{'max' if higher else 'min'}_value"

    def condition(self, where: Where) -> tuple[str, list[Bound]]:
        """A condition, and its bound values in order."""
        match where:
            case Comparison():
                return self._compared(where.field, where.operator, where.value)
            case Membership():
                parts = [self._compared(where.field, "=", value) for value in where.values]
                sql, bound = " OR ".join(part for part, _ in parts), [value for _, values in parts for value in values]
                return (f"({self._present(where.field)} AND ({sql}) IS NOT TRUE)" if where.negated else f"({sql})"), bound
            case Not():
                sql, bound = self.condition(where.of)
                return f"({sql}) IS NOT TRUE", bound
            case And() | Or():
                parts = [self.condition(part) for part in where.parts]
                word = " AND " if isinstance(where, And) else " OR "
                return "(" + word.join(part for part, _ in parts) + ")", [value for _, values in parts for value in values]

    def _run_column(self, name: str) -> str:
        if name == "status" and self.interrupted:
            return f"CASE WHEN r.run_id IN ({', '.join(map(str, self.interrupted))}) THEN 'interrupted' ELSE r.status END"
        return f"r.{RUN_FIELDS[name]}"

    def _present(self, name: Name) -> str:
        column = self.column(name)
        null = f"NULLIF({column}, 'null'::jsonb)" if self._is_jsonb(name) else column
        return f"{null} IS NOT NULL"

    def _is_jsonb(self, name: Name) -> bool:
        return self.dialect == "postgresql" and isinstance(self.fields[name.text], ParameterField)

    def _compared(self, name: Name, operator: str, value: Value) -> tuple[str, list[Bound]]:
        if value is None:
            present = self._present(name)
            return (f"NOT ({present})" if operator == "=" else present), []
        bound = _bound(self.fields[name.text], name, value)
        column = self._typed(name, is_text=isinstance(bound, str))
        if column is None:  # a number beside a text: not equal, and nothing else
            return (self._present(name) if operator == "!=" else "1 = 0"), []
        if operator == "like":
            return self._like(name, column, str(bound))
        return self._operated(name, column, operator, "text" if isinstance(bound, str) else "number"), [bound]

    def _operated(self, name: Name, column: str, operator: str, kind: str) -> str:
        match operator:
            case "=":
                return f"{column} = {_MARK}"
            case "!=":
                return f"({self._present(name)} AND ({column} = {_MARK}) IS NOT TRUE)"
            case "contains":
                find = "strpos" if self.dialect == "postgresql" else "instr"
                return f"({find}({column}, {_MARK}) > 0{self._only(name, 'text')})"
            case _:
                collated = f'({column}) COLLATE "C"' if self._is_jsonb(name) and kind == "text" else column
                return f"({collated} {operator} {_MARK}{self._only(name, kind)})"

    def _typed(self, name: Name, *, is_text: bool) -> str | None:
        """The field as a text or as a number; None when it can only be of the other kind."""
        found = self.fields[name.text]
        match found:
            case RunField():
                return self._run_column(found.name) if is_text != (found.name in TIMES) else None
            case ParameterField():
                kind = json_paths.text if is_text else json_paths.number
                return kind(self.dialect, "r.all_parameters", json_paths.group_of(found.name), found.name)
            case MetricField():
                return None if is_text else self.metric_column(found, name)

    def _only(self, name: Name, kind: str) -> str:
        """On SQLite a JSON value may be of any type, and every text is greater than every number."""
        if self.dialect == "postgresql" or not isinstance(self.fields[name.text], ParameterField):
            return ""
        return f" AND typeof({self.column(name)}) {'=' if kind == 'text' else '<>'} 'text'"

    def _like(self, name: Name, column: str, pattern: str) -> tuple[str, list[Bound]]:
        if self.dialect == "postgresql":
            escaped = pattern.replace("\\", "\\\\")
            return f"{column} LIKE {_MARK}", [escaped]
        glob = "".join({"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}.get(character, character) for character in pattern)
        return f"({column} GLOB {_MARK}{self._only(name, 'text')})", [glob]


def _bound(asked: Field, name: Name, value: Value) -> Bound:
    """A value as the database compares it: true is 1, and a date beside a time is seconds since the epoch, UTC."""
    if not isinstance(value, str):
        return (value or 0) + 0
    if not (isinstance(asked, RunField) and asked.name in TIMES):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise BadParameter(
            f"column {name.column}: {value!r} is no date", next_step=f"write for example: {asked.name} > '2026-01-31'"
        ) from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
