"""Where the hair is, learned from captions: right ones, some wrong, all wrong."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.jobs.read_assets import color_names
from lorascope.pixels.feature_map import FeatureMap, learn_feature_map, owner
from lorascope.pixels.figure import Unlearned, known_figures
from lorascope.records.color_names import ColorPhrase

COLORS = {
    "red": (204, 32, 40),
    "green": (48, 166, 70),
    "blue": (48, 88, 214),
    "yellow": (246, 216, 58),
    "purple": (124, 58, 170),
    "white": (240, 240, 238),
}
WORDS = tuple(COLORS)
HAIR, SHIRT = slice(2, 4), slice(9, 12)


def drawn(count=80, seed=0, hats=0):
    """Lads with hair (two rows of the head), a shirt and, the first of them, a hat over the hair; with what each is said to have."""
    draw = np.random.default_rng(seed)
    cells = np.zeros((count, 12, 12, 3), np.uint8)
    figure = np.zeros((count, 12, 12), bool)
    figure[:, 2:9, 3:9] = figure[:, 9:, 2:10] = True
    hair, shirt = draw.integers(0, len(WORDS), count), draw.integers(0, len(WORDS), count)
    for place in range(count):
        cells[place] = (90, 90, 92)
        cells[place, 4:9, 3:9] = (240, 210, 70)  # skin as yellow as some hair
        cells[place, HAIR, 3:9] = COLORS[WORDS[hair[place]]] if place >= hats else COLORS[WORDS[draw.integers(0, len(WORDS))]]
        cells[place, SHIRT, 2:10] = COLORS[WORDS[shirt[place]]]
    said = [[ColorPhrase((WORDS[number],)) for number in numbers] for numbers in (hair, shirt)]
    return known_figures(cells, figure), said[0], said[1]


@pytest.fixture(scope="module")
def sprites():
    return drawn()


def test_the_map_is_where_the_claimed_colors_are(sprites):
    figures, hair, shirt = sprites
    found, other = learn_feature_map("hair", figures, hair, color_names()), learn_feature_map("shirt", figures, shirt, color_names())
    assert isinstance(found, FeatureMap)
    assert isinstance(other, FeatureMap)
    assert (found.right, found.of) == (80, 80)
    assert found.heat[HAIR, 3:9].min() > 0.95
    assert found.heat[4:9, 3:9].max() < 0.1, "skin is skin, whatever the hair"
    assert other.heat[HAIR].max() < 0.3
    region = found.read(figures.rgb[5], figures.mask[5])
    assert region is not None
    assert region.rgb == COLORS[hair[5].terms[0]]


def test_hair_and_shirt_of_one_color_are_still_read(sprites):
    figures, hair, shirt = sprites
    found = learn_feature_map("hair", figures, hair, color_names())
    assert isinstance(found, FeatureMap)
    alike = [place for place in range(80) if hair[place] == shirt[place]]
    assert len(alike) > 5
    for place in alike:
        region = found.read(figures.noisy_rgb[place], figures.noisy_mask[place])
        assert region is not None
        assert region.cells[HAIR, 3:9].mean() > 0.9


def test_codes_teach_as_words_do(sprites):
    figures, hair, _ = sprites
    found = learn_feature_map("hair", figures, [COLORS[claim.terms[0]] for claim in hair], color_names())
    assert isinstance(found, FeatureMap)
    assert found.right == 80


def test_a_tenth_of_wrong_captions_moves_nothing():
    figures, hair, shirt = drawn(240)
    wrong = [said if place % 20 else other for place, (said, other) in enumerate(zip(hair, shirt, strict=True))]
    found = learn_feature_map("hair", figures, wrong, color_names())
    assert isinstance(found, FeatureMap)
    assert found.heat[HAIR, 3:9].min() > 3 * found.heat[SHIRT, 2:10].max()


@pytest.mark.parametrize("share", ["a third", "all"])
def test_captions_that_are_often_wrong_give_no_map(sprites, share):
    figures, hair, _ = sprites
    mixed = [hair[number] for number in np.random.default_rng(1).permutation(len(hair))]
    said = [mixed[place] if share == "all" or place % 3 == 0 else claim for place, claim in enumerate(hair)]
    found = learn_feature_map("hair", figures, said, color_names())
    assert isinstance(found, Unlearned)
    assert "of unseen training images" in found.reason


def test_one_color_for_all_teaches_nothing(sprites):
    figures, _, _ = sprites
    assert isinstance(learn_feature_map("hair", figures, [ColorPhrase(("brown",))] * 80, color_names()), Unlearned)


def test_claims_so_alike_that_any_other_would_do_teach_nothing(sprites):
    figures, _, _ = sprites
    alike = [ColorPhrase(("tan",)) if place % 2 else ColorPhrase(("brown",)) for place in range(80)]
    found = learn_feature_map("skin", figures, alike, color_names())
    assert isinstance(found, Unlearned)


def test_too_few_claims_are_refused_with_how_many_it_takes(sprites):
    figures, hair, _ = sprites
    found = learn_feature_map("hair", figures, [*hair[:34], *[None] * 46], color_names())
    assert isinstance(found, Unlearned)
    assert "only 34 of 80 captions" in found.reason
    assert "at least 35" in found.reason


def test_a_word_of_something_that_covers_the_feature_is_found():
    figures, hair, _ = drawn(120, hats=20)
    words = [frozenset({"lad", "hat"} if place < 20 else {"lad", "smiling"} if place % 2 else {"lad"}) for place in range(120)]
    found = learn_feature_map("hair", figures, hair, color_names(), words)
    assert isinstance(found, FeatureMap)
    assert found.covered_by == ("hat",)
    assert found.of == 100
    assert found.right == 100


def test_cells_of_a_color_belong_to_the_feature_that_lies_there(sprites):
    figures, hair, shirt = sprites
    maps = {
        "hair": learn_feature_map("hair", figures, hair, color_names()),
        "shirt": learn_feature_map("shirt", figures, shirt, color_names()),
    }
    cells = np.zeros((12, 12), bool)
    assert owner(cells, maps) is None
    cells[HAIR, 3:9] = True
    assert owner(cells, maps) == "hair"
    cells[:] = False
    cells[5:7, 3:9] = True
    assert owner(cells, maps) is None, "skin is neither"


def test_a_picture_without_a_figure_has_no_region(sprites):
    figures, hair, _ = sprites
    found = learn_feature_map("hair", figures, hair, color_names())
    assert isinstance(found, FeatureMap)
    assert found.read(figures.rgb[0], np.zeros((12, 12), bool)) is None
