"""SimpleTuner's LoRA files and its training_state.json."""

from __future__ import annotations

import json

import pytest
from tiny_lora import save, save_kohya_layout

from lorascope.errors import BadFile
from lorascope.importers.simpletuner import TRAINING_STATE
from lorascope.importers.weights_file import WEIGHTS_FILE

WEIGHTS = "pytorch_lora_weights.safetensors"
METADATA = {"modelspec.sai_model_spec": "1.0.1", "modelspec.implementation": "diffusers", "modelspec.resolution": "1024x1024"}


def read(path):
    (part,) = WEIGHTS_FILE.read(path)
    (evidence,) = part.evidence
    return evidence


def test_modelspec_in_diffusers_layout_tells_the_trainer(tmp_path):
    told = {"unet.r": 4, "unet.lora_alpha": 4}
    evidence = read(save(tmp_path / "out" / "checkpoint-500" / WEIGHTS, {**METADATA, "lora_adapter_metadata": json.dumps(told)}))
    assert (evidence.trainer, evidence.folder, evidence.checkpoint.number) == ("simpletuner", tmp_path / "out", 500)
    assert evidence.parameters == {"network_dim": 4, "network_alpha": 4.0, "network_train_unet_only": True}
    assert evidence.kept["modelspec.resolution"] == "1024x1024"


def test_a_lycoris_file_carries_its_configuration(tmp_path):
    settings = {"algo": "lokr", "multiplier": 1.0, "linear_dim": 10000, "linear_alpha": 1, "factor": 16}
    evidence = read(save_kohya_layout(tmp_path / "checkpoint-100" / WEIGHTS, {"lycoris_config": json.dumps(settings)}))
    assert evidence.trainer == "simpletuner"
    assert evidence.kept["lycoris_config"] == settings
    assert evidence.parameters["network_module"] == "lycoris.kohya"
    assert evidence.parameters["network_alpha"] == 1.0


@pytest.mark.parametrize("told", ["", "[]", "{", '{"linear_alpha": "x"}', '{"linear_alpha": NaN}'])
def test_a_lycoris_configuration_that_cannot_be_read_is_kept_as_it_is(tmp_path, told):
    assert read(save_kohya_layout(tmp_path / WEIGHTS, {"lycoris_config": told})).trainer == "simpletuner"


def state(folder, text):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "training_state.json"
    path.write_text(text, "utf-8")
    return path


def test_the_state_is_kept_with_the_training(tmp_path):
    path = state(tmp_path / "out" / "checkpoint-500", '{"global_step": 500, "epoch_step": 41, "epoch": 10}')
    assert TRAINING_STATE.recognizes(path.read_bytes(), path)
    ((evidence,),) = [part.evidence for part in TRAINING_STATE.read(path)]
    assert (evidence.folder, evidence.trainer, evidence.notes) == (tmp_path / "out", "simpletuner", ())
    assert evidence.kept == {"training_state at step 500": {"global_step": 500, "epoch_step": 41, "epoch": 10}}


def test_a_state_that_contradicts_its_folder_is_noted(tmp_path):
    path = state(tmp_path / "checkpoint-500", '{"global_step": 499}')
    ((evidence,),) = [part.evidence for part in TRAINING_STATE.read(path)]
    assert "the folder says step 500, the file step 499" in evidence.notes[0]


@pytest.mark.parametrize("text", ["{}", '{"global_step": null}', '{"global_step": 1e999}', '{"global_step": "5"}', "[[[["])
def test_a_state_that_is_none_is_refused(tmp_path, text):
    with pytest.raises(BadFile, match="global_step"):
        list(TRAINING_STATE.read(state(tmp_path, text)))
