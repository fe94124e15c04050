"""The parts of a watch: the look at the folder, what is read again, whether a process lives, where a run stands."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lorascope.cli.watch import standing_line
from lorascope.jobs.process_alive import SeenProcess, see_process, still_runs
from lorascope.jobs.watch_folder import Stamp, look_into
from lorascope.jobs.watch_reading import FolderReading
from lorascope.jobs.watch_status import standing_of
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, Run, RunStatus
from lorascope.records.series import Series


def write(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def prompts(path: Path, text: str) -> Path:
    return write(path, f"{text} --d 42\n".encode())


# the look


def test_a_look_finds_the_files_that_an_import_finds(tmp_path):
    for name in ("a.png", "deep/er/b.png", ".hidden", ".git/c.png", "fox-state/model.safetensors", "fox-state/train_state.json"):
        write(tmp_path / "run" / name)
    write(tmp_path / "outside.png")
    (tmp_path / "run" / "inside.png").symlink_to(tmp_path / "run" / "a.png")
    (tmp_path / "run" / "out.png").symlink_to(tmp_path / "outside.png")
    (tmp_path / "run" / "circle").symlink_to(tmp_path / "run")
    names = {os.path.relpath(path, tmp_path / "run") for path in look_into(tmp_path / "run").files}
    assert names == {"a.png", "deep/er/b.png", "fox-state/train_state.json", "inside.png"}


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path):
    assert look_into(tmp_path / "later").files == {}


def test_a_stamp_changes_with_size_or_time(tmp_path):
    path = write(tmp_path / "a")
    os.utime(path, ns=(5, 5))
    assert look_into(tmp_path).files == {str(path): Stamp(1, 5)}


# the reading


def test_a_file_is_read_once_and_again_when_it_changed(tmp_path):
    path = prompts(tmp_path / "prompts.txt", "a fox")
    reading = FolderReading()
    assert reading.update(look_into(tmp_path)).read == (path,)
    assert not reading.update(look_into(tmp_path))
    time.sleep(0.1)  # it was read lately; a long file would have to wait longer
    prompts(path, "a red fox")
    assert reading.update(look_into(tmp_path)).read == (path,)
    assert [each.prompts for each in reading.evidence()] == [{0: "a red fox"}]


def test_a_half_written_checkpoint_waits_until_it_is_whole(tmp_path):
    header = b'{"a.lora_down.weight":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}}'
    whole = struct.pack("<Q", len(header)) + header + bytes(4)
    path = tmp_path / "fox-000001.safetensors"
    reading = FolderReading()
    for length in (1, 8, 40, len(whole) - 1):
        changes = reading.update(look_into(write(path, whole[:length]).parent))
        assert (changes.read, changes.waiting) == ((), (path,))
    assert reading.update(look_into(write(path, whole).parent)).read == (path,)
    assert reading.update(look_into(tmp_path)).waiting == ()


def test_a_deleted_file_is_told_and_forgotten(tmp_path):
    path = prompts(tmp_path / "prompts.txt", "a fox")
    reading = FolderReading()
    reading.update(look_into(tmp_path))
    path.unlink()
    changes = reading.update(look_into(tmp_path))
    assert changes.gone == (path,)
    assert reading.evidence() == []


def test_a_damaged_file_does_not_stop_the_others(tmp_path):
    write(tmp_path / "bad.json", b'["a --d 1')
    write(tmp_path / "weights.ckpt", b"\x80\x04garbage")
    prompts(tmp_path / "prompts.txt", "a fox")
    reading = FolderReading()
    reading.update(look_into(tmp_path))
    assert [each.source.name for each in reading.evidence()] == ["prompts.txt"]


# the process


def test_a_process_lives_until_it_ends_even_when_nobody_collects_it():
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    seen = see_process(process.pid)
    assert seen is not None
    assert still_runs(seen)
    assert not still_runs(SeenProcess(process.pid, "another with its number"))
    assert process.stdin is not None
    process.stdin.close()
    for _ in range(500):
        if not still_runs(seen):
            break
        time.sleep(0.01)
    assert not still_runs(seen)
    process.wait()


@pytest.mark.parametrize("pid", [0, -1, 2**40])
def test_numbers_that_are_no_process(pid):
    assert see_process(pid) is None


# where a run stands


def run(**parameters) -> Run:
    return Run("fox", "kohya", RunStatus.RUNNING, parameters)


def test_pace_and_remaining_time_follow_from_the_last_points():
    losses = Series("fox", "loss/average", tuple(range(1, 101)), (0.5,) * 99 + (0.25,), tuple(float(2 * step) for step in range(1, 101)))
    standing = standing_of(run(total_steps=500, steps_per_epoch=50), [Checkpoint("fox", 1, 50), Checkpoint("fox", 2, 100)], [losses], 4)
    assert (standing.number, standing.epochs, standing.step, standing.loss) == (2, 10, 100, 0.25)
    assert standing.steps_per_s == 0.5
    assert standing.remaining_s == 800
    assert standing_line(standing) == "fox  epoch 2 of 10  step 100 of 500  loss/average 0.25  0.50 steps/s  about 13 min left"


def test_the_pace_of_a_restarted_training_is_that_of_its_last_session():
    losses = Series("fox", "loss", (1, 2, 3, 2, 3, 4), (1.0,) * 6, (0.0, 1.0, 2.0, 1000.0, 1010.0, 1020.0))
    assert standing_of(run(), [], [losses], 0).steps_per_s == pytest.approx(0.1)


def test_what_is_not_known_is_not_said():
    standing = standing_of(run(), [], [], 0)
    assert standing.remaining_s is None
    assert standing_line(standing) == "fox"
    steps = Run("fox", "ai-toolkit", RunStatus.RUNNING, counted_in=CountedIn.STEPS)
    assert standing_line(standing_of(steps, [Checkpoint("fox", 250, 250)], [], 0)) == "fox  step 250"
