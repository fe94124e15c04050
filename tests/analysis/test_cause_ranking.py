"""Ranking causes: small histories with one thing wrong, and histories of which hardly anything is known."""

from __future__ import annotations

import math

import pytest

from lorascope.analysis.explanation.case import build_case
from lorascope.analysis.explanation.explain import explain_case
from lorascope.analysis.explanation.ranking import rank
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.run import Run, RunStatus

SETTINGS = {
    "network_dim": 32, "network_alpha": 16, "learning_rate": 1e-4, "max_train_epochs": 10, "caption_dropout_rate": 0.0, "noise_offset": 0.0,
    "keep_tokens": 1, "shuffle_caption": True, "color_aug": False, "mixed_precision": "bf16", "resolution": "512,512",
}  # fmt: skip
GOOD = {"color_accuracy": 0.8, "fidelity": 0.7, "diversity": 0.6, "prompt_adherence": 0.75}


def past(name, parent=None, *, settings=(), outcomes=(), **rest):
    settings = SETTINGS | dict(settings)
    values = GOOD | dict(outcomes)
    run = Run(name, "kohya", RunStatus.IMPORTED, settings, values, parent)
    return PastRun(run, settings, {metric: Outcome(value) for metric, value in values.items()}, **rest)


def good_runs(count=8, **rest):
    return [
        past(f"good-{at}", outcomes={name: value + 0.01 * math.sin(3 * at + len(name)) for name, value in GOOD.items()}, **rest)
        for at in range(count)
    ]


def explained(bad, good, metric=None, against=None):
    history = History((*good, bad), {metric: MetricFacts(metric) for metric in GOOD})
    return explain_case(build_case(history, bad, metric=metric, against=against), metric)


def first(bad, good):
    return explained(bad, good).causes[0].id


@pytest.mark.parametrize(
    ("cause", "change", "outcome"),
    [
        ("rank_without_alpha", {"network_dim": 128}, {"fidelity": 0.5}),
        ("lr_too_high", {"learning_rate": 1e-3}, {"diversity": 0.4, "color_accuracy": 0.7}),
        ("lr_too_low", {"learning_rate": 1e-5}, {"fidelity": 0.5}),
        ("too_few_steps", {"max_train_epochs": 3}, {"fidelity": 0.5}),
        ("too_many_steps", {"max_train_epochs": 40}, {"diversity": 0.4}),
        ("keep_tokens_off", {"keep_tokens": 0}, {"prompt_adherence": 0.5, "color_accuracy": 0.6}),
        ("caption_dropout_high", {"caption_dropout_rate": 0.4}, {"prompt_adherence": 0.5}),
        ("noise_offset_high", {"noise_offset": 0.2}, {"color_accuracy": 0.6}),
        ("color_aug_on", {"color_aug": True}, {"color_accuracy": 0.6}),
        ("resolution_mismatch", {"resolution": "256,256"}, {"fidelity": 0.6}),
    ],
)
def test_a_setting_that_went_wrong_is_named_when_the_metrics_agree(cause, change, outcome):
    assert first(past("bad", "good-3", settings=change, outcomes=outcome), good_runs()) == cause


def test_a_rank_raised_with_its_alpha_is_no_cause():
    bad = past("bad", "good-3", settings={"network_dim": 128, "network_alpha": 64}, outcomes={"fidelity": 0.5})
    cause = next(cause for cause in explained(bad, good_runs()).causes if cause.id == "rank_without_alpha")
    assert cause.probability < 0.05
    assert any("as in good run" in sentence for sentence in cause.evidence_against)


def test_a_value_that_good_runs_have_too_is_no_cause():
    good = [*good_runs(4), *[past(f"other-{at}", settings={"noise_offset": 0.2}) for at in range(4)]]
    bad = past("bad", "good-3", settings={"noise_offset": 0.2}, outcomes={"color_accuracy": 0.6})
    assert explained(bad, good, against=good[3]).causes[0].id == "noise_offset_high"  # beside one run alone nobody knows better
    found = {cause.id: cause for cause in explained(bad, good).causes}
    assert found["noise_offset_high"].probability < 0.3


def test_a_changed_protocol_is_nearly_proof():
    good = good_runs(protocol={"guidance": 7.5, "sampler": "ddim"})
    bad = past("bad", "good-3", outcomes={"color_accuracy": 0.6}, protocol={"guidance": 4.0, "sampler": "ddim"})
    causes = explained(bad, good).causes
    assert causes[0].id == "eval_protocol_changed"
    assert causes[0].probability > 0.5
    assert "guidance 7.5 -> 4" in causes[0].evidence_for[0]


@pytest.mark.parametrize(
    "kept",
    [
        {"hashes": {"evaluated:file_hash": "aaaaaaaa", "trained:expected_hash": "bbbbbbbb"}},
        {"hashes": {"evaluated:hash_matches": False}},
        {"tensor_hashes": {9: "cccccccc", 10: "cccccccc"}},
        {"tensor_hashes": {10: "00000003"}},
    ],
)
def test_a_file_that_is_not_the_runs_own_is_nearly_proof(kept):
    good = [past(f"good-{at}", tensor_hashes={10: f"0000000{at}"}) for at in range(6)]
    assert first(past("bad", "good-3", outcomes={"fidelity": 0.5}, **kept), good) == "wrong_file_evaluated"


def test_weights_that_are_not_finite_speak_for_half_precision():
    good = good_runs(weights={"norm": 10.0, "nan_share": 0.0})
    bad = past(
        "bad", "good-3", settings={"mixed_precision": "fp16"}, outcomes={"fidelity": 0.4, "color_accuracy": 0.4}, weights={"nan_share": 0.2}
    )
    assert first(bad, good) == "fp16_overflow"


@pytest.mark.parametrize(
    ("cause", "check", "outcome"),
    [
        ("caption_hex_conflict", "C4", {"color_accuracy": 0.6}),
        ("captions_missing", "missing_captions", {"prompt_adherence": 0.5, "color_accuracy": 0.65}),
        ("near_duplicate_images", "near_duplicates", {"diversity": 0.4}),
    ],
)
def test_many_findings_of_an_audit_speak_for_their_cause(cause, check, outcome):
    good = good_runs(findings={"typo": 3, check: 1}, images=100)
    bad = past("bad", "good-3", outcomes=outcome, findings={"typo": 3, check: 60}, images=100)
    assert first(bad, good) == cause
    clean = past("bad", "good-3", outcomes=outcome, findings={"typo": 3}, images=100)
    dirty_one, clean_one = (next(each for each in explained(run, good).causes if each.id == cause) for run in (bad, clean))
    assert clean_one.probability < dirty_one.probability / 2
    assert any("found none of it" in sentence for sentence in clean_one.evidence_against)


def test_two_causes_at_once_both_stand_in_front():
    bad = past(
        "bad", "good-3", settings={"learning_rate": 1e-5, "caption_dropout_rate": 0.4}, outcomes={"fidelity": 0.5, "prompt_adherence": 0.5}
    )
    assert {cause.id for cause in explained(bad, good_runs()).causes[:3]} >= {"lr_too_low", "caption_dropout_high"}


def test_a_run_as_good_as_the_others_with_nothing_changed_is_chance():
    explanation = explained(past("same", "good-3"), good_runs())
    assert explanation.causes[0].id == "noise_only"
    assert explanation.verdict.startswith("Not clearly worse")


def test_every_cause_has_evidence_on_both_sides_and_a_test_with_its_cost():
    bad = past("bad", "good-3", settings={"learning_rate": 1e-3}, outcomes={"diversity": 0.4})
    explanation = explained(bad, good_runs(gpu_hours=2.0))
    assert math.isclose(sum(cause.probability for cause in explanation.causes), 1.0)
    for cause in explanation.causes:
        assert cause.evidence_for
        assert cause.evidence_against
        assert cause.test.what
        assert cause.test.cost
    named = explanation.causes[0]
    assert named.test.change == {"learning_rate": 1e-4}
    assert named.test.gpu_hours == 2.0


def test_without_any_other_run_there_is_an_answer_that_says_what_is_missing():
    explanation = explained(past("alone", settings={"learning_rate": 0.01}), [])
    assert explanation.compared_with is None
    assert any("only run" in note for note in explanation.notes)
    assert explanation.first_test is not None


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300, -1e300, 0.0])
def test_a_number_beyond_reason_is_survived(value):
    bad = past("bad", "good-3", settings={"learning_rate": value, "network_dim": value}, outcomes={"fidelity": value})
    bad = past("bad", "good-3", settings=bad.settings, outcomes={"fidelity": value}, weights={"norm": value}, loss={"final": value})
    ranked = rank(build_case(History((*good_runs(), bad)), bad))
    assert all(math.isfinite(each.probability) for each in ranked)


def test_a_run_without_settings_metrics_or_relatives_is_answered():
    bare = PastRun(Run("bare", "unknown", RunStatus.IMPORTED))
    explanation = explained(bare, good_runs())
    assert "not known how well" in explanation.verdict
    assert "settings" in explanation.not_recorded


def test_the_order_in_which_runs_and_settings_are_given_changes_nothing():
    bad = past("bad", "good-3", settings={"learning_rate": 1e-3}, outcomes={"diversity": 0.4})
    shuffled = PastRun(bad.run, dict(reversed(bad.settings.items())), dict(reversed(bad.outcomes.items())))
    assert explained(bad, good_runs()).causes == explained(shuffled, good_runs()).causes
