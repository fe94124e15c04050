"""A configuration alone is evidence of a training."""

from pathlib import Path

import pytest

from lorascope.errors import BadFile
from lorascope.importers.evidence import Authority
from lorascope.importers.importer import HEAD_BYTES
from lorascope.importers.trainer_config import TRAINER_CONFIG

CONFIGS = Path(__file__).parents[1] / "parameters" / "configs"


def evidence(path):
    (part,) = TRAINER_CONFIG.read(path)
    (found,) = part.evidence
    return found


def recognizes(path):
    return TRAINER_CONFIG.recognizes(path.read_bytes()[:HEAD_BYTES], path)


@pytest.mark.parametrize("path", sorted(CONFIGS.iterdir()), ids=lambda path: path.name)
def test_every_sample_is_recognized_and_read(path):
    assert recognizes(path)
    found = evidence(path)
    assert found.source == path
    assert found.parameters
    assert all(str(path) in note for note in found.notes)


@pytest.mark.parametrize(
    ("name", "authority"),
    [("kohya.toml", Authority.CONFIGURED), ("kohya_gui.json", Authority.INTENDED), ("onetrainer.json", Authority.CONFIGURED)],
)
def test_a_forms_state_counts_less_than_what_ran(name, authority):
    assert evidence(CONFIGS / name).authority is authority


def test_a_preset_of_onetrainer_is_an_intention(tmp_path):
    path = tmp_path / "preset.json"
    path.write_text('{"training_method": "LORA", "model_type": "STABLE_DIFFUSION_15", "learning_rate": 0.0003}')
    assert evidence(path).authority is Authority.INTENDED


def test_onetrainers_pack_belongs_to_its_workspace(tmp_path):
    path = tmp_path / "lady" / "config" / "2024-01-31.json"
    path.parent.mkdir(parents=True)
    path.write_bytes((CONFIGS / "onetrainer.json").read_bytes())
    assert evidence(path).folder == tmp_path / "lady"


def test_sampling_prompts_are_kept_by_position():
    assert evidence(CONFIGS / "ai_toolkit.yaml").prompts == {0: "p1xl4dy holding a sword", 1: "p1xl4dy, green background"}


def test_unknown_settings_are_kept_and_noted_with_problems_at_their_lines(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('network_module = "networks.lora"\nnetwork_dim = "32"\nmy_own_key = [1, 2]\n')
    found = evidence(path)
    assert found.parameters["network_dim"] == 32
    assert found.kept["my_own_key"] == [1, 2]
    assert found.notes == (
        f"{path}:2: network_dim: must be a whole number, is the text '32'",
        f"{path}: unknown to the trainer, kept: my_own_key",
    )


def test_keys_to_other_services_are_left_out(tmp_path):
    path = tmp_path / "run.toml"
    path.write_text('network_module = "networks.lora"\nnetwork_dim = 8\nkeep_tokens = 1\nhuggingface_token = "hf_1"\nwandb_api_key = "k"\n')
    found = evidence(path)
    assert not {"huggingface_token", "wandb_api_key"} & set(found.kept)
    assert found.notes == (f"{path}: left out, since it opens other services: huggingface_token, wandb_api_key",)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("package.json", '{"name": "x", "version": "1", "dependencies": {}}'),
        ("pyproject.toml", '[project]\nname = "x"\n'),
        ("ci.yaml", "on: push\njobs: {}\n"),
        ("0001.txt", "pixel art, 1girl, green background\n"),
        ("prompts.txt", "a lady --w 512 --h 512 --d 42\n"),
        ("install.sh", "pip install -r requirements.txt --upgrade\n"),
        ("tag.yaml", 'a: !!python/object/apply:os.system ["x"]\n'),
        ("cut.json", '{"LoRA_type": "Standard", "max_res'),
        ("kohya.cfg", "network_module = 'networks.lora'\nnetwork_dim = 8\n"),
        ("binary.toml", "\x00\x01"),
    ],
)
def test_other_files_of_the_same_kind_are_not_ours(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    assert not recognizes(path)


def test_a_long_configuration_is_recognized_by_its_beginning(tmp_path):
    for suffix, text in (
        ("json", '{"LoRA_type": "Standard", "max_resolution": "512,512", "sample_prompts": "' + "x" * 9000 + '"}'),
        ("toml", 'network_module = "networks.lora"\nnetwork_dim = 8\nnetwork_args = [\n' + '  "a=1",\n' * 2000 + "]\n"),
        (
            "yaml",
            "config:\n  process:\n    - type: sd_trainer\n      network: {linear: 16}\n      sample:\n        prompts:\n"
            + "        - x y z\n" * 900,
        ),
    ):
        path = tmp_path / f"long.{suffix}"
        path.write_text(text)
        assert recognizes(path), suffix


def test_a_configuration_of_nobody_is_refused_when_it_is_read(tmp_path):
    path = tmp_path / "x.json"
    path.write_text('{"a": 1}')
    with pytest.raises(BadFile, match="no trainer that is known here"):
        list(TRAINER_CONFIG.read(path))
