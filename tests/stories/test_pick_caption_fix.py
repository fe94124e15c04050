"""The owner's published experiment, asked every way: epoch 5 is not the best green background, and epoch 8 is not proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from lorascope.jobs.import_runs import import_runs
from lorascope.jobs.pick import answer, pick
from lorascope.jobs.promote import PromoteRequest, promote
from lorascope.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "caption_fix" / "caption_fix.jsonl"


@pytest.fixture
def owner(tmp_path):
    with Store.open("sqlite://", tmp_path) as store:
        import_runs([EXAMPLE], store)
        yield store


@pytest.mark.parametrize("seed", range(5))
def test_no_question_makes_epoch_five_the_best_green_background(owner, seed):
    for found in (
        pick(owner, "caption_fix", purpose="green background", seed=seed),
        pick(owner, "caption_fix", "unique_colors", purpose="green background", seed=seed),
        pick(owner, "caption_fix", "dominant_color_difference", prompt="green_bg_lad", seed=seed),
        pick(owner, "caption_fix", "unique_colors", where="dominant_color_difference <= 20", purpose="bright green background", seed=seed),
    ):
        assert found.best is None
    brown = {reading.epoch: (reading.color, str(reading.agreement)) for reading in found.readings if reading.prompt == "green_bg_lad"}
    assert brown[5] == ("brown", "conflict")


def test_by_the_color_asked_for_epoch_nine_leads_the_green_backgrounds_and_is_not_proven(owner):
    found = answer(pick(owner, "caption_fix", purpose="green background"))
    assert (found["metric"], found["purpose"]["prompts"]) == ("dominant_color_difference", ["green_bg_lad", "melon_lady"])
    assert found["leader"]["epoch"] == 9
    assert found["leader"]["p_best"] < 0.5
    rows = {row["epoch"]: row for row in found["checkpoints"]}
    assert rows[5]["p_best"] < 0.2


@pytest.mark.parametrize("seed", range(5))
def test_epoch_eight_is_not_proven_by_any_metric(owner, seed):
    for metric in (None, "unique_colors", "dominant_color_difference"):
        found = pick(owner, "caption_fix", metric, seed=seed)
        assert found.best is None
        assert len(found.cannot_tell) > 1


def test_the_colors_show_no_phases(owner):
    shape = answer(pick(owner, "caption_fix", "unique_colors"))["shape"]
    assert (shape["name"], shape["noise"]) == ("flat", True)


def test_two_fresh_checkpoints_are_undecided_and_the_prompts_that_would_decide_are_named(owner):
    found = answer(pick(owner, "caption_fix_fresh", "unique_colors"))
    assert found["best"] is None or found["best"]["p_best"] < 0.9
    assert found["prompts_to_decide"] > 100


def test_promoting_the_owners_choices_is_recorded_as_undecided(owner, tmp_path):
    best_green = promote(owner, PromoteRequest("caption_fix", 5, "green background", tmp_path / "five"))
    production = promote(owner, PromoteRequest("caption_fix", 8, "production", tmp_path / "eight", metric="unique_colors"))
    assert (best_green.decision["evidence"], production.decision["evidence"]) == ("undecided", "undecided")
    assert best_green.decision["p_best"] < 0.2
    assert production.decision["p_best"] < 0.5
