"""Event files written by tensorboardX, whole, torn, damaged and forged."""

from __future__ import annotations

import math
import os
import signal
import struct
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorboardX import SummaryWriter
from tensorboardX.proto.event_pb2 import Event
from tensorboardX.proto.summary_pb2 import Summary
from tensorboardX.proto.tensor_pb2 import TensorProto

from lorascope.errors import BadFile, MissingFile
from lorascope.importers.crc32c import crc32c, masked
from lorascope.importers.evidence import Evidence, SeriesSeen
from lorascope.importers.tensorboard_events import TENSORBOARD_EVENTS


def read(path: Path) -> Evidence:
    (part,) = TENSORBOARD_EVENTS.read(path)
    (evidence,) = part.evidence
    return evidence


def series(path: Path) -> dict[str, SeriesSeen]:
    return {one.metric: one for one in read(path).series}


def event_file(folder: Path) -> Path:
    (path,) = folder.glob("events.out.tfevents.*")
    return path


def frame(data: bytes) -> bytes:
    length = struct.pack("<Q", len(data))
    return length + struct.pack("<I", masked(crc32c(length))) + data + struct.pack("<I", masked(crc32c(data)))


def written(path: Path, *events: Event) -> Path:
    first = Event(wall_time=1.0, file_version="brain.Event:2")
    path.write_bytes(b"".join(frame(event.SerializeToString()) for event in (first, *events)))
    return path


def scalar(tag: str, value: float, step: int, wall_time: float = 2.0) -> Event:
    return Event(wall_time=wall_time, step=step, summary=Summary(value=[Summary.Value(tag=tag, simple_value=value)]))


@pytest.fixture(scope="module")
def kohya_log(tmp_path_factory) -> Path:
    """A log as sd-scripts writes it: one point per update, an average per epoch, learning rates."""
    folder = tmp_path_factory.mktemp("out") / "logs" / "fox20240131120000" / "network_train"
    with SummaryWriter(str(folder)) as writer:
        for step in range(1, 301):
            writer.add_scalar("loss/current", 1 / step, step, walltime=1_706_700_000 + step)
            writer.add_scalar("lr/unet", 1e-4, step, walltime=1_706_700_000 + step)
        for epoch in (1, 2):
            writer.add_scalar("loss/epoch_average", 0.5 / epoch, epoch, walltime=1_706_700_400)
    return event_file(folder)


def test_every_point_comes_with_step_value_and_time(kohya_log):
    read_back = series(kohya_log)
    assert sorted(read_back) == ["loss/current", "loss/epoch_average", "lr/unet"]
    loss = read_back["loss/current"]
    assert loss.steps == tuple(range(1, 301))
    assert loss.values == pytest.approx([1 / step for step in range(1, 301)], rel=1e-7)
    assert loss.times == tuple(float(1_706_700_000 + step) for step in range(1, 301))
    assert read_back["loss/epoch_average"].values == (0.5, 0.25)


def test_the_log_of_sd_scripts_belongs_to_the_folder_above_its_logging_folder(kohya_log):
    evidence = read(kohya_log)
    assert evidence.trainer == "kohya"
    assert evidence.folder == kohya_log.parents[3]
    assert evidence.kept == {"log_stamp": "20240131120000", "log_prefix": "fox"}
    assert evidence.finished_at == 1_706_700_400
    assert evidence.notes == ()


def test_it_is_recognized_by_its_first_record_not_by_its_name(kohya_log, tmp_path):
    head = kohya_log.read_bytes()[:4096]
    assert TENSORBOARD_EVENTS.recognizes(head, tmp_path / "anything")
    assert not TENSORBOARD_EVENTS.recognizes(head[1:], kohya_log)
    assert not TENSORBOARD_EVENTS.recognizes(b"\x19" + head[1:], kohya_log)


@pytest.mark.parametrize("cut", [1, 3, 5, 20, 40, 70, 100])
def test_a_torn_tail_ends_the_reading_without_an_error(kohya_log, tmp_path, cut):
    torn = tmp_path / "torn"
    torn.write_bytes(kohya_log.read_bytes()[:-cut])
    whole, rest = series(kohya_log), series(torn)
    assert rest["loss/current"] == whole["loss/current"]
    assert len(rest["loss/epoch_average"].steps) in {0, 1} if "loss/epoch_average" in rest else cut > 60
    assert "unfinished record" in read(torn).notes[0]


def test_a_record_with_a_wrong_checksum_is_left_out_and_said(kohya_log, tmp_path):
    content = bytearray(kohya_log.read_bytes())
    place = content.index(b"loss/current", 5000) + len(b"loss/current") + 2
    content[place] ^= 0x01
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    assert len(series(damaged)["loss/current"].steps) == 299
    assert "1 record left out" in read(damaged).notes[0]


def test_a_damaged_length_ends_the_reading_and_is_said(kohya_log, tmp_path):
    content = bytearray(kohya_log.read_bytes())
    (first_length,) = struct.unpack_from("<Q", content, 0)
    second = 16 + first_length
    content[second] ^= 0x01
    damaged = tmp_path / "damaged"
    damaged.write_bytes(content)
    evidence = read(damaged)
    assert evidence.series == ()
    assert f"damaged at byte {second}" in evidence.notes[0]


def test_tensors_of_one_number_are_scalars(tmp_path):
    single = TensorProto(dtype="DT_FLOAT", float_val=[0.5])
    packed = TensorProto(dtype="DT_DOUBLE", tensor_content=struct.pack("<d", 0.1))
    vector = TensorProto(dtype="DT_FLOAT", float_val=[1.0, 2.0])
    values = [Summary.Value(tag=tag, tensor=tensor) for tag, tensor in (("a", single), ("b", packed), ("c", vector))]
    path = written(tmp_path / "log", Event(wall_time=3.0, step=7, summary=Summary(value=values)))
    assert {name: (one.steps, one.values) for name, one in series(path).items()} == {"a": ((7,), (0.5,)), "b": ((7,), (0.1,))}


@pytest.mark.parametrize("step", [0, 1, 127, 128, 16_384, 2**40, 2**62, -1, -(2**63)])
def test_steps_of_every_size(tmp_path, step):
    path = written(tmp_path / "log", scalar("loss", 1.0, 5), scalar("loss", 1.0, step), scalar("loss", 1.0, step))
    assert series(path)["loss"].steps == (5, step, step)


def test_a_loss_that_became_nan_is_kept(tmp_path):
    values = series(written(tmp_path / "log", scalar("loss", math.nan, 1), scalar("loss", math.inf, 2)))["loss"].values
    assert math.isnan(values[0])
    assert values[1] == math.inf


def test_a_time_that_is_no_time_is_left_out(tmp_path):
    assert series(written(tmp_path / "log", scalar("loss", 1.0, 1, math.nan), scalar("loss", 1.0, 2)))["loss"].steps == (2,)


def test_hyperparameters_are_kept_and_their_folder_is_not_the_training(tmp_path):
    with SummaryWriter(str(tmp_path / "run")) as writer:
        writer.add_hparams({"network_dim": 32, "optimizer_type": "AdamW", "flip_aug": True}, {}, name="1706700000.25")
    evidence = read(event_file(tmp_path / "run" / "1706700000.25"))
    assert evidence.kept == {"hparams": {"network_dim": 32.0, "optimizer_type": "AdamW", "flip_aug": True}}
    assert evidence.folder == tmp_path / "run"


def test_pictures_in_the_log_are_stepped_over(tmp_path):
    picture = Summary.Value(tag="validation", image=Summary.Image(encoded_image_string=bytes(3_000_000)))
    events = (scalar("loss", 1.0, 1), Event(wall_time=2.0, step=1, summary=Summary(value=[picture])), scalar("loss", 0.5, 2))
    path = written(tmp_path / "log", *events)
    assert series(path)["loss"].values == (1.0, 0.5)
    assert read(path).notes == ()


def test_a_text_encoder_rate_that_repeats_the_unets_is_pointed_out(tmp_path):
    pairs = [scalar(tag, 1e-4, step) for step in (1, 2) for tag in ("lr/unet", "lr/textencoder")]
    assert "does not show that the text encoder was trained" in read(written(tmp_path / "log", *pairs)).notes[0]
    assert read(written(tmp_path / "other", *pairs, scalar("lr/textencoder", 5e-5, 3), scalar("lr/unet", 1e-4, 3))).notes == ()


def test_a_claimed_terabyte_is_not_believed(tmp_path):
    length = struct.pack("<Q", 1 << 40)
    forged = frame(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString()) + length
    path = tmp_path / "log"
    path.write_bytes(forged + struct.pack("<I", masked(crc32c(length))) + b"x" * 100)
    assert "unfinished" in read(path).notes[0]


def test_what_is_no_event_file_is_refused(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(b"this is a diary, not an event file" * 10)
    with pytest.raises(BadFile, match="not a TensorBoard event file"):
        read(path)
    with pytest.raises(MissingFile):
        read(tmp_path / "absent")


@given(st.binary(max_size=400))
def test_garbage_inside_sound_records_never_crashes(tmp_path_factory, garbage):
    path = tmp_path_factory.mktemp("log") / "log"
    path.write_bytes(frame(Event(wall_time=1.0, file_version="brain.Event:2").SerializeToString()) + frame(garbage))
    read(path)


@given(st.binary(min_size=1, max_size=60), st.integers(0, 400))
def test_garbage_anywhere_never_crashes(tmp_path_factory, kohya_log, garbage, place):
    path = tmp_path_factory.mktemp("log") / "log"
    content = bytearray(kohya_log.read_bytes()[:1500])
    content[place : place + len(garbage)] = garbage
    path.write_bytes(content)
    with suppress(BadFile):
        read(path)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(width=32, allow_nan=False), st.integers(0, 2**63 - 1)), max_size=50))
def test_what_was_written_is_what_is_read(tmp_path_factory, points):
    path = written(tmp_path_factory.mktemp("log") / "log", *(scalar(*point) for point in points))
    expected: dict[str, list[tuple[int, float]]] = {}
    for tag, value, step in points:
        expected.setdefault(tag, []).append((step, value))
    assert {tag: list(zip(one.steps, one.values, strict=True)) for tag, one in series(path).items()} == expected


_WRITER = """
import sys, time
from tensorboardX import SummaryWriter
writer = SummaryWriter(sys.argv[1], flush_secs=0.05)
for step in range(1_000_000):
    writer.add_scalar("loss/current", 1 / (step + 1), step)
    if step == 200:
        print("ready", flush=True)
"""


def test_a_writer_killed_in_the_middle_leaves_a_log_that_reads(tmp_path):
    with subprocess.Popen([sys.executable, "-c", _WRITER, str(tmp_path)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        while os.path.getsize(event_file(tmp_path)) < 50_000:  # noqa: PTH202
            time.sleep(0.01)
        read(event_file(tmp_path))  # while it is written
        process.send_signal(signal.SIGKILL)
    loss = series(event_file(tmp_path))["loss/current"]
    assert loss.steps == tuple(range(len(loss.steps)))
    assert loss.values == pytest.approx([1 / (step + 1) for step in loss.steps], rel=1e-7)
