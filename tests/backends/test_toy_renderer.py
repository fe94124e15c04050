"""What is no LoRA of this base model is refused, and nothing in a file is ever run."""

from __future__ import annotations

import pickle
import struct
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load, save  # noqa: E402

from lorascope.backends.backend import EpochDone, TrainingPlan  # noqa: E402
from lorascope.backends.presets import TOY_PRESET  # noqa: E402
from lorascope.backends.toy import ToyTrainer  # noqa: E402
from lorascope.backends.toy_renderer import ToyRenderer  # noqa: E402
from lorascope.errors import BadFile, BadParameter  # noqa: E402
from lorascope.jobs.read_assets import demo_base_model  # noqa: E402
from lorascope.records.prompt import Prompt, PromptSuite  # noqa: E402

SUITE = PromptSuite("one", (Prompt("lad", "a lad"),), seeds=(1,), steps=1, width_px=24, height_px=24)


@pytest.fixture(scope="module")
def renderer():
    return ToyRenderer(demo_base_model())


@pytest.fixture(scope="module")
def lora_bytes(tmp_path_factory, dozen):
    settings = {**TOY_PRESET, "max_train_epochs": 1, "network_dim": 2}
    plan = TrainingPlan("run", settings, dozen, tmp_path_factory.mktemp("lora"), demo_base_model())
    return next(event for event in ToyTrainer().train(plan) if isinstance(event, EpochDone)).file.read_bytes()


class Evil:
    """Unpickling it would leave a trace."""

    def __reduce__(self):
        return Path.touch, (Path("unpickled"),)


def with_header(data, header):
    return struct.pack("<Q", len(header)) + header + data[8 + struct.unpack("<Q", data[:8])[0] :]


def renamed(data, old, new):
    return save({key.replace(old, new): tensor for key, tensor in load(data).items()})


BROKEN = {
    "empty": lambda data: b"",
    "cut off": lambda data: data[: len(data) // 2],
    "huge header": lambda data: struct.pack("<Q", 2**63) + data[8:],
    "header is not JSON": lambda data: with_header(data, b"{hello"),
    "negative offsets": lambda data: with_header(data, b'{"a.lora_down.weight":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}'),
    "pickle": lambda data: pickle.dumps(Evil()),
    "values that are no numbers": lambda data: save({key: tensor * torch.nan for key, tensor in load(data).items()}),
    "another size": lambda data: save({key: tensor[..., :1].contiguous() for key, tensor in load(data).items() if tensor.dim() == 2}),
    "other modules": lambda data: renamed(data, "lora_", "xlora_"),
    "one block more": lambda data: renamed(data, "down_blocks_0", "down_blocks_9"),
}  # fmt: skip


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_no_lora_of_this_model_is_refused(renderer, lora_bytes, tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "run.safetensors"
    file.write_bytes(BROKEN[kind](lora_bytes))
    with pytest.raises(BadFile, match=r"run\.safetensors"):
        list(renderer.render(file, SUITE))
    assert not (tmp_path / "unpickled").exists()


def test_after_a_bad_file_a_good_one_is_drawn(renderer, lora_bytes, tmp_path):
    (tmp_path / "good.safetensors").write_bytes(lora_bytes)
    assert len(list(renderer.render(tmp_path / "good.safetensors", SUITE))) == 1


@pytest.mark.parametrize("skip", ["99", "9" * 30, "\u00b2", "-1", "two"])
def test_a_clip_skip_that_cannot_be_is_ignored(renderer, lora_bytes, tmp_path, skip):
    file = tmp_path / "run.safetensors"
    file.write_bytes(save(load(lora_bytes), metadata={"ss_clip_skip": skip}))
    assert len(list(renderer.render(file, SUITE))) == 1


@pytest.mark.parametrize(("width", "height"), [(23, 24), (48, 24), (512, 512), (4096, 4096)])
def test_only_the_base_models_own_size_is_drawn(renderer, width, height):
    with pytest.raises(BadParameter, match="24 x 24"):
        renderer.check(replace(SUITE, width_px=width, height_px=height))
    renderer.check(SUITE)
