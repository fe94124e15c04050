"""``lorascope check``: what it prints, its JSON and its exit codes."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from lorascope.cli.check import check_command
from lorascope.cli.main import main
from lorascope.errors import AlreadyExists, BadFile
from lorascope.parameters.rules.rule import Gravity

SUMMARY = """[network_arguments]
network_dim = 32
network_alpha = 16

[training_arguments]
max_train_epochs = 8
train_batch_size = 4
mixed_precision = "bf16"
optimizer_type = "AdamW"
learning_rate = 1e-4
unet_lr = 1e-4
text_encoder_lr = 5e-5

[dataset]
keep_tokens = 1
caption_dropout_rate = 0.02
shuffle_caption = true
resolution = 512
"""


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("train.toml").write_text(SUMMARY)
    return Path("train.toml")


def run(*arguments):
    return CliRunner().invoke(check_command, [str(argument) for argument in arguments], catch_exceptions=False)


def test_a_written_up_configuration_cannot_have_run(config):
    """An integer resolution in a config_file stops sd-scripts at once: this is a summary, not what ran."""
    outcome = run(config)
    assert outcome.exit_code == 1
    assert "line 18  abort  resolution-not-text\n      | resolution = 512\n" in outcome.output
    assert "alpha / dim = 16 / 32 = 0.5" in outcome.output
    assert "seed is not said" in outcome.output
    assert outcome.output.splitlines()[-2].startswith("1 would stop the training")
    assert outcome.output.splitlines()[-1] == "next: lorascope check train.toml --fix  (mends 1 of them in a copy)"
    assert max(map(len, outcome.output.splitlines())) <= 140


def test_with_its_dataset_the_steps_are_worked_out(config, tmp_path):
    folder = tmp_path / "1_lady"
    folder.mkdir()
    for number in range(203):
        Image.new("1", (512, 512)).save(folder / f"{number:03}.png")
        (folder / f"{number:03}.caption").write_text("a lady")
    config.write_text(SUMMARY.replace("= 512", '= "512"') + 'save_precision = "fp16"\nsave_every_n_epochs = 1\noutput_name = "lady"\n')
    answer = json.loads(run(config, "--dataset", folder, "--base", "sd15", "--json").output)
    flight = answer["preflight"]
    assert flight["buckets"] == [{"width": 512, "height": 512, "count": 203}]
    assert (flight["batches_per_epoch"], flight["steps_per_epoch"], flight["total_steps"], flight["epochs"]) == (51, 51, 408, 8)
    assert flight["files"] == [*(f"lady-{epoch:06d}.safetensors" for epoch in range(1, 8)), "lady.safetensors"]
    assert round(flight["file_bytes"] / 2**20, 1) == 36.0
    output = run(config, "--dataset", folder, "--base", "sd15").output
    assert "steps in all     408 = 8 epochs" in output
    assert "36.0 MiB each, 288.0 MiB in all" in output
    assert "all 203 read whole (75 tokens)" in output


def test_json_has_the_agreed_keys(config):
    answer = json.loads(run(config, "--json").output)
    assert (answer["format"], answer["config"], answer["preflight"]) == (1, "train.toml", None)
    assert answer["notes"] != []
    for finding in answer["findings"]:
        assert set(finding) >= {"rule", "severity", "line", "key", "message", "fix"}
        assert finding["severity"] in {gravity.value for gravity in Gravity}
    stopping = next(finding for finding in answer["findings"] if finding["severity"] == "abort")
    assert (stopping["rule"], stopping["line"], stopping["key"]) == ("resolution-not-text", 18, "dataset.resolution")


def test_several_trainings_are_one_object(config):
    Path("other.toml").write_text(SUMMARY)
    answer = json.loads(run(config, "other.toml", "--json").output)
    assert [answer["config"], *(more["config"] for more in answer["more"])] == ["train.toml", "other.toml"]


def test_notes_alone_do_not_fail(config):
    config.write_text(SUMMARY.replace("= 512", '= "512,512"'))
    assert run(config).exit_code == 0


def test_a_rule_can_be_ignored_and_a_mistyped_one_is_refused(config):
    assert run(config, "--ignore", "resolution-not-text").exit_code == 0
    outcome = run(config, "--ignore", "resolution-not-txt")
    assert (outcome.exit_code, "did you mean resolution-not-text?" in outcome.output) == (2, True)


def test_fix_writes_a_copy_shows_the_difference_and_never_overwrites(config):
    outcome = run(config, "--fix")
    assert outcome.exit_code == 0
    assert '-resolution = 512\n+resolution = "512,512"\n' in outcome.output
    assert "1 finding mended in train.fixed.toml; train.toml is unchanged" in outcome.output
    assert config.read_text() == SUMMARY
    assert run("train.fixed.toml").exit_code == 0
    assert "nothing to fix" in run("train.fixed.toml", "--fix").output
    with pytest.raises(AlreadyExists):
        run(config, "--fix")


def test_a_fix_is_offered_only_where_the_text_can_be_changed(config):
    """Settings without effect are taken out of TOML; of JSON nothing is taken out."""
    idle = '{"LoRA_type": "Standard", "lr_warmup": 0, "epoch": 3, "unet_lr": 1e-4, "keep_tokens": 2}'
    Path("state.json").write_text(idle)
    outcome = run("state.json")
    assert ("keep-tokens-without-shuffle" in outcome.output, "next:" in outcome.output) == (True, False)
    config.write_text("keep_tokens = 2\nnetwork_dim = 8\n")
    assert run(config).output.splitlines()[-1] == "next: lorascope check train.toml --fix --all  (mends 1 of them in a copy)"


def test_in_place_keeps_the_original(config):
    assert run(config, "--fix", "--in-place").exit_code == 0
    assert Path("train.toml.bak").read_text() == SUMMARY
    assert run(config, "--in-place").exit_code == 2


def test_other_peoples_words_do_not_move_the_cursor(config):
    config.write_text('"netwrok_\\u001b[2Jdim" = "\\u001b[31m"\nseed = 1\nnetwork_dim = "\u202e32"\n')
    assert "\x1b" not in run(config).output
    assert "\u202e" not in run(config).output


def test_exit_codes_reach_the_shell(config, monkeypatch):
    for arguments, code in ((["train.toml"], 1), (["nowhere.toml"], 2)):
        monkeypatch.setattr(sys, "argv", ["lorascope", "check", *arguments])
        with pytest.raises(SystemExit) as exit_:
            main()
        assert exit_.value.code == code


def test_what_is_no_configuration_is_the_users_mistake(config):
    config.write_text("network_dim = ")
    with pytest.raises(BadFile):
        run(config)
