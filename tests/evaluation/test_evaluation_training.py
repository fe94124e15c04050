"""What is said of the training images."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.training_bands import LEAST_IMAGES, TrainingImage, describe
from lorascope.evaluation.training_set import Band
from lorascope.records.prompt import Prompt

PLAIN = Prompt("plain", "a lad")


def sprite(seed, side=24):
    cells = np.full((side, side, 3), (48, 166, 70), np.uint8)
    paints = np.array([(20, 30, 40), (234, 195, 147), (204, 32, 40), (250, 250, 250), (48, 88, 214)], np.uint8)
    colors = 2 + seed % 4
    cells[side // 3 :, side // 4 : -(side // 4)] = paints[np.arange(side - side // 3)[:, None] % colors]
    return cells


def described(pictures):
    return describe([TrainingImage(f"{number}.png", pixels, PLAIN) for number, pixels in enumerate(pictures)], None)


def test_bands_are_percentiles_of_each_metric_over_the_images():
    found = described([sprite(seed) for seed in range(40)])
    assert found.bands["palette_size"] == Band(3, 4.5, 6, 40)
    assert found.bands["foreground_share"].low == found.bands["foreground_share"].high


def test_enlarged_images_are_described_by_their_cells():
    found = described([sprite(seed).repeat(20, 0).repeat(20, 1) for seed in range(6)])
    assert found.side_cells == 24
    assert found.cells.shape == (6, 24, 24, 3)
    assert found.bands["edge_crispness"] == Band(1, 1, 1, 6)


def test_what_needs_a_prompt_or_is_a_share_of_pictures_has_no_band():
    found = described([sprite(seed) for seed in range(6)])
    assert not {"background_color_accuracy", "background_color_score", "color_leak"} & set(found.bands)
    assert set(found.bands) <= {metric.name for metric in METRICS}


def test_the_palette_is_weighed_by_how_many_images_hold_a_color():
    found = described([sprite(0)] * 3 + [sprite(1)])
    held = {tuple(int(level) for level in rgb): share for rgb, share in zip(found.palette, found.weights, strict=True)}
    assert held[48, 166, 70] == held[20, 30, 40] == 1
    assert held[204, 32, 40] == 0.25


@pytest.mark.parametrize("sides", [[16] * 5 + [24] * 5, [24] * 8 + [16] * 2])
def test_images_that_disagree_have_no_common_side(sides):
    found = described([sprite(seed, side) for seed, side in enumerate(sides)])
    assert found.side_cells is None
    assert len(found.cells) == len(found.names) == max(sides.count(16), sides.count(24))


def test_few_images_have_no_bands_and_none_at_all_no_description():
    assert described([sprite(seed) for seed in range(LEAST_IMAGES - 1)]).bands == {}
    assert described([]) is None


def test_the_order_of_images_changes_neither_bands_nor_palette():
    one, other = described([sprite(seed) for seed in range(12)]), described([sprite(seed) for seed in reversed(range(12))])
    assert one.bands == other.bands
    assert sorted(map(tuple, one.palette.tolist())) == sorted(map(tuple, other.palette.tolist()))


@pytest.mark.parametrize(("value", "place"), [(5, "below"), (6, "inside"), (12, "inside"), (12.5, "above")])
def test_a_value_lies_below_inside_or_above_a_band(value, place):
    assert Band(6, 9, 12, 203).place(value) == place
