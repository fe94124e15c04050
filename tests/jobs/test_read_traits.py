"""Learning from a run's captions or the user's table, and an evaluation that asks for things, end to end on the toy model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lorascope.errors import BadFile, MissingFile
from lorascope.evaluation.training_set import TrainingSet
from lorascope.evaluation.traits import Presence, TraitCheck
from lorascope.jobs.read_assets import demo_base_model, demo_dataset, demo_plants
from lorascope.jobs.read_dataset import read_dataset
from lorascope.jobs.read_pixels import load_pixels
from lorascope.jobs.read_traits import read_labels, undecided, with_learned
from lorascope.pixels.feature_map import FeatureMap
from lorascope.pixels.figure import Unlearned
from lorascope.records.prompt import Expectation, Prompt, PromptSuite, Trait
from lorascope.records.run import Run, RunStatus
from lorascope.records.sample import Score
from lorascope.store import Store

SHADES = Prompt(
    "shades",
    "bespoke, pixel art portrait, short black hair, sunglasses, red clothing, red background",
    (
        Expectation("background", "red", (204, 32, 40)),
        Expectation("hair", "black", (26, 25, 28)),
        Expectation("hat", "blue", (48, 88, 214)),
    ),
    traits=(Trait("sunglasses"), Trait("beard", present=False)),
)
SUITE = PromptSuite("asked", (SHADES,), seeds=(1,), steps=8, guidance=2.0, width_px=24, height_px=24)
PLAIN = replace(SUITE, prompts=(Prompt("plain", "a lad", (Expectation("background", "red", (204, 32, 40)),)),))


@pytest.fixture(scope="module")
def captions():
    """What the demo's sprites truly show."""
    true = json.loads(demo_plants().read_text("utf-8"))["captions"]
    names = [name for name in sorted(true) if (demo_dataset() / f"{name}.png").is_file()]
    return {f"{name}.png": true[name]["caption"] for name in names}


@pytest.fixture(scope="module")
def sprites(captions):
    cells = np.stack([load_pixels(demo_dataset() / name) for name in captions])
    return TrainingSet(24, np.zeros((0, 3), np.uint8), np.zeros(0), cells, tuple(captions))


@pytest.fixture(scope="module")
def learned(sprites, captions):
    return with_learned(sprites, captions, SUITE)


def test_the_demo_teaches_sunglasses_and_where_hair_is_and_admits_what_it_does_not(learned):
    shades, beard = learned.traits["sunglasses"], learned.traits["beard"]
    assert isinstance(shades, TraitCheck)
    assert isinstance(beard, TraitCheck)
    assert (shades.present.of, shades.present.others) == (35, 168)
    assert shades.present.right >= 28
    assert shades.present.wrong == 0
    assert shades.refusal(Presence.PRESENT) == ""
    assert beard.refusal(Presence.PRESENT), "beards of hair's color are not told from faces"
    hair, hat = learned.feature_maps["hair"], learned.feature_maps["hat"]
    assert isinstance(hair, FeatureMap)
    assert hair.covered_by == ("hat",)
    assert hair.accuracy.low > 0.9
    assert isinstance(hat, Unlearned)
    assert "only 24 of 203" in hat.reason


def test_a_suite_that_asks_for_nothing_learned_costs_nothing(sprites, captions):
    assert with_learned(sprites, captions, PLAIN) is sprites


def test_images_without_captions_are_not_taken_for_images_without_the_thing(sprites, captions):
    some = {name: text if number < 100 else None for number, (name, text) in enumerate(captions.items())}
    check = with_learned(sprites, some, SUITE).traits["sunglasses"]
    assert isinstance(check, TraitCheck)
    assert check.present.of + check.present.others == 100


def test_captions_may_use_other_words(sprites, captions):
    renamed = {name: text.replace("sunglasses", "dark shades") for name, text in captions.items()}
    assert isinstance(with_learned(sprites, renamed, SUITE).traits["sunglasses"], Unlearned)
    known = with_learned(sprites, renamed, replace(SUITE, trait_words={"sunglasses": ("shades",)})).traits["sunglasses"]
    assert isinstance(known, TraitCheck)
    assert known.present.of == 35


def test_a_table_of_labels_replaces_the_captions_words(sprites, captions):
    labels = {name: frozenset({"sunglasses"}) if "sunglasses" in text else frozenset() for name, text in list(captions.items())[:150]}
    silent = dict.fromkeys(captions, "a lad")
    check = with_learned(sprites, silent, SUITE, labels).traits["sunglasses"]
    assert isinstance(check, TraitCheck)
    assert check.present.of + check.present.others == 150
    few = with_learned(sprites, silent, SUITE, {"0001.png": frozenset()}).traits["sunglasses"]
    assert isinstance(few, Unlearned)
    with pytest.raises(BadFile, match=r"none of the training images, but other\.png"):
        with_learned(sprites, silent, SUITE, {"other.png": frozenset()})


def test_a_table_is_a_file_and_a_label_in_each_further_cell(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text('file,labels\n0001.png,Hat,gold_earrings\n"a, b.png"\n\n0001.png,glasses,\n', "utf-8")
    assert read_labels(table) == {"0001.png": {"hat", "gold earrings", "glasses"}, "a, b.png": frozenset()}


@pytest.mark.parametrize(
    ("text", "said"), [("", "no labels"), ("file\n", "no labels"), (",hat\n", "line 1: no file"), ('a.png,"hat\n', "line 1")]
)
def test_a_table_that_is_none_is_refused_with_the_line(text, said, tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text(text)
    with pytest.raises(BadFile, match=said):
        read_labels(table)
    with pytest.raises(MissingFile):
        read_labels(tmp_path / "none.csv")


def test_reasons_are_counted_over_the_last_checkpoint_each_by_itself(tmp_path):
    unlike = "undecided: the figure is unlike every training image (distance {}, 99 % of those lie within 3.60 of another one)"
    known = {"traits": {}, "undecided": ["beard: no training image is labeled"]}
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        store.add_run(Run("run", "toy", RunStatus.FINISHED))
        store.add_scores(
            [
                Score("run", 1, "shades", 1, "trait_accuracy", None, "undecided: hat: an old reason"),
                Score("run", 2, "shades", 1, "trait_accuracy", 1.0, extra=known),
                Score("run", 2, "shades", 2, "trait_accuracy", None, unlike.format(4.1)),
                Score("run", 2, "shades", 3, "trait_accuracy", None, unlike.format(5.2)),
                Score(
                    "run", 2, "shades", 4, "trait_accuracy", None, "undecided: hat: too few, and more; beard: no training image is labeled"
                ),
                Score("run", 2, "another suite's", 1, "trait_accuracy", None, "undecided: cape: unknown"),
            ]
        )
        assert undecided(store, "run", SUITE) == {
            "beard: no training image is labeled": 2,
            "the figure is unlike every training image": 2,
            "hat: too few, and more": 1,
        }


@pytest.mark.slow
def test_an_evaluation_that_asks_for_things_scores_them_or_says_why_not(tmp_path):
    pytest.importorskip("torch")
    from lorascope.jobs.evaluate import EvaluateRequest, evaluate

    dataset = read_dataset(_with_true_captions(tmp_path / "sprites"))
    with Store.open("sqlite://", tmp_path / "blobs") as store:
        store.add_dataset(dataset)
        environment = {"base_model_folder": str(demo_base_model())}
        store.add_run(Run("run", "toy", RunStatus.FINISHED, dataset_digest=dataset.digest, environment=environment))
        assert evaluate(store, EvaluateRequest("run", SUITE)) == 1
        assert store.suite("asked") == SUITE
        scores = {score.metric: score for score in store.scores("run")}
    for name in ("trait_accuracy", "feature_color_accuracy"):
        score = scores[name]
        assert (score.value is not None and score.extra) or score.reason.startswith("undecided: ")


def _with_true_captions(folder: Path) -> Path:
    folder.mkdir()
    true = json.loads(demo_plants().read_text("utf-8"))["captions"]
    for name in sorted(true)[:80]:
        image = demo_dataset() / f"{name}.png"
        if image.is_file():
            (folder / image.name).write_bytes(image.read_bytes())
            (folder / f"{name}.txt").write_text(true[name]["caption"], "utf-8")
    return folder
