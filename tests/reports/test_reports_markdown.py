"""The report as Markdown: one kept as an example, and other people's words that stay words."""

from __future__ import annotations

import os
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from lorascope.reports.markdown import escaped, markdown
from lorascope.reports.page import page

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "report.md"
HOSTILE = ("<script>alert(1)</script>", "{{7*7}} | `x` **y** [z](http://x.example) ![](a.png) $a$ ~~b~~")


def rendered(text):
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(text)


class Reader(HTMLParser):
    """Collects the tags and the text of a page."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)

    def handle_data(self, data):
        self.text += data


def read(html):
    reader = Reader()
    reader.feed(html)
    return reader


def test_the_report_is_the_one_that_is_kept(experiment):
    """Rewrite it with LORASCOPE_WRITE_GOLDEN=1 and look at the difference."""
    text = markdown(page(experiment.evidence))
    if os.environ.get("LORASCOPE_WRITE_GOLDEN"):
        GOLDEN.write_text(text, "utf-8")
    assert text == GOLDEN.read_text("utf-8")


def test_the_same_evidence_gives_the_same_report(make):
    assert markdown(page(make().evidence)) == markdown(page(make().evidence))


def test_pictures_are_linked_when_they_are_written(experiment):
    paths = {digest: f"pictures/{digest}.png" for digest in experiment.images}
    text = markdown(page(experiment.evidence), paths)
    assert f"](pictures/{experiment.evidence.runs[0].samples[0].image_digest}.png)" in text
    assert "![" not in markdown(page(experiment.evidence))


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_appears_as_text(make, name):
    html = rendered(markdown(page(make(names=(name, "clean")).evidence)))
    reader = read(html)
    assert name[:35] in reader.text
    assert not {"script", "a", "img", "code", "s"} & set(read(rendered(escaped(name))).tags)
    assert "script" not in reader.tags


def test_every_table_row_has_as_many_cells_as_its_heading(make):
    text = markdown(page(make(names=("a|b", "c\\|d")).evidence))
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        cells = [row.replace("\\\\", "").replace("\\|", "").count("|") for row in rows]
        assert len(set(cells)) <= 1, block


@given(st.text())
def test_escaped_text_reads_as_it_was_written(text):
    """Whatever somebody wrote, Markdown shows exactly that, white space aside."""
    words = " ".join(text.split())
    assert " ".join(read(rendered(escaped(words))).text.split()) == " ".join(words.replace("\x00", "\ufffd").split())
