"""What is known of a dataset's versions: history, differences, and the way back."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.cli.main import cli
from lorascope.errors import BadFile, LorascopeError, NotFound
from lorascope.jobs.clean import clean
from lorascope.jobs.compare_datasets import compare_datasets
from lorascope.jobs.dataset_versions import find_dataset, history
from lorascope.jobs.lineage import BY_HAND, read_lineage
from lorascope.jobs.read_dataset import LINEAGE_FILE, read_dataset
from lorascope.jobs.undo_clean import undo

LISTED = "bespoke, red hat, palette: #c81e28, #03dc73"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "set"
    place.mkdir()
    for number in range(3):
        picture = Image.new("RGB", (24, 24), (200, 30, 40))
        picture.putpixel((12, 12), (number, 99, 3))
        picture.save(place / f"{number}.png")
        (place / f"{number}.txt").write_text(LISTED if number else "bespoke, smiling")
    monkeypatch.chdir(tmp_path)
    return place


def run(*arguments):
    return CliRunner().invoke(cli, ["datasets", *map(str, arguments)], catch_exceptions=False)


def answer(*arguments):
    return json.loads(run(*arguments, "--json").output)


def test_a_copy_knows_every_step_that_led_to_it(folder):
    first, second = folder.with_name("one"), folder.with_name("two")
    clean(folder, first, only=["palette_tail"])
    (first / "0.txt").write_text("bespoke, frowning, frowning")
    clean(first, second, include_ask=True, only=["repeated_clause"])
    versions = history("two", None).versions
    assert [version.step.made_by for version in versions] == ["", "lorascope clean", BY_HAND, "lorascope clean"]
    assert [version.step.captions for version in versions] == [None, 2, None, 1]
    assert [version.step.counts for version in versions] == [{}, {"palette_tail": 2}, {}, {"repeated_clause": 1}]
    assert [version.step.words_removed for version in versions] == [0, 6, 0, 1]
    assert [version.step.digest for version in versions][::3] == [read_dataset(folder).digest, read_dataset(second).digest]
    parents = [version.step.parent for version in versions]
    assert parents == [None, *(version.step.digest for version in versions[:-1])]


def test_the_record_names_no_date_and_no_place_of_this_machine(folder):
    clean(folder, folder.with_name("one"))
    clean(folder, folder.with_name("elsewhere"))
    text = (folder.with_name("one") / LINEAGE_FILE).read_text()
    assert str(folder.parent) not in text
    assert text.replace('"name": "one"', "") == (folder.with_name("elsewhere") / LINEAGE_FILE).read_text().replace(
        '"name": "elsewhere"', ""
    )


def test_history_of_a_folder_changed_in_place(folder):
    digest = read_dataset(folder).digest
    clean(folder, None, in_place=True)
    versions = answer("history", folder)["versions"]
    assert [version["digest"] for version in versions] == [digest, read_dataset(folder).digest]
    assert [version["can_be_restored"] for version in versions] == [True, False]
    assert [version["current"] for version in versions] == [False, True]
    assert versions[1]["words"] == {"removed": 6, "added": 0}
    assert "lorascope datasets undo" in run("history", folder).output
    undo(folder)
    assert [version["digest"] for version in answer("history", folder)["versions"]] == [digest]


@pytest.mark.parametrize(
    "damage", ["", "[", "{}", '{"digest": 3}', "[" * 100_000, '{"digest": "aa", "history": [1, {}], "words": 3, "counts": []}']
)
def test_a_damaged_record_is_passed_over(folder, damage):
    (folder / LINEAGE_FILE).write_text(damage)
    assert history(str(folder), None).versions[-1].step.digest == read_dataset(folder).digest
    clean(folder, folder.with_name("new"))
    assert read_lineage(folder.with_name("new")) is not None


def test_the_store_tells_what_the_folder_does_not(folder):
    CliRunner().invoke(cli, ["init"], catch_exceptions=False)
    CliRunner().invoke(cli, ["clean", str(folder), "--out", "one"], catch_exceptions=False)
    listed = answer("list")["datasets"]
    assert [(each["name"], each["parent"]) for each in listed] == [("set", None), ("one", listed[0]["digest"])]
    for named in ("one", listed[1]["digest"], listed[1]["digest"][:12]):
        versions = answer("history", named)["versions"]
        assert [version["digest"] for version in versions] == [each["digest"] for each in listed]
        assert versions[1]["counts"] == {"palette_tail": 2}
    assert "2 versions in the store" in run("list").output
    difference = answer("diff", listed[0]["digest"], "one")
    assert [each["file"] for each in difference["captions"]["changed"]] == ["1.txt", "2.txt"]


def test_without_a_lab_there_is_nothing_to_list(folder):
    assert run_to_error("list") == "no lab here or above"


def run_to_error(*arguments):
    result = CliRunner().invoke(cli, ["datasets", *arguments])
    assert isinstance(result.exception, LorascopeError)
    return str(result.exception)[:20]


def test_the_difference_of_any_two_folders(folder):
    other = folder.with_name("other")
    clean(folder, other)
    Image.new("RGB", (24, 24), (1, 2, 3)).save(other / "extra.png")
    (other / "0.txt").unlink()
    (other / "1.png").unlink()
    Image.new("RGB", (24, 24), (3, 2, 1)).save(other / "2.png")
    (other / "2.txt").write_bytes(b"\xef\xbb\xbf" + LISTED.encode())
    found = compare_datasets(str(folder), str(other), None)
    assert [repair.file for repair in found.removed] == ["0.txt"]
    assert (found.changed, found.added) == ((), ())
    assert found.rewritten == ("2.txt",)
    assert (found.images_changed, found.images_added, found.images_removed) == (("2.png",), ("extra.png",), ("1.png",))
    assert compare_datasets(str(folder), str(folder), None).is_empty
    assert "no difference" in run("diff", folder, folder).output


def test_the_difference_is_shown_word_by_word(folder):
    clean(folder, folder.with_name("one"))
    output = run("diff", folder, "one").output
    assert "bespoke, red hat[-, palette: #c81e28, #03dc73-]" in output
    assert "captions: 2 changed, 0 added, 0 removed, 0 in another encoding; words removed: 6, added: 0" in output


@pytest.mark.parametrize("in_place", [True, False])
def test_the_difference_to_the_version_before(folder, in_place):
    clean(folder, None if in_place else folder.with_name("one"), in_place=in_place)
    found = answer("diff", folder if in_place else "one")
    assert [each["before"] for each in found["captions"]["changed"]] == [LISTED, LISTED]
    assert found["images"] == {"changed": [], "added": [], "removed": []}


def test_undo_of_a_copy_tells_where_the_original_is(folder):
    clean(folder, folder.with_name("one"))
    with pytest.raises(NotFound, match="repaired copy") as error:
        undo(folder.with_name("one"))
    assert str(folder) in str(error.value)


def test_undo_as_json(folder):
    digest = read_dataset(folder).digest
    clean(folder, None, in_place=True)
    said = answer("undo", folder)
    assert (said["format"], said["digest"], said["kept"], said["left"]) == (1, digest, [], 0)
    assert sorted(said["files"]) == ["1.txt", "2.txt", LINEAGE_FILE]


def test_names_that_nobody_knows(folder):
    with pytest.raises(NotFound, match="no lab here"):
        find_dataset("nowhere", None)
    with pytest.raises(NotFound, match="no earlier version"):
        compare_datasets(str(folder), None, None)
    (folder.parent / "empty").mkdir()
    with pytest.raises(BadFile):
        history("empty", None)
