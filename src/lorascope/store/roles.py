"""Who may do what in a store on PostgreSQL: row-level security on every table, and two roles, a viewer and an editor.

Security is switched on by every migration: the owner of the tables sees everything, anybody else nothing until a policy lets them.
``statements`` are those policies. A viewer reads; an editor also writes; neither may change tables.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, text

from lorascope.errors import BadParameter
from lorascope.store import views
from lorascope.store.tables import metadata

_VERSION_TABLE = "lorascope_version"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,62}")
_READS, _WRITES, _CLAIMS_READS, _CLAIMS_WRITES = "lorascope_reads", "lorascope_writes", "lorascope_claims_reads", "lorascope_claims_writes"
# what a signed-in user's token says of them; set by Supabase (PostgREST) for each request, absent elsewhere
_CLAIM = "(nullif(current_setting('request.jwt.claims', true), '')::jsonb #>> '{app_metadata,lorascope}')"


@dataclass(frozen=True, slots=True)
class Roles:
    """The names of the two roles; ``signed_in`` is the role of all signed-in users, whose tokens say what they are (None: not used)."""

    viewer: str = "lorascope_viewer"
    editor: str = "lorascope_editor"
    signed_in: str | None = None

    def __post_init__(self) -> None:
        for name in (self.viewer, self.editor, self.signed_in):
            if name is not None and not _NAME.fullmatch(name):
                raise BadParameter(f"{name!r} cannot be the name of a role", next_step="use letters, digits and _")


def security(tables: Sequence[str] | None = None) -> list[str]:
    """Statements that hide every table from all but its owner."""
    return [f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY" for table in tables or _tables()]


def statements(schema: str, roles: Roles, *, make: bool = True) -> list[str]:
    """Statements that give the roles their rights; run again, they change nothing."""
    viewer, editor = f'"{roles.viewer}"', f'"{roles.editor}"'
    made = [_make(name) for name in (roles.viewer, roles.editor)] if make else []
    made += [
        f'GRANT USAGE ON SCHEMA "{schema}" TO {viewer}, {editor}',
        *(f"GRANT SELECT ON {name} TO {viewer}, {editor}" for name in (*_tables(), *views.view_names())),
        *(f"GRANT INSERT, UPDATE, DELETE ON {name} TO {editor}" for name in metadata.tables),
        f'GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA "{schema}" TO {editor}',
    ]
    for table in _tables():
        made += _policy(table, _READS, f"FOR SELECT TO {viewer}, {editor} USING (true)")
        if table != _VERSION_TABLE:
            made += _policy(table, _WRITES, f"TO {editor} USING (true) WITH CHECK (true)")
    return made + (_of_signed_in(schema, roles.signed_in) if roles.signed_in else [])


def protect(connection: Connection) -> None:
    """Hide every table from all but its owner, and give the roles that had rights before the same rights on new tables and views."""
    for statement in security():
        connection.execute(text(statement))
    found = connection.execute(text("SELECT policyname, roles::text[] FROM pg_policies WHERE schemaname = current_schema()")).all()
    holders = {name: list(members) for name, members in found}
    if _WRITES not in holders:
        return
    (editor,) = holders[_WRITES]
    viewer = next((name for name in holders.get(_READS, []) if name != editor), editor)
    signed_in = holders.get(_CLAIMS_READS, [None])[0]
    schema = connection.execute(text("SELECT current_schema()")).scalar_one()
    for statement in statements(schema, Roles(viewer, editor, signed_in), make=False):
        connection.exec_driver_sql(statement.replace("%", "%%"))


def _of_signed_in(schema: str, name: str) -> list[str]:
    """Signed-in users whose token says ``app_metadata: {"lorascope": "viewer"}`` or ``"editor"``. Users cannot change that field."""
    role = f'"{name}"'
    made = [
        f'GRANT USAGE ON SCHEMA "{schema}" TO {role}',
        *(f"GRANT SELECT ON {table} TO {role}" for table in (*_tables(), *views.view_names())),
        *(f"GRANT INSERT, UPDATE, DELETE ON {table} TO {role}" for table in metadata.tables),
        f'GRANT USAGE, UPDATE ON ALL SEQUENCES IN SCHEMA "{schema}" TO {role}',
    ]
    for table in _tables():
        made += _policy(table, _CLAIMS_READS, f"FOR SELECT TO {role} USING ({_CLAIM} IN ('viewer', 'editor'))")
        if table != _VERSION_TABLE:
            made += _policy(table, _CLAIMS_WRITES, f"TO {role} USING ({_CLAIM} = 'editor') WITH CHECK ({_CLAIM} = 'editor')")
    return made


def _policy(table: str, name: str, rule: str) -> list[str]:
    return [f"DROP POLICY IF EXISTS {name} ON {table}", f"CREATE POLICY {name} ON {table} {rule}"]


def _make(name: str) -> str:
    """Roles belong to the whole server: another store there may have made it."""
    return f'DO $$ BEGIN CREATE ROLE "{name}" NOLOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$'


def _tables() -> tuple[str, ...]:
    return (*metadata.tables, _VERSION_TABLE)
