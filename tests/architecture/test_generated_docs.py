"""The generated reference stays what the code says."""

import re
import runpy
from pathlib import Path

import click
import pytest

from lorascope.cli.main import COMMANDS, cli
from lorascope.parameters.catalogue import PARAMETERS

ROOT = Path(__file__).resolve().parents[2]
PAGES = runpy.run_path(str(ROOT / "tools/write_docs.py"))["PAGES"]


@pytest.mark.parametrize(("name", "page"), PAGES, ids=[name for name, _ in PAGES])
def test_the_page_is_up_to_date(name, page):
    assert (ROOT / "docs/reference" / name).read_text("utf-8") == page(), "run: python tools/write_docs.py"


def test_every_parameter_has_its_heading():
    lines = (ROOT / "docs/reference/parameters.md").read_text("utf-8").splitlines()
    assert [line for line in lines if line.startswith("### ")] != []
    assert {f"### {parameter.name}" for parameter in PARAMETERS} <= set(lines)


def test_the_readme_names_every_command():
    readme = (ROOT / "README.md").read_text("utf-8")
    assert [name for name in COMMANDS if f"`lorascope {name}" not in readme and f"`{name}" not in readme] == []


def test_links_of_the_documents_lead_somewhere():
    for page in (ROOT / "README.md", *(ROOT / "docs").rglob("*.md")):
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def shown_commands():
    for page in (ROOT / "README.md", ROOT / "docs/tutorial.md", *(ROOT / "docs/how-to").glob("*.md")):
        for line in re.findall(r"^ *(lorascope [a-z].*)$", page.read_text("utf-8"), re.MULTILINE):
            if "`" not in line and not line.startswith("lorascope tells"):
                yield page.name, line.split("#", 1)[0].strip()


@pytest.mark.parametrize(("page", "line"), list(shown_commands()))
def test_commands_shown_in_the_documents_exist_with_their_options(page, line):
    name, *words = line.split(" | ")[0].split()[1:]
    command = cli.get_command(click.Context(cli), name)
    if isinstance(command, click.Group):
        command, words = command.get_command(click.Context(command), words[0]), words[1:]
    assert command is not None
    known = {option for parameter in command.params for option in parameter.opts}
    assert [word for word in words if word.startswith("-") and word not in known] == []
