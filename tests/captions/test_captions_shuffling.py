"""What the trainer cuts and shuffles, and the exact chance of each tag to be read."""

from __future__ import annotations

import itertools
import random

import pytest

from lorascope.captions.check import Reader
from lorascope.captions.shuffling import cut_tags, tag_chances, torn
from lorascope.jobs.read_assets import clip_tokenizer

TOKENIZER = clip_tokenizer()
WORDS = (
    "red hat",
    "a",
    "long brown hair (#7e351a)",
    "smile!",
    "eyes (blue)",
    "(#7e351a",
    "#03dc73)",
    "!!",
    ":)",
    "女の子",
    "wow!!!",
    "x_x",
)


def texts_of(tags):
    return [tag.text for tag in tags]


@pytest.mark.parametrize(
    ("text", "reader", "front", "shuffled", "back"),
    [
        ("a, b, c", Reader(keep_tokens=1), ["a"], ["b", "c"], []),
        ("a, hair (#1, #2)", Reader(), [], ["a", "hair (#1", "#2)"], []),
        ("a, b ||| c, d", Reader(keep_tokens=1, keep_tokens_separator="|||"), ["a", "b"], ["c", "d"], []),
        ("a ||| b, ||| c", Reader(keep_tokens_separator="|||"), ["a"], ["b"], ["c"]),
        ("a, b ||| c", Reader(keep_tokens=1), ["a"], ["b ||| c"], []),
        ("a; b, c", Reader(separator=";"), [], ["a", "b, c"], []),
        ("a, b\nc, d", Reader(), [], ["a", "b"], []),
        ("a,, b,", Reader(), [], ["a", "", "b", ""], []),
        ("a, b", Reader(keep_tokens=9), ["a", "b"], [], []),
    ],
)
def test_a_caption_is_cut_as_the_trainer_cuts_it(text, reader, front, shuffled, back):
    tags = cut_tags(text, reader)
    assert (texts_of(tags.front), texts_of(tags.shuffled), texts_of(tags.back)) == (front, shuffled, back)
    for tag in (*tags.front, *tags.shuffled, *tags.back):
        assert text[tag.start : tag.end] == tag.text


def by_all_orders(text, reader, dropout):
    """The chance of each tag, by going through every order and every choice of dropped tags."""
    tags = cut_tags(text, reader)
    chances = dict.fromkeys((*tags.front, *tags.shuffled, *tags.back), 0.0)
    orders = list(itertools.permutations(tags.shuffled))
    for order in orders:
        for kept in itertools.product([True, False] if dropout else [True], repeat=len(order)):
            left = [tag for tag, is_kept in zip(order, kept, strict=True) if is_kept]
            weight = dropout ** (len(order) - len(left)) * (1 - dropout) ** len(left) / len(orders)
            add_read(chances, [*tags.front, *left, *tags.back], reader, weight)
    return chances


def add_read(chances, sequence, reader, weight):
    spans, at = TOKENIZER.token_spans(", ".join(tag.text for tag in sequence)), 0
    for tag in sequence:
        chances[tag] += weight * (sum(span.start < at + len(tag.text) for span in spans) <= reader.window_tokens)
        at += len(tag.text) + 2


@pytest.mark.parametrize("seed", range(60))
def test_chances_equal_those_over_all_orders(seed):
    rng = random.Random(seed)
    text = ", ".join(rng.sample(WORDS, rng.randint(1, 5)))
    text = text.replace(", ", " ||| ", rng.randint(0, 2))
    reader = Reader(
        shuffles=True, window_tokens=rng.randint(1, 25), keep_tokens=rng.randint(0, 2), keep_tokens_separator=rng.choice(["", "|||"])
    )
    for dropout in (0.0, 0.3):
        expected = by_all_orders(text, reader, dropout)
        for found in tag_chances(text, reader, TOKENIZER, tag_dropout=dropout):
            assert found.chance == pytest.approx(expected[found.tag], abs=1e-9)


def test_chances_of_many_tags_agree_with_a_simulation():
    rng = random.Random(1)
    text = ", ".join(
        f"{words} {number}" for number, words in enumerate(rng.choices(["red", "a b", "long hair", "looking at viewer"], k=40))
    )
    reader, tags = Reader(shuffles=True, keep_tokens=2), cut_tags(text, Reader(keep_tokens=2))
    seen, orders = dict.fromkeys((*tags.front, *tags.shuffled), 0.0), 400
    for _ in range(orders):
        add_read(seen, [*tags.front, *rng.sample(tags.shuffled, len(tags.shuffled))], reader, 1 / orders)
    for found in tag_chances(text, reader, TOKENIZER):
        assert found.chance == pytest.approx(seen[found.tag], abs=0.12)


def test_a_caption_that_fits_is_always_read():
    found = tag_chances("a, red hat, smiling", Reader(shuffles=True), TOKENIZER)
    assert [one.chance for one in found] == pytest.approx([1.0, 1.0, 1.0])


def test_without_shuffling_a_tag_is_read_or_not():
    found = tag_chances("a, red hat, smiling", Reader(window_tokens=4), TOKENIZER)
    assert [one.chance for one in found] == [1.0, 1.0, 0.0]
    assert not any(one.shuffled for one in found)


def test_kept_tags_are_safe_and_longer_tags_fare_worse():
    text = "bespoke, " + ", ".join(["red hat"] * 20 + ["a very long tag with many words in it"] * 5)
    found = tag_chances(text, Reader(shuffles=True, keep_tokens=1), TOKENIZER)
    assert found[0].chance == 1.0
    assert found[-1].chance < found[1].chance < 1.0


@pytest.mark.parametrize("count", [129, 2000])
def test_any_number_of_tags_is_answered(count):
    found = tag_chances(", ".join(["red hat", "a", "long brown hair"] * (count // 3)), Reader(shuffles=True), TOKENIZER)
    mean_read = sum(one.chance * (one.tokens + 1) for one in found)
    assert 70 < mean_read <= 76


@pytest.mark.parametrize(
    ("text", "reader", "expected"),
    [
        ("lad, hair (#a, #b), (c), (d, e), :)", Reader(shuffles=True), ["(#a, #b)", "(d, e)"]),
        ("lad, hair (#a, #b), (d, e)", Reader(shuffles=True, keep_tokens=3), ["(d, e)"]),
        ("lad, hair (#a, #b)", Reader(), []),
        ("lad, hair (#a; #b)", Reader(shuffles=True, separator=";"), ["(#a; #b)"]),
        ("(a, b) ||| c (d, e)", Reader(shuffles=True, keep_tokens_separator="|||"), ["(d, e)"]),
        (r"a \(b, c\), d (e", Reader(shuffles=True), []),
    ],
)
def test_parentheses_that_shuffling_tears(text, reader, expected):
    assert [text[start:end] for start, end in torn(text, reader)] == expected
