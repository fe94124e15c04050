"""``lorascope clean`` as people meet it: with and without a terminal, asked and unasked."""

from __future__ import annotations

import json
import os
import sys

import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.cli.clean import clean_command
from lorascope.cli.main import cli
from lorascope.jobs.read_dataset import read_dataset
from lorascope.store import Store

LISTED = "bespoke, red hat, palette: #c81e28, #03dc73"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    place = tmp_path / "set"
    place.mkdir()
    texts = (LISTED, LISTED.replace("red hat", "green background"), "bespoke, smiling")
    for number, text in enumerate(texts):
        picture = Image.new("RGB", (24, 24), (200, 30, 40))
        picture.putpixel((12, 12), (number, 99, 3))
        picture.save(place / f"{number}.png")
        (place / f"{number}.txt").write_text(text)
    monkeypatch.chdir(tmp_path)
    return place


def run(*arguments, said=None):
    return CliRunner().invoke(clean_command, [str(argument) for argument in arguments], input=said, catch_exceptions=False)


def captions(folder):
    return [path.read_text() for path in sorted(folder.glob("*.txt"))]


def test_without_a_terminal_safe_fixes_go_to_a_folder_beside(folder):
    before = captions(folder)
    output = run(folder).output
    assert captions(folder) == before
    assert captions(folder.with_name("set_clean")) == ["bespoke, red hat", "bespoke, green background", "bespoke, smiling"]
    assert "words removed: 6, added: 0" in output
    assert "written to set_clean; the original is unchanged" in output


def test_the_next_copy_gets_the_next_number(folder):
    for _ in range(2):
        run(folder)
    run(folder.with_name("set_clean"), "--ask")
    assert sorted(path.name for path in folder.parent.iterdir()) == ["set", "set_clean", "set_clean_2", "set_clean_3"]


def test_nothing_to_mend_makes_no_folder(folder):
    run(folder)
    output = run(folder.with_name("set_clean")).output
    assert "nothing to mend: nothing was written" in output
    assert sorted(path.name for path in folder.parent.iterdir()) == ["set", "set_clean"]


def test_no_copy_beside_a_folder_whose_neighbors_are_trained_on(folder):
    folder.rename(folder.with_name("10_cat"))
    result = CliRunner().invoke(clean_command, ["10_cat"])
    assert "sd-scripts reads every NUMBER_NAME folder" in str(result.exception)
    assert "--out" in result.exception.next_step
    assert [path.name for path in folder.parent.iterdir()] == ["10_cat"]


def test_only_one_check(folder):
    answer = json.loads(run(folder, "--only", "palette_tail", "--json").output)
    assert answer["counts"] == {"palette_tail": 2}
    assert answer["words"] == {"removed": 6, "added": 0}
    assert [each["check"] for each in answer["classes"]] == ["palette_tail"]


def test_in_place_tells_the_way_back(folder):
    before = captions(folder)
    output = run(folder, "--in-place").output
    assert captions(folder)[0] == "bespoke, red hat"
    assert f"lorascope datasets undo {folder}" in output
    undone = CliRunner().invoke(cli, ["datasets", "undo", str(folder)], catch_exceptions=False).output
    assert "2 captions in" in undone
    assert captions(folder) == before


def test_asked_class_by_class(folder):
    said = run(folder, "--interactive", said="s\ny\nn\n").output
    assert "palette_tail: 2 captions, safe. Make them? [y]es [n]o [s]how [e]ach [q]uit [y]:" in said
    assert "background_word_contradicts_pixels: 1 caption, worth a look." in said
    assert captions(folder.with_name("set_clean"))[1] == "bespoke, green background"
    assert json.loads((folder.with_name("set_clean") / "lorascope-dataset.json").read_text())["options"]["fixes"] == "chosen"


def test_asked_caption_by_caption(folder):
    said = run(folder, "--interactive", "--only", "palette_tail", said="each\nno\nyes\n").output
    assert "2 of 2. Make it?" in said
    assert captions(folder.with_name("set_clean")) == [LISTED, "bespoke, green background", "bespoke, smiling"]


@pytest.mark.parametrize("said", ["q\n", "n\nq\n", "e\nq\n"])
def test_quitting_writes_nothing(folder, said):
    assert "nothing was written" in run(folder, "--interactive", said=said).output
    assert [path.name for path in folder.parent.iterdir()] == ["set"]


def test_an_answer_that_is_none_is_asked_again(folder):
    assert "one of y, n, s, e, q" in run(folder, "--interactive", said="what\nq\n").output


def test_a_lab_records_both_versions(folder):
    CliRunner().invoke(cli, ["init"], catch_exceptions=False)
    answer = json.loads(run(folder, "--ask", "--json").output)
    with Store.open(f"sqlite:///{folder.parent / '.lorascope' / 'lab.db'}", folder.parent / "blobs") as store:
        first, second = store.datasets()
    assert (first.digest, second.digest) == (answer["parent"], answer["dataset"]["digest"])
    assert second.parent == first.digest
    assert second.folder == str(folder.with_name("set_clean"))
    assert second.extra["lineage"]["words"] == answer["words"]


def test_a_lab_whose_store_is_broken_does_not_stop_the_cleaning(folder):
    (folder.parent / ".lorascope").mkdir()
    (folder.parent / ".lorascope" / "lab.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    result = run(folder, "--safe")
    assert "the lab's store was passed over" in result.stderr
    assert captions(folder.with_name("set_clean"))[0] == "bespoke, red hat"


def on_a_terminal(arguments, answers, folder):
    """Run the program on a terminal of its own; an answer is typed whenever a question ends in a colon."""
    import pty

    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.environ.update(TERM="xterm", COLUMNS="100", LINES="40")
        os.execv(sys.executable, [sys.executable, "-m", "lorascope.cli.main", *arguments])
    seen, left = b"", list(answers)
    while True:
        try:
            piece = os.read(terminal, 4096)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        seen += piece
        if left and seen.rstrip().endswith(b"]:"):
            os.write(terminal, left.pop(0).encode() + b"\n")
            seen += b"\n"
    return seen.decode(errors="replace"), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
def test_on_a_terminal_the_difference_is_shown_and_then_asked_for(folder):
    seen, code = on_a_terminal(["clean", "set"], ["", "y"], folder.parent)
    assert code == 0
    assert "\x1b[31m[-palette: " in seen or "[-, palette: " in seen
    assert seen.index("palette_tail: 2 captions, safe") > seen.index("red hat")
    assert "3/3" in seen
    assert captions(folder.with_name("set_clean")) == ["bespoke, red hat", "bespoke, red background", "bespoke, smiling"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals there")
def test_on_a_terminal_a_change_in_place_is_confirmed(folder):
    digest = read_dataset(folder).digest
    seen, code = on_a_terminal(["clean", "set", "--safe", "--in-place"], ["n"], folder.parent)
    assert code == 130
    assert "Change 2 captions in set?" in seen
    assert read_dataset(folder).digest == digest
