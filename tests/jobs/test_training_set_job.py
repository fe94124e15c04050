"""The run's training images as a yardstick: read, described, and kept with the run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from lorascope.jobs.read_dataset import read_dataset
from lorascope.jobs.training_set import KEPT_AS, beside_training, keep_bands, kept_bands, training_set
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

GREEN, SKIN = (48, 166, 70), (234, 195, 147)


def draw(path, background):
    pixels = np.full((24, 24, 3), background, np.uint8)
    pixels[8:, 5:19] = SKIN
    Image.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    """Six sprites with a green background, five of which say so."""
    place = tmp_path / "sprites"
    place.mkdir()
    for number in range(6):
        draw(place / f"{number}.png", GREEN)
        (place / f"{number}.txt").write_text("bespoke, a lad, green background" if number else "bespoke, a lad")
    return place


@pytest.fixture
def store(tmp_path, folder):
    with Store.open("sqlite://", tmp_path / "blobs") as opened:
        dataset = read_dataset(folder)
        dataset = getattr(dataset, "dataset", dataset)
        opened.add_dataset(dataset)
        opened.add_run(Run("run", "toy", RunStatus.FINISHED, dataset_digest=dataset.digest, environment={"dataset_folder": str(folder)}))
        opened.add_scores([Score("run", 1, "p", seed, "palette_size", 9.0) for seed in range(3)])
        yield opened


def test_backgrounds_are_measured_where_captions_name_one(store):
    bands = training_set(store, store.run("run")).bands
    assert bands["palette_size"].n == 6
    assert bands["background_color_score"].n == 5
    assert bands["background_color_score"].median > 0.8


def test_bands_are_kept_with_the_run_and_survive_the_images(store, folder):
    keep_bands(store, "run", training_set(store, store.run("run")))
    for path in folder.glob("*.png"):
        path.unlink()
    assert training_set(store, store.run("run")) is None
    (beside,) = beside_training(store, "run")
    assert (beside.band.low, beside.band.high, beside.band.n, beside.place) == (2, 2, 6, "above")


def test_bands_of_another_dataset_or_rule_are_not_shown(store):
    keep_bands(store, "run", training_set(store, store.run("run")))
    run = store.run("run")
    assert "palette_size" in kept_bands(run)
    assert kept_bands(replace(run, dataset_digest="another")) == {}
    older = {**run.extra[KEPT_AS], "versions": {**run.extra[KEPT_AS]["versions"], "palette_size": 0}}
    assert "palette_size" not in kept_bands(replace(run, extra={KEPT_AS: older}))
    for damaged in (None, [], {"dataset": run.dataset_digest}, {**older, "bands": {"symmetry": [1, 2]}}):
        assert kept_bands(replace(run, extra={KEPT_AS: damaged})) == {}


def test_images_that_cannot_be_read_are_left_out(store, folder):
    (folder / "0.png").write_bytes(b"no picture")
    (folder / "1.png").unlink()
    assert len(training_set(store, store.run("run")).names) == 4


def test_a_run_of_an_unknown_dataset_has_no_training_set(store):
    assert training_set(store, Run("other", "toy", RunStatus.FINISHED)) is None
    assert training_set(store, Run("other", "toy", RunStatus.FINISHED, dataset_digest="gone")) is None
