"""Surveys that compare captions and pictures with each other: what is alike, what is not, and how long a large dataset takes."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import numpy as np
from caption_pictures import GREEN, RED, entries, entry, sprite
from hypothesis import given
from hypothesis import strategies as st

from lorascope.captions.alike import most_different, nearly_equal
from lorascope.captions.audit import surroundings
from lorascope.captions.checks import duplicate_image, fused_with_trigger, missing_attribute, near_duplicate_captions
from lorascope.captions.sight import see
from lorascope.captions.twins import nearly_same

# Likeness


def jaccard(first, second):
    return len(first & second) / len(first | second)


LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyz")


@given(st.frozensets(LETTERS, min_size=6), st.lists(st.frozensets(LETTERS, max_size=3), max_size=8, unique=True))
def test_no_pair_of_like_sets_is_missed_and_none_is_invented(start, changes):
    sets = [start ^ change for change in changes]
    found = nearly_equal(sets, 0.8).like
    pairs = {(i, j) for i in range(len(sets)) for j in range(len(sets)) if i != j and jaccard(sets[i], sets[j]) >= 0.8}
    assert {(i, j) for i, others in found.items() for j in others} == pairs


def test_how_much_sets_may_differ():
    assert most_different(10, 11, 0.9) == 1
    assert most_different(9, 9, 0.9) == 0
    assert most_different(19, 19, 0.9) == 2


def test_like_captions_beside_the_same_picture_are_not_told_twice(knowledge):
    pixels = sprite(GREEN)
    pair = [entry("bespoke, brown hair", pixels, "1"), entry("bespoke, brown hair", pixels, "2")]
    around = surroundings(pair, knowledge)
    assert list(near_duplicate_captions.survey(pair, around)) == []
    assert [finding.file for finding in duplicate_image.survey(pair, around)] == ["1.txt", "2.txt"]


def test_like_captions_beside_different_pictures_say_how_different(knowledge):
    pair = [entry("bespoke, brown hair", sprite(GREEN), "1"), entry("bespoke, brown hair", sprite(RED), "2")]
    first, second = near_duplicate_captions.survey(pair, surroundings(pair, knowledge))
    assert first.message.startswith("the same caption as 2.txt, whose picture differs in ")
    assert second.evidence["like"] == ["1.txt"]


# Duplicates


def test_the_same_sprite_at_another_size_is_a_duplicate(knowledge):
    pair = [entry("bespoke, hat", sprite(GREEN, side=24), "1"), entry("bespoke, cap", sprite(GREEN, side=576), "2")]
    found = list(duplicate_image.survey(pair, surroundings(pair, knowledge)))
    assert [finding.message for finding in found] == [
        "the same picture as 2.png, cell by cell; their captions differ (2 texts)",
        "the same picture as 1.png, cell by cell; their captions differ (2 texts)",
    ]


def test_two_cells_apart_is_noted_and_three_are_not(knowledge):
    def pair(cells):
        changed = sprite(GREEN)
        changed[0, :cells] = (255, 255, 255)
        both = [entry("bespoke, hat", sprite(GREEN), "1"), entry("bespoke, cap", changed, "2")]
        return list(duplicate_image.survey(both, surroundings(both, knowledge)))

    assert [finding.message for finding in pair(2)] == ["differs from 2.png in 2 of 576 cells", "differs from 1.png in 2 of 576 cells"]
    assert pair(3) == []


def test_different_sprites_before_one_background_are_no_duplicates(knowledge):
    """A perceptual hash of 64 bits would call most of them the same."""
    several = [entry(f"bespoke, {n}", sprite(GREEN, hair=(10 * n, 90, 60), eyes=(5 * n, 0, 200)), str(n)) for n in range(20)]
    assert list(duplicate_image.survey(several, surroundings(several, knowledge))) == []


def test_crowded_pictures_are_capped_and_it_is_said(knowledge):
    pixels = sprite(GREEN)
    several = []
    for n in range(60):
        changed = pixels.copy()
        changed[0, n % 24] = changed[1, n // 24] = (n, 255 - n, 255)
        several.append(entry(f"bespoke, {n}", changed, str(n)))
    found = list(duplicate_image.survey(several, surroundings(several, knowledge)))
    assert found[-1].file == ""
    assert "were not compared" in found[-1].message


def test_nearly_same_pictures_of_different_sizes_are_not_compared():
    small, large = see(sprite(GREEN)), see(np.zeros((40, 40, 3), np.uint8))
    assert nearly_same({0: small, 1: large}, 0.005) == ([], 0)


# A large dataset


def many(count, seed=1):
    chance = random.Random(seed)
    colors, things = ("red", "blue", "green", "brown", "gray"), ("cap", "tie", "scarf", "glasses", "beard", "coat", "boots", "belt")
    return [
        ", ".join(["bespoke", *(f"{chance.choice(colors)} {chance.choice(things)} {chance.randrange(40)}" for _ in range(11))])
        for _ in range(count)
    ]


def test_surveys_of_ten_thousand_captions_take_seconds(knowledge):
    captions = entries(*many(10_000))
    captions.append(entry(captions[0].caption.text + ", tie", name="again"))
    around = surroundings(captions, knowledge)
    began = time.process_time()
    found = list(near_duplicate_captions.survey(captions, around))
    assert {finding.file for finding in found} == {"0.txt", "again.txt"}
    list(fused_with_trigger.survey(captions, around))
    list(missing_attribute.survey(captions, around))
    assert time.process_time() - began < 8


def test_two_thousand_pictures_are_compared_in_a_second_or_two(knowledge):
    noise = np.random.default_rng(0)
    several = [entry("bespoke", noise.integers(0, 256, (24, 24, 3), np.uint8), str(n)) for n in range(100)]
    twins = [replace(several[n % 100], file=f"{n}", image_file=f"{n}.png") for n in range(2000)]
    began = time.process_time()
    assert len(list(duplicate_image.survey(twins, surroundings(several, knowledge)))) == 2000
    assert time.process_time() - began < 5
