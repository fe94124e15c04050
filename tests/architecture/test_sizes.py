"""Files and functions stay small enough to be read in one sitting, and nothing half-done is left lying about."""

from __future__ import annotations

import ast
import re
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
OTHERS = sorted(path for room in ("tests", "tools", "benchmarks", "examples") for path in (ROOT / room).rglob("*.py"))
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_REPOSITORY_BYTES = 30_000_000


def test_there_is_something_to_measure():
    assert len(SOURCES) > 30


@pytest.mark.parametrize("path", [*SOURCES, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_is_longer_than_400_lines(path):
    assert len(path.read_text("utf-8").splitlines()) <= MAX_FILE_LINES


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_function_is_longer_than_60_lines(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or 0) - node.lineno + 1
            assert lines <= MAX_FUNCTION_LINES, f"{node.name}: {lines} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is_for(path):
    tree = ast.parse(path.read_text("utf-8"))
    assert not tree.body or ast.get_docstring(tree), "a module needs a docstring"


def test_rooms_have_names_that_mean_something():
    vague = {"utils", "helpers", "common", "misc", "base", "core", "manager", "service"}
    assert [path for path in SOURCES if path.stem in vague or path.parent.name in vague] == []


def test_nothing_is_left_to_do():
    """No such mark in a comment. In a text it may stand: one of our checks looks for it in captions."""
    marks = re.compile(r"\b(TODO|FIXME|XXX)\b")
    for path in SOURCES:
        assert "NotImplementedError" not in path.read_text("utf-8"), path
        with path.open("rb") as file:
            comments = [token.string for token in tokenize.tokenize(file.readline) if token.type == tokenize.COMMENT]
        assert not any(marks.search(comment) for comment in comments), path


def test_type_ignores_carry_a_code_and_a_reason():
    for path in SOURCES:
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
            if "type: ignore" in line:
                assert re.search(r"type: ignore\[[a-z-]+(, ?[a-z-]+)*\]  # .{8,}", line), f"{path.name}:{number}"


def test_broad_excepts_are_borders():
    """One around a job, one around a plug-in: anything else would hide a bug."""
    found = [path.name for path in SOURCES for _ in re.findall(r"(?:except |suppress\()(?:Base)?Exception\b", path.read_text("utf-8"))]
    assert len(found) <= 2, found


def test_shipped_data_stays_small():
    assert sum(path.stat().st_size for path in (ROOT / "src").rglob("*") if path.is_file() and path.suffix != ".pyc") < MAX_REPOSITORY_BYTES
