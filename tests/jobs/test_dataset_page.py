"""A dataset's page and its contact sheet: what they show, and that nothing a caption or file name says can act on them."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from lorascope.errors import MissingFile
from lorascope.jobs.audit import audit
from lorascope.jobs.dataset_page import cut_out, dataset_page, sheet_of, write_page, write_sheet

RED, BROWN = (204, 32, 40), (116, 70, 34)
HOSTILE = '<script>alert(1)</script>{{ 7*7 }}{% raw %}"><img src=x onerror=alert(2)> \u202ebackwards\u202c, green background'


def sprite(ground=RED, shift=0):
    pixels = np.full((24, 24, 3), ground, np.uint8)
    pixels[8:, 6 + shift : 16] = BROWN
    return pixels


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "da<b>ta&set"
    folder.mkdir()
    texts = {"a": "bespoke, brown hair, red background", "b": "bespoke, brown hair, green background", "c": HOSTILE}
    for shift, (name, text) in enumerate(texts.items()):
        Image.fromarray(sprite(shift=shift)).save(folder / f"{name}.png")
        (folder / f"{name}.txt").write_text(text + "\n", "utf-8")
    Image.fromarray(sprite(shift=0)).save(folder / "copy.png")
    (folder / "copy.txt").write_text("bespoke, a twin, red background\n")
    return folder


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value) for name, value in attrs]


def page_of(folder, tmp_path):
    write_page(audit(folder), folder, tmp_path / "page.html")
    return (tmp_path / "page.html").read_text("utf-8")


def test_the_page_shows_every_caption_with_findings_the_worst_first(folder):
    shown = sheet_of(audit(folder))
    assert shown[0].file in {"b.txt", "c.txt"}  # a wrong background word is an error
    marked = [stretch.text for card in shown if card.file == "b.txt" for stretch in card.stretches if stretch.numbers]
    assert "green" in marked
    assert all(card.findings for card in shown)


def test_numbers_in_a_caption_are_those_of_the_findings_below(folder):
    for card in sheet_of(audit(folder)):
        numbers = {said.number for said in card.findings}
        assert {number for stretch in card.stretches for number in (*stretch.numbers, *stretch.ends)} <= numbers


def test_nothing_in_a_caption_or_name_becomes_markup(folder, tmp_path):
    text = page_of(folder, tmp_path)
    tags = Tags()
    tags.feed(text)
    assert "script" not in tags.tags
    assert not [name for _, name, _ in tags.attributes if name.startswith("on")]
    assert all(value.startswith("data:image/png") for tag, name, value in tags.attributes if name == "src")
    assert "&lt;script&gt;" in text
    assert "{{ 7*7 }}" in text
    assert "\u202e" not in text
    assert re.search(r"default-src 'none'", text)


def test_the_same_picture_twice_is_shown_as_a_group(folder):
    assert ("a.png", "copy.png") in dataset_page(audit(folder)).copies


def test_the_background_is_replaced_by_gray_squares_and_the_figure_stays():
    shown = cut_out(sprite())
    assert (shown[8:, 6:16] == BROWN).all()
    assert {tuple(color) for color in shown[:8].reshape(-1, 3).tolist()} == {(238, 238, 238), (176, 176, 176)}


def test_the_sheet_is_a_picture_with_a_row_for_each_card(folder, tmp_path):
    result = audit(folder)
    write_sheet(result, folder, tmp_path / "one.png", most=1)
    write_sheet(result, folder, tmp_path / "all.png")
    one, every = (Image.open(io.BytesIO((tmp_path / name).read_bytes())) for name in ("one.png", "all.png"))
    assert one.width == every.width
    assert one.height < every.height
    assert len(np.unique(np.asarray(one).reshape(-1, 3), axis=0)) > 10


def test_the_same_dataset_gives_the_same_bytes(folder, tmp_path):
    assert page_of(folder, tmp_path) == page_of(folder, tmp_path)
    for name in ("one.png", "two.png"):
        write_sheet(audit(folder), folder, tmp_path / name)
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "two.png").read_bytes()


def test_a_clean_dataset_says_that_nothing_was_found(tmp_path):
    folder = tmp_path / "clean"
    folder.mkdir()
    Image.fromarray(sprite()).save(folder / "a.png")
    (folder / "a.txt").write_text("bespoke, brown hair, red background\n")
    result = audit(folder)
    page = dataset_page(result)
    assert page.counts is None
    assert page.lead == ("Nothing was found.",)
    write_page(result, folder, tmp_path / "page.html")
    write_sheet(result, folder, tmp_path / "sheet.png")


def test_a_page_that_cannot_be_written_says_where(folder, tmp_path):
    with pytest.raises(MissingFile, match="cannot be written"):
        write_page(audit(folder), folder, tmp_path / "no" / "page.html")


def test_a_picture_that_vanished_since_the_audit_leaves_its_place_empty(folder, tmp_path):
    result = audit(folder)
    (folder / "b.png").unlink()
    write_page(result, folder, tmp_path / "page.html")
    assert "no picture" in (tmp_path / "page.html").read_text("utf-8")
