from __future__ import annotations

import json
from dataclasses import replace

import pytest

from lorascope.errors import AlreadyExists, BadParameter, NotFound
from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.judge import judge
from lorascope.jobs.ledger_answer import judgments_answer, ledger_answer
from lorascope.jobs.read_ledger import read_calibration, read_judgments, read_ledger
from lorascope.jobs.register_hypothesis import Draft, register
from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

METRIC = "likeness"
KEEP3 = Draft("keep3", "keep_tokens 3 helps", METRIC, "higher", 0.2, change={"keep_tokens": (1, 3)}, n=8, sd=0.1, run_sd=0.01, prior=0.5)


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


def fill(store, name, values, metric=METRIC, **parameters):
    store.import_runs([Run(name, "toy", RunStatus.IMPORTED, parameters)])
    store.add_scores([Score(name, 1, f"p{at}", 1, metric, value) for at, value in enumerate(values)])


LOW, HIGH = [0.30, 0.34, 0.28, 0.31, 0.33, 0.29, 0.30, 0.32], [0.81, 0.85, 0.80, 0.86, 0.79, 0.84, 0.83, 0.80]


def test_a_prediction_that_comes_true_is_supported(store):
    register(store, KEEP3, at=100.0)
    fill(store, "one", LOW, keep_tokens=1, lr=1e-4)
    fill(store, "three", HIGH, keep_tokens=3, lr=1e-4)
    (found,) = judge(store, "keep3", at=200.0)
    assert (found.verdict, found.exploratory, found.n, found.of) == (Verdict.SUPPORTED, False, 8, "prompts")
    assert (found.runs, found.to) == (("one",), ("three",))
    assert found.low < 0.51 < found.high
    assert found.posterior > 0.95
    assert read_ledger(store).find("keep3").verdict is Verdict.SUPPORTED
    assert next(one for one in store.hypotheses() if one.name == "keep3").verdict is Verdict.SUPPORTED


def test_a_prediction_that_does_not_come_true_is_refuted(store):
    register(store, KEEP3, at=100.0)
    fill(store, "one", HIGH, keep_tokens=1)
    fill(store, "three", LOW, keep_tokens=3)
    (found,) = judge(store, "keep3", at=200.0)
    assert found.verdict is Verdict.REFUTED
    calibration, resolved = read_calibration(store)
    assert resolved == (("keep3", 0.5, False),)
    assert calibration.brier is None


def test_numbers_that_were_there_before_are_exploratory(store):
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", HIGH, keep_tokens=3)
    told = register(store, KEEP3, at=100.0)
    assert "2 runs have numbers of it already" in told.notes[-1]
    (found,) = judge(store, "keep3", at=200.0)
    assert (found.verdict, found.exploratory) == (Verdict.UNDECIDED, True)
    assert "test it on new ones" in found.reason
    fill(store, "one again", LOW, keep_tokens=1, lr=1e-3)
    fill(store, "three again", HIGH, keep_tokens=3, lr=1e-3)
    (fresh,) = judge(store, "keep3", runs=["one again", "three again"], at=300.0)
    assert (fresh.verdict, fresh.exploratory) == (Verdict.SUPPORTED, False)


def test_runs_may_not_be_chosen_among_those_that_fit(store):
    register(store, KEEP3, at=100.0)
    for name, values, keep in [("one", LOW, 1), ("three", HIGH, 3), ("three bad", LOW, 3)]:
        fill(store, name, values, keep_tokens=keep)
    (found,) = judge(store, "keep3", runs=["one", "three"], at=200.0)
    assert found.verdict is Verdict.UNDECIDED
    assert "runs that fit it as well were left out: three bad" in found.reason


def test_an_effect_smaller_than_was_said_refutes_what_was_said(store):
    register(store, replace(KEEP3, threshold=0.3), at=100.0)
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", [value + 0.1 + 0.01 * (at % 2) for at, value in enumerate(LOW)], keep_tokens=3)
    (found,) = judge(store, "keep3", at=200.0)
    assert found.verdict is Verdict.REFUTED
    assert "there is an effect, but less than was said" in found.notes


def test_more_than_one_change_is_confounded(store):
    register(store, KEEP3, at=100.0)
    fill(store, "one", LOW, keep_tokens=1, lr=1e-4, dropout=0.05)
    fill(store, "three", HIGH, keep_tokens=3, lr=5e-5, dropout=0.02)
    (found,) = judge(store, "keep3", at=200.0)
    assert found.verdict is Verdict.UNDECIDED
    assert found.reason.startswith("confounded: one and three also differ in dropout, lr")
    assert found.posterior == 0.5


def test_without_replicates_or_a_declared_noise_between_trainings_nothing_is_decided(store):
    register(store, replace(KEEP3, run_sd=None), at=100.0)
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", HIGH, keep_tokens=3)
    (found,) = judge(store, "keep3", at=200.0)
    assert found.verdict is Verdict.UNDECIDED
    assert "one training of each" in found.reason


def test_fewer_prompts_than_declared_wait_for_the_rest(store):
    register(store, replace(KEEP3, n=20), at=100.0)
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", HIGH, keep_tokens=3)
    assert "8 of the 20 that were declared" in judge(store, "keep3", at=200.0)[0].reason


def test_fewer_trainings_than_declared_wait_for_the_rest(store):
    register(store, replace(KEEP3, runs_per_arm=2), at=100.0)
    fill(store, "one", LOW, keep_tokens=1, seed=1)
    fill(store, "three", HIGH, keep_tokens=3, seed=1)
    assert "1 of the 2 that were declared" in judge(store, "keep3", at=200.0)[0].reason
    fill(store, "one too", [value + 0.01 for value in LOW], keep_tokens=1, seed=2)
    fill(store, "three too", [value - 0.02 for value in HIGH], keep_tokens=3, seed=2)
    (found,) = judge(store, "keep3", at=300.0)
    assert (found.verdict, found.n, found.of) == (Verdict.SUPPORTED, 2, "runs")


def test_the_same_training_twice_is_no_replicate(store):
    register(store, replace(KEEP3, runs_per_arm=2), at=100.0)
    for name, values, keep in [("a", LOW, 1), ("b", LOW, 1), ("c", HIGH, 3), ("d", HIGH, 3)]:
        fill(store, name, values, keep_tokens=keep, seed=1)
    (found,) = judge(store, "keep3", at=200.0)
    assert (found.verdict, found.runs, found.to) == (Verdict.UNDECIDED, ("a",), ("c",))


def test_runs_of_another_protocol_do_not_count(store):
    register(store, replace(KEEP3, protocol={"steps": 30}), at=100.0)
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", HIGH, keep_tokens=3)
    store.keep_foreign([({"type": "protocol", "run": "three", "steps": 50}, 0)])
    assert judge(store, "keep3", at=200.0)[0].reason == "no measured run has keep_tokens = 3"


def test_judging_the_same_data_again_adds_nothing(store):
    register(store, KEEP3, at=100.0)
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", HIGH, keep_tokens=3)
    first, second = judge(store, "keep3", at=200.0), judge(store, "keep3", at=300.0)
    assert first == second
    assert len(read_judgments(store)["keep3"]) == 1
    store.add_scores([Score("three", 1, "p9", 1, METRIC, 0.9), Score("one", 1, "p9", 1, METRIC, 0.4)])
    judge(store, "keep3", at=400.0)
    assert [one.n for one in read_judgments(store)["keep3"]] == [8, 9]


def test_an_edit_after_registration_is_found(store):
    register(store, KEEP3, at=100.0)
    (kept,) = store.hypotheses()
    store.put_hypotheses([replace(kept, threshold=0.01)])
    assert "changed after it was registered" in judge(store, "keep3", at=200.0)[0].reason


def test_ledger_and_judgments_survive_export_and_import(store, tmp_path):
    register(store, KEEP3, at=100.0)
    fill(store, "one", LOW, keep_tokens=1)
    fill(store, "three", HIGH, keep_tokens=3)
    judge(store, "keep3", at=200.0)
    (tmp_path / "all.jsonl").write_text("".join(f"{text}\n" for text in export_runs(store)), "ascii")
    with Store.open("sqlite://", tmp_path / "other") as other:
        import_runs([tmp_path / "all.jsonl"], other)
        assert list(export_runs(other)) == list(export_runs(store))
        assert ledger_answer(read_ledger(other)) == ledger_answer(read_ledger(store))
        assert judge(other, "keep3", at=300.0) == judge(store, "keep3", at=400.0)
        assert len(read_judgments(other)["keep3"]) == 1


def test_answers_do_not_depend_on_the_order_of_the_runs(tmp_path):
    answers = []
    for at, order in enumerate((1, -1)):
        with Store.open("sqlite://", tmp_path / str(at)) as store:
            register(store, KEEP3, at=100.0)
            for name, values, keep in [("one", LOW, 1), ("three", HIGH, 3), ("other", LOW, 2)][::order]:
                fill(store, name, values, keep_tokens=keep)
            answers.append(json.dumps(judgments_answer(judge(store, None, at=200.0)), sort_keys=True))
    assert answers[0] == answers[1]


# rules


def quality(store, name, value, **parameters):
    store.import_runs([Run(name, "toy", RunStatus.IMPORTED, parameters, {"quality": value})])


def rule(**beside):
    return Hypothesis("rule", "…", "a person", 3, "quality", "lower", 5.0, extra={"rule": "network_dim > 32", **beside})


def test_a_rule_is_counted_beside_the_others_and_its_rivals_are_named(store):
    for dim, value in ((64, 3), (128, 2), (64, 4), (32, 9), (32, 8), (16, 9), (32, 7)):
        quality(store, f"r{dim}_{value}", value, network_dim=dim, network_alpha=16)
    store.put_hypotheses([rule()])
    (found,) = judge(store, "rule", at=1.0)
    assert (found.verdict, found.n, found.estimate) == (Verdict.UNDECIDED, 3, 1.0)
    assert (found.low, found.high) == (pytest.approx(0.292, abs=1e-3), 1.0)
    assert found.reason.startswith("not separated")
    assert any("network_alpha/network_dim < 0.5" in note and "`network_dim*network_alpha` > 512" in note for note in found.notes)
    assert any('"always" would take 26 more' in note for note in found.notes)


def test_counterexamples_refute_a_rule_and_are_named(store):
    for at in range(12):
        quality(store, f"bad{at}", 3 if at < 5 else 8, network_dim=64)
        quality(store, f"good{at}", 9, network_dim=32)
    store.put_hypotheses([rule()])
    (found,) = judge(store, "rule", at=1.0)
    assert found.verdict is Verdict.REFUTED
    assert any(note.startswith("against it: bad10, bad11, bad5") for note in found.notes)


def about(metric="quality", threshold=None, runs=(), **extra):
    return Hypothesis("h", "…", "", metric=metric, direction="lower", threshold=threshold, runs=runs, extra=extra)


@pytest.mark.parametrize(
    ("hypothesis", "reason"),
    [
        (Hypothesis("h", "…", ""), "names no metric, no change of settings"),
        (about(threshold=5.0, rule="((("), "cannot be read"),
        (about(threshold=5.0, rule="network_dim > 999"), "no measured run"),
        (about("nothing", change={"a": [1, 2]}), "was never measured"),
        (about(change={"a": [1, 1]}), "names no change"),
        (about(threshold=5.0, runs=("gone",)), "was never measured in gone"),
        (about(runs=("r",), epochs=[8]), "one by one"),
    ],
)
def test_what_cannot_be_judged_says_what_is_missing(store, hypothesis, reason):
    quality(store, "r", 9, network_dim=32)
    store.put_hypotheses([hypothesis])
    (found,) = judge(store, "h", at=1.0)
    assert found.verdict is Verdict.UNDECIDED
    assert reason in found.reason


def test_an_empty_store_has_nothing_to_judge(store):
    assert judge(store, None, at=1.0) == ()
    assert read_ledger(store).entries == ()
    assert read_calibration(store)[1] == ()


def test_what_is_not_there_is_said(store):
    register(store, KEEP3, at=1.0)
    with pytest.raises(NotFound, match="no hypothesis 'keep4'"):
        judge(store, "keep4", at=1.0)
    with pytest.raises(NotFound, match="no run 'gone'"):
        judge(store, "keep3", runs=["gone"], at=1.0)
    with pytest.raises(BadParameter, match="all hypotheses at once"):
        judge(store, None, runs=["gone"], at=1.0)


# registering


def test_a_test_that_would_rather_miss_the_effect_is_refused_with_the_n_that_would_do(store):
    weak = replace(KEEP3, metric="background_color_accuracy", threshold=0.3, baseline=0.6, n=8, sd=None, run_sd=None)
    with pytest.raises(BadParameter, match=r"only 9\.5 % of cases.*n = 36 prompts") as refused:
        register(store, weak, at=1.0)
    assert "--n 36" in refused.value.next_step
    assert "--note-only" in refused.value.next_step
    told = register(store, replace(weak, n=36), at=1.0)
    assert told.power.power >= 0.8
    assert told.information_bits > 0.4


def test_what_is_only_noted_is_never_judged(store):
    register(store, replace(KEEP3, n=None, note_only=True), at=1.0)
    assert judge(store, None, at=2.0) == ()
    with pytest.raises(BadParameter, match="only noted"):
        judge(store, "keep3", at=2.0)
    assert read_ledger(store).entries[0].why_not == "noted only"


def test_what_is_registered_cannot_be_changed_only_replaced(store):
    register(store, KEEP3, at=1.0)
    with pytest.raises(AlreadyExists, match="cannot be changed"):
        register(store, replace(KEEP3, threshold=0.1), at=2.0)
    register(store, replace(KEEP3, name="keep3b", threshold=0.25, replaces="keep3"), at=2.0)
    entries = {entry.name: entry for entry in read_ledger(store).entries}
    assert entries["keep3"].why_not == "replaced by keep3b"
    assert entries["keep3b"].worth is not None
    with pytest.raises(NotFound, match="to replace"):
        register(store, replace(KEEP3, name="other", replaces="gone"), at=3.0)


def test_contradictions_are_told_at_registration(store):
    register(store, KEEP3, at=1.0)
    told = register(store, replace(KEEP3, name="hurts", direction="lower"), at=2.0)
    assert [(one.first, one.second) for one in told.contradictions] == [("keep3", "hurts")]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"change": None}, "a change of settings or a rule"),
        ({"rule": "a > 1"}, "a change of settings or a rule"),
        ({"prior": 1.0}, "prior = 1"),
        ({"threshold": -0.2}, "say by how much"),
        ({"threshold": float("nan")}, "must be a number"),
        ({"threshold": None}, "how large an effect"),
        ({"n": None}, r"how many.*"),
        ({"sd": None}, "varies from prompt to prompt"),
        ({"change": None, "rule": "((", "threshold": 1.0}, "cannot be read"),
        ({"metric": "background_color_accuracy", "baseline": 0.9, "threshold": 0.3}, "shares between 0 and 1"),
    ],
)
def test_a_declaration_that_makes_no_sense_is_refused(store, wrong, message):
    with pytest.raises(BadParameter, match=message):
        register(store, replace(KEEP3, **wrong), at=1.0)
    assert store.hypotheses() == []


def test_noise_is_measured_where_the_project_shows_it(store):
    store.import_runs([Run("past", "toy", RunStatus.IMPORTED, {"keep_tokens": 2})])
    for epoch in (1, 2, 3):
        store.add_scores([Score("past", epoch, f"p{at}", 1, METRIC, 0.5 + 0.03 * ((at * epoch) % 4)) for at in range(8)])
    told = register(store, replace(KEEP3, sd=None), at=1.0)
    assert "measured on checkpoints of this project" in " ".join(told.notes)
    assert 0.01 < told.hypothesis.extra["sd"] < 0.2


def test_the_queue_puts_first_what_teaches_most_for_its_cost(store):
    register(store, replace(KEEP3, prior=0.9, cost_gpu_hours=1.0), at=1.0)
    register(store, replace(KEEP3, name="open", prior=0.5, cost_gpu_hours=1.0), at=1.0)
    register(store, replace(KEEP3, name="dear", prior=0.5, cost_gpu_hours=10.0), at=1.0)
    assert [entry.name for entry in read_ledger(store).entries] == ["open", "keep3", "dear"]


def test_hostile_keys_count_as_not_said(store):
    extra = {
        "change": [1],
        "n": -3,
        "seeds": True,
        "share": "x",
        "protocol": 5,
        "seen": {},
        "registered_at": "now",
        "epochs": "8",
        "rule": 7,
    }
    store.put_hypotheses([Hypothesis("h", "…", "", metric="quality", direction="lower", extra=extra)])
    store.keep_foreign([({"type": "judgment", "hypothesis": 5}, 0), ({"type": "judgment", "hypothesis": "h", "verdict": "maybe"}, 0)])
    store.keep_foreign([({"type": "judgment", "hypothesis": "h", "verdict": "open", "posterior": "x", "n": "y", "runs": 3}, 0)])
    assert read_ledger(store).find("h").judgments[0].posterior is None
    assert "names no change" in judge(store, "h", at=1.0)[0].reason
