"""The command line's border: what is said when something is wrong, in which words, and with which exit code."""

from __future__ import annotations

import errno
import io
import json
import os
import sys

import pytest
from PIL import Image

from lorascope.cli.main import main


@pytest.fixture
def lorascope(monkeypatch, capsys):
    """Run the real entry point: (exit code, standard output, standard error)."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["lorascope", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code, *capsys.readouterr()

    return run


@pytest.mark.parametrize(
    ("arguments", "said", "next_step"),
    [
        (["auditt"], "no command 'auditt'. did you mean audit?", "lorascope --help"),
        (["audit"], "Missing argument 'FOLDER'.", "lorascope audit --help"),
        (["audit", "x", "--windw", "75"], "'--windw'", "lorascope audit --help"),
        (["audit", "x", "--window", "9"], "'75', '150', '225'", "lorascope audit --help"),
        (["audit", "nowhere"], "no such folder (nowhere)", "check the path"),
    ],
)
def test_a_mistake_is_one_line_and_what_to_do_next(lorascope, arguments, said, next_step):
    code, out, err = lorascope(*arguments)
    assert (code, out) == (2, "")
    error, next_line = err.splitlines()
    assert error.startswith("error: ")
    assert said in error
    assert next_line == f"next:  {next_step}"


def test_signs_that_the_terminal_cannot_write_are_escaped(tmp_path, monkeypatch):
    Image.new("RGB", (24, 24), (200, 30, 40)).save(tmp_path / "\u65e5.png")
    (tmp_path / "\u65e5.txt").write_text("\u672c, green background", "utf-8")
    monkeypatch.setattr(sys, "argv", ["lorascope", "audit", str(tmp_path)])
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "latin-1"))
    with pytest.raises(SystemExit) as end:
        main()
    sys.stdout.seek(0)
    assert end.value.code == 0
    assert "\\u65e5.txt" in sys.stdout.read()


@pytest.fixture
def hostile_lab(tmp_path, monkeypatch, lorascope):
    """A lab with an imported run whose words are traps."""
    monkeypatch.chdir(tmp_path)
    name = "<b>{{7*7}}[/red]\x1b[31m\u202e"
    lines = [
        {"type": "lorascope", "format": 1},
        {"type": "run", "name": name, "started_at": 1e300, "finished_at": -1e15, "parameters": {"\x1b]0;x\x07": "\x1b[2J"}},
        *(
            {
                "type": "score",
                "run": name,
                "epoch": epoch,
                "prompt": "[/]\x1b[1A",
                "seed": seed,
                "metric": "m\x07",
                "value": epoch + seed / 10,
            }
            for epoch in (1, 2)
            for seed in (1, 2)
        ),
    ]
    (tmp_path / "runs.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert lorascope("init")[0] == 0
    assert lorascope("import", "runs.jsonl")[0] == 0
    return name


@pytest.mark.parametrize(
    "words", [["runs"], ["show", "RUN"], ["pick", "RUN", "--metric", "m\x07", "--direction", "lower"], ["report", "RUN"]]
)
def test_other_peoples_words_do_not_steer_the_terminal(lorascope, hostile_lab, words):
    code, out, err = lorascope(*(hostile_lab if word == "RUN" else word for word in words))
    assert code == 0, err
    assert not {"\x1b", "\x07", "\u202e"} & set(out + err)


@pytest.mark.parametrize(
    "words", [["runs"], ["show", "RUN"], ["pick", "RUN", "--metric", "m\x07", "--direction", "lower"], ["report", "RUN"]]
)
def test_json_is_one_ascii_object_and_nothing_else(lorascope, hostile_lab, words):
    code, out, _ = lorascope(*(hostile_lab if word == "RUN" else word for word in words), "--json")
    assert code == 0
    assert out.isascii()
    assert json.loads(out)["format"] == 1


def test_a_pipe_is_not_imported_in_part(lorascope, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    lorascope("init")
    code, _, err = lorascope("import", "pipe")
    assert (code, err.splitlines()[0]) == (2, f"error: this is a pipe or a device ({tmp_path / 'pipe'})")


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        (errno.ENOSPC, 1, "the disk is full"),
        (errno.EDQUOT, 1, "the disk is full"),
        (errno.EFBIG, 1, "the disk is full"),
        (errno.EACCES, 2, "Permission denied"),
        (errno.EROFS, 2, "Read-only file system"),
        (errno.ENAMETOOLONG, 2, "File name too long"),
    ],
)
def test_what_the_system_refuses_is_one_line(lorascope, monkeypatch, number, code, said):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number), "somewhere")

    monkeypatch.setattr("lorascope.cli.main.cli.main", refuse)
    ended, _, err = lorascope("runs")
    assert ended == code
    assert err.splitlines()[0].startswith(f"error: {said}")
    assert "somewhere" in err.splitlines()[0]
    assert err.splitlines()[1].startswith("next:  ")


def test_an_export_writes_to_a_device_and_through_a_link_and_replaces_neither(lorascope, hostile_lab, tmp_path):
    (tmp_path / "target.jsonl").write_text("old")
    (tmp_path / "link.jsonl").symlink_to("target.jsonl")
    assert lorascope("export", "--out", "link.jsonl")[0] == 0
    assert (tmp_path / "link.jsonl").is_symlink()
    assert json.dumps(hostile_lab) in (tmp_path / "target.jsonl").read_text()
    os.mkfifo("pipe")
    reader = os.open("pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert lorascope("export", "--out", "pipe")[0] == 0
    assert json.dumps(hostile_lab).encode() in os.read(reader, 1 << 16)
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("out", ["folder", "no/such/folder/x", "x" * 300])
def test_an_export_that_cannot_be_written_is_the_users_mistake(lorascope, hostile_lab, tmp_path, out):
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.iterdir())
    code, _, err = lorascope("export", "--out", out)
    assert (code, err.splitlines()[0][:6]) == (2, "error:")
    assert sorted(tmp_path.iterdir()) == before
