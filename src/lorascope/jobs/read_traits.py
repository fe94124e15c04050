"""Learn from a run's training images what its suite asks about: whether things are there, and where colored features are.

Labels come from the captions' own words, or from a table that the user gives. Nothing is downloaded and nothing is kept: the same images,
captions and suite give the same checks.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.clauses import Caption, read_caption
from lorascope.captions.labels import color_said, plain_words, says
from lorascope.errors import BadFile
from lorascope.evaluation.metrics import feature_color_accuracy, trait_accuracy
from lorascope.evaluation.training_set import TrainingSet
from lorascope.evaluation.traits import Ground, TraitCheck, learn_trait
from lorascope.jobs.read_assets import color_names
from lorascope.jobs.read_text import read_text
from lorascope.pixels.background import BackgroundKind, find_background
from lorascope.pixels.feature_map import FeatureMap, learn_feature_map
from lorascope.pixels.figure import Figures, Likeness, Unlearned, known_figures
from lorascope.records.prompt import PromptSuite
from lorascope.records.run import Run
from lorascope.store import Store

_DISTANCE = re.compile(r" \(distance .*\)\Z")
FEWEST_IMAGES = 10  # with a figure before a plain background; of fewer nothing is learned


def with_learned(
    training: TrainingSet, captions: Mapping[str, str | None], suite: PromptSuite, labels: Mapping[str, frozenset[str]] | None = None
) -> TrainingSet:
    """The training set with all that the suite's prompts ask about, learned. ``captions`` maps image files to captions.

    ``labels`` maps image files to what is in them, instead of the captions' words; files that it does not name are not learned from.

    Raises:
        BadFile: ``labels`` names none of the images.
    """
    asked = suite.labels()
    features = sorted({asked.feature for prompt in suite.prompts for asked in prompt.expectations} - {"background"})
    if not asked and not features:
        return training
    if labels is not None and not labels.keys() & set(training.names):
        example = next(iter(labels), "nothing")
        raise BadFile(
            f"the labels name none of the training images, but {example}", next_step="write the names of the image files, as 0001.png"
        )
    places, figures = _figures(training, captions)
    if len(places) < FEWEST_IMAGES:
        return training
    read = [read_caption(captions[training.names[place]] or "") for place in places]
    return replace(
        training,
        likeness=Likeness.of(figures),
        traits=_traits(asked, suite, figures, [training.names[place] for place in places], read, labels),
        feature_maps=_maps(features, figures, read),
    )


def learned_for_run(
    store: Store, run: Run, training: TrainingSet, suite: PromptSuite, labels: Mapping[str, frozenset[str]] | None = None
) -> TrainingSet:
    """The same, with the captions of the run's dataset as it is recorded."""
    if run.dataset_digest is None:
        return training
    captions = {item.image_file: item.caption for item in store.dataset(run.dataset_digest).items}
    return with_learned(training, captions, suite, labels)


def read_labels(path: Path) -> dict[str, frozenset[str]]:
    """What is in which image, from a CSV file: the image's file, then a label in each further cell ("0001.png,hat,glasses").

    A first line that begins with "file" is a heading; an image without labels has nothing of what is asked about.

    Raises:
        MissingFile: it cannot be read. BadFile: not UTF-8, too large, no CSV, or a line without a file; names the line.
    """
    found: dict[str, frozenset[str]] = {}
    reader = csv.reader(read_text(path, "table of labels").splitlines(), strict=True)
    try:
        for cells in reader:
            file, *labels = [cell.strip() for cell in cells] or [""]
            if reader.line_num == 1 and file.lower() == "file":
                continue
            if not file:
                if any(labels):
                    raise BadFile(f"line {reader.line_num}: no file", where=str(path), next_step="begin each line with an image file")
                continue
            named = {" ".join(label.lower().replace("_", " ").split()) for label in labels if label}
            found[file] = found.get(file, frozenset()) | named
    except csv.Error as error:
        raise BadFile(f"line {reader.line_num}: {error}", where=str(path), next_step="write FILE,LABEL,LABEL") from error
    if not found:
        raise BadFile("no labels in it", where=str(path), next_step="write a line for each image: 0001.png,hat,glasses")
    return found


def undecided(store: Store, run: str, suite: PromptSuite) -> dict[str, int]:
    """Why things and colors that the suite asks for could not be judged in the last checkpoint's pictures: reason → in how many.

    Pictures that differ in a measured number only have one reason.
    """
    prompts = {prompt.name for prompt in suite.prompts if prompt.traits or prompt.expectations}
    scores = [score for metric in (trait_accuracy.METRIC, feature_color_accuracy.METRIC) for score in store.scores(run, metric.name)]
    last = max((score.epoch for score in scores if score.prompt in prompts), default=None)
    silent = {trait_accuracy.NOTHING_ASKED.reason, feature_color_accuracy.NOTHING_ASKED.reason}
    found: Counter[str] = Counter()
    for score in scores:
        if score.prompt in prompts and score.epoch == last and score.reason not in silent:
            beside = score.extra.get("undecided")
            reasons = score.reason.removeprefix("undecided: ").split("; ") if score.reason else beside if isinstance(beside, list) else []
            found.update({_DISTANCE.sub("", str(reason)) for reason in reasons})
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _figures(training: TrainingSet, captions: Mapping[str, str | None]) -> tuple[NDArray[np.int64], Figures]:
    """The places of the images with a caption whose figure can be told from the background, and those figures."""
    places, masks = [], []
    for place, name in enumerate(training.names):
        if captions.get(name) is None:
            continue
        background = find_background(training.cells[place])
        if background.kind is not BackgroundKind.COMPLEX and not background.mask.all():
            places.append(place)
            masks.append(~background.mask)
    kept = np.array(places, np.int64)
    shape = training.cells.shape[1:3]
    return kept, known_figures(training.cells[kept], np.array(masks, bool).reshape(-1, *shape))


def _traits(
    asked: tuple[str, ...],
    suite: PromptSuite,
    figures: Figures,
    files: list[str],
    captions: list[Caption],
    labels: Mapping[str, frozenset[str]] | None,
) -> dict[str, TraitCheck | Unlearned]:
    if not asked:
        return {}
    known = np.array([labels is None or file in labels for file in files])
    if known.sum() < FEWEST_IMAGES:
        return {
            label: Unlearned(f"{label}: only {known.sum()} training images are labeled, and at least {FEWEST_IMAGES} are needed")
            for label in asked
        }
    ground = Ground.of(figures.among(known))
    learned = {}
    for label in asked:
        words = suite.trait_words.get(label, (label,))
        if labels is None:
            said = [says(caption, words) for caption in captions]
        else:
            said = [not labels[file].isdisjoint({label, *words}) for file in files if file in labels]
        learned[label] = learn_trait(label, ground, np.array(said, bool))
    return learned


def _maps(features: list[str], figures: Figures, captions: list[Caption]) -> dict[str, FeatureMap | Unlearned]:
    words = [plain_words(caption.text) for caption in captions]
    return {
        noun: learn_feature_map(noun, figures, [color_said(caption, noun) for caption in captions], color_names(), words)
        for noun in features
    }
