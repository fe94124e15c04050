"""``lorascope store``: migrate, copy, check and back up the store; print its SQL."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lorascope.cli.say import say
from lorascope.reports.wording import counted

if TYPE_CHECKING:
    from lorascope.jobs.copy_store import Copied
    from lorascope.settings import Settings
    from lorascope.store import Store


@click.group("store")
def store_command() -> None:
    """Migrate, copy, check or back up the store; print its SQL.

    \b
    Example: lorascope store backup lab-backup.db
    """


@store_command.command("sql")
@click.option("--dialect", type=click.Choice(["postgresql", "sqlite"]), default="postgresql", show_default=True, help="For which database.")
@click.option("--schema", default="lorascope", show_default=True, help="The schema that holds the tables (PostgreSQL).")
@click.option("--roles", "with_roles", is_flag=True, help="Also make a viewer and an editor role, with their rights (PostgreSQL).")
@click.option("--only-roles", is_flag=True, help="Only the roles and their rights, for a store that is there.")
@click.option("--viewer", default="lorascope_viewer", show_default=True, metavar="ROLE", help="Who may read.")
@click.option("--editor", default="lorascope_editor", show_default=True, metavar="ROLE", help="Who may read and write.")
@click.option("--signed-in", metavar="ROLE", help="Role of signed-in users whose token says viewer or editor (Supabase: authenticated).")
def sql_command(*, dialect: str, schema: str, with_roles: bool, only_roles: bool, viewer: str, editor: str, signed_in: str | None) -> None:
    """Print the SQL that makes a store, to be pasted into Supabase's SQL editor, psql or sqlite3.

    \b
    Example: lorascope store sql --roles > store.sql
    """
    from lorascope.store.roles import Roles
    from lorascope.store.sql import ddl, role_statements

    if dialect == "sqlite" and (with_roles or only_roles):
        raise click.UsageError("SQLite has no roles: who may read or write its file decides")
    roles = Roles(viewer, editor, signed_in)
    text = role_statements(schema, roles) if only_roles else ddl(dialect, schema=schema, with_roles=roles if with_roles else None)
    click.echo(text, nl=False)


@store_command.command("migrate")
@click.argument("where", required=False)
def migrate_command(where: str | None) -> None:
    """Bring the store to today's schema and catalogue of parameters.

    Every command does the former by itself; this one says what was done. WHERE is a URL, a file or a lab's folder (default: this lab).

    \b
    Example: lorascope store migrate
    """
    from lorascope.store.tables import SCHEMA_VERSION

    with _open(where or ".", must_exist=True) as store:
        before, refreshed = store.schema_before, store.refresh_views()
        say(f"store {store.address}")
    changed = before != SCHEMA_VERSION
    say(f"schema {before} became {SCHEMA_VERSION}" if changed else f"schema {SCHEMA_VERSION}: nothing to do")
    say("views and groups of parameters follow today's catalogue" + ("" if changed or refreshed else ": nothing to do"))


@store_command.command("copy")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@click.option("--blobs", nargs=2, type=click.Path(path_type=Path), metavar="FROM_DIR TO_DIR", help="Also copy the stored images and files.")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def copy_command(source: str, target: str, blobs: tuple[Path, Path] | None, *, as_json: bool) -> None:
    """Copy the store FROM into the empty store TO; both may be SQLite or PostgreSQL.

    FROM and TO are URLs, files, or folders of labs. All rows are copied in one transaction and compared at the end; after an error
    nothing is kept. The password of a database is better put into ~/.pgpass than into the command.

    \b
    Example: lorascope store copy . postgresql://me@db.example.org/studio
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.copy_store import copy_store

    with (
        _open(source, blobs and blobs[0], must_exist=True) as read,
        _open(target, blobs and blobs[1]) as written,
        Display() as display,
    ):
        copied = copy_store(read, written, display.progress(), with_files=blobs is not None)
        where = str(written.address)
    _show(copied, f"copied into {where}", "every table compared, nothing is missing", as_json=as_json)
    if blobs is None and not as_json:
        say("Images and files were not copied: --blobs FROM_DIR TO_DIR copies them too.")


@store_command.command("backup")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the counts as one JSON object.")
def backup_command(file: Path, *, as_json: bool) -> None:
    """Write the store as one SQLite FILE, while others may work: checked, whole or not there, never replacing a file.

    Images and files are not in it: copy the folder of blobs too, its files never change.

    \b
    Example: lorascope store backup lab-backup.db
    """
    from lorascope.cli.progress import Display
    from lorascope.jobs.copy_store import back_up_store

    with _open(".", must_exist=True) as store, Display() as display:
        copied = back_up_store(store, file, display.progress())
    _show(copied, f"backed up into {file}", "checked, and on the disk", as_json=as_json)


@store_command.command("check")
@click.argument("where", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print what was found as one JSON object.")
@click.pass_context
def check_command(ctx: click.Context, where: str | None, *, as_json: bool) -> None:
    """Look for what is wrong: a damaged file, references that lead nowhere, tables, views, stored images. Exit code 1 if anything is.

    WHERE is a URL, a file or a lab's folder (default: this lab).

    \b
    Example: lorascope store check
    """
    with _open(where or ".", must_exist=True) as store:
        found, rows, address = store.check(), sum(store.row_counts().values()), str(store.address)
    wrong = [problem for problem in found if problem.gravity == "wrong"]
    if as_json:
        problems = [asdict(problem) for problem in found]
        click.echo(json.dumps({"format": 1, "store": address, "rows": rows, "wrong": len(wrong), "problems": problems}, indent=1))
    else:
        say(f"store {address}: {counted(rows, 'row')}")
        for problem in found:
            say(f"{problem.gravity.value} ({problem.check}): {problem.message}")
            if problem.next_step:
                say(f"  next: {problem.next_step}")
        say(f"{len(wrong)} things are wrong" if len(wrong) > 1 else "1 thing is wrong" if wrong else "nothing is wrong")
    if wrong:
        ctx.exit(1)


def _open(where: str, blobs: Path | None = None, *, must_exist: bool = False) -> Store:
    """The store at a URL, in a file, or of the lab at or above a folder."""
    from lorascope.store import Store

    if "://" in where:
        return Store.open(where, blobs or Path("blobs"), must_exist=must_exist)
    path = Path(where)
    if path.is_dir():
        lab = _lab(path)
        return Store.open(lab.store_url, blobs or lab.blobs, must_exist=must_exist)
    return Store.open(f"sqlite:///{path}", blobs or path.with_name("blobs"), must_exist=must_exist)


def _lab(folder: Path) -> Settings:
    from lorascope.settings import Settings

    return Settings.find(folder)


def _show(copied: Copied, what: str, proof: str, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps({"format": 1, "rows": dict(copied.rows), "files": copied.files}, indent=1))
        return
    files = "" if copied.files is None else f", {counted(copied.files, 'file')}"
    say(f"{what}: {counted(copied.total(), 'row')}{files}; {proof}")
    for table, rows in copied.rows.items():
        if rows:
            say(f"  {rows:>8} {table}")
