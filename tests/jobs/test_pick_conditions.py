"""Choosing under conditions, for a purpose, among twins, and what is refused; from the store."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

from lorascope.cli.pick import pick_command
from lorascope.errors import BadParameter, NotFound
from lorascope.jobs.pick import answer, pick
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

RIGHT, COLORS = "background_color_accuracy", "unique_colors"


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        opened.import_runs([Run("r", "toy", RunStatus.IMPORTED)])
        yield opened


def fill(store, metric, rows, **extra):
    """Rows of values per epoch from 1, one column per prompt."""
    store.add_scores(
        [
            Score("r", epoch, f"p{n:02d}", 1, metric, float(value), extra=extra)
            for epoch, row in enumerate(rows, 1)
            for n, value in enumerate(row)
        ]
    )


NOISE = np.random.default_rng(2).normal(0, 3, (3, 30))


@pytest.fixture
def traded(store):
    """Epoch 2 has the fewest colors and the wrong background; epoch 3 is good at both."""
    fill(store, COLORS, np.array([[100], [50], [75]]) + NOISE)
    fill(store, RIGHT, [[1] * 25 + [0] * 5, [0] * 29 + [1], [1] * 30])
    return store


def test_the_best_that_meets_a_condition_is_called_with_its_probability(traded):
    free, bound = pick(traded, "r", COLORS), answer(pick(traded, "r", COLORS, where=f"{RIGHT} >= .8"))
    assert free.best.epoch == 2
    assert bound["best"]["epoch"] == 3
    assert bound["where"] == f"{RIGHT} >= .8"
    rows = {row["epoch"]: row for row in bound["checkpoints"]}
    assert rows[2]["p_feasible"] < 0.01
    assert rows[3]["p_best_and_feasible"] > 0.9
    assert rows[2]["p_best"] > 0.9, "the plain probability keeps its meaning"
    assert "epoch 3 is the best of those" in bound["notes"][0]


def test_nothing_feasible_is_an_answer_and_no_checkpoint_is_called(traded):
    found = answer(pick(traded, "r", COLORS, where=f"{RIGHT} >= .8 and {COLORS} < 60"))
    assert found["best"] is None
    assert found["p_none"] > 0.95
    assert "No checkpoint can be said to meet" in found["notes"][0]


def test_words_of_the_grammar_work_together(traded):
    found = answer(pick(traded, "r", COLORS, where=f"not ({RIGHT} < .5) and ({COLORS} > 90 or {COLORS} < 20)"))
    assert [row["p_feasible"] > 0.5 for row in found["checkpoints"]] == [True, False, False]


def test_checkpoints_that_no_other_beats_are_named(traded):
    found = answer(pick(traded, "r", COLORS, also=(RIGHT,)))
    assert [row["p_pareto"] > 0.5 for row in found["checkpoints"]] == [False, True, True]
    assert found["best"]["epoch"] == 2, "further metrics do not change the choice by the first"


@pytest.mark.parametrize(
    ("where", "error", "message"),
    [
        ("beauty > 3", NotFound, "no values of beauty"),
        (f"{RIGHT} = 1", BadParameter, "compared with a number"),
        (f"{RIGHT} in (0, 1)", BadParameter, "in no list"),
        (f"{RIGHT} >=", BadParameter, "column"),
        (f"{RIGHT}", BadParameter, "compared with a number"),
        (f"{RIGHT} contains 'a'", BadParameter, "compared with a number"),
    ],
)
def test_a_condition_that_levels_cannot_answer_is_refused(traded, where, error, message):
    with pytest.raises(error, match=message):
        pick(traded, "r", COLORS, where=where)


def test_one_value_per_checkpoint_meets_no_condition_for_certain(store):
    fill(store, COLORS, [[1], [2]])
    found = answer(pick(store, "r", COLORS, where=f"{COLORS} < 5"))
    assert found["best"] is None
    assert "cannot be weighed" in found["notes"][0]


GREEN, BLUE = Expectation("background", "bright green", (1, 255, 7)), Expectation("background", "blue", (0, 0, 255))


@pytest.fixture
def suited(store):
    prompts = [Prompt(f"p{n:02d}", f"a lad {n}", (GREEN if n < 10 else BLUE,)) for n in range(29)] + [Prompt("p29", "a lone red hat")]
    store.add_suite(PromptSuite("suite", tuple(prompts), (1,)))
    fill(store, RIGHT, [[0] * 10 + [1] * 20, [1] * 9 + [0] * 21, [0] * 30])
    return store


def test_the_best_for_a_purpose_is_not_the_best_for_all(suited):
    assert pick(suited, "r", RIGHT).best.epoch == 1
    found = answer(pick(suited, "r", purpose="best for green backgrounds"))
    assert (found["best"]["epoch"], found["metric"], found["prompts"]) == (2, RIGHT, 10)
    assert found["purpose"]["by"] == "expectations"
    assert "10 prompts, by what they expect" in " ".join(found["notes"])
    assert pick(suited, "r", purpose="blue background").best.epoch == 1


def test_one_image_for_a_purpose_decides_nothing(suited):
    found = answer(pick(suited, "r", purpose="red hat"))
    assert found["best"] is None
    assert found["purpose"] == {"text": "red hat", "prompts": ["p29"], "by": "text"}
    assert "One image per checkpoint (n = 1)" in " ".join(found["notes"])


def test_a_purpose_that_nobody_asked_for_names_those_there_are(suited):
    with pytest.raises(NotFound, match="asks for 'gold earrings'") as caught:
        pick(suited, "r", purpose="gold earrings")
    assert "bright green background" in caught.value.next_step
    with pytest.raises(BadParameter, match="a purpose and prompts"):
        pick(suited, "r", prompt="p01", purpose="green")


@pytest.mark.parametrize(("mark", "value"), [("tensor_hash", "ab" * 32), ("digest", "cd" * 16)])
def test_the_same_weights_under_two_numbers_count_once_and_show_the_noise(store, mark, value):
    fill(store, RIGHT, [[0.1, 0.2, 0.1], [0.8, 0.9, 0.7], [0.6, 0.7, 0.8]])
    store.add_checkpoints([Checkpoint("r", 1), Checkpoint("r", 2, **{mark: value}), Checkpoint("r", 3, **{mark: value})])
    found = answer(pick(store, "r", RIGHT))
    assert [(row["epoch"], row.get("same_as"), row["n"]) for row in found["checkpoints"]] == [(1, None, 3), (2, [3], 6)]
    assert found["noise_floor"] == [{"epochs": [2, 3], "difference": pytest.approx(-0.1), "n": 3}]
    assert "same weights" in " ".join(found["notes"])
    assert "No scores of" not in " ".join(found["notes"])


@pytest.mark.parametrize("key", ["unit", "version"])
def test_a_metric_that_changes_its_unit_or_rule_between_checkpoints_is_refused(store, key):
    store.add_scores([Score("r", epoch, "p", 1, "shift_error", 1.0, extra={key: epoch}) for epoch in (1, 2)])
    with pytest.raises(BadParameter, match=r"1 at epochs 1; 2 at epochs 2"):
        pick(store, "r", "shift_error")


def test_without_a_metric_the_one_that_checks_the_prompts_is_taken_and_said(traded):
    found = pick(traded, "r")
    assert found.metric == RIGHT
    assert "No metric was named" in found.notes[0]


def test_a_run_without_scores_says_what_to_do(store):
    with pytest.raises(NotFound, match="no values") as caught:
        pick(store, "r")
    assert "lorascope evaluate r" in caught.value.next_step


def test_the_course_runs_along_steps_where_they_are_known(store):
    rng = np.random.default_rng(6)
    fill(store, RIGHT, np.arange(10)[:, None] / 10 + rng.normal(0, 0.03, (10, 6)))
    assert answer(pick(store, "r", RIGHT))["shape"]["axis"] == "epochs"
    store.add_checkpoints([Checkpoint("r", epoch, step=50 * epoch) for epoch in range(1, 11)])
    shape = answer(pick(store, "r", RIGHT))["shape"]
    assert (shape["axis"], shape["name"], shape["end"]["improving"]) == ("steps", "improving", True)
    assert shape["end"]["improvement"] == pytest.approx(0.1 / 50, rel=0.3)


def test_what_would_decide_is_a_table_of_prompts_and_seeds(store):
    fill(store, RIGHT, np.random.default_rng(1).normal(0.5, 0.2, (4, 6)))
    needed = answer(pick(store, "r", RIGHT))["needed"]
    sizes = {(row["prompts"], row["seeds"]): row["detectable"] for row in needed}
    assert sizes[32, 1] < sizes[8, 4], "32 images each: prompts help before seeds"


def test_the_command_shows_conditions_purposes_and_the_table(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    with Store.open(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs") as lab:
        lab.import_runs([Run("r", "toy", RunStatus.IMPORTED)])
        fill(lab, COLORS, np.array([[100], [50], [51]]) + NOISE)
        fill(lab, RIGHT, [[1] * 30, [0] * 30, [1] * 30])
    shown = CliRunner().invoke(pick_command, ["r", "--metric", COLORS, "--where", f"{RIGHT} > .7", "--also", RIGHT], catch_exceptions=False)
    assert "best of those" in shown.output
    undecided = CliRunner().invoke(pick_command, ["r", "--metric", COLORS], catch_exceptions=False).output
    assert "what more pictures would show" in undecided
    found = json.loads(CliRunner().invoke(pick_command, ["r", "--json"]).output)
    assert found["shape"]["name"] == "none"


def test_a_lead_smaller_than_what_the_same_weights_differ_by_calls_nothing(store):
    fill(store, RIGHT, np.array([[1.0], [2.0], [3.0]]) + NOISE[:, :5] / 300)
    store.add_checkpoints([Checkpoint("r", epoch, tensor_hash=("a" if epoch < 2 else "b") * 64) for epoch in (1, 2, 3)])
    found = answer(pick(store, "r", RIGHT))
    assert (found["best"], found["cannot_tell"]) == (None, [1, 2])
    assert "scored twice, lie 0.9957 apart" in found["notes"][0]
