"""Folders, pictures, captions and caches that mean harm: told of, never waited for, never run, never a flood of memory."""

from __future__ import annotations

import json
import os
import struct
import threading
import time
import tracemalloc
import zipfile
from contextlib import contextmanager

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import EpsImagePlugin, Image

from lorascope.captions.encoding import Encoding
from lorascope.cli.captions import audit_command
from lorascope.errors import BadFile, BadParameter
from lorascope.jobs import dataset_page, look_at_pictures, sight_cache
from lorascope.jobs.audit import audit
from lorascope.jobs.clean import clean
from lorascope.jobs.dataset_page import write_page, write_sheet
from lorascope.jobs.finding_cache import recall
from lorascope.jobs.read_dataset import LARGEST_CAPTION_BYTES
from lorascope.jobs.read_pixels import MOST_SCANS, load_pixels, pixel_count
from lorascope.records.finding import Finding, Severity
from lorascope.reports.sheet import MOST_SAID, cards

RED = (204, 32, 40)


def save(folder, name, caption="bespoke, red background", color=RED, size=(24, 24)):
    Image.new("RGB", size, color).save(folder / f"{name}.png")
    (folder / f"{name}.txt").write_text(caption, "utf-8")


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "dataset"
    folder.mkdir()
    save(folder, "good")
    return folder


@contextmanager
def memory_below(most):
    """Fails when the block needed more bytes at a time."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


@contextmanager
def within(seconds):
    """Fails when the block is still waiting: it would wait for ever."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def problems(folder):
    return {one.file: one.message for one in audit(folder).findings if one.check == "unreadable_image"}


def test_a_pipe_that_takes_a_pictures_place_is_not_waited_for(folder):
    os.mkfifo(folder / "later.png")
    with within(5), pytest.raises(BadFile, match="a pipe or a device"):
        load_pixels(folder / "later.png")
    assert pixel_count(folder / "good.png") == 24 * 24


def test_an_endless_caption_of_the_systems_own_is_not_waited_for(folder):
    """A file of the kernel's log calls itself an ordinary, empty one, and waits for news that may never come."""
    if not os.access("/proc/kmsg", os.R_OK):
        pytest.skip("no such file that may be read here")
    (folder / "good.txt").unlink()
    (folder / "good.txt").symlink_to("/proc/kmsg")
    waiting = threading.Thread(target=audit, args=(folder,), daemon=True)
    waiting.start()
    waiting.join(20)
    assert not waiting.is_alive()


def test_a_caption_beyond_the_limit_is_told_of_and_one_below_it_read(folder):
    save(folder, "long", "a" * (LARGEST_CAPTION_BYTES + 1))
    save(folder, "full", ("hat, " * LARGEST_CAPTION_BYTES)[:LARGEST_CAPTION_BYTES])
    assert problems(folder) == {"long.txt": "long.png: its caption long.txt is larger than 100 kB: not a caption"}


def test_postscript_that_calls_itself_a_picture_is_run_by_nobody(tmp_path, monkeypatch):
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *_, **__: pytest.fail("it was run"))
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n%%EndComments\n(x) run\n%%EOF\n")
    with pytest.raises(BadFile, match="not an image"):
        load_pixels(tmp_path / "a.png")


def test_a_picture_painted_a_thousand_times_is_refused(tmp_path):
    """A few kilobytes of a progressive JPEG may keep a decoder busy for minutes."""
    Image.new("RGB", (512, 512), RED).save(tmp_path / "a.jpg", progressive=True)
    whole = (tmp_path / "a.jpg").read_bytes()
    assert load_pixels(tmp_path / "a.jpg").shape == (512, 512, 3)
    last = whole.rindex(b"\xff\xda")
    (tmp_path / "a.jpg").write_bytes(whole[:last] + whole[last:-2] * MOST_SCANS + b"\xff\xd9")
    with pytest.raises(BadFile, match="broken"):
        load_pixels(tmp_path / "a.jpg")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "LA", "P", "L", "CMYK", "I;16"])
def test_a_large_picture_has_the_pixels_that_its_parts_have(tmp_path, monkeypatch, mode):
    """Large pictures are turned into RGB strip by strip."""
    levels = np.random.default_rng(1).integers(0, 256, (30, 20, 4), dtype=np.uint8)
    picture = Image.fromarray(levels, "RGBA") if mode != "I;16" else Image.fromarray(levels[..., 0].astype(np.uint16) * 200)
    if mode not in {"RGBA", "I;16"}:
        picture = picture.convert("RGB").quantize(16) if mode == "P" else picture.convert(mode)
    kept = {"transparency": 3} if mode == "P" else {}
    picture.save(tmp_path / "a.tif" if mode == "CMYK" else tmp_path / "a.png", **kept)
    path = next(tmp_path.iterdir())
    whole = load_pixels(path)
    monkeypatch.setattr("lorascope.jobs.read_pixels._STRIP_PIXELS", 100)
    assert np.array_equal(load_pixels(path), whole)


def test_threads_look_at_no_more_pixels_together_than_one_picture_may_have(folder, monkeypatch):
    """Eight threads with a picture of 64 million pixels each would need more memory than most have."""
    at_once, most, lock = 0, [0], threading.Lock()

    def watched(path):
        nonlocal at_once
        with lock:
            at_once += 1
            most.append(at_once)
        time.sleep(0.02)
        with lock:
            at_once -= 1
        return np.zeros((24, 24, 3), np.uint8)

    for number in range(8):
        save(folder, f"large{number}", size=(200, 100))
    monkeypatch.setattr(look_at_pictures, "load_pixels", watched)
    monkeypatch.setattr(look_at_pictures, "SMALL_BYTES", 0)
    monkeypatch.setattr(look_at_pictures, "MOST_PIXELS", 45_000)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    audit(folder)
    assert max(most) <= 3  # two large ones and the small one


def test_pages_and_sheets_hold_no_picture_at_its_full_size(folder, tmp_path, monkeypatch):
    for number in range(12):
        save(folder, f"large{number}", "bespoke, blue background", size=(2000, 1000))
    result = audit(folder)
    assert len(result.findings) > 12
    monkeypatch.setattr(
        dataset_page, "drawn", lambda pixels, draw=dataset_page.drawn: draw(pixels[:512, :512])
    )  # drawing is not asked here
    for write in (write_page, write_sheet):
        with memory_below(40_000_000):  # one picture is 6 MB
            write(result, folder, tmp_path / "out")


def test_a_page_is_written_though_a_name_is_no_text(folder, tmp_path):
    for name in (b"no\xfftext\xfe", b"new\nline", "turn\u202eed".encode()):
        for ending in ("png", "txt"):
            os.link(folder / f"good.{ending}", os.path.join(os.fsencode(folder), name + b"." + ending.encode()))  # noqa: PTH118 - bytes
    write_page(audit(folder), folder, tmp_path / "page.html")
    write_sheet(audit(folder), folder, tmp_path / "sheet.png")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "no\\udcfftext" in page
    assert "new\\x0aline" in page
    assert "\u202e" not in page


def test_thousands_of_copies_and_of_findings_do_not_fill_a_page(folder):
    for number in range(40):
        for ending in ("png", "txt"):
            os.link(folder / f"good.{ending}", folder / f"{number}.{ending}")
    result = audit(folder)
    assert [len(group) for group in dataset_page.copies(result)] == [dataset_page.MOST_COPIES]
    one = Finding("encoding", "a.txt", Severity.NOTE, "a message", ((0, 1),))
    (card,) = cards([one] * 500, {"a.txt": "red"}, {}, {})
    assert (len(card.findings), card.findings[-1].message.partition(":")[0]) == (MOST_SAID + 1, "460 more findings on this caption")


def test_places_in_bytes_are_found_in_one_go(folder):
    text = "é, " * 30_000
    found = Encoding("utf-16-le", b"\xff\xfe").offsets(text, [*range(0, 90_000, 3), 7, 0])
    assert (found[0], found[7], found[89_997]) == (2, 16, 2 + 2 * 89_997)
    assert Encoding().offsets("é" + "\ud800x", [2, 1, 3]) == {1: 2, 2: 5, 3: 6}
    with within(5):
        Encoding().offsets(text, range(90_000))


def archive(file, arrays, compression=zipfile.ZIP_STORED):
    with zipfile.ZipFile(file, "w", compression) as out:
        for name, data in arrays.items():
            out.writestr(f"{name}.npy", data)


def npy(shape, data=b"", descr="|u1"):
    head = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode()
    head += b" " * (63 - (10 + len(head)) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head + data


def hostile_caches():
    names = ("head", "palettes", "shares", "behind", "cells")
    empty = {name: npy((0,)) for name in names}
    rows = [
        {"name": "good.png", "stamp": [1, 2, 3, 4], "digest": "x", "problem": "", "sight": {"colors": -3, "cells": [-1, -1, 3]}},
        {"name": "good.png", "stamp": [1e400, 0, 0, 0], "digest": "x", "problem": ""},
        "a text",
    ]
    for number, row in enumerate(rows):
        head = json.dumps({"version": sight_cache.seeing_version(), "rows": [row]}).encode()
        yield f"row {number}", {**empty, "head": npy((len(head),), head)}
    deep = b"[" * 100_000
    yield "deep", {**empty, "head": npy((len(deep),), deep)}
    yield "huge shape", {**empty, "head": npy((1 << 60,))}
    yield "negative shape", {**empty, "head": npy((-5,))}
    yield "pickled", {**empty, "head": npy((1,), b"cos\nsystem\n(S'false'\ntR.", "|O")}
    yield "a head that is no header", {**empty, "head": b"\x93NUMPY\x01\x00\xff\xff{"}


@pytest.mark.parametrize("kind", ["sights", "findings"])
def test_a_cache_that_is_a_pipe_or_a_device_is_not_read(folder, tmp_path, kind, monkeypatch):
    monkeypatch.setattr(sight_cache, "_TRUSTED_AFTER_S", 0.0)
    first = audit(folder, caches=tmp_path / "caches").findings
    (remembered,) = (tmp_path / "caches" / kind).iterdir()
    for put in (os.mkfifo, lambda path: path.symlink_to("/dev/zero")):
        remembered.unlink(missing_ok=True)
        put(remembered)
        with within(10):
            assert audit(folder, caches=tmp_path / "caches").findings == first


def test_what_a_killed_audit_left_in_the_cache_is_removed_later(folder, tmp_path):
    for kind in ("sights", "findings"):
        (tmp_path / "caches" / kind).mkdir(parents=True)
        for name, age in ((".writing-old", 4000), (".writing-now", 0)):
            left = tmp_path / "caches" / kind / name
            left.write_bytes(b"half")
            os.utime(left, (time.time() - age,) * 2)
    audit(folder, caches=tmp_path / "caches")
    assert {path.name for path in (tmp_path / "caches").rglob(".writing-*")} == {".writing-now"}


@pytest.mark.parametrize(("name", "arrays"), list(hostile_caches()), ids=[name for name, _ in hostile_caches()])
def test_a_hostile_cache_costs_time_and_nothing_else(folder, tmp_path, name, arrays):
    cache = sight_cache.SightCache.of(folder, tmp_path / "caches")
    cache.file.parent.mkdir(parents=True)
    archive(cache.file, arrays)
    assert sight_cache.SightCache.of(folder, tmp_path / "caches").known == {}, name
    assert audit(folder, caches=tmp_path / "caches").findings == audit(folder).findings


def test_a_cache_that_grows_when_unpacked_is_not_unpacked(folder, tmp_path, monkeypatch):
    cache = sight_cache.SightCache.of(folder, tmp_path / "caches")
    cache.file.parent.mkdir(parents=True)
    data = npy((50_000_000,), bytes(50_000_000))
    archive(cache.file, dict.fromkeys(("head", "palettes", "shares", "behind", "cells"), data), zipfile.ZIP_DEFLATED)
    monkeypatch.setattr(sight_cache, "LARGEST_BYTES", 10_000_000)
    with memory_below(20_000_000):
        assert sight_cache.SightCache.of(folder, tmp_path / "caches").known == {}


ROW = ["encoding", "good.txt", "note", "a message", [[0, 3]], "none", [], {}]


@pytest.mark.parametrize(
    "said",
    [
        [ROW[:1]],
        [[7, *ROW[1:]]],
        [[*ROW[:3], None, *ROW[4:]]],
        [[*ROW[:4], [["a", "b"]], *ROW[5:]]],
        [[*ROW[:4], [[0.5, 1e300]], *ROW[5:]]],
        [[*ROW[:7], []]],
        {"a": 1},
        3,
        [[[]] * 8],
    ],
)
def test_remembered_findings_that_are_none_are_forgotten(tmp_path, said):
    place = tmp_path / "remembered.json"
    place.write_text(json.dumps([ROW]))
    assert len(recall(place)) == 1
    place.write_text(json.dumps(said))
    assert recall(place) is None


def test_remembered_lists_without_end_are_not_read(tmp_path):
    place = tmp_path / "remembered.json"
    place.write_bytes(b"[" + b"[]," * 3_000_000 + b"[]]")
    with memory_below(100_000_000):
        assert recall(place) is None


def test_a_page_goes_through_links_and_pipes_and_removes_neither(folder, tmp_path):
    result = audit(folder)
    (tmp_path / "kept.html").write_text("old")
    (tmp_path / "link.html").symlink_to("kept.html")
    write_page(result, folder, tmp_path / "link.html")
    assert (tmp_path / "link.html").is_symlink()
    assert (tmp_path / "kept.html").read_text("utf-8").startswith("<!doctype")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    write_page(result, folder, pipe)
    reader.join(10)
    assert pipe.is_fifo()
    assert read[0] == (tmp_path / "kept.html").read_bytes()


@pytest.mark.parametrize("option", ["--report", "--sheet"])
def test_a_page_is_not_written_over_a_file_of_the_dataset(folder, option):
    before = (folder / "good.txt").read_bytes()
    outcome = CliRunner().invoke(audit_command, [str(folder), option, str(folder / "good.txt")])
    assert isinstance(outcome.exception, BadParameter)
    assert (folder / "good.txt").read_bytes() == before


def test_a_caption_that_is_a_link_to_a_private_file_is_not_read(folder, tmp_path):
    (tmp_path / "id_rsa").write_text("private key")
    (tmp_path / "kept.txt").write_text("bespoke, red background")
    (tmp_path / ("ab" * 32)).write_text("bespoke, from a cache")
    for name, target in (("stolen", "id_rsa"), ("linked", "kept.txt"), ("cached", "ab" * 32)):
        Image.new("RGB", (24, 24), (200, 30, 40)).save(folder / f"{name}.png")
        (folder / f"{name}.txt").symlink_to(tmp_path / target)
    result = audit(folder)
    texts = result.texts()
    assert (texts["linked.txt"], texts["cached.txt"]) == ("bespoke, red background", "bespoke, from a cache")
    assert "private" not in str(texts)
    assert any("link to a file that is no caption" in finding.message for finding in result.findings)
    cleaned = clean(folder, tmp_path / "clean", include_ask=True)
    assert not any("private key" in path.read_text("utf-8", "replace") for path in (tmp_path / "clean").iterdir())
    assert cleaned.left_out
