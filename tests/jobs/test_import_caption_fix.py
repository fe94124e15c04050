"""The example: the owner's published numbers, converted, imported with one command, and answering what can be asked of them."""

from __future__ import annotations

import runpy
import shutil
from pathlib import Path

import pytest

from lorascope.jobs.export_runs import export_runs
from lorascope.jobs.import_runs import import_runs
from lorascope.parameters.catalogue import known
from lorascope.store import Store

EXAMPLE = Path(__file__).parents[2] / "examples" / "caption_fix"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    with Store.open("sqlite://", tmp_path_factory.mktemp("blobs")) as opened:
        import_runs([EXAMPLE / "caption_fix.jsonl"], opened)
        yield opened


def test_the_converter_writes_the_file_that_is_there(tmp_path):
    for name in ("convert.py", "samples.csv", "fresh_samples.csv"):
        shutil.copy(EXAMPLE / name, tmp_path)
    runpy.run_path(str(tmp_path / "convert.py"), run_name="__main__")
    assert (tmp_path / "caption_fix.jsonl").read_bytes() == (EXAMPLE / "caption_fix.jsonl").read_bytes()


def test_the_store_gives_the_file_back(store):
    assert "".join(f"{line}\n" for line in export_runs(store)) == (EXAMPLE / "caption_fix.jsonl").read_text("ascii")


def test_the_means_over_seven_prompts_are_the_published_ones(store):
    values: dict[int, list[float]] = {}
    for score in store.scores("caption_fix", "unique_colors"):
        assert score.seed is None
        values.setdefault(score.epoch, []).append(score.value)
    assert {len(colors) for colors in values.values()} == {7}
    means = [round(sum(colors) / 7, 1) for _, colors in sorted(values.items())]
    assert means == [323.9, 335.7, 272.6, 314.4, 238.9, 313.6, 296.0, 216.6, 277.9, 315.9]


def test_the_green_background_is_brown_at_epoch_5_and_green_at_6_9_and_10(store):
    seen = {score.epoch: score for score in store.scores("caption_fix", "dominant_color_difference") if score.prompt == "green_bg_lad"}
    assert seen[5].extra["rgb"] == [143, 93, 61]
    assert seen[5].value > 50
    assert {epoch for epoch, score in seen.items() if score.value < 20} == {6, 7, 9, 10}
    assert seen[7].extra["pixels"] == 4, "weakly at 7: four pixels"


def test_where_no_single_color_is_asked_there_is_no_number_but_a_reason(store):
    scores = store.scores("caption_fix", "dominant_color_difference")
    silent = {score.prompt for score in scores if score.value is None}
    assert silent == {"cash_lad", "carbon_lad"}
    assert all(score.reason for score in scores if score.value is None)


def test_only_what_the_analysis_states_is_recorded(store):
    run = store.run("caption_fix")
    assert all(known(name) for name in run.parameters)
    assert not {"max_train_epochs", "seed", "lr_scheduler", "max_token_length"} & run.parameters.keys()
    assert [checkpoint.epoch for checkpoint in store.checkpoints("caption_fix")] == list(range(1, 11))


def test_the_fresh_samples_are_a_test_of_their_own(store):
    fresh = store.scores("caption_fix_fresh", "unique_colors")
    means = {epoch: sum(score.value for score in fresh if score.epoch == epoch) / 8 for epoch in (5, 8)}
    assert means == {5: 254.75, 8: 241.75}
