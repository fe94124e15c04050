"""Where a parameter lies in the JSON of a run, as SQL. Views, indexes and queries say it with the same words, or no index is used.

A value of another kind than asked for is NULL on PostgreSQL; on SQLite it is itself, and the query checks its type.
"""

from __future__ import annotations

from lorascope.parameters.catalogue import grouped


def group_of(name: str) -> str:
    """The group that holds this parameter in ``all_parameters``; names the catalogue does not know lie in ``other``.

    >>> group_of("network_dim"), group_of("my_note")
    ('architecture', 'other')
    """
    return next(iter(grouped({name: None})))


def value(dialect: str, column: str, *path: str) -> str:
    """SQL for a value inside a JSON column: as it is on SQLite, as ``jsonb`` on PostgreSQL.

    >>> print(value("sqlite", "all_parameters", "architecture", "network_dim"))
    json_extract(all_parameters, '$."architecture"."network_dim"')
    >>> print(value("postgresql", "all_parameters", "architecture", "network_dim"))
    (all_parameters -> 'architecture' -> 'network_dim')
    """
    if dialect == "postgresql":
        return "(" + " -> ".join((column, *(_quoted(name) for name in path))) + ")"
    return f"json_extract({column}, {_quoted('$' + ''.join(_step(name) for name in path))})"


def number(dialect: str, column: str, *path: str) -> str:
    """SQL for a number (true is 1, false 0) inside a JSON column.

    >>> print(number("postgresql", "p", "data", "keep_tokens")[:60])
    CASE jsonb_typeof((p -> 'data' -> 'keep_tokens')) WHEN 'numb
    """
    found = value(dialect, column, *path)
    if dialect != "postgresql":
        return found
    return f"CASE jsonb_typeof({found}) WHEN 'number' THEN {found}::float8 WHEN 'boolean' THEN ({found}::boolean)::integer::float8 END"


def text(dialect: str, column: str, *path: str) -> str:
    """SQL for a text inside a JSON column.

    >>> print(text("postgresql", "p", "data", "caption_extension"))
    CASE jsonb_typeof((p -> 'data' -> 'caption_extension')) WHEN 'string' THEN (p -> 'data' -> 'caption_extension') #>> '{}' END
    """
    found = value(dialect, column, *path)
    return found if dialect != "postgresql" else f"CASE jsonb_typeof({found}) WHEN 'string' THEN {found} #>> '{{}}' END"


def _quoted(name: str) -> str:
    """A text literal."""
    return "'" + name.replace("'", "''") + "'"


def _step(name: str) -> str:
    """A key in SQLite's JSON paths. A quotation mark inside a key ends it there, whatever is written before it: no such key is found."""
    return '."' + name.replace('"', "") + '"'
