"""The snapshot of the machine says what it can, hides secrets, and never fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from lorascope.jobs.environment import environment_snapshot, git_state, without_secrets

GIT = {"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b"}


def git(folder, *words):
    subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, env={**os.environ, **GIT})


def test_the_snapshot_is_plain_json_and_names_versions_machine_and_command():
    snapshot = environment_snapshot()
    assert json.loads(json.dumps(snapshot)) == snapshot
    assert {"versions", "python", "platform", "cpu_count", "memory_bytes", "gpus", "git", "argv"} <= snapshot.keys()
    assert snapshot["versions"]["numpy"]


def test_a_driver_that_answers_is_believed(tmp_path, monkeypatch):
    tool = tmp_path / "nvidia-smi"
    tool.write_text("#!/bin/sh\necho 'NVIDIA RTX A4000, 16376, 550.54.15, GPU-1'\necho 'garbage'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    expected = {"name": "NVIDIA RTX A4000", "memory_bytes": 16376 * 2**20, "driver": "550.54.15", "uuid": "GPU-1"}
    assert environment_snapshot()["gpus"] == [expected]


def test_the_code_of_a_repository_is_its_commit_and_what_was_changed_since(tmp_path):
    git(tmp_path, "init", "-b", "work")
    (tmp_path / "train.py").write_text("1")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "first")
    clean = git_state(tmp_path)
    assert (clean["branch"], clean["changed_files"], len(clean["commit"])) == ("work", 0, 40)
    (tmp_path / "train.py").write_text("2")
    assert git_state(tmp_path)["changed_files"] == 1


def test_a_folder_outside_any_repository_has_no_state(tmp_path):
    assert git_state(tmp_path) is None


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["--wandb_api_key", "s3cret", "--network_dim", "8"], ["--wandb_api_key", "***", "--network_dim", "8"]),
        (["--huggingface_token=s3cret"], ["--huggingface_token=***"]),
        (["hf_abcdefghij"], ["***"]),
        (["postgresql://me:s3cret@host/lab"], ["postgresql://***@host/lab"]),
        (["--keep_tokens", "1", "--max_token_length=225"], ["--keep_tokens", "1", "--max_token_length=225"]),
    ],
)
def test_secrets_are_hidden_and_nothing_else(said, kept):
    assert without_secrets(said) == kept


def test_the_command_of_this_process_is_recorded(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["lorascope", "train", "--token", "x"])
    assert environment_snapshot()["argv"] == ["lorascope", "train", "--token", "***"]
