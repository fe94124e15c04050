"""The command line's border: what is said when something is wrong, in which words, and with which exit code."""

from __future__ import annotations

import io
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
