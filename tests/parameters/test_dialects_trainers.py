"""The configurations of other trainers: other names, other units, other defaults."""

import json

import pytest

from lorascope.importers.config_file import read_config
from lorascope.parameters.dialects import dialect_of
from lorascope.parameters.dialects.ai_toolkit import AI_TOOLKIT
from lorascope.parameters.dialects.defaults import defaults_of
from lorascope.parameters.dialects.dialect import Entry
from lorascope.parameters.dialects.diffusers import DIFFUSERS
from lorascope.parameters.dialects.kohya_gui import KOHYA_GUI
from lorascope.parameters.dialects.onetrainer import ONETRAINER
from lorascope.parameters.dialects.simpletuner import SIMPLETUNER


@pytest.fixture
def said(tmp_path):
    def reading(dialect, document):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(document))
        return dialect.translate(read_config(path).entries)

    return reading


def job(**sections):
    return {"job": "extension", "config": {"name": "lady", "process": [sections]}}


# kohya_ss


def test_kohya_ss_leaves_zeros_out_so_that_the_trainers_default_counts(said):
    translation = said(KOHYA_GUI, {"max_grad_norm": 0, "prior_loss_weight": 0.0, "flip_aug": False, "keep_tokens": 0, "vae": ""})
    assert translation.parameters == {}
    assert translation.notes == (
        "max_grad_norm = 0 is left out by kohya_ss: sd-scripts trains with its default 1.0",
        "prior_loss_weight = 0.0 is left out by kohya_ss: sd-scripts trains with its default 1.0",
    )
    assert translation.other["max_grad_norm"] == 0


def test_kohya_ss_warms_up_by_percent_unless_steps_are_given(said):
    assert said(KOHYA_GUI, {"lr_warmup": "10"}).parameters == {"lr_warmup_steps": 0.1}
    assert said(KOHYA_GUI, {"lr_warmup": 10, "lr_warmup_steps": 50}).parameters == {"lr_warmup_steps": 50}
    assert said(KOHYA_GUI, {"lr_warmup": 0}).parameters == {}
    assert said(KOHYA_GUI, {"lr_warmup": 150}).problems[0].entry.key == "lr_warmup"


@pytest.mark.parametrize(
    ("unet", "text", "flag"),
    [("0.0001", 0, {"network_train_unet_only": True}), (0, 5e-5, {"network_train_text_encoder_only": True}), (1e-4, 5e-5, {})],
)
def test_a_rate_of_zero_in_kohya_ss_leaves_a_part_out(said, unet, text, flag):
    parameters = said(KOHYA_GUI, {"unet_lr": unet, "text_encoder_lr": text}).parameters
    assert {name: value for name, value in parameters.items() if name.startswith("network_train")} == flag


def test_only_the_chosen_kind_of_noise_is_passed_on(said):
    document = {"noise_offset_type": "Original", "noise_offset": "0.05", "multires_noise_iterations": 6, "multires_noise_discount": 0.3}
    translation = said(KOHYA_GUI, document)
    assert translation.parameters == {"noise_offset": 0.05}
    assert any("multires_noise_iterations = 6 is not used" in note for note in translation.notes)


def test_the_type_of_lora_decides_which_fields_are_read(said):
    fields = {"conv_dim": 8, "conv_alpha": 4, "network_dim": 16, "factor": 8, "rank_dropout": 0.1}
    standard = said(KOHYA_GUI, {"LoRA_type": "Standard", **fields})
    assert standard.parameters == {"network_module": "networks.lora", "network_dim": 16, "rank_dropout": 0.1}
    assert standard.other["conv_dim"] == 8
    locon = said(KOHYA_GUI, {"LoRA_type": "Kohya LoCon", **fields})
    assert (locon.parameters["network_module"], locon.parameters["conv_dim"]) == ("networks.lora", 8)
    lokr = said(KOHYA_GUI, {"LoRA_type": "LyCORIS/LoKr", "LyCORIS_preset": "full", **fields})
    assert lokr.parameters["network_module"] == "lycoris.kohya"
    assert lokr.parameters["network_args"] == "algo=lokr preset=full factor=8"


@pytest.mark.parametrize(
    ("given", "length"),
    [
        ({"epoch": 10}, {"max_train_epochs": 10}),
        ({"epoch": 10, "max_train_steps": "1000"}, {"max_train_steps": 1000}),
        ({"epoch": 1, "max_train_epochs": "5", "max_train_steps": ""}, {"max_train_epochs": 5}),
        ({"epoch": 0}, {}),
    ],
)
def test_how_long_kohya_ss_trains(said, given, length):
    assert said(KOHYA_GUI, given).parameters == length


def test_arguments_by_hand_come_before_the_form(said):
    translation = said(KOHYA_GUI, {"keep_tokens": 1, "additional_parameters": "--keep_tokens=3 --caption_tag_dropout_rate 0.1 --nonsense"})
    assert translation.parameters == {"keep_tokens": 3, "caption_tag_dropout_rate": 0.1}
    assert "additional_parameters: sd-scripts has no --nonsense" in translation.notes


# OneTrainer


@pytest.mark.parametrize(
    ("document", "steps"),
    [
        ({"learning_rate_warmup_steps": 200.0}, 200),
        ({"learning_rate_warmup_steps": 200.0, "gradient_accumulation_steps": 4}, 50),
        ({"learning_rate_warmup_steps": 0.1}, 0.1),
        ({"learning_rate_warmup_steps": 0}, 0),
    ],
)
def test_onetrainers_warm_up_counts_micro_batches_or_is_a_share(said, document, steps):
    assert said(ONETRAINER, document).parameters["lr_warmup_steps"] == steps


def test_a_list_of_resolutions_has_no_single_size(said):
    assert said(ONETRAINER, {"resolution": "512x768"}).parameters == {"resolution": "512,768"}
    translation = said(ONETRAINER, {"resolution": "512,768"})
    assert translation.parameters == {}
    assert translation.other == {"resolution": "512,768"}


@pytest.mark.parametrize(
    ("parts", "flag"),
    [
        ({"unet": {"train": True}, "text_encoder": {"train": False}}, {"network_train_unet_only": True}),
        ({"text_encoder": {"train": False}, "text_encoder_2": {"train": True}}, {}),
        ({"unet": {"train": False}, "text_encoder": {"train": True}}, {"network_train_text_encoder_only": True}),
        ({"text_encoder": {"train": True}}, {}),
    ],
)
def test_onetrainers_parts_are_trained_unless_they_say_no(said, parts, flag):
    assert said(ONETRAINER, parts).parameters == flag


def test_a_null_rate_is_unset_and_a_null_bound_is_off(said):
    translation = said(ONETRAINER, {"learning_rate": 1e-4, "unet": {"learning_rate": None}, "clip_grad_norm": None})
    assert translation.parameters == {"learning_rate": 1e-4, "max_grad_norm": 0.0}


def test_an_optimizer_that_sd_scripts_does_not_have_is_kept_with_a_note(said):
    translation = said(ONETRAINER, {"optimizer": {"optimizer": "CAME", "weight_decay": 0.01}})
    assert translation.parameters == {"optimizer_args": "weight_decay=0.01"}
    assert translation.other["optimizer.optimizer"] == "CAME"
    assert translation.problems == ()


def test_concepts_that_differ_have_no_single_value(said):
    def concept(keep, repeats):
        return {"path": f"/{keep}", "text": {"keep_tags_count": keep, "enable_tag_shuffling": True}, "balancing": repeats}

    translation = said(ONETRAINER, {"concepts": [concept(1, 2.0), concept(3, 2.0)]})
    assert translation.parameters == {"shuffle_caption": True, "num_repeats": 2}
    assert translation.folders == ("/1", "/3")
    assert "keep_tokens differs between the concepts (1, 3)" in translation.notes[0]


def test_settings_that_onetrainer_does_not_have_are_unknown(said):
    translation = said(ONETRAINER, {"learning_rat": 1, "unet": {"trian": True}, "concepts": [{"txt": 1}]})
    assert [entry.key for entry in translation.unknown] == ["learning_rat", "unet.trian", "concepts[0].txt"]


# ai-toolkit


@pytest.mark.parametrize(
    ("train", "expected"),
    [
        ({"steps": 2000, "gradient_accumulation_steps": 4}, {"max_train_steps": 500, "gradient_accumulation_steps": 4}),
        ({"steps": 2000, "gradient_accumulation": 4}, {"max_train_steps": 2000, "gradient_accumulation_steps": 4}),
        ({"steps": 2000}, {"max_train_steps": 2000}),
    ],
)
def test_a_step_of_ai_toolkit_is_a_micro_batch_under_the_older_name(said, train, expected):
    parameters = dict(said(AI_TOOLKIT, job(train=train)).parameters)
    assert parameters.pop("output_name") == "lady"
    assert parameters == expected


def test_rank_comes_before_linear(said):
    network = {"rank": 8, "linear": 16, "alpha": 4, "linear_alpha": 2}
    parameters = said(AI_TOOLKIT, job(network=network)).parameters
    assert (parameters["network_dim"], parameters["network_alpha"]) == (8, 2.0)


def test_several_sizes_and_an_ending_without_its_point(said):
    translation = said(AI_TOOLKIT, job(datasets=[{"folder_path": "/a", "resolution": [512, 768], "caption_ext": "txt"}]))
    assert translation.parameters["caption_extension"] == ".txt"
    assert "resolution" not in translation.parameters
    assert "every image at each size" in translation.notes[0]


def test_a_further_process_is_noted(said):
    document = job(train={"lr": 1e-4})
    document["config"]["process"].append({"train": {"lr": 1}})
    translation = said(AI_TOOLKIT, document)
    assert translation.parameters["learning_rate"] == 1e-4
    assert "only the first" in translation.notes[0]


# SimpleTuner


def test_zero_epochs_or_steps_are_unset(said):
    assert said(SIMPLETUNER, {"--num_train_epochs": 0, "--max_train_steps": 3000}).parameters == {"max_train_steps": 3000}


def test_an_offset_of_the_noise_needs_its_flag(said):
    assert said(SIMPLETUNER, {"noise_offset": 0.1}).parameters == {}
    assert said(SIMPLETUNER, {"noise_offset": 0.1, "offset_noise": True}).parameters == {"noise_offset": 0.1}


def test_megapixels_are_no_pixels(said):
    assert said(SIMPLETUNER, {"resolution": 1.0, "resolution_type": "area"}).parameters == {}
    assert said(SIMPLETUNER, {"resolution": 1024, "resolution_type": "pixel"}).parameters == {"resolution": "1024,1024"}


def test_repeats_are_extra_passes(said):
    backend = {"id": "a", "type": "local", "instance_data_dir": "/a", "repeats": 0}
    assert said(SIMPLETUNER, [backend]).parameters == {"num_repeats": 1}


# diffusers


def test_diffusers_crops_at_random_unless_told_otherwise(said):
    assert said(DIFFUSERS, {"center_crop": True}).parameters == {"random_crop": False}
    assert said(DIFFUSERS, {}).parameters == {}
    assert defaults_of(DIFFUSERS)["random_crop"] is True


def test_steps_come_before_epochs(said):
    assert said(DIFFUSERS, {"num_train_epochs": 10, "max_train_steps": 100}).parameters == {"max_train_steps": 100}


def test_entries_without_lines_are_understood_as_well():
    assert DIFFUSERS.translate([Entry(("rank",), 8)]).parameters == {"network_dim": 8}


@pytest.mark.parametrize("document", [{}, [], None, {"network_dim": 1}, {"peft_type": "LORA", "r": 8, "lora_alpha": 8}])
def test_what_no_trainer_has_is_nobodys(document):
    assert dialect_of(document) is None
