"""The generated reference stays what the code says."""

import runpy
from pathlib import Path

import pytest

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
