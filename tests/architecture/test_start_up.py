"""Starting costs little: the overview and the import load nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

from lorascope.cli.main import COMMANDS, LazyGroup, cli

HEAVY = ("sqlalchemy", "alembic", "scipy", "torch", "ray", "numpy", "PIL", "rich", "jinja2", "diffusers")


def loaded_after(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(run.stdout.splitlines()[-1].split())


def test_help_loads_nothing_heavy():
    statement = "sys.argv = ['lorascope', '--help']\nfrom lorascope.cli.main import main\ntry: main()\nexcept SystemExit: pass"
    assert not loaded_after(statement) & set(HEAVY)


def test_import_loads_nothing_heavy():
    assert not loaded_after("import lorascope") & set(HEAVY)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_has_an_example(name):
    group = cli
    assert isinstance(group, LazyGroup)
    command = group.get_command(None, name)
    assert command is not None
    assert command.help, f"{name} has no help"
    assert f"lorascope {name}" in command.help, f"the help of {name} shows no example"


@pytest.mark.parametrize("name", COMMANDS)
def test_a_commands_own_help_loads_neither_torch_nor_scipy(name):
    statement = f"sys.argv = ['lorascope', {name!r}, '--help']\nfrom lorascope.cli.main import main\ntry: main()\nexcept SystemExit: pass"
    assert not loaded_after(statement) & {"torch", "scipy", "sqlalchemy", "diffusers"}


def test_a_store_that_is_there_opens_without_what_only_measuring_and_migrating_need(tmp_path):
    """A training script waits for this once: SQLAlchemy is enough."""
    opened = "from pathlib import Path; from lorascope.store import Store; "
    opened += f"Store.open('sqlite:///{tmp_path}/lab.db', Path('{tmp_path}')).close()"
    loaded_after(opened)
    assert not loaded_after(opened) & {"numpy", "scipy", "alembic", "PIL", "pandas", "polars", "psycopg"}
