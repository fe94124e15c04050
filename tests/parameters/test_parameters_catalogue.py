"""The family's contract, and what the catalogue does with a mapping."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lorascope.errors import BadParameter, UnknownParameter
from lorascope.parameters.catalogue import (
    PARAMETERS,
    Provenance,
    Setting,
    defaults,
    find,
    flat,
    grouped,
    resolve,
    trainer_defaults,
    validate,
)
from lorascope.parameters.parameter import Category, Kind, Parameter, Scale
from lorascope.parameters.renamed import RENAMED, RENAMED_VALUES

NAMES = [parameter.name for parameter in PARAMETERS]
CLAIMS = ("critical", "proven", "optimal", "best", "recommended", "100%", "risky", "should")
TAXONOMY = [
    "network_dim", "network_alpha", "conv_dim", "conv_alpha", "learning_rate", "lr_scheduler", "lr_warmup_steps",
    "optimizer_type", "max_train_epochs", "save_every_n_epochs", "caption_version", "num_images", "image_resolution",
    "keep_tokens", "caption_dropout_rate", "caption_extension", "shuffle_caption", "color_aug", "flip_aug", "noise_offset",
    "bucket_no_upscale", "bucket_reso_steps", "min_bucket_reso", "max_bucket_reso", "gradient_checkpointing",
    "gradient_accumulation_steps", "max_grad_norm", "mixed_precision", "xformers", "full_fp16", "steps_per_epoch", "total_steps",
    "total_training_time_hours", "checkpoint_file_size_mb", "unet_lr", "text_encoder_lr", "min_snr_gamma", "prior_loss_weight",
]  # fmt: skip
# What sd-scripts does when nothing is said, read in its source.
REAL_DEFAULTS = {
    "network_dim": 4, "network_alpha": 1.0, "learning_rate": 2e-6, "lr_scheduler": "constant", "lr_warmup_steps": 0,
    "max_train_epochs": None, "max_train_steps": 1600, "save_every_n_epochs": None, "keep_tokens": 0, "shuffle_caption": False,
    "caption_extension": ".caption", "flip_aug": False, "bucket_no_upscale": False, "enable_bucket": False, "min_bucket_reso": 256,
    "max_bucket_reso": 1024, "gradient_checkpointing": False, "mixed_precision": "no", "xformers": False, "full_fp16": False,
    "conv_alpha": 1.0, "conv_dim": None, "train_batch_size": 1, "seed": None, "save_precision": None, "max_token_length": 75,
    "max_data_loader_n_workers": 8, "multires_noise_discount": 0.3, "huber_c": 0.1, "loss_type": "l2", "optimizer_type": "AdamW",
}  # fmt: skip


@pytest.fixture(params=PARAMETERS, ids=NAMES)
def parameter(request) -> Parameter:
    return request.param


def some_values(parameter: Parameter) -> st.SearchStrategy:
    low = parameter.low if parameter.low is not None else -1e6
    high = parameter.high if parameter.high is not None else 1e12
    if parameter.choices:
        return st.sampled_from(parameter.choices).flatmap(lambda choice: st.sampled_from([choice, choice.upper(), choice.lower()]))
    return {
        Kind.INTEGER: st.integers(math.ceil(low), int(high)),
        Kind.FLOAT: st.floats(low, high),
        Kind.BOOLEAN: st.sampled_from([True, False, "true", "False", 0, 1]),
        Kind.TEXT: st.text(),
        Kind.STEPS_OR_RATIO: st.integers(1, 10**6) | st.floats(0, 1, exclude_max=True) | st.integers(0, 99).map("{}%".format),
        Kind.SIZE: st.tuples(st.integers(8, 5000), st.integers(8, 5000)) | st.integers(8, 5000),
    }[parameter.kind]


def test_names_are_sorted_and_unique():
    assert sorted(set(NAMES)) == NAMES


def test_every_field_is_filled_in(parameter):
    assert parameter.name.isidentifier()
    assert parameter.meaning.endswith(".")
    assert parameter.source == "lorascope" or parameter.source.startswith("sd-scripts 48d368f")
    assert isinstance(parameter.scale, Scale)
    assert bool(parameter.choices) == (parameter.kind is Kind.CHOICE) or parameter.kind is Kind.INTEGER
    assert not parameter.interactions or parameter.interactions.endswith(".")


def test_entries_define_and_claim_nothing(parameter):
    words = f"{parameter.meaning} {parameter.interactions}".lower().split()
    assert not [word for word in words if word.strip(".,:;()") in CLAIMS]


def test_defaults_are_valid_by_the_parameters_own_parse(parameter):
    for default in (parameter.default, parameter.trainer_default):
        if default is None:
            assert parameter.optional
        else:
            assert parameter.parse(default) == default
            assert type(parameter.parse(default)) is type(default)


@pytest.mark.parametrize("parameter", PARAMETERS, ids=NAMES)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_parsing_the_text_of_a_parsed_value_changes_nothing(parameter, data):
    parsed = parameter.parse(data.draw(some_values(parameter)))
    assert parameter.parse(str(parsed)) == parsed


def test_a_value_of_the_wrong_kind_is_refused_by_name(parameter):
    with pytest.raises(BadParameter, match=f"^{parameter.name} = "):
        parameter.parse(object())


def test_unset_is_accepted_only_where_it_means_something(parameter):
    if parameter.optional:
        assert parameter.parse(None) is parameter.parse("None") is None
    else:
        with pytest.raises(BadParameter):
            parameter.parse(None)


@pytest.mark.parametrize("name", TAXONOMY)
def test_the_seed_taxonomy_is_covered(name):
    assert find(name).name == RENAMED.get(name, name)


@pytest.mark.parametrize(("name", "value"), REAL_DEFAULTS.items())
def test_the_trainers_default_is_the_real_one(name, value):
    assert trainer_defaults()[name] == value


def test_find_suggests_the_nearest_names():
    with pytest.raises(UnknownParameter, match=r"netwrok_dim \(did you mean network_dim"):
        find("netwrok_dim")


def test_validate_parses_text_from_command_lines_and_metadata():
    given_text = {"network_dim": "16", "learning_rate": "1e-4", "shuffle_caption": "True", "max_token_length": "None", "seed": "7"}
    assert validate(given_text) == {
        "network_dim": 16,
        "learning_rate": 1e-4,
        "shuffle_caption": True,
        "max_token_length": None,
        "seed": 7,
    }


def test_validate_names_every_unknown_parameter_and_every_bad_value_at_once():
    with pytest.raises(UnknownParameter) as caught:
        validate({"netwrok_dim": 4, "sede": 1, "zzzzzz": 0, "keep_tokens": -1})
    message = str(caught.value)
    assert "netwrok_dim (did you mean network_dim" in message
    assert "sede (did you mean seed" in message
    assert "zzzzzz" in message
    assert "keep_tokens = -1: must be a whole number, at least 0" in message


def test_validate_names_every_bad_value_at_once():
    with pytest.raises(BadParameter, match=r"network_dim = 0.*flip_aug = 'maybe'"):
        validate({"network_dim": 0, "flip_aug": "maybe"})


def test_other_spellings_are_read_as_ours():
    assert validate({"rank": 8, "image_resolution": "512x512", "optimizer": "dadaptation"}) == {
        "network_dim": 8,
        "resolution": "512,512",
        "optimizer_type": "DAdaptAdamPreprint",
    }


def test_one_parameter_under_two_names_is_refused():
    with pytest.raises(BadParameter, match="network_dim is given twice, once as rank"):
        validate({"network_dim": 8, "rank": 8})


def test_other_spellings_lead_to_parameters_and_hide_none():
    assert not set(RENAMED) & set(NAMES)
    assert set(RENAMED.values()) <= set(NAMES)
    for name, spellings in RENAMED_VALUES.items():
        assert {find(name).parse(ours) for ours in spellings.values()} == set(spellings.values())


def test_grouped_uses_the_groups_of_stored_runs_and_keeps_unknown_keys():
    assert grouped({"resolution": "512,512", "learning_rate": 1e-4, "flip_aug": True, "full_fp16": True, "my_key": None}) == {
        "hyperparameters": {"learning_rate": 1e-4},
        "data": {"resolution": "512,512"},
        "augmentation": {"flip_aug": True},
        "stability": {"full_fp16": True},
        "other": {"my_key": None},
    }


@given(st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=5)))
def test_nothing_is_lost_between_flat_and_grouped(mapping):
    assert flat(grouped(mapping)) == mapping


def test_our_preset_is_valid_and_leaves_out_what_is_not_passed_on():
    assert validate(defaults()) == defaults()
    assert "caption_version" not in trainer_defaults()
    assert "total_steps" not in trainer_defaults()
    assert all(find(name).category is not Category.DERIVED for name in defaults())


def test_every_value_says_where_it_came_from():
    resolved = resolve({"network_dim": 8, "my_key": "x"}, with_preset=True)
    assert resolved["network_dim"] == Setting(8, Provenance.EXPLICIT)
    assert resolved["network_alpha"] == Setting(16.0, Provenance.PRESET)
    assert resolved["max_grad_norm"] == Setting(1.0, Provenance.TRAINER_DEFAULT)
    assert resolved["my_key"] == Setting("x", Provenance.EXPLICIT)


def test_without_the_preset_gaps_are_the_trainers():
    resolved = resolve({}, with_preset=False)
    assert resolved["network_dim"] == Setting(4, Provenance.TRAINER_DEFAULT)
    assert {setting.provenance for setting in resolved.values()} == {Provenance.TRAINER_DEFAULT}
