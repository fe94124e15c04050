"""Training from the command line: killed and resumed, wrong recipes, two processes at once, a full disk."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file  # noqa: E402

from lorascope.jobs.read_assets import demo_dataset  # noqa: E402

QUICK = ["--set", "network_dim=4", "--set", "conv_dim=2", "--set", "save_precision=float"]


@pytest.fixture
def home(tmp_path):
    """A folder with a lab and a dozen sprites."""
    (tmp_path / "sprites").mkdir()
    for path in sorted(demo_dataset().glob("0*.*"))[:24]:
        shutil.copy(path, tmp_path / "sprites")
    assert run(tmp_path, "init").returncode == 0
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "lorascope.cli.main", *words]


def run(folder: Path, *words: str, **options) -> subprocess.CompletedProcess:
    return subprocess.run(command(*words), cwd=folder, capture_output=True, text=True, check=False, **options)


def status(folder: Path, name: str) -> str:
    listed = json.loads(run(folder, "runs", "--json").stdout)
    return next(r["status"] for r in listed["runs"] if r["name"] == name)


@pytest.mark.slow
def test_a_killed_run_is_found_interrupted_and_resumes_with_the_same_result(home):
    epochs = ["--set", "max_train_epochs=6"]
    whole = run(home, "train", "sprites", "--name", "whole", *QUICK, *epochs)
    assert whole.returncode == 0, whole.stderr
    cut = subprocess.Popen(command("train", "sprites", "--name", "cut", *QUICK, *epochs), cwd=home, stderr=subprocess.DEVNULL)
    files = home / ".lorascope" / "checkpoints" / "cut"
    deadline = time.monotonic() + 120
    while not (files / "cut-000002.safetensors").exists():
        assert time.monotonic() < deadline
        assert cut.poll() is None
        time.sleep(0.02)
    cut.send_signal(signal.SIGKILL)
    cut.wait()
    assert status(home, "cut") == "interrupted"
    assert not list(files.glob("*.part*")) or (files / "cut-000001.safetensors").exists()
    resumed = run(home, "train", "--resume", "--name", "cut")
    assert resumed.returncode == 0, resumed.stderr
    assert status(home, "cut") == "finished"
    first = load_file(home / ".lorascope/checkpoints/whole/whole.safetensors")
    second = load_file(files / "cut.safetensors")
    assert first.keys() == second.keys()
    assert all(torch.equal(first[key], second[key]) for key in first)
    again = run(home, "train", "--resume", "--name", "cut")
    assert again.returncode == 2
    assert "nothing to resume" in again.stderr


@pytest.mark.slow
def test_ctrl_c_ends_with_130_and_keeps_what_was_saved(home):
    process = subprocess.Popen(
        command("train", "sprites", "--name", "stopped", *QUICK, "--set", "max_train_epochs=50"),
        cwd=home,
        stderr=subprocess.PIPE,
        text=True,
    )
    saved = home / ".lorascope/checkpoints/stopped/stopped-000001.safetensors"
    deadline = time.monotonic() + 120
    while not saved.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in error
    assert status(home, "stopped") == "interrupted"


@pytest.mark.slow
def test_a_full_disk_ends_in_one_line_and_leaves_no_half_file(home):
    limit = "import resource, signal, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000)); "
    limit += "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
    code = limit + "sys.argv[0] = 'lorascope'; from lorascope.cli.main import main; main()"
    words = [
        "train",
        "sprites",
        "--name",
        "full",
        "--set",
        "network_dim=64",
        "--set",
        "max_train_epochs=1",
        "--set",
        "save_precision=float",
    ]
    ended = subprocess.run([sys.executable, "-c", code, *words], cwd=home, capture_output=True, text=True, check=False)
    assert ended.returncode == 1, ended.stderr
    assert "Traceback" not in ended.stderr
    assert "error:" in ended.stderr
    files = home / ".lorascope/checkpoints/full"
    assert not list(files.rglob("*.safetensors"))
    assert not list(files.rglob("*.part"))
    assert status(home, "full") == "failed"
    assert "--resume --name full" in run(home, "train", "sprites", "--name", "full").stderr


def test_a_mistyped_parameter_is_refused_with_the_nearest_name_before_anything_is_written(home):
    (home / "recipe.toml").write_text("[network]\nnetwrok_dim = 8\n")
    ended = run(home, "train", "sprites", "--name", "typo", "--recipe", "recipe.toml")
    assert ended.returncode == 2
    assert "network_dim" in ended.stderr
    assert "recipe.toml, line 2" in ended.stderr
    assert json.loads(run(home, "runs", "--json").stdout)["runs"] == []


def test_a_value_out_of_range_says_what_is_allowed(home):
    ended = run(home, "train", "sprites", "--name", "bad", "--set", "caption_dropout_rate=1.5")
    assert ended.returncode == 2
    assert "0 to 1" in ended.stderr


def test_a_parameter_that_cannot_be_honored_is_refused_by_name(home):
    ended = run(home, "train", "sprites", "--name", "bad", "--set", "optimizer_type=AdamW8bit", "--set", "full_fp16=true")
    assert ended.returncode == 2
    assert "optimizer_type" in ended.stderr
    assert "full_fp16" in ended.stderr


def test_a_missing_dataset_is_one_clear_line(home):
    ended = run(home, "train", "nowhere", "--name", "bad")
    assert ended.returncode == 2
    assert "nowhere" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_without_a_lab_the_next_step_is_init(tmp_path):
    ended = run(tmp_path, "train", "x", "--name", "y", env={**os.environ, "HOME": str(tmp_path)})
    assert ended.returncode == 2
    assert "lorascope init" in ended.stderr


def test_a_broken_image_is_found_before_the_name_is_taken(home):
    (home / "sprites" / "broken.png").write_bytes(b"no image")
    ended = run(home, "train", "sprites", "--name", "first", "--set", "max_train_epochs=1")
    assert ended.returncode == 2
    assert "broken.png" in ended.stderr
    assert json.loads(run(home, "runs", "--json").stdout)["runs"] == []


@pytest.mark.parametrize(
    "words", [["--name", "../../x"], ["--name", "ok", "--parent", "frist"], ["--resume", "--name", "ok", "--set", "seed=2"]]
)
def test_what_cannot_be_is_refused_before_anything_is_made(home, words):
    ended = run(home, "train", *([] if "--resume" in words else ["sprites"]), *words)
    assert ended.returncode == 2, ended.stderr
    assert ended.stderr.startswith("error: ")
    assert {path.name for path in home.iterdir()} == {"sprites", ".lorascope"}
    assert not (home / ".lorascope" / "checkpoints").exists()
