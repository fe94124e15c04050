"""The toy trainer trains for real: kohya files that pipelines load back, resuming without a trace, refusing by name."""

from __future__ import annotations

import hashlib
import json
import random
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")
from safetensors import safe_open  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

from lorascope.backends import lora  # noqa: E402
from lorascope.backends.backend import EpochDone, StepDone, TrainingPlan, TrainingStarted  # noqa: E402
from lorascope.backends.presets import TOY_PRESET  # noqa: E402
from lorascope.backends.toy import ToyTrainer  # noqa: E402
from lorascope.backends.toy_images import TrainingImages  # noqa: E402
from lorascope.backends.toy_limits import HONORED, NEUTRAL, refused_parameters  # noqa: E402
from lorascope.backends.toy_model import load_pipeline, token_ids  # noqa: E402
from lorascope.backends.training_state import state_folder  # noqa: E402
from lorascope.errors import AlreadyExists, BadFile, BadParameter, MissingFile, UserError  # noqa: E402
from lorascope.parameters.catalogue import PARAMETERS  # noqa: E402

BASE = Path(__file__).resolve().parents[2] / "src/lorascope/assets/demo/base"
QUICK = {
    **TOY_PRESET,
    "max_train_epochs": 2,
    "network_dim": 4,
    "network_alpha": 2.0,
    "conv_dim": 2,
    "conv_alpha": 1.0,
    "learning_rate": 1e-3,
}


def train(folder, dataset, name="run", resume=False, **settings):
    plan = TrainingPlan(name, {**QUICK, **settings}, dataset, folder, BASE)
    return list(ToyTrainer().train(plan, resume=resume))


def files(events):
    return [event.file for event in events if isinstance(event, EpochDone)]


@pytest.fixture(scope="module")
def trained(tmp_path_factory, dozen):
    return train(tmp_path_factory.mktemp("trained"), dozen)


def test_events_come_in_order_with_one_checkpoint_per_epoch(trained):
    assert trained[0] == TrainingStarted(total_steps=6, steps_per_epoch=3)
    assert [event.step for event in trained if isinstance(event, StepDone)] == [1, 2, 3, 4, 5, 6]
    epochs = [(event.epoch, event.step, event.samples_seen) for event in trained if isinstance(event, EpochDone)]
    assert epochs == [(1, 3, 12), (2, 6, 24)]


def test_files_are_named_and_keyed_as_kohya_does(trained):
    first, last = files(trained)
    assert (first.name, last.name) == ("run-000001.safetensors", "run.safetensors")
    tensors = load_file(last)
    stems = {key.rsplit(".lora_", 1)[0] for key in tensors if ".lora_" in key}
    assert all({f"{stem}.lora_down.weight", f"{stem}.lora_up.weight", f"{stem}.alpha"} <= set(tensors) for stem in stems)
    linear = "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q"
    conv = "lora_unet_mid_block_resnets_0_conv1"
    text = "lora_te_text_model_encoder_layers_0_self_attn_q_proj"
    assert {linear, conv, text} <= stems
    assert tensors[f"{linear}.lora_down.weight"].shape[0] == 4
    assert tensors[f"{conv}.lora_down.weight"].shape == (2, 96, 3, 3)
    assert (float(tensors[f"{linear}.alpha"]), float(tensors[f"{conv}.alpha"])) == (2.0, 1.0)
    assert float(tensors[f"{linear}.lora_up.weight"].abs().max()) > 0


def test_metadata_says_how_the_file_was_made(trained):
    path = files(trained)[0]
    with safe_open(str(path), "pt") as file:
        facts = file.metadata()
    assert facts["ss_epoch"] == "1"
    assert facts["ss_steps"] == "3"
    assert facts["ss_network_dim"] == "4"
    assert facts["ss_network_alpha"] == "2.0"
    assert json.loads(facts["ss_network_args"]) == {"conv_dim": "2", "conv_alpha": "1.0"}
    assert facts["ss_num_train_images"] == "12"
    assert json.loads(facts["ss_bucket_info"])["buckets"]["0"]["count"] == 12
    data = path.read_bytes()
    body = data[8 + int.from_bytes(data[:8], "little") :]
    assert facts["sshs_model_hash"] == hashlib.sha256(body).hexdigest()


def test_a_pipeline_loads_the_file_back_with_equal_output(tmp_path, dozen):
    events = train(tmp_path, dozen, save_precision="float", max_train_epochs=1, learning_rate=2e-2)
    trained, loaded, plain = load_pipeline(BASE), load_pipeline(BASE), load_pipeline(BASE)
    shape = lora.Shape.of({**QUICK})
    lora.attach(trained.unet, trained.text_encoder, shape)
    tensors = load_file(files(events)[0])
    for prefix, model in (("lora_unet_", trained.unet), ("lora_te_text_model_", trained.text_encoder)):
        for module in lora.modules(model):
            key = prefix + module.name.removeprefix("text_model.").replace(".", "_")
            with torch.no_grad():
                module.down.copy_(tensors[f"{key}.lora_down.weight"])
                module.up.copy_(tensors[f"{key}.lora_up.weight"])
    loaded.load_lora_weights(str(tmp_path), weight_name="run.safetensors")
    ids = token_ids(plain.tokenizer, ["bespoke, red hair, green background"])[:, 0]
    latents, times = torch.randn(1, 12, 12, 12, generator=torch.Generator().manual_seed(0)), torch.tensor([500])

    def output(pipe):
        with torch.no_grad():
            return pipe.unet(latents, times, pipe.text_encoder(ids)[0]).sample

    assert float((output(trained) - output(loaded)).abs().max()) < 1e-5
    assert float((output(trained) - output(plain)).abs().max()) > 1e-3


def test_the_same_seed_gives_the_same_tensors_and_another_seed_others(tmp_path, dozen, trained):
    again = train(tmp_path / "again", dozen)
    other = train(tmp_path / "other", dozen, seed=2)
    first, second, third = (load_file(files(events)[-1]) for events in (trained, again, other))
    assert all(torch.equal(first[key], second[key]) for key in first)
    assert any(not torch.equal(first[key], third[key]) for key in first)


def test_a_killed_training_resumes_as_if_it_had_never_stopped(tmp_path, dozen):
    settings = {"max_train_epochs": 3, "network_dropout": 0.1, "lr_scheduler": "cosine", "save_precision": "float"}
    whole = train(tmp_path / "whole", dozen, **settings)
    stopped = ToyTrainer().train(TrainingPlan("run", {**QUICK, **settings}, dozen, tmp_path / "cut", BASE))
    for event in stopped:  # killed in the middle of epoch 2
        if isinstance(event, StepDone) and event.step == 5:
            break
    stopped.close()
    resumed = train(tmp_path / "cut", dozen, resume=True, **settings)
    assert resumed[0].first_step == 3
    assert [event.epoch for event in resumed if isinstance(event, EpochDone)] == [2, 3]
    first, second = load_file(files(whole)[-1]), load_file(files(resumed)[-1])
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_a_state_of_another_dataset_is_not_continued(tmp_path, dozen, other_dozen):
    train(tmp_path, dozen)
    with pytest.raises(BadFile, match="another dataset"):
        train(tmp_path, other_dozen, resume=True)


def test_a_damaged_state_is_reported_and_not_unpickled(tmp_path, dozen):
    train(tmp_path, dozen)
    (state_folder(tmp_path, "run", 2) / "state.safetensors").write_bytes(b"\x80\x04garbage")
    with pytest.raises(BadFile, match="cannot be read"):
        train(tmp_path, dozen, resume=True)


def test_a_state_of_a_run_whose_name_begins_alike_is_left_alone(tmp_path, dozen):
    train(tmp_path, dozen, name="a-b", max_train_epochs=1)
    train(tmp_path, dozen, name="a", max_train_epochs=1)
    assert state_folder(tmp_path, "a-b", 1).is_dir()


def test_a_checkpoint_that_is_there_is_never_written_over(tmp_path, dozen):
    (tmp_path / "run-000001.safetensors").write_bytes(b"precious")
    with pytest.raises(AlreadyExists, match=r"run-000001\.safetensors"):
        train(tmp_path, dozen)
    assert (tmp_path / "run-000001.safetensors").read_bytes() == b"precious"


def test_a_folder_that_cannot_be_made_is_the_users_mistake(tmp_path, dozen):
    (tmp_path / "file").write_text("x")
    with pytest.raises(MissingFile, match="cannot be made"):
        train(tmp_path / "file" / "checkpoints", dozen)


def test_an_image_that_would_fill_the_memory_is_refused_unread(tmp_path, dozen):
    (tmp_path / "bomb.png").write_bytes(png_header(30_000, 30_000))
    bomb = replace(dozen, folder=str(tmp_path), items=(replace(dozen.items[0], image_file="bomb.png"),))
    with pytest.raises(BadFile, match=r"bomb\.png"):
        train(tmp_path / "out", bomb)


def test_a_training_that_diverges_says_so_and_stops(tmp_path, dozen):
    with pytest.raises(UserError, match=r"diverged: the loss of step 1 .* is nan"):
        train(tmp_path, dozen, rank_dropout=1.0)


def test_more_clip_skip_than_the_text_encoder_has_layers_is_refused(tmp_path, dozen):
    with pytest.raises(BadParameter, match="has 3 layers"):
        train(tmp_path, dozen, clip_skip=4)


@pytest.mark.parametrize("settings", [{"caption_separator": ""}, {"min_timestep": 600, "max_timestep": 500}])
def test_what_contradicts_itself_is_refused_by_name(settings):
    assert set(refused_parameters({**TOY_PRESET, **settings})) & set(settings)


def test_an_optimizer_that_refuses_its_arguments_is_the_users_mistake(tmp_path, dozen):
    with pytest.raises(BadParameter, match="optimizer_args"):
        train(tmp_path, dozen, optimizer_args="foreach=True")


def test_repeats_cost_no_memory(tmp_path, dozen):
    images = TrainingImages.read(dozen, {"num_repeats": 1000}, 24)
    assert len(images) == 12_000
    assert len(images.images) == 12
    assert sorted(index for batch in images.batches(7, random.Random(0)) for index in batch) == sorted([*range(12)] * 1000)


def png_header(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


@pytest.mark.slow
def test_parameters_that_act_change_the_result(tmp_path, dozen, trained):
    reference = load_file(files(trained)[-1])
    changes = {
        "noise_offset": 0.1, "min_snr_gamma": 5.0, "flip_aug": True, "color_aug": True, "caption_dropout_rate": 0.5, "loss_type": "l1",
        "caption_tag_dropout_rate": 0.5, "shuffle_caption": False, "multires_noise_iterations": 6, "ip_noise_gamma": 0.1,
        "max_grad_norm": 0.01, "scale_weight_norms": 0.001, "rank_dropout": 0.3, "module_dropout": 0.3, "network_dropout": 0.3,
        "gradient_accumulation_steps": 2, "min_timestep": 500, "max_timestep": 500, "clip_skip": 2, "max_token_length": 150,
        "optimizer_type": "SGD", "optimizer_args": "weight_decay=0.5", "mixed_precision": "bf16", "text_encoder_lr": 0.0,
        "lr_warmup_steps": 0, "num_repeats": 2, "train_batch_size": 3, "network_alpha": 4.0, "conv_alpha": 2.0,
    }  # fmt: skip
    for name, value in changes.items():
        (event,) = [e for e in train(tmp_path / name, dozen, max_train_epochs=1, **{name: value}) if isinstance(e, EpochDone)]
        tensors = load_file(event.file)
        assert tensors.keys() != reference.keys() or any(not torch.equal(tensors[key], reference[key]) for key in tensors), name


def test_the_preset_and_every_default_are_honored():
    assert refused_parameters(TOY_PRESET) == {}
    defaults = {parameter.name: parameter.trainer_default for parameter in PARAMETERS}
    assert set(refused_parameters(defaults)) == {"v_parameterization"}, "the base predicts velocities, SD 1.5 does not"


def test_every_parameter_of_the_catalogue_is_honored_neutral_or_refused_by_name():
    """No parameter is silently ignored: one that would matter and is not honored is refused when it is on."""
    names = {parameter.name for parameter in PARAMETERS}
    assert names >= HONORED | NEUTRAL, sorted((HONORED | NEUTRAL) - names)
    assert not HONORED & NEUTRAL
    on = {parameter.name: something_else(parameter) for parameter in PARAMETERS if parameter.name not in HONORED | NEUTRAL}
    assert set(on) - set(refused_parameters(on)) == {"zero_terminal_snr", "v_parameterization"}, "which the base model is trained with"


def something_else(parameter):
    """A value that is not what the trainer does by default."""
    if parameter.kind == "boolean":
        return not parameter.trainer_default
    if parameter.choices:
        return next(choice for choice in parameter.choices if choice not in {parameter.trainer_default, "networks.lora"})
    return "on" if parameter.kind == "text" else 7
