"""The example ledger: what two published documents claim, and what their own numbers say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.judge import judge
from lorascope.jobs.read_ledger import read_calibration, read_judgments, read_ledger
from lorascope.records.hypothesis import Verdict
from lorascope.store import Store

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open("sqlite://", tmp_path_factory.mktemp("blobs")) as opened:
        import_runs([EXAMPLES / "history" / "history.jsonl", EXAMPLES / "caption_fix" / "caption_fix.jsonl"], opened)
        yield opened


@pytest.fixture(scope="module")
def judged(store):
    return {judgment.hypothesis: judgment for judgment in judge(store, None, at=1.8e9)}


def test_on_its_own_data_nothing_is_decided(judged):
    assert len(judged) == 65
    assert {judgment.verdict for judgment in judged.values()} == {Verdict.UNDECIDED}
    assert all(judgment.exploratory for judgment in judged.values())


def test_experiment_a_was_never_measured_on_its_own_metric_and_is_confounded(judged):
    found = judged["experiment_a_keep_tokens_3"]
    assert found.reason.startswith("its own metric, background_color_accuracy, was never measured: not in any of 11 runs")
    assert "also differ in caption_dropout_rate, optimizer_type" in found.reason
    assert found.posterior == found.prior == 0.85


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("experiment_b_conv_dim_8", "accessory_accuracy, was never measured"),
        ("experiment_c_caption_dropout_01", "variety, was never measured"),
        ("experiment_d_300_images", "no measured run has num_images >= 300"),
        ("experiment_e_rate_5e_5", "stability, was never measured"),
        ("pattern_2_caption_paradox", "cannot be judged as written: it names no metric"),
        ("pattern_3_convergence_curve", "the checkpoints of SD15_PERFECT were never measured on quality_score, one by one"),
        ("hypothesis_1_keep_tokens_and_captions", "background_color_accuracy, was never measured"),
        ("hypothesis_2_dim_times_alpha", "names no threshold"),
        ("hypothesis_3_conv_dim_and_accessories", "accessory_accuracy, was never measured"),
        ("epoch_8_is_ready", "one number for the whole run, without the images behind it"),
        ("epoch_5_has_best_green_background", "1 prompt and one image for each checkpoint"),
    ],
)
def test_each_says_why(judged, name, reason):
    assert reason in judged[name].reason


def test_pattern_1_is_an_anecdote_of_two_runs(judged):
    found = judged["pattern_1_photorealism"]
    assert found.reason == "anecdote: fewer than 3 runs"
    assert (found.n, found.estimate, round(found.low, 2), found.high) == (2, 1.0, 0.16, 1.0)
    assert found.to == ("SD15_DIM128_TEST", "SD15_DIM64_TEST")
    notes = " ".join(found.notes)
    assert "3 of 3 (95 %: 29 to 100 %); recorded here are 2" in notes
    assert "may be a low network_alpha/network_dim" in notes
    assert '"always" would take 27 more' in notes


def test_the_headline_changed_more_than_its_captions(judged):
    reason = judged["caption_fix_improves_colors"].reason
    assert (
        "SD15_CAPTION_FIX_EXPERIMENT and KEEP_TOKENS_3_EXPERIMENT also differ in caption_dropout_rate, keep_tokens, optimizer_type"
        in reason
    )


def test_epoch_8_or_9_being_best_is_a_coin_toss_on_seven_images_each(judged):
    found = judged["best_epoch_is_8_or_9"]
    assert found.verdict is Verdict.UNDECIDED
    assert 0.4 < found.posterior < 0.6
    assert (found.n, found.images) == (7, 70)
    assert "it is one of 3, 4, 5, 7, 8 and 9 with 90 %" in " ".join(found.notes)


def test_the_experiment_called_most_urgent_would_teach_least(store):
    bits = {entry.name: entry.information_bits for entry in read_ledger(store).entries if entry.name.startswith("experiment_")}
    rounded = {name.split("_")[1]: round(found, 2) for name, found in bits.items()}
    assert rounded == {"a": 0.24, "b": 0.48, "c": 0.47, "d": 0.47, "e": 0.43}


def test_claims_that_contradict_each_other_are_named(store):
    found = {frozenset({one.first, one.second}) for one in read_ledger(store).contradictions}
    assert frozenset({"captions_matter_less_than_dim", "captions_beat_hyperparameters"}) in found
    assert frozenset({"best_epoch_is_7_to_9", "best_epoch_is_5_to_7"}) in found
    assert frozenset({"dim_32_keeps_pixel_art", "dim_64_may_capture_more"}) in found


def test_no_calibration_is_told_and_judging_again_adds_nothing(store, judged):
    calibration, resolved = read_calibration(store)
    assert (calibration.brier, resolved) == (None, ())
    judge(store, None, at=1.9e9)
    assert {len(of_one) for of_one in read_judgments(store).values()} == {1}
