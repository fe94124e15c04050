"""Every cause of the catalogue, whoever adds it: known by one id, explained in words, visible somewhere, and testable."""

from __future__ import annotations

import pytest

from lorascope.analysis.explanation.case import build_case
from lorascope.analysis.explanation.causes import CAUSES, NOISE, UNLISTED
from lorascope.analysis.explanation.causes.defects import defect_of
from lorascope.analysis.explanation.causes.quantities import QUANTITIES
from lorascope.analysis.explanation.channels import CHANNELS
from lorascope.analysis.explanation.ranking import INTERCEPTS, WEIGHTS
from lorascope.captions.checks import CHECKS
from lorascope.records.history import History, PastRun
from lorascope.records.run import Run, RunStatus

REQUIRED = (
    "rank_without_alpha lr_too_high lr_too_low too_few_steps too_many_steps keep_tokens_off caption_dropout_high "
    "fp16_overflow noise_offset_high color_aug_on resolution_mismatch te_lr_too_high caption_hex_conflict captions_missing "
    "near_duplicate_images resampled_images dataset_shrunk eval_protocol_changed wrong_file_evaluated unlisted noise_only "
).split()
NOTHING = History((PastRun(Run("alone", "kohya", RunStatus.IMPORTED)),))
each_cause = pytest.mark.parametrize("cause", CAUSES, ids=lambda cause: cause.id)


def test_the_catalogue_has_the_causes_that_everybody_meets_each_once():
    ids = [cause.id for cause in CAUSES]
    assert set(REQUIRED) <= set(ids)
    assert len(ids) == len(set(ids))


@each_cause
def test_a_cause_says_what_it_does_how_it_is_tested_and_where_that_was_read(cause):
    assert cause.title
    assert cause.what
    assert cause.source
    assert cause.test or cause.signs  # a setting can be changed back; everything else needs a test in words


@each_cause
def test_a_cause_can_be_seen_somewhere(cause):
    assert cause.id in {NOISE, UNLISTED} or cause.signs or cause.defects or cause.facts or cause.traces


@each_cause
def test_a_cause_is_read_from_known_quantities_and_has_effects_of_at_most_one_and_a_half(cause):
    assert {sign.quantity for sign in cause.signs} <= set(QUANTITIES)
    assert all(sign.way in {-1, 1} and sign.step > 0 for sign in cause.signs)
    assert all(abs(effect) <= 1.5 for effect in (*cause.effects.values(), *cause.traces.values()))
    assert all(defect_of(defect) == defect for defect in cause.defects)


@pytest.mark.parametrize("channel", CHANNELS, ids=lambda channel: channel.name)
def test_a_channel_says_nothing_or_a_number_where_nothing_is_recorded(channel):
    case = build_case(NOTHING, NOTHING.runs[0])
    for cause in CAUSES:
        assert abs(channel.weigh(case, cause).score) < 10


def test_every_channel_has_a_weight_and_chance_and_the_unlisted_an_intercept():
    assert set(WEIGHTS) == {channel.name for channel in CHANNELS}
    assert set(INTERCEPTS) == {NOISE, UNLISTED}


@pytest.mark.parametrize(
    ("check", "defect"),
    [("C4", "color_conflict"), ("hex_conflict", "color_conflict"), ("C21", "captions_missing"), ("Missing Captions", "captions_missing"),
     ("near-duplicates", "duplicates"), ("duplicate_color_code", "color_conflict"), ("resampled_images", "resampled"), ("typo", None)],
)  # fmt: skip
def test_checks_of_other_tools_are_understood_by_class_and_by_name(check, defect):
    assert defect_of(check) == defect


def test_no_harmless_check_of_ours_speaks_of_a_cause():
    harmless = {"typo", "doubled_word", "stray_punctuation", "boilerplate_tail", "encoding", "palette_tail"}
    assert {defect_of(check.name) for check in CHECKS if check.name in harmless} == {None}
