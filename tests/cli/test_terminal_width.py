"""What is printed on a terminal fits into its lines; what is printed elsewhere is whole."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from lorascope.jobs.begin import begin
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import Run, RunStatus
from lorascope.settings import Settings
from lorascope.store import Store

pty = pytest.importorskip("pty", reason="no pseudo-terminals on this system")

VARIED = ("unet_lr", "text_encoder_lr", "keep_tokens", "clip_skip", "train_batch_size", "max_train_epochs", "num_repeats", "network_dim")


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """Two runs that differ in more parameters than a line has room for."""
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    monkeypatch.chdir(tmp_path)
    settings = Settings.at(tmp_path / ".lorascope")
    begin(settings.lab, settings.store_url, settings.blobs)
    outcome = {"a_rating_of_the_likeness": 9, "a_rating_of_the_background": 4}
    with Store.open(settings.store_url, settings.blobs) as store:
        store.import_runs(
            [Run(f"a_run_of_mine_{at}", "kohya", RunStatus.IMPORTED, dict.fromkeys(VARIED, at + 1), outcome) for at in range(2)]
        )
        for epoch in (1, 2):
            store.add_checkpoint(
                Checkpoint("a_run_of_mine_0", epoch, file=f"/a/rather/long/path/{'deep/' * 20}my_lora-00000{epoch}.safetensors")
            )
    return tmp_path


def on_terminal(columns, *arguments):
    """The lines that a command prints on a terminal of so many columns."""
    ours, its = pty.openpty()
    environment = os.environ | {"COLUMNS": str(columns), "TERM": "xterm"}
    with subprocess.Popen([sys.executable, "-m", "lorascope.cli.main", *arguments], stdout=its, stdin=its, env=environment) as process:
        os.close(its)
        text = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:  # how Linux says that the other end is closed
                break
            if not piece:
                break
            text += piece
    os.close(ours)
    assert process.returncode == 0
    return re.sub(r"\x1b\[[0-9;]*m", "", text.decode().replace("\r\n", "\n")).splitlines()


@pytest.mark.usefixtures("lab")
@pytest.mark.parametrize("columns", [80, 100, 140])
def test_the_table_of_runs_has_as_many_columns_as_fit_the_most_telling_first(columns):
    lines = on_terminal(columns, "runs")
    head, *rows = lines[: lines.index("")]
    assert [row.split()[0] for row in rows] == ["a_run_of_mine_0", "a_run_of_mine_1"], "one line for each run"
    assert all(len(line) <= columns for line in (head, *rows))
    assert "network_dim" in head
    not_shown = " ".join(line for line in lines if "more parameter" in line)
    assert all((name in head) != (name in not_shown) for name in VARIED), "every parameter is shown or named below"


@pytest.mark.usefixtures("lab")
def test_the_folder_that_all_checkpoints_lie_in_is_said_once():
    lines = on_terminal(100, "show", "a_run_of_mine_0")
    assert sum("/a/rather/long/path" in line for line in lines) == 1
    assert any(line.rstrip().endswith(" my_lora-000002.safetensors") for line in lines)
