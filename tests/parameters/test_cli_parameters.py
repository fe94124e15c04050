"""The command as it is typed."""

import json

import pytest
from click.testing import CliRunner

from lorascope.cli.parameters import parameters_command
from lorascope.errors import UnknownParameter
from lorascope.parameters.catalogue import PARAMETERS


def run(*arguments: str) -> str:
    result = CliRunner().invoke(parameters_command, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    return result.output


def test_a_pipe_gets_one_whole_line_for_each_parameter():
    lines = run().splitlines()
    for parameter in PARAMETERS:
        (line,) = [line for line in lines if line.startswith(f"{parameter.name} ")]
        assert line.endswith(parameter.meaning)


def test_one_parameter_is_explained_in_full():
    text = run("network_alpha")
    for words in ("ours       16.0", "trainer    1.0", "at least 0", "log scale", "network_alpha = network_dim", "train_network.py:1791"):
        assert words in text


def test_another_spelling_explains_the_parameter_it_means():
    assert run("image_resolution").startswith("resolution\n")


def test_what_the_lab_alone_knows_is_said_to_be_so():
    assert "not passed to the trainer" in run("caption_version")


def test_a_mistyped_name_is_answered_with_the_nearest():
    with pytest.raises(UnknownParameter, match="did you mean keep_tokens"):
        run("keep_token")


def test_json_holds_every_parameter_with_every_field():
    answer = json.loads(run("--json"))
    assert answer["format"] == 1
    assert [entry["name"] for entry in answer["parameters"]] == [parameter.name for parameter in PARAMETERS]
    (entry,) = json.loads(run("network_dim", "--json"))["parameters"]
    assert (entry["default"], entry["trainer_default"], entry["passed_as"]) == (32, 4, "--network_dim")
