"""What the text encoder is shown of a caption."""

from __future__ import annotations

import random

from lorascope.backends.shown_caption import CaptionRules

CAPTION = "bespoke, red hair, blue eyes, green background"


def shown(rules: CaptionRules, seed: int = 1, epoch: int = 1, caption: str = CAPTION) -> str:
    return rules.shown(caption, epoch, random.Random(seed))


def test_without_rules_a_caption_is_shown_as_it_is():
    assert shown(CaptionRules()) == CAPTION


def test_kept_tags_stay_in_front_and_the_others_move():
    several = {shown(CaptionRules(shuffle_caption=True, keep_tokens=1), seed) for seed in range(20)}
    assert len(several) > 3
    assert all(text.startswith("bespoke, ") for text in several)
    assert all(sorted(text.split(", ")) == sorted(CAPTION.split(", ")) for text in several)


def test_shuffling_never_drops_a_tag_but_tag_dropout_does_except_the_kept_ones():
    texts = [shown(CaptionRules(keep_tokens=2, caption_tag_dropout_rate=0.5), seed) for seed in range(200)]
    assert all(text.startswith("bespoke, red hair") for text in texts)
    dropped = sum("blue eyes" not in text for text in texts)
    assert 70 < dropped < 130


def test_caption_dropout_ignores_keep_tokens():
    texts = [shown(CaptionRules(keep_tokens=4, caption_dropout_rate=0.3), seed) for seed in range(500)]
    empty = sum(not text for text in texts)
    assert 110 < empty < 190


def test_every_nth_epoch_is_shown_without_captions():
    rules = CaptionRules(caption_dropout_every_n_epochs=3)
    assert [bool(shown(rules, epoch=epoch)) for epoch in range(1, 7)] == [True, True, False, True, True, False]


def test_only_the_first_line_counts():
    assert shown(CaptionRules(), caption="first line\nsecond line") == "first line"


def test_a_keep_tokens_separator_overrules_the_count():
    rules = CaptionRules(shuffle_caption=True, keep_tokens=0, keep_tokens_separator="|||")
    texts = {shown(rules, seed, caption="bespoke, lady ||| red hair, blue eyes, hat") for seed in range(20)}
    assert all(text.startswith("bespoke, lady, ") for text in texts)


def test_tags_behind_a_second_separator_stay_at_the_end():
    rules = CaptionRules(shuffle_caption=True, keep_tokens_separator="|||", caption_tag_dropout_rate=0.5)
    texts = {shown(rules, seed, caption="bespoke ||| red hair, blue eyes, hat ||| pixel art, sprite") for seed in range(20)}
    assert len(texts) > 3
    assert all(text.startswith("bespoke") and text.endswith(", pixel art, sprite") and "|" not in text for text in texts)


def test_an_empty_tag_counts_among_the_kept_ones_as_it_does_for_the_trainer():
    rules = CaptionRules(shuffle_caption=True, keep_tokens=2)
    assert {shown(rules, seed, caption="bespoke,, red hair, hat") for seed in range(20)} == {
        "bespoke, , red hair, hat", "bespoke, , hat, red hair"
    }  # fmt: skip


def test_prefix_and_suffix_are_joined_with_spaces():
    assert shown(CaptionRules(caption_prefix="photo of", caption_suffix="at night"), caption="a cat") == "photo of a cat at night"
