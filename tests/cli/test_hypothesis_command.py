from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.hypothesis import hypothesis_command
from lorascope.cli.hypothesis_words import meaning, percent
from lorascope.errors import BadParameter
from lorascope.jobs.import_runs import import_runs
from lorascope.settings import Settings
from lorascope.store import Store

EXAMPLES = Path(__file__).parents[2] / "examples"
ADD = ["add", "keep3", "keep_tokens 3 repairs backgrounds", "--metric", "background_color_accuracy", "--direction", "higher"]
CHANGE = ["--threshold", "0.3", "--change", "keep_tokens=1:3", "--baseline", "0.6"]


@pytest.fixture
def lab(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    settings = Settings.find()
    with Store.open(settings.store_url, settings.blobs) as store:
        import_runs([EXAMPLES / "history" / "history.jsonl", EXAMPLES / "caption_fix" / "caption_fix.jsonl"], store)
    return tmp_path


def say(*arguments):
    result = CliRunner().invoke(hypothesis_command, arguments)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def answer(*arguments):
    return json.loads(say(*arguments, "--json").output)


def test_a_weak_test_is_refused_and_a_strong_one_registered(lab):
    with pytest.raises(BadParameter, match=r"only 9\.5 % of cases"):
        say(*ADD, *CHANGE, "--n", "8")
    found = answer(*ADD, *CHANGE, "--n", "38", "--prior", "0.85")
    assert found["format"] == 1
    assert found["power"] == pytest.approx(0.83, abs=0.01)
    assert found["n_for_80_percent"] == 36
    shown = say("show", "keep3").output
    assert "keep_tokens 1 -> 3" in shown
    assert "85 %" in shown


def test_the_list_names_what_to_test_first_and_what_contradicts_what(lab):
    found = answer("list")
    assert len(found["hypotheses"]) == 65
    queued = [one for one in found["hypotheses"] if one["worth"] is not None]
    assert [one["worth"] for one in queued] == sorted((one["worth"] for one in queued), reverse=True)
    shown = say("list").output
    assert "experiment_a_keep_tokens_3" in shown
    assert "contradict each other" in shown
    assert "why it is not in the queue" in say("list", "--all").output


def test_judge_prints_reasons_and_what_a_probability_means(lab):
    shown = say("judge", "pattern_1_photorealism").output
    assert "pattern_1_photorealism: undecided" in shown
    assert "leans to yes: who acts on it is wrong about 2 times in 10" in shown
    everything = say("judge", "--all").output
    assert "cannot be judged as written" in everything
    assert "0 supported, 0 refuted, 65 undecided" in everything
    assert "undecided, n = 2" in say("show", "pattern_1_photorealism").output


def test_json_of_judgments_is_the_same_every_time(lab):
    assert answer("judge", "--all") == answer("judge", "--all")


def test_calibration_and_patterns_say_what_is_not_known(lab):
    assert "nothing is known" in say("calibration").output
    assert answer("calibration")["brier"] is None
    shown = say("patterns", "quality_score", "--bad-when", "< 5").output
    assert "2 of 6 runs came out so" in shown
    assert "than luck explains" in shown


@pytest.mark.parametrize(
    "wrong",
    [
        ["judge"],
        ["judge", "keep3", "--all"],
        [*ADD, "--change", "keep_tokens"],
        [*ADD, "--change", "keep_tokens=1"],
        [*ADD, "--change", "keep_tokens=1:1"],
        [*ADD, *CHANGE, "--protocol", "steps"],
        [*ADD, *CHANGE, "--n", "0"],
    ],
)
def test_wrong_use_is_told_with_exit_code_2(lab, wrong):
    assert say(*wrong).exit_code == 2


def test_percentages_are_never_rounded_to_certainty():
    assert [percent(p) for p in (None, 0.001, 0.5, 0.9999, 1.0)] == ["-", "<1 %", "50 %", ">99 %", "100 %"]
    assert meaning(0.5) == "open: as good as a coin toss"
    assert "wrong about 1 time in 10" in meaning(0.1)
    assert "at most 1 time in 20" in meaning(0.97)
