"""A race with the tiny model, for real: rounds are drawn, an interrupted one goes on, a broken checkpoint stays out."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

pytest.importorskip("torch")
from click.testing import CliRunner

from lorascope.cli.evaluate import evaluate_command
from lorascope.errors import BadParameter, NotFound
from lorascope.jobs import race as job
from lorascope.jobs.evaluate import EvaluateRequest
from lorascope.jobs.race import answer, race_checkpoints
from lorascope.jobs.read_assets import demo_base_model, demo_dataset
from lorascope.jobs.train import TrainRequest, train
from lorascope.records.prompt import Expectation, Prompt, PromptSuite
from lorascope.records.run import Run, RunStatus
from lorascope.store import Store

COLORS = {"red": (255, 0, 0), "green": (0, 255, 0)}
PROMPTS = tuple(
    Prompt(f"p{n}", f"bespoke, a lad, {color} background, number {n}", (Expectation("background", color, COLORS[color]),))
    for n, color in enumerate(["red", "green"] * 8)
)
SUITE = PromptSuite("sixteen", PROMPTS, (1,), steps=2, width_px=24, height_px=24)
METRIC = "palette_adherence"  # measurable in every picture, whatever two steps draw


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A lab in which a tiny run of three checkpoints was trained."""
    home = tmp_path_factory.mktemp("race")
    (home / "sprites").mkdir()
    for path in sorted(demo_dataset().iterdir())[:8]:
        shutil.copy(path, home / "sprites")
    with Store.open(f"sqlite:///{home / 'lab.db'}", home / "blobs") as store:
        parameters = {"max_train_epochs": 3, "network_dim": 2, "network_alpha": 2.0, "conv_dim": 0}
        train(store, TrainRequest("run", home / "sprites", demo_base_model(), home / "out", parameters))
    return home


@pytest.fixture
def store(trained, tmp_path):
    shutil.copy(trained / "lab.db", tmp_path / "lab.db")
    with Store.open(f"sqlite:///{tmp_path / 'lab.db'}", tmp_path / "blobs") as opened:
        yield opened


def raced(store, **more):
    return race_checkpoints(store, EvaluateRequest("run", SUITE), METRIC, **more)


def test_a_race_draws_by_rounds_and_measures_its_winner_on_prompts_held_back(store):
    found = raced(store)
    assert found.race.rounds[0].images == 3 * 8
    assert found.held_back == 4
    leader = found.race.choice.leader.epoch
    assert (found.fresh.epoch, found.fresh.prompts) == (leader, 4)
    assert found.drawn == found.race.images + 4 == len(store.samples("run"))
    assert any("held back" in note for note in found.notes)


@pytest.mark.slow
def test_an_interrupted_race_goes_on_and_ends_as_if_it_had_not_been(store, monkeypatch):
    draw, calls = job.draw_and_measure, []

    def stops_after_two(*words, **more):
        if len(calls) == 2:
            raise KeyboardInterrupt
        calls.append(words)
        draw(*words, **more)

    monkeypatch.setattr(job, "draw_and_measure", stops_after_two)
    with pytest.raises(KeyboardInterrupt):
        raced(store)
    assert len(store.samples("run")) == 16
    monkeypatch.undo()
    resumed = raced(store)
    again = raced(store)
    assert resumed.drawn == resumed.race.images + 4 - 16
    assert again.drawn == 0
    assert json.dumps({**answer(again), "drawn": 0}) == json.dumps({**answer(resumed), "drawn": 0})


@pytest.mark.slow
def test_a_broken_checkpoint_stays_out_and_the_others_race(store, tmp_path):
    saved = store.checkpoints("run")
    store.add_checkpoint(replace(saved[1], file=str(tmp_path / "gone.safetensors")))
    found = raced(store)
    assert list(found.broken) == [2]
    assert 2 not in {candidate.epoch for candidate in found.race.choice.candidates}
    assert any("Epoch 2 could not be drawn" in note for note in found.notes)


@pytest.mark.slow
def test_a_budget_holds_with_the_pictures_held_back(store):
    found = raced(store, max_images=30)
    assert found.drawn <= 30
    with pytest.raises(BadParameter, match="too few") as caught:
        raced(store, max_images=5)
    assert "24" in caught.value.next_step


@pytest.mark.slow
def test_the_same_weights_under_two_numbers_are_drawn_once(store, tmp_path):
    last = store.checkpoints("run")[-1]
    store.add_checkpoint(replace(last, epoch=4))
    assert raced(store).race.rounds[0].epochs == (1, 2, 3)


def test_what_cannot_be_raced_is_refused_before_a_picture_is_drawn(store):
    with pytest.raises(NotFound, match="no metric 'beauty'"):
        race_checkpoints(store, EvaluateRequest("run", SUITE), "beauty")
    with pytest.raises(NotFound, match="that judges"):
        race_checkpoints(store, EvaluateRequest("run", SUITE), "unique_colors")
    store.import_runs([Run("empty", "toy", RunStatus.IMPORTED)])
    with pytest.raises(NotFound, match="has no checkpoints"):
        race_checkpoints(store, EvaluateRequest("empty", SUITE))
    assert store.samples("run") == []


def test_the_command_refuses_options_of_a_race_without_one():
    assert CliRunner().invoke(evaluate_command, ["run", "--max-images", "9"]).exit_code == 2
    assert CliRunner().invoke(evaluate_command, ["run", "--until-decided", "--scorer", "x"]).exit_code == 2
