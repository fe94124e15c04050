"""How one value is read."""

import pytest

from lorascope.errors import BadParameter
from lorascope.parameters.catalogue import find
from lorascope.parameters.parameter import Category, Kind, Parameter


@pytest.mark.parametrize(
    ("name", "value", "parsed"),
    [
        ("lr_warmup_steps", "5%", 0.05),
        ("lr_warmup_steps", 100.0, 100),
        ("lr_warmup_steps", "0", 0),
        ("resolution", 512, "512,512"),
        ("resolution", "(512, 768)", "512,768"),
        ("resolution", [512, 768], "512,768"),
        ("resolution", "512x768", "512,768"),
        ("optimizer_type", "adamw8BIT", "AdamW8bit"),
        ("optimizer_type", "bitsandbytes.optim.AdEMAMix8bit", "bitsandbytes.optim.AdEMAMix8bit"),
        ("lr_scheduler", "adafactor:0.0001", "adafactor:0.0001"),
        ("network_args", ["conv_dim=8", "conv_alpha=4"], "conv_dim=8 conv_alpha=4"),
        ("network_dim", "1e2", 100),
        ("max_token_length", "225", 225),
        ("flip_aug", "True", True),
    ],
)
def test_values_are_read_as_people_and_trainers_write_them(name, value, parsed):
    assert find(name).parse(value) == parsed
    assert type(find(name).parse(value)) is type(parsed)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("lr_warmup_steps", "100%"),  # would read as one step
        ("lr_warmup_steps", 1.5),
        ("lr_warmup_steps", -1),
        ("network_dim", 3.5),
        ("network_dim", True),
        ("network_dim", 0),
        ("learning_rate", "nan"),
        ("learning_rate", "inf"),
        ("max_token_length", 77),
        ("mixed_precision", "fp8"),
        ("lr_scheduler", "cosin"),
        ("caption_dropout_rate", 1.01),
        ("resolution", "512x"),
        ("resolution", 4),
        ("resolution", True),
        ("flip_aug", "yes"),
        ("caption_prefix", 3),
    ],
)
def test_what_is_not_allowed_is_refused_with_what_is(name, value):
    with pytest.raises(BadParameter, match="must be") as caught:
        find(name).parse(value)
    assert find(name).allowed() in str(caught.value)
    assert caught.value.next_step == f"lorascope parameters {name}"


def test_large_seeds_stay_exact():
    plain = Parameter("number", Category.DATA, Kind.INTEGER, "A number.")
    assert plain.parse(str(2**53 + 1)) == 2**53 + 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("network_dim", "a whole number, at least 1, or None (unset)"),
        ("caption_dropout_rate", "a number, 0 to 1"),
        ("max_token_length", "one of 75, 150, 225, or None (unset)"),
        ("seed", "a whole number, 0 to 4294967295, or None (unset)"),
        ("shuffle_caption", "true or false"),
    ],
)
def test_what_is_allowed_is_said_in_words(name, words):
    assert find(name).allowed() == words


def test_how_the_trainer_takes_a_parameter():
    assert find("network_dim").argument() == "--network_dim"
    assert find("conv_dim").argument() == "--network_args conv_dim=N"
    assert find("caption_version").argument() is None
    assert find("total_steps").argument() is None
