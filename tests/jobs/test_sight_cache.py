"""What was seen in pictures is remembered: unchanged ones are not looked at again, changed ones always are."""

from __future__ import annotations

import os
import shutil
import time

import numpy as np
import pytest
from PIL import Image

from lorascope.captions.check import Reader
from lorascope.jobs import finding_cache, sight_cache
from lorascope.jobs.audit import audit

RED, BLUE, GREEN = (204, 32, 40), (43, 98, 201), (46, 158, 62)


def sprite(ground, figure=(116, 70, 34)):
    pixels = np.full((24, 24, 3), ground, np.uint8)
    pixels[8:, 8:16] = figure
    return pixels


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dataset"
    folder.mkdir()
    for name, ground in (("a", RED), ("b", BLUE)):
        Image.fromarray(sprite(ground)).save(folder / f"{name}.png")
        (folder / f"{name}.txt").write_text("bespoke, green background\n")
    long_ago = time.time() - 60
    for path in folder.iterdir():
        os.utime(path, (long_ago, long_ago))
    return folder


@pytest.fixture(autouse=True)
def old_enough(monkeypatch):
    """Files made a moment ago may be trusted here: no test waits two seconds."""
    monkeypatch.setattr(sight_cache, "_TRUSTED_AFTER_S", 0.0)


def backgrounds(result):
    return [entry.sight.background if entry.sight else None for entry in result.entries]


def test_the_second_audit_says_the_same_without_looking(folder, tmp_path, monkeypatch):
    first = audit(folder, caches=tmp_path / "caches")
    monkeypatch.setattr("lorascope.jobs.look_at_pictures.load_pixels", lambda path: pytest.fail(f"looked at {path} again"))
    second = audit(folder, caches=tmp_path / "caches")
    assert second.findings == first.findings
    assert backgrounds(second) == backgrounds(first) == [RED, BLUE]
    for one, other in zip(first.entries, second.entries, strict=True):
        assert np.array_equal(one.sight.cells, other.sight.cells)
        assert np.array_equal(one.sight.palette_lab, other.sight.palette_lab)
        assert (one.sight.kind, one.sight.scale, one.sight.blur) == (other.sight.kind, other.sight.scale, other.sight.blur)


def test_a_changed_picture_is_looked_at_again_even_with_its_old_time(folder, tmp_path):
    audit(folder, caches=tmp_path / "caches")
    before = (folder / "a.png").stat()
    Image.fromarray(sprite(GREEN)).save(folder / "a.png")
    os.utime(folder / "a.png", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert backgrounds(audit(folder, caches=tmp_path / "caches")) == [GREEN, BLUE]


def test_a_picture_that_broke_is_told_of_and_one_that_was_mended_too(folder, tmp_path):
    whole = (folder / "a.png").read_bytes()
    (folder / "a.png").write_bytes(whole[:60])
    assert audit(folder, caches=tmp_path / "caches").counts()["unreadable_image"] == 1
    assert audit(folder, caches=tmp_path / "caches").counts()["unreadable_image"] == 1
    (folder / "a.png").write_bytes(whole)
    assert backgrounds(audit(folder, caches=tmp_path / "caches")) == [RED, BLUE]


def test_a_picture_written_this_moment_is_not_trusted(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sight_cache, "_TRUSTED_AFTER_S", 2.0)
    one_tick = (100, time.time_ns(), time.time_ns(), 7)  # two changes within a tick of the clock look alike
    monkeypatch.setattr(sight_cache, "stamp_of", lambda path: one_tick)
    monkeypatch.setattr("lorascope.jobs.look_at_pictures.stamp_of", lambda path: one_tick)
    audit(folder, caches=tmp_path / "caches")
    Image.fromarray(sprite(GREEN)).save(folder / "a.png")
    assert backgrounds(audit(folder, caches=tmp_path / "caches")) == [GREEN, BLUE]


def test_findings_are_asked_anew_when_a_caption_an_option_or_the_code_changes(folder, tmp_path, monkeypatch):
    caches = tmp_path / "caches"
    first = audit(folder, caches=caches)
    assert audit(folder, caches=caches, trigger="bespoke").findings == audit(folder, trigger="bespoke").findings
    assert audit(folder, caches=caches, reader=Reader(shuffles=True)).reading.dataset == first.dataset
    (folder / "a.txt").write_text("bespoke, red background\n")
    assert audit(folder, caches=caches).findings == audit(folder).findings != first.findings
    monkeypatch.setattr(finding_cache, "judging_version", lambda: "another")
    monkeypatch.setattr("lorascope.jobs.audit.find_all", lambda entries, around, checks: ())
    assert audit(folder, caches=caches).findings == ()


def test_remembered_findings_can_be_repaired_and_drawn_as_fresh_ones_can(folder, tmp_path):
    first, second = audit(folder, caches=tmp_path / "caches"), audit(folder, caches=tmp_path / "caches")
    assert second.findings == first.findings
    assert second.texts() == first.texts()
    assert [entry.caption for entry in second.entries] == [entry.caption for entry in first.entries]
    assert second.around.clause_shares == first.around.clause_shares


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not an archive", bytes(1000)])
def test_a_damaged_cache_costs_time_and_nothing_else(folder, tmp_path, damage):
    first = audit(folder, caches=tmp_path / "caches")
    for file in [path for path in (tmp_path / "caches").rglob("*") if path.is_file()]:
        file.write_bytes(damage)
    assert audit(folder, caches=tmp_path / "caches").findings == first.findings


def test_a_cache_cut_off_anywhere_costs_time_and_nothing_else(folder, tmp_path):
    first = audit(folder, caches=tmp_path / "caches")
    (file,) = (tmp_path / "caches" / "sights").iterdir()
    whole = file.read_bytes()
    for length in range(0, len(whole), len(whole) // 12):
        file.write_bytes(whole[:length])
        shutil.rmtree(tmp_path / "caches" / "findings", ignore_errors=True)
        assert audit(folder, caches=tmp_path / "caches").findings == first.findings


def test_a_cache_of_other_code_is_not_used(folder, tmp_path, monkeypatch):
    audit(folder, caches=tmp_path / "caches")
    monkeypatch.setattr(sight_cache, "seeing_version", lambda: "another")
    assert sight_cache.SightCache.of(folder, tmp_path / "caches").known == {}


def test_without_a_place_to_write_the_audit_goes_on(folder, tmp_path):
    (tmp_path / "caches").write_text("a file stands here")
    assert backgrounds(audit(folder, caches=tmp_path / "caches")) == [RED, BLUE]
    assert sorted(path.name for path in folder.iterdir()) == ["a.png", "a.txt", "b.png", "b.txt"]


def test_only_so_many_folders_are_remembered(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(sight_cache, "MOST_FOLDERS", 2)
    (tmp_path / "caches" / "sights").mkdir(parents=True)
    for index in range(4):
        old = tmp_path / "caches" / "sights" / f"{index}.npz"
        old.write_bytes(b"old")
        os.utime(old, (index, index))
    audit(folder, caches=tmp_path / "caches")
    kept = {path.name for path in (tmp_path / "caches" / "sights").iterdir()}
    assert len(kept) == 2
    assert "3.npz" in kept
