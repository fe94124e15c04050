"""The learned trait check: it finds what is there, says only what it may, and refuses to exist on too little."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.metric import NotMeasurable, Picture
from lorascope.evaluation.metrics.trait_accuracy import measure
from lorascope.evaluation.training_set import TrainingSet
from lorascope.evaluation.traits import Answer, Ground, Presence, TraitCheck, enough, learn_trait
from lorascope.pixels.figure import Likeness, Unlearned, figure_lab, known_figures
from lorascope.records.prompt import Prompt, Trait

FACE = (225, 180, 140)
SHADES = (20, 20, 24)


def lad(draw, *, shades, side=12):
    """A lad on a background: face, shirt, and a dark row over the eyes if he wears shades."""
    background, shirt = draw.integers(60, 256, 3), draw.integers(60, 256, 3)
    pixels = np.empty((side, side, 3), np.uint8)
    pixels[:] = background
    pixels[3:9, 3:9] = FACE
    pixels[9:, 2:10] = shirt
    pixels[5, 4] = pixels[5, 7] = (40, 60, 160)
    if shades:
        pixels[5, 3:9] = SHADES
    figure = np.zeros((side, side), bool)
    figure[3:9, 3:9] = figure[9:, 2:10] = True
    return pixels, figure


def lads(count, with_shades, seed=0):
    draw = np.random.default_rng(seed)
    said = np.arange(count) < with_shades
    drawn = [lad(draw, shades=bool(shades)) for shades in said]
    return np.stack([pixels for pixels, _ in drawn]), np.stack([figure for _, figure in drawn]), said


@pytest.fixture(scope="module")
def learned():
    cells, figure, said = lads(120, 50)
    figures = known_figures(cells, figure)
    return figures, learn_trait("sunglasses", Ground.of(figures), said)


def test_what_is_plainly_there_is_said_both_ways(learned):
    _, check = learned
    assert isinstance(check, TraitCheck)
    assert (check.present.right, check.present.of, check.present.wrong, check.present.others) == (50, 50, 0, 70)
    assert (check.absent.right, check.absent.wrong) == (70, 0)
    cells, figure, said = lads(20, 10, seed=7)
    seen = [check.judge(figure_lab(one, mask), mask).presence for one, mask in zip(cells, figure, strict=True)]
    assert seen == [Presence.PRESENT if with_shades else Presence.ABSENT for with_shades in said]


def test_labels_that_say_nothing_of_the_pictures_give_no_answers():
    cells, figure, said = lads(120, 50)
    check = learn_trait("sunglasses", Ground.of_cells(cells, figure), np.random.default_rng(3).permutation(said))
    assert isinstance(check, TraitCheck)
    assert "sunglasses: present would be right too seldom" in check.refusal(Presence.PRESENT)
    assert "0.9 needed" in check.refusal(Presence.ABSENT)


def test_wrong_labels_lower_what_may_be_said():
    cells, figure, said = lads(120, 50)
    said[::5] = ~said[::5]
    check = learn_trait("sunglasses", Ground.of_cells(cells, figure), said)
    assert isinstance(check, TraitCheck)
    assert check.present.wrong + (check.present.of - check.present.right) >= 20, "24 labels are wrong"
    assert check.refusal(Presence.PRESENT)


def test_pictures_like_the_training_images_are_judged(learned):
    figures, _ = learned
    likeness = Likeness.of(figures)
    cells, figure, _ = lads(60, 30, seed=8)
    near = [likeness.distance(figure_lab(one, mask)) <= likeness.limit for one, mask in zip(cells, figure, strict=True)]
    assert np.mean(near) > 0.9


def test_the_same_images_give_the_same_check_to_the_byte(learned):
    figures, check = learned
    again = learn_trait("sunglasses", Ground.of(figures), np.arange(120) < 50)
    assert isinstance(again, TraitCheck)
    assert again.line.weights.tobytes() == check.line.weights.tobytes()
    assert (again.present, again.absent) == (check.present, check.absent)


@pytest.mark.parametrize(
    ("positives", "said"), [(9, "only 9 of 120"), (0, "only 0 of 120"), (115, "only 5 training images are without it")]
)
def test_too_few_of_a_kind_and_there_is_no_check_but_what_it_would_take(positives, said):
    cells, figure, _ = lads(120, 50)
    check = learn_trait("hat", Ground.of_cells(cells, figure), np.arange(120) < positives)
    assert isinstance(check, Unlearned)
    assert said in check.reason
    assert "at least 10" in check.reason


def test_a_rare_thing_is_not_said_to_be_absent_because_it_is_rare():
    always_absent = Answer(threshold=0.0, right=190, of=190, wrong=10, others=10)
    assert always_absent.precision is not None
    assert always_absent.precision.low > 0.9, "in the training set's mixture it looks good"
    assert always_absent.even_odds_low < 0.6, "where the thing is there as often as not it is a coin"


def test_so_many_pictures_are_enough_and_one_fewer_is_not():
    for others in (40, 170, 1000):
        count = enough(others)
        assert Answer(0.0, others, others, 0, count).even_odds_low >= 0.9
        assert Answer(0.0, others, others, 0, count - 1).even_odds_low < 0.9


def asked(pixels, training, *traits):
    return measure(Picture(pixels, Prompt("lad", "a lad", traits=traits), training))


@pytest.fixture(scope="module")
def training(learned):
    figures, check = learned
    nothing = np.zeros((0, 3), np.uint8)
    names = tuple(f"{number}.png" for number in range(len(figures)))
    return TrainingSet(
        12, nothing, np.zeros(0), figures.rgb, names, likeness=Likeness.of(figures),
        traits={"sunglasses": check, "hat": Unlearned("hat: only 3 of 120 training images are labeled with it")},
    )  # fmt: skip


def test_the_share_of_asked_things_that_are_confirmed_with_what_was_measured(training):
    with_shades, _ = lad(np.random.default_rng(9), shades=True)
    found = asked(with_shades, training, Trait("sunglasses"))
    assert found.value == 1
    assert found.extra["traits"]["sunglasses"]["seen"] == "present"
    assert found.extra["traits"]["sunglasses"]["measured"]["right"] == 50
    assert asked(with_shades, training, Trait("sunglasses", present=False)).value == 0
    both = asked(with_shades, training, Trait("sunglasses"), Trait("hat"))
    assert both.value == 1
    assert "only 3 of 120" in both.extra["undecided"][0]


def test_what_cannot_be_decided_is_null_with_the_reason(training):
    with_shades, _ = lad(np.random.default_rng(9), shades=True)
    assert asked(with_shades, training) == NotMeasurable("the prompt neither asks for a thing nor forbids one")
    assert "only 3 of 120" in asked(with_shades, training, Trait("hat")).reason
    assert "no training image is labeled" in asked(with_shades, training, Trait("cape")).reason
    assert "nothing was learned" in asked(with_shades, None, Trait("hat")).reason


def test_a_picture_unlike_all_training_images_is_not_judged(training):
    draw = np.random.default_rng(5)
    upside_down = lad(draw, shades=True)[0][::-1]
    elsewhere = np.roll(lad(draw, shades=True)[0], 3, axis=1)
    other_size = lad(draw, shades=True, side=14)[0]
    inverted = 255 - lad(draw, shades=True)[0]
    assert "unlike every training image" in asked(inverted, training, Trait("sunglasses")).reason
    assert "12 x 12 cells" in asked(other_size, training, Trait("sunglasses")).reason
    noise = (draw.integers(0, 256, (12, 12, 3), np.uint8), draw.integers(0, 256, (512, 512, 3), np.uint8))
    for nonsense in (upside_down, elsewhere, *noise):
        assert isinstance(asked(nonsense, training, Trait("sunglasses")), NotMeasurable)
