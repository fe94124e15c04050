"""Writers that are killed, many at once, and a disk that is full: nothing acknowledged is lost, nothing is half there."""

from __future__ import annotations

import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

# The parent kills its forked children; what they say through the pipe was acknowledged.
KILLS = """
import os, random, struct, sys, time
from pathlib import Path
from lorascope.jobs.start_run import Beginning, start_run
from lorascope.store import Store

url, blobs, kills = f"sqlite:///{sys.argv[1]}/lab.db", Path(sys.argv[1]) / "blobs", int(sys.argv[2])
random.seed(7)
store = Store.open(url, blobs)
for number in range(kills):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        run, step = start_run(url, blobs, Beginning(f"run{number}"), resume=False), 0
        while True:
            step += 1
            run.log({"a": step, "b": 2 * step, **({"c": -step} if step % 3 == 0 else {})}, step=step)
            os.write(write, struct.pack("<q", step))
    os.close(write)
    said = os.read(read, 8)
    time.sleep(random.random() ** 3 * (0.8 if number % 5 == 0 else 0.05))
    os.kill(child, 9)
    while more := os.read(read, 1 << 20):
        said += more
    os.close(read)
    os.waitpid(child, 0)
    acknowledged = struct.unpack_from("<q", said, len(said) // 8 * 8 - 8)[0]
    series = {one.metric: one for one in store.series(f"run{number}")}
    kept = len(series["a"].steps)
    assert kept in (acknowledged, acknowledged + 1), (number, acknowledged, kept)
    assert series["a"].steps == series["b"].steps == tuple(range(1, kept + 1)), number
    assert series["b"].values == tuple(2.0 * step for step in range(1, kept + 1)), number
    assert "c" not in series or series["c"].steps == tuple(range(3, kept + 1, 3)), number
    assert store.run(f"run{number}").status == "interrupted", number
print("ok", os.listdir(f"{sys.argv[1]}/lab.db-journals"))
"""

WRITER = """
import sys
import lorascope
folder, number = sys.argv[1:]
for part in range(3):
    with lorascope.start_run(f"{number}-{part}", store=f"{folder}/lab.db", parameters={"network_dim": int(number)}) as run:
        for step in range(500):
            run.log({"loss": step / 7, "lr": 1e-4}, step=step)
"""

FULL = """
import sys
import lorascope
with lorascope.start_run("first", store=f"{sys.argv[1]}/lab.db") as run:
    for step in range(1, 24_000):
        lost = run.lost
        run.log({f"m{place}": step + place / 3 for place in range(10)}, step=step)
        if run.lost == lost:
            kept = step
    print(kept, run.lost, flush=True)
"""


def start(script, *arguments):
    command = [sys.executable, "-c", textwrap.dedent(script), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_a_writer_killed_at_200_random_moments_loses_nothing(tmp_path):
    output, errors = start(KILLS, tmp_path, 200).communicate(timeout=240)
    assert output.strip() == "ok []", errors


def test_eight_writers_at_once_make_no_error_and_lose_nothing(tmp_path):
    import lorascope

    writers = [start(WRITER, tmp_path, number) for number in range(8)]
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert (writer.returncode, errors) == (0, "")
    with lorascope.open(tmp_path / "lab.db") as lab:
        assert lab.runs(columns=["status"], frame="polars")["status"].to_list() == ["finished"] * 24
        for number in range(8):
            for part in range(3):
                assert lab.series(f"{number}-{part}", "loss").values == tuple(step / 7 for step in range(500))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of two megabytes of its own."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True, check=False)
    if mounted.returncode != 0:
        pytest.skip("only root may make a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_does_not_end_the_training_and_keeps_what_was_acknowledged(small_disk, tmp_path):
    import lorascope

    writer = start(FULL, small_disk)
    output, errors = writer.communicate(timeout=120)
    assert writer.returncode == 0, errors
    kept, lost = map(int, output.split())
    assert lost > 0
    assert errors.count("the disk takes no more") == 1
    copy = Path(shutil.copytree(small_disk, tmp_path / "copy"))
    with lorascope.open(copy / "lab.db") as lab:
        steps = lab.series("first", "m9").steps
        assert steps[-1] == kept
        assert len(steps) == 23_999 - lost
        assert len(lab.metrics("first")) == 10
