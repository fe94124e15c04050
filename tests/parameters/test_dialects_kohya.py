"""sd-scripts' own configurations, read and written."""

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lorascope.importers.config_file import read_config
from lorascope.importers.config_toml import parse_toml
from lorascope.parameters.catalogue import PARAMETERS
from lorascope.parameters.dialects.dataset_keys import DATASET_KEYS, Level
from lorascope.parameters.dialects.dialect import Entry
from lorascope.parameters.dialects.kohya import KOHYA, write_kohya_toml
from lorascope.parameters.dialects.kohya_arguments import KOHYA_ARGUMENTS
from lorascope.parameters.dialects.kohya_dataset import KOHYA_DATASET
from lorascope.parameters.parameter import Category, Kind


@pytest.fixture
def said(tmp_path):
    def reading(text, dialect=KOHYA, name="config.toml"):
        path = tmp_path / name
        path.write_text(text)
        return dialect.translate(read_config(path).entries)

    return reading


def messages(translation):
    return [f"{problem.entry.key}: {problem.message}" for problem in translation.problems]


def test_section_names_mean_nothing_and_the_later_of_two_keys_counts(said):
    translation = said("network_dim = 4\n[a]\nnetwork_dim = 8\n[b]\nnetwork_dim = 16\n")
    assert translation.parameters == {"network_dim": 16}
    assert translation.said_at["network_dim"].line == 5
    assert "network_dim is set twice (lines 1 and 3)" in translation.notes[0]


def test_deeper_tables_and_arrays_of_tables_are_never_seen(said):
    translation = said("[a.b]\nnetwork_dim = 8\n[[c]]\nseed = 1\n")
    assert translation.parameters == {}
    assert len(translation.problems) == 2
    assert translation.other == {"a.b.network_dim": 8, "c[0].seed": 1}


def test_a_mistyped_key_is_unknown(said):
    (entry,) = said("netwrok_dim = 8\nnetwork_module = 'networks.lora'\n").unknown
    assert (entry.key, entry.line) == ("netwrok_dim", 1)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('network_dim = "32"', "must be a whole number, is the text '32'"),
        ("resolution = 512", "must be text in quotes, is the number 512"),
        ('flip_aug = "false"', "must be true or false"),
        ('mixed_precision = "fp8"', "must be one of no, fp16, bf16"),
        ('optimizer_args = "weight_decay=0.1"', "must be a list of texts"),
    ],
)
def test_wrong_types_and_choices_are_problems_though_the_trainer_is_silent(said, line, words):
    assert any(words in message for message in messages(said(line)))


def test_what_was_meant_is_understood_where_it_can_be(said):
    assert said('network_dim = "32"\nresolution = 512\n').parameters == {"network_dim": 32, "resolution": "512,512"}


def test_on_the_command_line_everything_is_text(said):
    translation = said("python train_network.py --network_dim 32 --lr_warmup_steps 5% --flip_aug", name="run.sh")
    assert translation.parameters == {"network_dim": 32, "lr_warmup_steps": 0.05, "flip_aug": True}
    assert translation.problems == ()


def test_network_arguments_come_under_their_own_names(said):
    translation = said('network_args = ["algo=lokr", "conv_dim=8", "dropout=0.1", "block_dims=1,2", "factor=4"]')
    assert translation.parameters == {"network_args": "algo=lokr factor=4", "conv_dim": 8, "network_dropout": 0.1, "block_dims": "1,2"}


def test_of_several_text_encoder_rates_networks_lora_reads_the_first(said):
    translation = said("text_encoder_lr = [1e-5, 2e-5]")
    assert translation.parameters == {"text_encoder_lr": 1e-5}
    assert "first only" in translation.notes[0]


def test_a_shell_variable_is_no_problem_but_has_no_value_here(said):
    translation = said("train_network.py --seed=$SEED", name="run.sh")
    assert (translation.parameters, translation.problems) == ({}, ())
    assert translation.other["seed"] == "$SEED"


DATASET = """\
[general]
keep_tokens = 1
[[datasets]]
resolution = 512
batch_size = 2
keep_tokens = 2
[[datasets.subsets]]
image_dir = "a"
keep_tokens = 3
[[datasets.subsets]]
image_dir = "b"
"""


def test_the_innermost_value_counts_and_differing_subsets_have_no_single_one(said):
    translation = said(DATASET, KOHYA_DATASET)
    assert translation.parameters == {"resolution": "512,512", "train_batch_size": 2}
    assert translation.folders == ("a", "b")
    assert translation.notes == ("keep_tokens differs between the subsets (3, 2): it has no single value",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[datasets]]\n[[datasets.subsets]]\nimage_dir='a'\nresolution = 512\n", "cannot stand in datasets.subsets"),
        ("[[datasets]]\nis_reg = true\n", "cannot stand in datasets"),
        ("[general]\nvalidation_split = 1\n", "must be a number with a decimal point"),
        ("[general]\nkeep_tokens = '1'\n", "must be a whole number"),
    ],
)
def test_the_schema_of_a_dataset_config_is_strict(said, text, words):
    assert any(words in message for message in messages(said(text, KOHYA_DATASET)))


def test_what_a_dataset_config_does_not_have_is_unknown(said):
    translation = said("seed = 1\n[general]\nprior_loss_weight = 0.5\n", KOHYA_DATASET)
    assert [entry.key for entry in translation.unknown] == ["seed", "general.prior_loss_weight"]


def test_the_levels_of_some_dataset_keys():
    assert DATASET_KEYS["batch_size"].levels == {Level.GENERAL, Level.DATASET}
    assert DATASET_KEYS["keep_tokens"].levels == set(Level)
    assert DATASET_KEYS["image_dir"].levels == {Level.SUBSET}


def test_every_key_of_the_parser_is_described_once_and_sorted():
    assert list(KOHYA_ARGUMENTS) == sorted(KOHYA_ARGUMENTS)
    assert len(KOHYA_ARGUMENTS) >= 240
    for argument in KOHYA_ARGUMENTS.values():
        if argument.default is not None:
            assert argument.problem(argument.default) == "", argument.name


def test_defaults_of_the_parser_and_of_the_catalogue_agree():
    """Where nothing is said, sd-scripts fills in for these later: the catalogue has what is used then."""
    later = {"clip_skip", "lr_scheduler_type", "max_timestep", "max_token_length", "min_timestep", "network_dim", "optimizer_type"}
    for parameter in PARAMETERS:
        argument = KOHYA_ARGUMENTS.get(parameter.name)
        if argument is not None and parameter.name not in later:
            assert argument.default == parameter.trainer_default, parameter.name


def in_range(parameter):
    """Values of a parameter as sd-scripts can be told them."""
    low, high = (-1e6 if parameter.low is None else parameter.low), (1e6 if parameter.high is None else parameter.high)
    words = st.lists(st.from_regex(r"[a-z_]{1,6}=[a-z0-9.,]{1,6}", fullmatch=True), min_size=1, max_size=3, unique=True).map(" ".join)
    numbers = st.lists(st.floats(0, 2).map(str), min_size=1, max_size=3).map(" ".join)
    special = {"optimizer_args": words, "network_args": words.map(lambda text: text.replace("=", "_x=")), "lr_scheduler_args": words}
    if parameter.name in special or parameter.name in {"base_weights", "base_weights_multiplier"}:
        return special.get(parameter.name, numbers if parameter.name.endswith("multiplier") else st.just("a.safetensors b.safetensors"))
    if parameter.choices:
        choices = st.sampled_from(parameter.choices)
        return choices.map(int) if parameter.kind is Kind.INTEGER else choices
    return {
        Kind.BOOLEAN: st.booleans(),
        Kind.INTEGER: st.integers(int(low), int(min(high, 2**32 - 1))),
        Kind.FLOAT: st.floats(low, high, allow_nan=False),
        Kind.STEPS_OR_RATIO: st.integers(0, 500) | st.floats(0.001, 0.999),
        Kind.SIZE: st.integers(64, 2048).map(lambda side: f"{side},{side}"),
        Kind.TEXT: st.text(st.characters(exclude_categories=["Cs", "Zs", "Cc"], exclude_characters="$%"), min_size=1, max_size=8),
    }[parameter.kind]


WRITABLE = [
    parameter
    for parameter in PARAMETERS
    if (parameter.name in KOHYA_ARGUMENTS or parameter.passed_as.startswith("--network_args "))
    and parameter.category is not Category.DERIVED
]


@st.composite
def recipes(draw):
    chosen = draw(st.lists(st.sampled_from(WRITABLE), unique=True, max_size=12))
    return {parameter.name: parameter.parse(draw(in_range(parameter))) for parameter in chosen}


@given(recipes())
def test_a_written_configuration_is_read_back_as_it_was(recipe):
    text = write_kohya_toml(recipe)
    document = parse_toml(text).document
    translation = KOHYA.translate([Entry((key,), value) for key, value in document.items()])
    assert translation.problems == ()
    assert translation.unknown == ()
    expected = {name: value for name, value in recipe.items() if value is not None and (name, value) != ("max_token_length", 75)}
    assert translation.parameters == expected


def test_what_sd_scripts_cannot_be_told_is_not_written():
    text = write_kohya_toml({"network_dim": 8, "adapter_scale": 0.5, "caption_version": "v2", "num_repeats": 10, "seed": None, "mine": 1})
    assert text == "network_dim = 8\n"


def test_values_are_written_in_the_types_that_sd_scripts_needs():
    text = write_kohya_toml({"resolution": "512,768", "network_alpha": 16.0, "lr_warmup_steps": 100, "conv_dim": 4, "vae": 'C:\\a "b"'})
    assert tomllib.loads(text) == {
        "resolution": "512,768",
        "network_alpha": 16.0,
        "lr_warmup_steps": 100,
        "network_args": ["conv_dim=4"],
        "vae": 'C:\\a "b"',
    }
    assert isinstance(tomllib.loads(text)["lr_warmup_steps"], int)
