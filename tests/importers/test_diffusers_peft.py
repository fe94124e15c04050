"""LoRA files in diffusers' layout, and PEFT's adapter_config.json."""

from __future__ import annotations

import json

import pytest
from tiny_lora import TEXT_ENCODER, UNET, save

from lorascope.errors import BadFile
from lorascope.importers.diffusers_peft import PEFT_CONFIG
from lorascope.importers.weights_file import WEIGHTS_FILE
from lorascope.records.run import CountedIn

WEIGHTS = "pytorch_lora_weights.safetensors"


def read(path):
    (part,) = WEIGHTS_FILE.read(path)
    (evidence,) = part.evidence
    return evidence


def test_the_folder_says_the_step_and_the_shapes_say_the_rank(tmp_path):
    evidence = read(save(tmp_path / "out" / "checkpoint-500" / WEIGHTS, {"format": "pt"}, rank=8))
    assert (evidence.trainer, evidence.folder) == ("diffusers", tmp_path / "out")
    assert (evidence.checkpoint.number, evidence.checkpoint.counted_in, evidence.checkpoint.is_final) == (500, CountedIn.STEPS, False)
    assert evidence.parameters == {"network_dim": 8, "network_alpha": 8.0, "network_train_unet_only": True}
    assert evidence.kept["modules"] == {"unet": 1}
    assert "diffusers' scripts use alpha = rank" in evidence.notes[0]


def test_the_file_beside_the_checkpoints_is_the_final_one(tmp_path):
    checkpoint = read(save(tmp_path / WEIGHTS)).checkpoint
    assert (checkpoint.number, checkpoint.is_final) == (None, True)


def test_settings_in_the_metadata_count_and_are_kept(tmp_path):
    told = {
        "unet.r": 8,
        "unet.lora_alpha": 16,
        "unet.lora_dropout": 0.1,
        "unet.use_rslora": True,
        "text_encoder.r": 4,
        "text_encoder.lora_alpha": 4,
    }
    evidence = read(save(tmp_path / WEIGHTS, {"lora_adapter_metadata": json.dumps(told)}, rank=8, modules=(UNET, TEXT_ENCODER)))
    assert evidence.parameters == {"network_dim": 8, "network_alpha": 16.0, "network_dropout": 0.1}
    assert evidence.kept["text_encoder.r"] == 4
    assert evidence.kept["modules"] == {"unet": 1, "text_encoder": 1}
    assert any("rank 4 in text_encoder, 8 elsewhere" in note for note in evidence.notes)
    assert any("sqrt(rank)" in note for note in evidence.notes)


def test_averaged_weights_beside_a_checkpoint_are_not_another_checkpoint(tmp_path):
    assert read(save(tmp_path / "checkpoint-500" / "ema" / WEIGHTS)).checkpoint is None


def test_an_adapter_of_a_language_model_is_not_said_to_train_a_unet(tmp_path):
    evidence = read(save(tmp_path / "adapter_model.safetensors", modules=("base_model.model.model.layers.0.self_attn.q_proj",)))
    assert "network_train_unet_only" not in evidence.parameters


def test_names_of_tensors_tell_where_the_files_name_does_not(tmp_path):
    assert read(save(tmp_path / "renamed.safetensors")).trainer == "diffusers"


@pytest.mark.parametrize(
    "told", ["null", "[1]", "{", '{"unet.r": "eight"}', '{"unet.r": {}}', '{"unet.r": -5, "unet.lora_alpha": NaN}', "[" * 99_999]
)
def test_metadata_made_to_confuse_leave_the_shapes(tmp_path, told):
    assert read(save(tmp_path / WEIGHTS, {"lora_adapter_metadata": told})).parameters["network_dim"] == 4


def config(tmp_path, text, name="adapter_config.json"):
    path = tmp_path / name
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    return path


SETTINGS = {
    "peft_type": "LORA",
    "auto_mapping": {"base_model_class": "UNet2DConditionModel", "parent_library": "diffusers.models.unets.unet_2d_condition"},
    "base_model_name_or_path": "runwayml/stable-diffusion-v1-5",
    "r": 8,
    "lora_alpha": 4,
    "target_modules": ["to_q"],
    "rank_pattern": {"to_q": 2},
}


def test_the_adapters_own_configuration_is_evidence(tmp_path):
    path = config(tmp_path, json.dumps(SETTINGS))
    assert PEFT_CONFIG.recognizes(path.read_bytes(), path)
    ((evidence,),) = [part.evidence for part in PEFT_CONFIG.read(path)]
    assert evidence.parameters == {"network_dim": 8, "network_alpha": 4.0}
    assert (evidence.trainer, evidence.base_model) == ("diffusers", "runwayml/stable-diffusion-v1-5")
    assert evidence.kept["target_modules"] == ["to_q"]
    assert "rank_pattern gives some modules" in evidence.notes[0]


@pytest.mark.parametrize("text", ["{}", '{"r": 8}', "[", '{"peft_type": ' * 9999, '{"peft_type": "\udc00"'])
def test_a_configuration_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(BadFile) as caught:
        list(PEFT_CONFIG.read(config(tmp_path, text)))
    assert "adapter_config.json" in caught.value.where
    assert not PEFT_CONFIG.recognizes(b"{}", tmp_path / "config.json")
