"""Have the hair, the clothing and other features the colors that the prompt asks for?

Where a feature is was learned from the training images and their captions (``pixels.feature_map``); a feature whose place could not be
learned well enough is not judged. The background has a metric of its own.
"""

from __future__ import annotations

import re

from lorascope.evaluation.asked_color import judge
from lorascope.evaluation.metric import Direction, Metric, NotMeasurable, Picture, Reading
from lorascope.evaluation.seen_figure import seen_figure
from lorascope.pixels.feature_map import LEAST_ACCURACY
from lorascope.pixels.figure import Unlearned
from lorascope.records.color_names import Agreement
from lorascope.records.run import JsonValue

_WORD = re.compile(r"[^\W\d_]+")
NOTHING_ASKED = NotMeasurable("the prompt asks for no color but the background's")


def measure(picture: Picture) -> Reading | NotMeasurable:
    """Share of the features whose color agrees with the one asked for, among those whose place is known; names what was seen."""
    asked = [expectation for expectation in picture.prompt.expectations if expectation.feature != "background"]
    if not asked:
        return NOTHING_ASKED
    figure = seen_figure(picture)
    if isinstance(figure, NotMeasurable):
        return figure
    training = picture.training
    assert training is not None
    reasons, seen, met = [], dict[str, JsonValue](), []
    for expectation in asked:
        feature = expectation.feature
        known = training.feature_maps.get(feature)
        if known is None or isinstance(known, Unlearned):
            reasons.append(known.reason if known else f"{feature}: no caption says a color of it")
            continue
        covers = [word for word in known.covered_by if word in _WORD.findall(picture.prompt.text.lower())]
        if covers:
            reasons.append(f"{feature}: not seen well enough where there is a {covers[0]}")
            continue
        region = known.read(picture.look.cells.rgb, figure.mask)
        verdict = judge(expectation, region.rgb, picture.names) if region else None
        met.append(verdict is not None and verdict.agreement is Agreement.AGREE)
        seen[feature] = {
            "rgb": list(region.rgb) if region else None,
            "expected": expectation.color,
            "verdict": verdict.agreement.value if verdict else "not found",
            "cells": int(region.cells.sum()) if region else 0,
            "measured": {"right": known.right, "of": known.of, "low": round(known.accuracy.low, 3)},
        }
    if not met:
        return NotMeasurable("undecided: " + "; ".join(reasons))
    undecided: list[JsonValue] = list(reasons)
    return Reading(sum(met) / len(met), {"features": seen, "undecided": undecided})


METRIC = Metric(
    name="feature_color_accuracy",
    title="feature color accuracy",
    unit="share of asked colors",
    low=0,
    high=1,
    direction=Direction.HIGHER,
    meaning=(
        "Share of the features (hair, clothing; not the background) whose color agrees with the word or code that the prompt asks for, by "
        "the rule of background_color_accuracy; doubtful, or not found, counts as 0. Where a feature is, is learned from the training "
        "images and the colors that their captions claim for it, and used only where the claimed color is found in unseen training images "
        f"with an accuracy of at least {LEAST_ACCURACY:g} (lower 95 % bound). Features whose place is not known that well, or that "
        "something in the prompt covers (hair under a hat), do not count. Not measurable when none is left, with the reason, and for "
        "pictures unlike every training image."
    ),
    measure=measure,
)
