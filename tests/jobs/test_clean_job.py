"""A repaired version beside the original: whole or not at all, and the original untouched."""

from __future__ import annotations

import json
import os
import shutil
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.cli.clean import clean_command
from lorascope.errors import AlreadyExists, BadParameter, MissingFile
from lorascope.jobs.clean import clean
from lorascope.jobs.read_dataset import LINEAGE_FILE, read_dataset

DUPLICATE = "bespoke, brown hair (#7e351a), green background (#7e351a), palette: #7e351a, #03dc73\n"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "set"
    place.mkdir()
    for name, caption in (("1", DUPLICATE), ("2", "bespoke, red background\r\n"), ("3", None)):
        Image.new("RGB", (24, 24), (200, 30, 40)).save(place / f"{name}.png")
        if caption:
            (place / f"{name}.txt").write_bytes(caption.encode("utf-8-sig" if name == "1" else "utf-8"))
    (place / "9.txt").write_text("orphan")
    (place / "cache.npz").write_bytes(b"x")
    return place


def snapshot(folder):
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in sorted(folder.iterdir())}


def run(*arguments):
    return CliRunner().invoke(clean_command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_the_original_keeps_its_bytes_and_times(folder):
    before = snapshot(folder)
    clean(folder, folder.with_name("new"), include_ask=True)
    assert snapshot(folder) == before


def test_safe_fixes_only_by_default(folder):
    clean(folder, folder.with_name("new"))
    assert (folder.with_name("new") / "1.txt").read_bytes() == b"bespoke, brown hair (#7e351a), green background\n"


def test_all_fixes_on_request(folder):
    clean(folder, folder.with_name("new"), include_ask=True)
    assert (folder.with_name("new") / "1.txt").read_bytes() == b"bespoke, brown hair, red background\n"


def test_only_one_check_leaves_the_rest_and_the_encoding_alone(folder):
    clean(folder, folder.with_name("new"), only=["palette_tail"])
    text = "bespoke, brown hair (#7e351a), green background (#7e351a)\n"
    assert (folder.with_name("new") / "1.txt").read_bytes() == text.encode("utf-8-sig")


def test_unchanged_files_are_equal_byte_by_byte(folder):
    clean(folder, folder.with_name("new"), only=["palette_tail"])
    for name in ("1.png", "2.png", "2.txt", "3.png", "9.txt"):
        assert (folder.with_name("new") / name).read_bytes() == (folder / name).read_bytes()


def test_the_new_folder_remembers_where_it_comes_from(folder):
    new = folder.with_name("new")
    result = clean(folder, new, include_ask=True)
    lineage = json.loads((new / LINEAGE_FILE).read_text("utf-8"))
    assert lineage["parent"] == read_dataset(folder).digest == result.dataset.parent
    assert lineage["digest"] == read_dataset(new).digest == result.dataset.digest
    assert {edit["check"] for edit in lineage["edits"]} >= {"palette_tail", "background_word_contradicts_pixels"}
    assert lineage["rewritten_as_utf8"] == ["1.txt"]
    assert result.left_out == ("cache.npz",)


def test_a_dry_run_writes_nothing_and_names_the_version_that_would_be(folder):
    planned = clean(folder, None, include_ask=True).dataset.digest
    assert sorted(path.name for path in folder.parent.iterdir()) == ["set"]
    assert clean(folder, folder.with_name("new"), include_ask=True).dataset.digest == planned


def test_an_existing_folder_is_never_written_to(folder):
    with pytest.raises(AlreadyExists):
        clean(folder, folder)
    (folder.parent / "empty").mkdir()
    with pytest.raises(AlreadyExists):
        clean(folder, folder.parent / "empty")


def test_bad_targets_and_checks_are_refused(folder):
    with pytest.raises(BadParameter, match="inside the original"):
        clean(folder, folder / "new")
    with pytest.raises(MissingFile, match="not there"):
        clean(folder, folder / ".." / "no" / "new")
    with pytest.raises(BadParameter) as error:
        clean(folder, None, only=["palette_tial"])
    assert "palette_tail" in error.value.next_step


def test_a_failure_half_way_leaves_nothing_behind(folder, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "copy_file_range", full)
    monkeypatch.setattr("shutil.copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        clean(folder, folder.with_name("new"))
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_images_are_copied_where_the_system_does_not_do_it_by_itself(folder, monkeypatch):
    monkeypatch.delattr(os, "copy_file_range")
    clean(folder, folder.with_name("new"))
    assert (folder.with_name("new") / "1.png").read_bytes() == (folder / "1.png").read_bytes()


def test_a_picture_changed_in_the_copy_stays_what_it_was_in_the_original(folder):
    before = (folder / "1.png").read_bytes()
    clean(folder, folder.with_name("new"))
    with (folder.with_name("new") / "1.png").open("r+b") as file:
        file.write(b"cropped")
    assert (folder / "1.png").read_bytes() == before


def test_the_command_shows_the_difference_word_by_word(folder):
    output = run(folder, "--out", folder.with_name("new"), "--all").output
    assert "[-green-]{+red+} background" in output
    assert "2 of 2 captions changed" in output
    assert "the original is unchanged" in output
    assert "cache.npz" in output


def test_the_commands_json(folder):
    answer = json.loads(run(folder, "--dry-run", "--json").output)
    assert answer["format"] == 1
    assert answer["folder"] is None
    assert answer["changes"][0]["file"] == "1.txt"
    assert answer["counts"]["palette_tail"] == 1


@pytest.mark.parametrize(
    "arguments", [("--out", "x", "--dry-run"), ("--dry-run", "--safe", "--ask"), ("--out", "x", "--in-place"), ("--interactive", "--json")]
)
def test_contradicting_options_are_refused(folder, arguments):
    assert run(folder, *arguments).exit_code == 2


def test_unreadable_files_are_left_out_and_named(folder):
    """The recorded digest is that of what was written."""
    (folder / "gone.png").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.png")
    new = folder.with_name("new")
    planned = clean(folder, None).dataset
    result = clean(folder, new)
    assert {"gone.png", "pipe.png"} <= set(result.left_out)
    assert {path.name for path in new.glob("*.png")} == {"1.png", "2.png", "3.png"}
    assert json.loads((new / LINEAGE_FILE).read_text())["digest"] == planned.digest == result.dataset.digest


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are always Unicode")
def test_a_file_name_that_is_not_unicode_is_kept(folder):
    name = os.fsdecode(b"odd\xff")
    shutil.copy(folder / "1.png", folder / f"{name}.png")
    (folder / f"{name}.txt").write_text(DUPLICATE)
    clean(folder, folder.with_name("new"))
    assert (folder.with_name("new") / f"{name}.txt").read_text() == "bespoke, brown hair (#7e351a), green background\n"


@pytest.mark.parametrize("name", ["x" * 300, "/proc/x"])
def test_a_place_where_no_folder_can_be_is_the_users_mistake(folder, tmp_path, name):
    with pytest.raises(MissingFile, match="no folder can be made there"):
        clean(folder, tmp_path / name)
