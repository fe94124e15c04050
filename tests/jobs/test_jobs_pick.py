from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from lorascope.cli.pick import pick_command
from lorascope.errors import BadParameter, NotFound
from lorascope.evaluation.metric import Direction
from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.pick import answer, pick
from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "caption_fix" / "caption_fix.jsonl"
MEANS = [323.857, 335.714, 272.571, 314.429, 238.857, 313.571, 296.0, 216.571, 277.857, 315.857]
METRIC = "background_color_accuracy"


@pytest.fixture
def store(tmp_path):
    with Store.open("sqlite://", tmp_path) as opened:
        yield opened


@pytest.fixture
def owner(store):
    """The published experiment: ten checkpoints, seven prompts, one image each."""
    import_runs([EXAMPLE], store)
    return store


def fill(store, rows, metric=METRIC, run="r", first_epoch=1, **more):
    """Rows of values per epoch, one column per prompt; None is not measured."""
    store.import_runs([Run(run, "toy", RunStatus.IMPORTED)])
    store.add_scores(
        [
            Score(run, epoch, f"p{column}", 1, metric, value, reason="" if value is not None else "too dark", **more)
            for epoch, row in enumerate(rows, start=first_epoch)
            for column, value in enumerate(row)
        ]
    )


CLEAR = [[0.1, 0.2, 0.15, 0.12], [0.9, 0.95, 0.92, 0.97], [0.3, 0.2, 0.25, 0.31]]


def test_the_owners_epochs_have_mean_interval_n_probability_and_shrunk_estimate(owner):
    found = answer(pick(owner, "caption_fix", "unique_colors"))
    rows = found["checkpoints"]
    assert [row["epoch"] for row in rows] == list(range(1, 11))
    assert [row["mean"] for row in rows] == pytest.approx(MEANS)
    assert all(row["n"] == 7 and row["low"] < row["mean"] < row["high"] for row in rows)
    assert sum(row["p_best"] for row in rows) == pytest.approx(1)
    assert (found["prompts"], found["seeds"], found["direction"], found["unit"]) == (7, 1, "lower", "colors")
    assert found["differ"]["p_value"] == pytest.approx(0.129, abs=0.001)


def test_the_owners_epoch_eight_leads_and_is_not_proven(owner):
    found = answer(pick(owner, "caption_fix", "unique_colors"))
    eight = found["checkpoints"][7]
    assert found["leader"]["epoch"] == 8
    assert found["best"] is None
    assert {3, 5, 8, 9} <= set(found["cannot_tell"])
    assert eight["p_best"] < 0.5
    assert 236 < eight["shrunk"] < 290
    notes = " ".join(found["notes"])
    assert "No epoch can be called best" in notes
    assert "by luck alone" in notes
    assert "describes, it does not judge" in notes


def test_the_green_background_was_brown_at_epoch_five(owner):
    readings = pick(owner, "caption_fix", "dominant_color_difference", prompt="green_bg_lad").readings
    colors = {reading.epoch: reading.color for reading in readings}
    verdicts = {reading.epoch: str(reading.agreement) for reading in readings}
    assert all(reading.expected == "bright green" for reading in readings)
    assert colors[5] == "brown"
    assert verdicts[5] == "conflict"
    assert {colors[epoch] for epoch in (6, 9, 10)} == {"green"}
    assert {verdicts[epoch] for epoch in (6, 9, 10)} == {"agree"}
    assert next(reading.lacks for reading in readings if reading.epoch == 8) == ("bright",)


def test_colors_are_shown_whichever_metric_is_asked(owner):
    assert len(pick(owner, "caption_fix", "unique_colors").readings) == 70


def test_the_same_store_and_seed_give_the_same_bytes(owner):
    first, second = (json.dumps(answer(pick(owner, "caption_fix", "unique_colors", seed=3))) for _ in range(2))
    assert first == second


def test_a_clear_winner_is_the_best_and_nothing_else_is_in_question(store):
    fill(store, CLEAR)
    found = pick(store, "r", METRIC)
    assert found.best.epoch == 2
    assert found.cannot_tell == ()


def test_epochs_that_are_all_perfect_cannot_be_told_apart(store):
    fill(store, [[1.0] * 4] * 3)
    found = answer(pick(store, "r", METRIC))
    assert found["best"] is None
    assert found["cannot_tell"] == [1, 2, 3]
    assert found["checkpoints"][0]["low"] == pytest.approx(0.510, abs=0.001)
    assert "nothing tells them apart" in found["notes"][0]


def test_one_prompt_with_one_image_gives_values_and_no_probabilities(store):
    fill(store, [[0.1], [0.9]])
    found = answer(pick(store, "r", METRIC))
    assert [row["p_best"] for row in found["checkpoints"]] == [None, None]
    assert (found["best"], found["leader"], found["cannot_tell"]) == (None, None, [1, 2])
    assert "noise and difference cannot be told apart" in found["notes"][0]


def test_two_equal_epochs_above_the_rest_are_named_and_none_is_called(store):
    fill(store, [[1.0] * 4, [1.0] * 4, [0.2, 0.1, 0.3, 0.2]])
    chosen = pick(store, "r", METRIC)
    assert chosen.best is None
    assert "epoch 1 and epoch 2 have the same level" in chosen.notes[0] or "epoch 2 and epoch 1 have the same level" in chosen.notes[0]


def test_epochs_on_prompts_of_their_own_cannot_be_compared(store):
    fill(store, [[0.9, None], [None, 0.2]])
    chosen = pick(store, "r", METRIC)
    assert (chosen.best, chosen.leader, chosen.cannot_tell) == (None, None, (1, 2))
    assert chosen.notes[0].startswith("No two epochs were measured on the same prompt: they cannot be compared. Measure all")


def test_one_epoch_leaves_nothing_to_choose(store):
    fill(store, [[0.1, 0.3]])
    found = pick(store, "r", METRIC)
    assert (found.best, found.leader, found.checkpoints[0].p_best) == (None, None, None)
    assert "nothing to choose" in found.notes[0]


def test_the_base_model_is_a_baseline_and_no_candidate(store):
    fill(store, [[0.99, 1.0, 0.99, 0.98], *CLEAR], first_epoch=0)
    found = pick(store, "r", METRIC)
    assert [row.measured.epoch for row in found.checkpoints] == [1, 2, 3]
    assert found.baseline.mean == pytest.approx(0.99)
    store.add_checkpoint(Checkpoint("r", 0))
    assert pick(store, "r", METRIC).best.epoch == 0


def test_missing_values_are_counted_and_adjusted_for(store):
    fill(store, [[0.1, None, 0.15, 0.12], [0.9, 0.95, 0.92, 0.97], [0.3, 0.2, 0.25, 0.31]])
    found = pick(store, "r", METRIC)
    notes = " ".join(found.notes)
    assert "1 of 12 epoch x prompt values are missing" in notes
    assert "1 images gave no value: too dark" in notes
    assert found.best.epoch == 2


def test_checkpoints_without_scores_are_named(store):
    fill(store, CLEAR)
    store.add_checkpoints([Checkpoint("r", epoch) for epoch in (1, 2, 3, 4, 5)])
    assert "No scores of epochs 4 and 5: left out." in pick(store, "r", METRIC).notes


def test_an_imported_metric_needs_a_direction_unless_it_says_one(store):
    fill(store, CLEAR, metric="beauty")
    with pytest.raises(BadParameter) as error:
        pick(store, "r", "beauty")
    assert "--direction lower" in error.value.next_step
    assert pick(store, "r", "beauty", direction=Direction.LOWER).best.epoch == 1
    fill(store, CLEAR, metric="ugliness", extra={"direction": "lower", "unit": "points"})
    found = pick(store, "r", "ugliness")
    assert (found.best.epoch, found.unit) == (1, "points")


def test_a_direction_against_the_metrics_own_is_followed_and_said(store):
    fill(store, CLEAR)
    found = pick(store, "r", METRIC, direction=Direction.LOWER)
    assert found.best.epoch == 1
    assert any("against the metric's own direction" in note for note in found.notes)


@pytest.mark.parametrize(
    ("run", "metric", "prompt", "message", "next_step"),
    [
        ("rr", METRIC, None, "no run 'rr'", "r"),
        ("r", "background_color_acuracy", None, "no values of background_color_acuracy", METRIC),
        ("r", METRIC, "p9", "no scores of a prompt 'p9'", "p"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(store, run, metric, prompt, message, next_step):
    fill(store, CLEAR)
    with pytest.raises(NotFound, match=re.escape(message)) as error:
        pick(store, run, metric, prompt=prompt)
    assert next_step in error.value.next_step


def test_the_command_prints_a_table_a_reading_and_fixed_json_keys(tmp_path, monkeypatch):
    (tmp_path / ".lorascope").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LORASCOPE_STORE", raising=False)
    with Store.open(f"sqlite:///{tmp_path / '.lorascope' / 'lab.db'}", tmp_path / ".lorascope" / "blobs") as lab:
        import_runs([EXAMPLE], lab)
    shown = CliRunner().invoke(pick_command, ["caption_fix", "--metric", "unique_colors"], catch_exceptions=False).output
    assert re.search(r"^ +8 +216\.6 +167\.7 +265\.5 +7 +26\d\.\d +0\.4\d +~$", shown, re.MULTILINE)
    assert "green_bg_lad asks bright green: 1 red (!), 2 brown (!)" in shown
    one = CliRunner().invoke(pick_command, ["caption_fix", "--metric", "dominant_color_difference", "--prompt", "green_bg_lad"])
    assert re.search(r"^ +5 +59\.78 +#8f5d3d +brown \(!\)", one.output, re.MULTILINE)
    found = json.loads(CliRunner().invoke(pick_command, ["caption_fix", "--metric", "unique_colors", "--json"]).output)
    fixed = {"format", "run", "metric", "unit", "direction", "prompts", "seeds", "differ", "checkpoints", "best", "cannot_tell", "notes"}
    assert fixed <= set(found)
    assert {"epoch", "mean", "low", "high", "n", "shrunk", "p_best"} <= set(found["checkpoints"][0])


def test_a_run_saved_by_steps_says_that_its_numbers_are_steps(store):
    fill(store, CLEAR, run="r", first_epoch=500)
    assert not any("optimizer step" in note for note in pick(store, "r", METRIC).notes)
    store.import_runs([Run("r", "ai-toolkit", RunStatus.IMPORTED, counted_in=CountedIn.STEPS)])
    assert any("optimizer step" in note for note in pick(store, "r", METRIC).notes)
