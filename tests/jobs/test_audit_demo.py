"""The demo dataset, its recorded defects, and what the audit and the cleaning make of them."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

import pytest

from lorascope.jobs.audit import audit
from lorascope.jobs.clean import clean
from lorascope.jobs.read_assets import clip_tokenizer, demo_dataset, demo_plants
from lorascope.jobs.read_pixels import load_pixels
from lorascope.records.color import hex_code

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
from bench_audit import accuracy, write_true

PLANTED = json.loads(demo_plants().read_text("utf-8"))
SPANNED = [plant for plant in PLANTED["plants"] if plant["spans"]]


@pytest.fixture(scope="module")
def result():
    return audit(demo_dataset())


def test_the_demo_is_203_small_sprites():
    images = sorted(demo_dataset().glob("*.png"))
    assert len(images) == len(PLANTED["captions"]) == 203
    assert {load_pixels(image).shape for image in images} == {(24, 24, 3)}
    assert len({image.read_bytes() for image in images}) == 203
    assert sum(path.stat().st_size for path in [*demo_dataset().iterdir(), demo_plants()]) < 1_000_000


def test_every_recorded_plant_stands_where_it_is_said_to(result):
    texts = result.texts()
    for plant in SPANNED:
        text = texts[plant["file"]]
        stretches = [text[start:end] for start, end in plant["spans"]]
        if plant["defect"] in {"wrong_color_word", "boilerplate", "palette_list"}:
            assert stretches == [plant["written"]]
        elif plant["defect"] == "duplicate_code":
            assert stretches == [plant["written"]] * 2
        elif plant["defect"] == "beyond_window":
            assert clip_tokenizer().count(text) > PLANTED["window_tokens"]


def test_wrong_words_really_differ_and_make_up_their_stated_share():
    wrong = [plant for plant in PLANTED["plants"] if plant["defect"] == "wrong_color_word"]
    assert all(plant["written"] != plant["true"] for plant in wrong)
    counts = Counter(plant["defect"] for plant in PLANTED["plants"])
    for defect in ("wrong_color_word", "duplicate_code", "palette_list", "boilerplate"):
        assert counts[defect] / 203 == pytest.approx(PLANTED["shares"][defect], abs=0.02)


def test_true_codes_are_colors_of_the_picture():
    for name, true in PLANTED["captions"].items():
        colors = {hex_code(rgb) for rgb in load_pixels(demo_dataset() / f"{name}.png").reshape(-1, 3)}
        assert set(true["codes"].values()) <= colors


def test_the_audit_finds_what_was_planted_and_nothing_else(result):
    for row in accuracy(result.findings, PLANTED["plants"]):
        assert row["recall"] >= 0.98, row
        assert row["precision"] == 1, row


@pytest.mark.parametrize("with_codes", [False, True])
def test_true_captions_raise_no_alarm(tmp_path, with_codes):
    write_true(tmp_path / "true", demo_dataset(), PLANTED, with_codes=with_codes)
    assert audit(tmp_path / "true").findings == ()


def test_cleaning_restores_the_truth_from_the_pixels(tmp_path):
    cleaned = clean(demo_dataset(), tmp_path / "clean", include_ask=True)
    right = total = 0
    for item in cleaned.dataset.items:
        if item.caption and item.caption.strip():
            true = PLANTED["captions"][item.image_file[:-4]]
            text = item.caption.strip()
            for code in true["codes"].values():
                text = text.replace(f" ({code})", "")
            right, total = right + (text == true["caption"]), total + 1
    assert total == 201
    assert right / total >= 0.98
    assert clean(tmp_path / "clean", None, include_ask=True).repairs == ()


def test_the_list_is_not_read_by_the_cleaning(tmp_path):
    """The pictures alone decide: with two backgrounds exchanged, the words follow the pixels."""
    for name, other in (("0002", "0004"), ("0004", "0002")):
        (tmp_path / f"{name}.png").write_bytes((demo_dataset() / f"{other}.png").read_bytes())
        (tmp_path / f"{name}.txt").write_text("bespoke, black background")
    texts = [item.caption for item in clean(tmp_path, None, include_ask=True).dataset.items]
    words = [PLANTED["captions"][name]["caption"].split()[-2] for name in ("0004", "0002")]
    assert texts == [f"bespoke, {word} background" for word in words]
