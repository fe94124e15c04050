"""What is equal in the good run cannot explain a difference from it, and many metrics that say one thing say it once."""

from __future__ import annotations

import math
import random

import pytest

from lorascope.analysis.explanation.case import build_case
from lorascope.analysis.explanation.explain import explain_case
from lorascope.analysis.explanation.metric_weights import metric_weights
from lorascope.records.history import History, MetricFacts, Outcome, PastRun
from lorascope.records.run import Run, RunStatus

SETTINGS = {
    "network_dim": 16, "network_alpha": 16, "learning_rate": 1e-4, "unet_lr": 1e-4, "text_encoder_lr": 5e-5, "lr_warmup_steps": 20,
    "max_train_epochs": 10, "train_batch_size": 4, "caption_dropout_rate": 0.02, "keep_tokens": 1, "shuffle_caption": True,
    "mixed_precision": "bf16", "optimizer_type": "AdamW", "noise_offset": 0.0, "resolution": "512,512", "lr_scheduler": "constant",
}  # fmt: skip
GOOD = {"color_accuracy": 0.9, "palette_adherence": 0.6, "trait_accuracy": 0.7, "memorization": 0.3}
EVALUATION = {"noise_only", "eval_protocol_changed", "wrong_file_evaluated"}


def past(name, *, settings=(), outcomes=(), digest="a" * 32, **rest):
    settings, values = SETTINGS | dict(settings), GOOD | dict(outcomes)
    run = Run(name, "toy", RunStatus.FINISHED, settings, values, dataset_digest=digest)
    settings = settings | ({"dataset": digest} if digest else {})
    return PastRun(run, settings, {metric: Outcome(value) for metric, value in values.items()}, images=200, **rest)


def explained(bad, *good, directions=()):
    facts = {metric: MetricFacts(metric, direction=dict(directions).get(metric)) for metric in {*GOOD, *bad.outcomes}}
    return explain_case(build_case(History((*good, bad), facts), bad), None)


def shares(explanation):
    return {cause.id: cause.probability for cause in explanation.causes}


def against(explanation, cause):
    return next(each.evidence_against for each in explanation.causes if each.id == cause)


def test_a_setting_that_is_equal_in_the_one_good_run_explains_nothing():
    bad = past("bad", digest="b" * 32, outcomes={"palette_adherence": 0.3, "color_accuracy": 0.6, "trait_accuracy": 0.4})
    said = explained(bad, past("good"))
    assert "lr_warmup_steps is 20 in good run good too" in against(said, "warmup_too_long")
    assert "learning_rate is 0.0001 in good run good too" in " ".join(against(said, "lr_too_low")).replace("unet_lr", "learning_rate")
    found = shares(said)
    assert max(found[cause] for cause in ("warmup_too_long", "lr_too_low", "too_few_steps", "rank_without_alpha")) < 0.01


def test_a_warm_up_of_equal_steps_in_a_shorter_training_is_not_excluded():
    weak = {"palette_adherence": 0.3, "trait_accuracy": 0.4}
    settings = {"lr_warmup_steps": 400}
    shorter = explained(past("bad", settings=settings | {"max_train_epochs": 1}, outcomes=weak), past("good", settings=settings))
    as_long = explained(past("bad", settings=settings, outcomes=weak, digest="b" * 32), past("good", settings=settings))
    assert shares(shorter)["warmup_too_long"] > 10 * shares(as_long)["warmup_too_long"]


@pytest.mark.parametrize(
    ("causes", "change", "outcome"),
    [
        ({"lr_too_high"}, {"learning_rate": 1e-3, "unet_lr": 1e-3}, {"memorization": 0.5}),
        ({"caption_dropout_high"}, {"caption_dropout_rate": 0.5}, {"trait_accuracy": 0.4}),
        ({"too_few_steps", "warmup_too_long"}, {"max_train_epochs": 2}, {"palette_adherence": 0.4, "trait_accuracy": 0.55}),
        ({"noise_offset_high"}, {"noise_offset": 0.25}, {"color_accuracy": 0.6}),
        ({"resolution_mismatch"}, {"resolution": "256,256"}, {"palette_adherence": 0.45}),
    ],
)
def test_where_one_thing_alone_differs_the_causes_act_through_it_or_through_the_evaluation(causes, change, outcome):
    found = shares(explained(past("bad", settings=change, outcomes=outcome), past("good")))
    assert sum(found[cause] for cause in causes | EVALUATION) > 0.9
    assert max(found, key=lambda cause: found[cause]) in causes


def test_what_nobody_recorded_changed_as_rarely_as_what_was_recorded():
    weak = {"color_accuracy": 0.6}
    alone = explained(past("bad", digest=None, outcomes=weak), past("good", digest=None))
    others = {"learning_rate": 1.2e-4, "unet_lr": 1.2e-4, "keep_tokens": 2, "lr_scheduler": "linear", "train_batch_size": 3}
    among = explained(past("bad", digest=None, settings=others, outcomes=weak), past("good", digest=None))
    sentence = "color_aug is recorded neither here nor in good run good, and none of 17 recorded settings differs"
    assert sentence in against(alone, "color_aug_on")
    assert not any("recorded neither" in each for each in against(among, "color_aug_on"))


def test_one_dataset_is_no_cause_and_a_defect_in_nearly_all_captions_is_nearly_proof():
    clean, dirty = {"findings": {"duplicate_color_code": 0, "beyond_window": 0}}, {"findings": {"duplicate_color_code": 190}}
    outcome = {"color_accuracy": 0.6}
    found = shares(explained(past("bad", digest="b" * 32, outcomes=outcome, **dirty), past("good", **clean)))
    assert found["caption_hex_conflict"] > 0.8
    assert found["unlisted"] < 0.05
    same = shares(explained(past("bad", outcomes=outcome), past("good")))
    assert same["caption_hex_conflict"] < 0.05


def test_boilerplate_behind_the_window_does_no_harm():
    outcome, clean = {"trait_accuracy": 0.45}, past("good", findings={"beyond_window": 0})

    def truncated(**errors):
        return explained(past("bad", digest="b" * 32, outcomes=outcome, findings={"beyond_window": 150}, **errors), clean)

    lost, harmless = truncated(errors={"beyond_window": 120}), truncated(errors={"beyond_window": 0})
    assert shares(lost)["text_window_truncated"] > 0.5
    assert shares(harmless)["text_window_truncated"] < 0.2
    told = next(each for each in lost.causes if each.id == "text_window_truncated").evidence_for[0]
    assert "beyond_window 120 (and 30 that lose nothing that is asked for) in 200 images (60 %; 1 good run: 0 %)" in told


def test_equal_prompts_and_versions_speak_against_another_evaluation():
    outcome, classes = {"color_accuracy": 0.6}, dict.fromkeys(GOOD, "1234")
    same = explained(past("bad", outcomes=outcome, classes=classes), past("good", classes=classes))
    other = explained(past("bad", outcomes=outcome, classes=dict.fromkeys(GOOD, "5678")), past("good", classes=classes))
    assert any("same prompts" in each for each in against(same, "eval_protocol_changed"))
    assert shares(other)["eval_protocol_changed"] > 0.3 > 5 * shares(same)["eval_protocol_changed"]


def runs_with(columns):
    count = len(next(iter(columns.values())))
    return [past(f"run-{at}", outcomes={name: column[at] for name, column in columns.items()}) for at in range(count)]


def test_metrics_that_always_agree_count_as_one_and_independent_ones_each():
    rng = random.Random(1)
    base = [rng.gauss(0, 1) for _ in range(40)]
    copies = {f"score_{at}": [1 + value * (at + 1) for value in base] for at in range(20)}
    weights = metric_weights(sorted(copies), runs_with(copies), dict.fromkeys(copies, True))
    assert 0.8 < sum(weights.values()) < 2.5
    apart = {name: [rng.gauss(0, 1) for _ in range(40)] for name in GOOD}
    assert all(weight > 0.9 for weight in metric_weights(sorted(apart), runs_with(apart), dict.fromkeys(apart, True)).values())


def test_metrics_that_describe_count_at_most_half_of_those_that_judge():
    names = ["accuracy", *(f"describing_{at}" for at in range(30))]
    weights = metric_weights(names, [], {"accuracy": True})
    assert sum(weights[name] for name in names[1:]) <= 0.5 * weights["accuracy"] + 1e-9
    assert metric_weights([], [], {}) == {}
    assert all(0 <= weight <= 1 for weight in metric_weights(names, [], {}).values())


@pytest.mark.parametrize("values", [[math.nan] * 6, [math.inf, 1.0] * 3, [1e300] * 6, [0.5] * 6])
def test_columns_that_have_no_correlation_are_survived(values):
    columns = {"a": values, "b": values}
    assert all(0 < weight <= 1 for weight in metric_weights(["a", "b"], runs_with(columns), {"a": True, "b": True}).values())


def test_twenty_copies_of_a_metric_do_not_change_the_answer_much():
    def project(copies):
        rng = random.Random(2)
        lucks = [{name: rng.gauss(0, 0.02) for name in GOOD} for _ in range(9)]
        drops = [*({} for _ in range(8)), {"palette_adherence": -0.12}]
        changes = [*({} for _ in range(8)), {"noise_offset": 0.2, "learning_rate": 5e-5, "unet_lr": 5e-5}]
        made = []
        for at, (luck, drop, change) in enumerate(zip(lucks, drops, changes, strict=True)):
            values = {name: GOOD[name] + luck[name] + drop.get(name, 0) for name in GOOD}
            values |= {f"palette_adherence_{copy}": values["palette_adherence"] for copy in range(copies)}
            made.append(past("bad" if at == 8 else f"good-{at}", settings=change, outcomes=values))
        return shares(explained(made[-1], *made[:-1]))

    once, often = project(0), project(20)
    assert max(abs(once[cause] - often[cause]) for cause in once) < 0.2


def test_what_only_describes_never_decides_the_verdict():
    describing = {f"shape_{at}": 1.0 for at in range(12)}
    moved = dict.fromkeys(describing, 9.0)
    good = [past(f"good-{at}", outcomes=describing) for at in range(4)]
    bad = past("bad", settings={"noise_offset": 0.25}, outcomes=moved | {"color_accuracy": 0.6})
    said = explained(bad, *good, directions=dict.fromkeys(describing, "none"))
    assert said.metric == "color_accuracy"
    assert said.causes[0].id == "noise_offset_high"
    assert any("came out worst of the 4 metrics that judge" in note for note in said.notes)
    assert any("never decide the verdict" in note for note in said.notes)
