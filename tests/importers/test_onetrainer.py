"""OneTrainer's LoRA files: names, backups, metadata, and the configuration inside it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny_lora import save, save_kohya_layout

from lorascope.importers.onetrainer import read_onetrainer
from lorascope.importers.safetensors_header import read_header
from lorascope.importers.weights_file import WEIGHTS_FILE
from lorascope.records.run import CountedIn

METADATA = {
    "modelspec.sai_model_spec": "1.0.0",
    "modelspec.architecture": "stable-diffusion-v1/lora",
    "modelspec.date": "2026-08-01",
    "modelspec.hash_sha256": "0x" + "AB" * 32,
    "ot_branch": "master",
    "ot_revision": "23df383",
}
CONFIG = {
    "__version": 11,
    "training_method": "LORA",
    "model_type": "STABLE_DIFFUSION_15",
    "base_model_name": "runwayml/stable-diffusion-v1-5",
    "learning_rate": 0.0003,
    "batch_size": 4,
    "gradient_accumulation_steps": 2,
    "epochs": 10,
    "lora_rank": 16,
    "lora_alpha": 1.0,
    "no_such_setting": "kept",
    "secrets": {"huggingface_token": "hf_opens_doors"},
    "samples": [{"prompt": "a cat", "seed": 42}],
}
STAMP = "2026-08-01_12-30-00"


def read(path):
    """What the file says, through the importer that all LoRA files go through."""
    (part,) = WEIGHTS_FILE.read(path)
    (evidence,) = part.evidence
    return evidence


def test_a_file_saved_between_two_epochs_counts_epochs(tmp_path):
    evidence = read(save_kohya_layout(tmp_path / "work" / "save" / f"cat{STAMP}-save-408-8-0.safetensors", METADATA))
    assert (evidence.trainer, evidence.folder) == ("onetrainer", tmp_path / "work")
    checkpoint = evidence.checkpoint
    assert (checkpoint.number, checkpoint.counted_in, checkpoint.is_final) == (8, CountedIn.EPOCHS, False)
    assert checkpoint.step == 408
    assert checkpoint.kept == {
        "batches": 408,
        "saved_local_time": STAMP,
        "modelspec.date": "2026-08-01",
        "modelspec.hash_sha256": "0x" + "AB" * 32,
    }
    assert evidence.kept["ot_revision"] == "23df383"
    assert "counts batches" in evidence.notes[0]


def test_a_file_saved_within_an_epoch_counts_steps(tmp_path):
    checkpoint = read(save_kohya_layout(tmp_path / "save" / f"{STAMP}-save-500-9-41.safetensors", METADATA)).checkpoint
    assert (checkpoint.number, checkpoint.step, checkpoint.counted_in) == (500, 500, CountedIn.STEPS)


def test_the_configuration_inside_gives_parameters_and_turns_batches_into_updates(tmp_path):
    evidence = read(
        save_kohya_layout(tmp_path / "save" / f"{STAMP}-save-408-8-0.safetensors", {**METADATA, "ot_config": json.dumps(CONFIG)}, rank=16)
    )
    assert evidence.parameters["learning_rate"] == 0.0003
    assert evidence.parameters["train_batch_size"] == 4
    assert evidence.parameters["network_dim"] == 16
    assert evidence.checkpoint.step == 204
    assert not any("counts batches" in note for note in evidence.notes)
    assert evidence.base_model == "runwayml/stable-diffusion-v1-5"
    assert evidence.kept["no_such_setting"] == "kept"
    assert evidence.prompts == {0: "a cat"}
    assert "hf_opens_doors" not in str(evidence)


@pytest.mark.parametrize(
    "config", ["not JSON", "[]", "{}", "[" * 100_000, '{"a": ' * 5000 + "1" + "}" * 5000, "\x00", '{"lora_rank": NaN}']
)
def test_a_configuration_that_cannot_be_read_does_no_harm(tmp_path, config):
    evidence = read(save_kohya_layout(tmp_path / "save" / f"{STAMP}-save-408-8-0.safetensors", {**METADATA, "ot_config": config}))
    assert evidence.checkpoint.number == 8
    assert evidence.parameters["network_dim"] == 4
    assert evidence.notes


def test_a_backup_belongs_to_the_workspace_above_it(tmp_path):
    folder = tmp_path / "work" / "backup" / f"{STAMP}-backup-204-4-0" / "lora"
    evidence = read(save_kohya_layout(folder / "lora.safetensors", METADATA))
    assert evidence.folder == tmp_path / "work"
    assert (evidence.checkpoint.number, evidence.checkpoint.counted_in) == (4, CountedIn.EPOCHS)


def test_the_file_with_the_users_own_name_is_the_final_one(tmp_path):
    checkpoint = read(save_kohya_layout(tmp_path / "models" / "cat.safetensors", METADATA)).checkpoint
    assert (checkpoint.number, checkpoint.is_final) == (None, True)


def test_its_hash_is_that_of_the_tensors_when_all_have_one_dtype(tmp_path):
    assert read(save_kohya_layout(tmp_path / "a.safetensors", METADATA)).checkpoint.tensor_hash == "ab" * 32


def test_without_metadata_the_name_tells(tmp_path):
    evidence = read(save(tmp_path / f"{STAMP}-save-408-8-0.safetensors", None))
    assert evidence.trainer == "onetrainer"


def test_files_of_kohya_are_left_to_others(tmp_path):
    path = save_kohya_layout(tmp_path / "cat-000003.safetensors", {"ss_output_name": "cat"})
    assert read_onetrainer(path, read_header(path)) is None
    assert read(path).trainer == "kohya"
    renamed = save_kohya_layout(tmp_path / f"{STAMP}-save-408-8-0.safetensors", {"ss_output_name": "cat"})
    assert read_onetrainer(renamed, read_header(renamed)) is None


def test_names_made_to_confuse_are_only_names(tmp_path):
    for name in (
        f"{STAMP}-save-{'9' * 40}-1-1.safetensors",
        "-save-1-1-1.safetensors",
        f"'; DROP TABLE runs; --{STAMP}-save-1-1-0.safetensors",
    ):
        assert read(save_kohya_layout(tmp_path / Path(name), METADATA)).trainer == "onetrainer"
