"""A folder that somebody else changes while it is cleaned: no copy half made, nothing waited for, no file changed that was not read."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from PIL import Image

from lorascope.errors import MissingFile
from lorascope.jobs.clean import MENDED, carry_out, plan_cleaning
from lorascope.jobs.read_dataset import LARGEST_CAPTION_BYTES


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dataset"
    folder.mkdir()
    for name in "abc":
        Image.new("RGB", (24, 24), (204, 32, ord(name))).save(folder / f"{name}.png")
        (folder / f"{name}.txt").write_text(f"bespoke, hat {name},, red background\n")
    return folder


def pipe(path: Path):
    path.unlink()
    os.mkfifo(path)


def planned(folder):
    plan = plan_cleaning(folder)
    return plan, plan.repairs(lambda finding: finding.fix in MENDED)


@pytest.mark.parametrize("change", [Path.unlink, pipe])
def test_a_picture_that_goes_away_meanwhile_stops_the_copy_whole(folder, tmp_path, change):
    plan, repairs = planned(folder)
    change(folder / "b.png")
    with pytest.raises(MissingFile, match="cannot be read any more") as caught:
        carry_out(plan, repairs, tmp_path / "copy")
    assert "run the same command again" in caught.value.next_step
    assert [path.name for path in tmp_path.iterdir()] == ["dataset"]


@pytest.mark.parametrize("change", [Path.unlink, pipe])
def test_a_caption_that_goes_away_meanwhile_is_left_out_and_told_of(folder, tmp_path, change):
    plan, repairs = planned(folder)
    change(folder / "b.txt")
    result = carry_out(plan, repairs, tmp_path / "copy")
    assert result.refused_files["b.txt"].startswith("cannot be read any more")
    assert not (tmp_path / "copy" / "b.txt").exists()
    assert (tmp_path / "copy" / "a.txt").read_text() == "bespoke, hat a, red background\n"


@pytest.mark.parametrize("change", [Path.unlink, pipe])
@pytest.mark.parametrize("name", ["b.png", "b.txt"])
def test_a_change_in_place_waits_for_nothing_that_went_away(folder, change, name):
    plan, repairs = planned(folder)
    change(folder / name)
    result = carry_out(plan, repairs, None, in_place=True)
    assert set(result.refused_files) == ({name} if name == "b.txt" else set())
    assert (folder / "a.txt").read_text() == "bespoke, hat a, red background\n"


@pytest.mark.parametrize("sign", ["Ã©", "red\u200b"])
def test_a_caption_without_an_end_to_its_word_is_left_alone(folder, sign):
    text = sign * (LARGEST_CAPTION_BYTES // len(sign.encode()))
    (folder / "b.txt").write_text(text, "utf-8")
    began = time.monotonic()
    plan, repairs = planned(folder)
    result = carry_out(plan, repairs, None, in_place=True)
    assert time.monotonic() - began < 10
    assert result.refused() > 0
    assert (folder / "b.txt").read_text("utf-8") == text
    assert (folder / "a.txt").read_text() == "bespoke, hat a, red background\n"
