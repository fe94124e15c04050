"""The report as one HTML file: complete in itself, safe to open, crisp, and the same every time."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import sys
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from lorascope.jobs.draw_grid import draw_grids
from lorascope.jobs.draw_report import draw_charts, draw_html, drawn
from lorascope.records.prompt import Prompt
from lorascope.reports.evidence import Repair
from lorascope.reports.page import page

VOID = {"meta", "img", "br", "link", "input", "hr"}


class Reader(HTMLParser):
    """Reads a page: tags with attributes, text, and whether every tag is closed in order."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self._open = [], "", []
        self.feed(html)
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag

    def handle_data(self, data):
        self.text += data

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def pixels(experiment):
    return {digest: np.asarray(Image.open(io.BytesIO(data)).convert("RGB")) for digest, data in experiment.images.items()}


def html_of(experiment):
    return draw_html(page(experiment.evidence), pixels(experiment))


@pytest.fixture
def without_charts(monkeypatch):
    """As where vl-convert is not installed; it takes a second to start, so tests that need no chart do without."""
    monkeypatch.setitem(sys.modules, "vl_convert", None)


def test_the_page_needs_nothing_from_outside_and_runs_nothing(experiment):
    html = html_of(experiment)
    reader = Reader(html)
    assert not {"script", "link", "iframe", "object", "form", "base"} & {tag for tag, _ in reader.tags}
    assert all(attrs["src"].startswith("data:image/png;base64,") for attrs in reader.all("img"))
    assert not [name for _, attrs in reader.tags for name in attrs if name.startswith("on") or name == "style"]
    assert all(attrs["href"].startswith("#") for attrs in reader.all("a"))
    assert not re.search(r"(src|href|url)\W{1,3}(https?:|//)", html)


def test_the_security_policy_admits_the_pages_own_style_and_data_pictures_only(experiment, without_charts):
    html = html_of(experiment)
    policy = next(attrs["content"] for attrs in Reader(html).all("meta") if attrs.get("http-equiv") == "Content-Security-Policy")
    style = html.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_the_same_evidence_gives_the_same_bytes(make):
    assert html_of(make()) == html_of(make())


def test_ids_are_unique_and_every_link_has_its_target(experiment):
    reader = Reader(html_of(experiment))
    ids = [attrs["id"] for _, attrs in reader.tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {attrs["href"][1:] for attrs in reader.all("a")} <= set(ids)
    used = re.findall(r"url\(#([^)]+)\)", " ".join(str(attrs) for _, attrs in reader.tags))
    assert set(used) <= set(ids)


def test_every_table_has_a_caption_and_every_heading_a_scope(experiment, without_charts):
    reader = Reader(html_of(experiment))
    assert len(reader.all("table")) == len(reader.all("caption"))
    assert all(attrs.get("scope") in {"col", "row"} for attrs in reader.all("th"))


def test_every_picture_says_what_it_shows(experiment, without_charts):
    alts = [attrs["alt"] for attrs in Reader(html_of(experiment)).all("img")]
    assert len(alts) == 2 * 4 * 3 * 2 + 3 * 3 * 2  # both grids, and the overview of base model and two chosen epochs
    assert all(re.match(r"run \w+, (epoch \d|base model), prompt \w+, seed \d, background \d+ % as asked$", alt) for alt in alts)


def test_sprites_are_enlarged_by_whole_numbers_only(experiment, without_charts):
    style = html_of(experiment).partition("<style>")[2].partition("</style>")[0]
    widths = {int(width) for width in re.findall(r"\.large\.native-24x24[^{]*{ width: (\d+)px", style)}
    assert widths == {96, 72}
    assert "image-rendering: pixelated" in style


def test_a_small_picture_is_kept_pixel_by_pixel_and_a_large_one_is_reduced():
    small = np.arange(24 * 24 * 3, dtype=np.uint8).reshape(24, 24, 3)
    kept = drawn(small)
    assert (kept.size.width, kept.size.smooth) == (24, False)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(kept.uri.partition(",")[2])))), small)
    assert drawn(small.repeat(8, 0).repeat(8, 1)) == kept
    photo = np.random.default_rng(0).integers(0, 255, (200, 400, 3), dtype=np.uint8)
    assert (drawn(photo).size.width, drawn(photo).size.height, drawn(photo).size.smooth) == (96, 48, True)


def test_a_picture_that_is_gone_keeps_its_place(experiment, without_charts):
    html = draw_html(page(experiment.evidence), {})
    assert html.count("picture not found") == 2 * 4 * 3 + 3 * 3
    assert "<img" not in html


def test_without_the_chart_package_the_numbers_stand_open_and_the_command_is_named(experiment, without_charts):
    assert draw_charts(page(experiment.evidence).curves) is None
    html = html_of(experiment)
    assert "pip install 'lorascope[report]'" in html
    assert html.count("<details open>") == 2


def test_charts_are_drawn_inside_the_page_in_the_colors_of_its_text(experiment):
    html = html_of(experiment)
    assert html.count('class="marks"') == 2
    assert 'fill="currentColor"' in html
    assert "lorascope[report]" not in html


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "{{7*7}}", '"><img src=x onerror=alert(1)>', "</style><b>", "&amp;lt;"])
def test_hostile_words_appear_as_text_everywhere(make, hostile, without_charts):
    experiment = make(names=(hostile, "clean"))
    evidence = experiment.evidence
    first = evidence.runs[0]
    run = replace(first.run, parameters={hostile: hostile}, base_model=hostile, reason=hostile)
    prompts = tuple(replace(prompt, text=hostile) for prompt in evidence.suite.prompts)
    evidence = replace(
        evidence,
        runs=(replace(first, run=run, dataset=replace(first.dataset, name=hostile, findings={hostile: 1})), evidence.runs[1]),
        suite=replace(evidence.suite, prompts=prompts, name=hostile, negative=hostile),
        repairs=(Repair(hostile, hostile, "x"),),
        versions={hostile: hostile},
    )
    html = draw_html(page(evidence), pixels(experiment))
    reader = Reader(html)
    assert reader.text.count(hostile) >= 10
    assert not {"script", "b"} & {tag for tag, _ in reader.tags}
    assert all(attrs["src"].startswith("data:") for attrs in reader.all("img"))
    assert html.count("</style>") == 1


def test_a_prompt_of_10_kb_and_one_from_right_to_left_do_not_break_the_page(make, without_charts):
    experiment = make(prompts=2)
    suite = replace(
        experiment.evidence.suite, prompts=(Prompt("green_lad", "word " * 2000), Prompt("blue_lad", "\u202e\u05d0\u05d1 \u0000"))
    )
    html = draw_html(page(replace(experiment.evidence, suite=suite)), pixels(experiment))
    text = Reader(html).text
    assert "word word word" in text
    assert "\u202e" not in text
    assert r"\u202e" in text


def test_the_contact_sheet_shows_every_pixel_three_times_as_wide(experiment):
    shown, images = page(experiment.evidence), pixels(experiment)
    sheet = np.asarray(Image.open(io.BytesIO(draw_grids([run.grid for run in shown.runs], images))))
    first = images[experiment.evidence.runs[0].samples[0].image_digest].repeat(3, 0).repeat(3, 1)
    place = next(
        (top, left) for top in range(80, 100) for left in range(60, 100) if np.array_equal(sheet[top : top + 72, left : left + 72], first)
    )
    assert place
    assert draw_grids([run.grid for run in shown.runs], images) == draw_grids([run.grid for run in shown.runs], images)


def test_the_contact_sheet_leaves_a_frame_where_a_picture_is_gone(experiment):
    shown = page(experiment.evidence)
    assert Image.open(io.BytesIO(draw_grids([shown.runs[0].grid], {}))).size[0] < 400
