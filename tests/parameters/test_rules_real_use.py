"""What people really write: settings that look odd and are right, and the ones beside them that are not."""

from __future__ import annotations

import pytest

from lorascope.importers.config_file import read_config
from lorascope.jobs.check import document_of
from lorascope.parameters.rules import lint
from lorascope.parameters.rules.configuration import configure, family_of
from lorascope.parameters.rules.pictures import step_unit_px
from lorascope.parameters.rules.rule import FAILING

GUI = '"LoRA_type": "Standard", "lr_warmup": 0, "model_list": "custom"'


def opened(folder, text, name="train.toml", trainer="kohya"):
    path = folder / name
    path.write_text(text)
    return configure([document_of(read_config(path), trainer if name.endswith(("toml", "sh")) else None)])


def found(folder, text, name="train.toml", trainer="kohya"):
    return {finding.rule: finding.severity.value for finding in lint(opened(folder, text, name, trainer))}


def failing(folder, text, name="train.toml", trainer="kohya"):
    return [finding.rule for finding in lint(opened(folder, text, name, trainer)) if finding.severity in FAILING]


@pytest.mark.parametrize(
    "text",
    [
        'dynamo_backend = "no"\n',
        "max_token_length = 75\n",
        "persistent_data_loader_workers = 1\n",
        'max_train_steps = 500\nepoch = 3\nnoise_offset_type = "Original"\n',
        'optimizer_type = "RAdamScheduleFree"\nlr_scheduler = "constant"\nlr_warmup_steps = 20\n',
        'optimizer_type = "AdamW8Bit"\ntext_encoder_lr = []\nlr_scheduler_args = []\nsample_prompts = ""\n',
        'network_module = "networks.lora_flux"\ncache_text_encoder_outputs = true\n',
        'optimizer_type = "Prodigy"\nlearning_rate = 1e-4\nunet_lr = 1.0\ntext_encoder_lr = 1.0\n',
    ],
)
def test_what_kohya_ss_writes_and_people_use_neither_stops_nor_goes_wrong(text, tmp_path):
    assert failing(tmp_path, text) == []


def test_an_epoch_without_any_length_is_still_wrong(tmp_path):
    assert found(tmp_path, "epoch = 3\n")["misplaced-key"] == "wrong"
    assert found(tmp_path, "epoch = 3\nmax_train_epochs = 3\n")["misplaced-key"] == "no-effect"


def test_a_switch_of_the_dataset_as_a_number_is_still_wrong(tmp_path):
    assert found(tmp_path, "shuffle_caption = 1\n")["wrong-value"] == "wrong"


def test_one_folder_at_two_resolutions_is_no_mistake_and_twice_in_one_dataset_is(tmp_path):
    subset = '[[datasets.subsets]]\nimage_dir = "cats"\n'
    two = "".join(f"[[datasets]]\nresolution = {side}\n{subset}" for side in (512, 768))
    assert "same-folder-twice" not in found(tmp_path, two)
    assert found(tmp_path, two + subset)["same-folder-twice"] == "wrong"


def test_a_far_fetched_name_is_not_suggested_nor_said_to_keep_its_default(tmp_path):
    (finding,) = [finding for finding in lint(opened(tmp_path, "init_wort = 'x'\n")) if finding.rule == "unknown-key"]
    assert "default" not in finding.message
    assert finding.fix == ""
    (finding,) = [finding for finding in lint(opened(tmp_path, "network_dimm = 8\n")) if finding.rule == "unknown-key"]
    assert finding.message.endswith("and network_dim keeps its default")


def test_textual_inversion_is_named(tmp_path):
    assert found(tmp_path, 'token_string = "cat"\n')["unknown-key"] == "note"


def test_an_old_file_of_onetrainer_is_not_called_wrong(tmp_path):
    text = '{"training_method": "LORA", "model_type": "X", "batch_size": 4, "unet_learning_rate": 1e-4, "extra_model_names": ""}'
    findings = [finding for finding in lint(opened(tmp_path, text, "old.json")) if finding.rule == "unknown-key"]
    assert {(finding.severity.value, finding.fix, finding.change) for finding in findings} == {("note", "", None)}
    assert all("older OneTrainer" in finding.message for finding in findings)


@pytest.mark.parametrize(
    ("settings", "rule", "severity"),
    [
        ('"multires_noise_discount": 0, "multires_noise_iterations": 0', "zero-dropped-by-gui", None),
        ('"multires_noise_discount": 0, "multires_noise_iterations": 6', "zero-dropped-by-gui", "wrong"),
        ('"huber_c": 0, "loss_type": "l2"', "zero-dropped-by-gui", None),
        ('"huber_c": 0, "loss_type": "smooth_l1"', "zero-dropped-by-gui", "wrong"),
        ('"prior_loss_weight": 0, "reg_data_dir": ""', "zero-dropped-by-gui", None),
        ('"prior_loss_weight": 0, "reg_data_dir": "reg"', "zero-dropped-by-gui", "wrong"),
        ('"max_data_loader_n_workers": 0', "zero-dropped-by-gui", None),
    ],
)
def test_a_dropped_zero_matters_only_where_it_is_read(settings, rule, severity, tmp_path):
    assert found(tmp_path, f"{{{GUI}, {settings}}}", "state.json").get(rule) == severity


def test_kohya_ss_passes_on_no_workers(tmp_path):
    configuration = opened(tmp_path, f'{{{GUI}, "max_data_loader_n_workers": "0"}}', "state.json")
    assert configuration.training.value("max_data_loader_n_workers") == 0
    assert not any("max_data_loader" in note for note in configuration.documents[0].translation.notes)


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ('pretrained_model_name_or_path = "E:/sdxl/models/v1-5-pruned.safetensors"\n', "sd15"),
        ('pretrained_model_name_or_path = "models/ponyDiffusionV6.safetensors"\n', "sdxl"),
        ('pretrained_model_name_or_path = "flux1-dev.safetensors"\nnetwork_dim = 8\n', "other"),
        ('t5xxl = "t5.safetensors"\ncache_text_encoder_outputs = true\n', "other"),
        ('network_module = "networks.lora_sd3"\n', "other"),
        ("cache_text_encoder_outputs = true\n", "sdxl"),
        ('pretrained_model_name_or_path = "mine.safetensors"\n', ""),
    ],
)
def test_the_family_of_the_base_model_is_read_from_what_only_it_has(text, family, tmp_path):
    assert opened(tmp_path, text).family == family


def test_the_script_tells_the_family(tmp_path):
    for script, family in (("sdxl_train_network.py", "sdxl"), ("flux_train_network.py", "other"), ("train_network.py", "")):
        text = f"accelerate launch {script} --network_module=networks.lora --network_dim=8 --train_data_dir=cats\n"
        assert opened(tmp_path, text, "train.sh").family == family


def test_kohya_ss_says_flux_settings_in_every_state_and_means_them_where_its_box_is_ticked(tmp_path):
    for box, family in (("true", "other"), ("false", "")):
        text = f'{{{GUI}, "flux1_checkbox": {box}, "discrete_flow_shift": 3, "ae": "ae.safetensors"}}'
        assert opened(tmp_path, text, "state.json").family == family


def test_steps_of_buckets_are_held_to_what_the_family_asks_for(tmp_path):
    bases = {"v1-5.ckpt": 64, "sd_xl_base.safetensors": 32, "flux1-dev.safetensors": 8, "mine.safetensors": 8}
    for base, unit in bases.items():
        assert step_unit_px(opened(tmp_path, f'pretrained_model_name_or_path = "{base}"\n')) == unit


def test_two_rates_stop_prodigy_and_a_rate_of_0_does_not(tmp_path):
    rule = "adaptive-optimizer-with-two-rates"
    two = 'unet_lr = 1.0\ntext_encoder_lr = 0.5\noptimizer_type = "{}"\n'
    assert found(tmp_path, two.format("Prodigy"))[rule] == "abort"
    assert found(tmp_path, two.format("DAdaptAdam"))[rule] == "abort"
    assert rule not in found(tmp_path, two.format("prodigyplus.ProdigyPlusScheduleFree"))
    assert rule not in found(tmp_path, two.format("Prodigy").replace("0.5", "0.0"))
    assert rule not in found(tmp_path, two.format("Prodigy") + "network_train_unet_only = true\n")


def test_anima_keeps_the_dropout_of_captions_in_its_cache(tmp_path):
    text = "cache_text_encoder_outputs = true\nnetwork_train_unet_only = true\ncaption_dropout_rate = 0.1\n"
    assert found(tmp_path, text)["text-encoder-cache-with-changing-captions"] == "abort"
    assert "text-encoder-cache-with-changing-captions" not in found(tmp_path, text + 'qwen3 = "qwen3.safetensors"\n')


def test_a_family_is_known_without_any_document():
    assert family_of((), configure(()).training, ()) == ""


def test_steps_of_32_with_an_unknown_base_model_are_worth_a_note(tmp_path):
    text = 'enable_bucket = true\nresolution = "512"\nbucket_reso_steps = 32\n'
    assert found(tmp_path, text)["bucket-bounds-exclude-resolution"] == "note"
    assert "bucket-bounds-exclude-resolution" not in found(tmp_path, text + 'network_module = "networks.lora_flux"\n')


def test_a_bound_that_the_resolution_needs_is_not_called_idle(tmp_path):
    text = 'enable_bucket = true\nbucket_no_upscale = true\nresolution = "{}"\nmax_bucket_reso = 2048\nmin_bucket_reso = 64\n'
    rule = "bucket-bounds-ignored"
    idle = {
        resolution: {finding.key for finding in lint(opened(tmp_path, text.format(resolution))) if finding.rule == rule}
        for resolution in ("1024,1024", "1280,1024", "1024,128")
    }
    assert idle == {"1024,1024": {"max_bucket_reso", "min_bucket_reso"}, "1280,1024": {"min_bucket_reso"}, "1024,128": {"max_bucket_reso"}}


DATASET = "[general]\n{}\n[[datasets]]\n{}\n[[datasets.subsets]]\nimage_dir = 'a'\n[[datasets]]\n[[datasets.subsets]]\nimage_dir = 'b'\n"


@pytest.mark.parametrize(
    ("setting", "makes_it_count", "rule"),
    [
        ("keep_tokens = 1", "shuffle_caption = true", "keep-tokens-without-shuffle"),
        ("bucket_no_upscale = true", "enable_bucket = true", "bucket-settings-without-buckets"),
    ],
)
def test_what_counts_in_one_dataset_has_an_effect(setting, makes_it_count, rule, tmp_path):
    assert found(tmp_path, DATASET.format(setting, ""))[rule] == "no-effect"
    assert rule not in found(tmp_path, DATASET.format(setting, makes_it_count))
