"""Runs for a better result, and screens, on truths that are known."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest

from lorascope.analysis.proposals.gains import expected_best, expected_bests
from lorascope.analysis.proposals.improving import FAR, changed, improving
from lorascope.analysis.proposals.next_runs import Question, with_gains
from lorascope.analysis.proposals.run_model import fit
from lorascope.analysis.proposals.screens import halves, screen, screen_under_way
from lorascope.analysis.proposals.standing import standing_of
from lorascope.analysis.proposals.steps import can_be_set
from lorascope.analysis.proposals.usual_values import LADDERS, USUAL, bold, neighbors
from lorascope.parameters.catalogue import find, known
from lorascope.records.run import ParameterValue
from simulated_histories import METRIC, tried

BASE: Mapping[str, ParameterValue] = {
    "network_dim": 32, "network_alpha": 16.0, "unet_lr": 1e-4, "text_encoder_lr": 5e-5, "keep_tokens": 1, "shuffle_caption": True,
    "max_train_epochs": 10, "train_batch_size": 4, "lr_scheduler": "cosine", "caption_dropout_rate": 0.0, "noise_offset": 0.0,
    "network_dropout": 0.0, "flip_aug": False, "min_snr_gamma": 5.0,
}  # fmt: skip


def question_of(*rows: tuple[float, Mapping[str, ParameterValue]]) -> Question:
    history = tried([(value, {**BASE, **changed}) for value, changed in rows])
    standing = standing_of(history, METRIC)
    assert standing.incumbent is not None
    return Question(standing, standing.incumbent, None, tuple(past.settings for past in history.runs))


def test_the_first_runs_change_much_and_what_was_changed_least() -> None:
    question = question_of((50.0, {"seed": 1}), (50.5, {"seed": 2}))
    found = improving(question, 5, None, 0)
    assert [one.kind for one in found] == ["wide"] * 5
    moved = [name for one in found for name in one.change]
    assert all(len(changed(BASE, one.settings, USUAL)) >= FAR for one in found)
    assert len(set(moved)) >= 14  # every setting has its turn before any has its third


def test_after_the_wide_runs_it_goes_where_the_gain_is() -> None:
    rng = np.random.default_rng(4)
    rows: list[tuple[float, Mapping[str, ParameterValue]]] = [(50.0, {"seed": 1}), (50.3, {"seed": 2})]
    for number in range(24):
        dim = (8, 16, 32, 64)[number % 4]
        others = {"keep_tokens": number % 3, "flip_aug": number % 5 > 2, "noise_offset": (0.0, 0.05)[number % 2], "min_snr_gamma": 1.0}
        rows.append((50.0 + 10 * (dim == 64) + float(rng.normal()), {"network_dim": dim, "network_alpha": dim / 2, **others}))
    question = question_of(*rows)
    assert question.base.settings["network_dim"] == 64
    found = improving(question, 3, 2, 0)
    assert [one.kind for one in found] == ["improve"] * 3
    assert all(len(set(one.change) - {"network_alpha"}) <= 2 for one in found)
    assert all("network_dim" not in one.change for one in found)


def test_the_same_question_and_seed_give_the_same_runs() -> None:
    question = question_of((50.0, {"seed": 1}), (50.5, {"seed": 2}), (52.0, {"network_dim": 64}))
    assert [one.change for one in improving(question, 10, None, 3)] == [one.change for one in improving(question, 10, None, 3)]


def test_nothing_is_known_of_what_no_run_has_varied() -> None:
    question = question_of((50.0, {"seed": 1}), (50.0 + 1e-4, {"seed": 2}), (50.0 - 1e-4, {"seed": 3}), (50.0, {"seed": 4}))
    (candidate, *_) = with_gains(question, screen(question))
    assert candidate.rests_on == 0
    assert candidate.spread is not None
    low, high = candidate.spread.interval()
    assert high - low > 2  # the assumed noise is 2: a few runs that happen to agree do not say that nothing can happen


def test_equal_outcomes_up_to_rounding_are_equal() -> None:
    runs = [{**BASE, "network_dim": dim} for dim in (8, 16, 32, 64)]
    assert fit(runs, [0.5, 0.5 + 1e-9, 0.5, 0.5 - 1e-9]) is None


def test_a_run_that_was_borne_out_comes_before_one_that_was_lucky_once() -> None:
    steady = [(53.0 + (-1) ** seed, {"flip_aug": True, "seed": seed}) for seed in range(6)]
    rest = [(50.0 + (number % 3), {"keep_tokens": number % 4, "noise_offset": 0.05, "seed": number}) for number in range(8)]
    question = question_of(*steady, *rest, (53.4, {"network_dropout": 0.1}))
    assert question.base.settings["flip_aug"] is True


def test_many_differences_at_once_are_those_one_by_one() -> None:
    rng = np.random.default_rng(5)
    seen = [{**BASE, "network_dim": int(rng.choice([8, 16, 32])), "keep_tokens": int(rng.integers(4))} for _ in range(15)]
    asked = [{**BASE, "network_dim": 64}, {**BASE, "keep_tokens": 3}, dict(BASE)]
    model = fit(seen, list(rng.normal(50, 2, 15)), [*asked, *seen])
    assert model is not None
    spreads = model.gains(asked, BASE)
    together = expected_bests(*model.differences(asked, BASE), "higher")
    assert together == pytest.approx([expected_best(spread, "higher") for spread in spreads])
    true = model.true_values([*asked, BASE])
    assert [spread.mean for spread in spreads] == pytest.approx([value - true[-1] for value in true[:-1]])
    assert spreads[2].sd == pytest.approx(0, abs=1e-3)


def test_a_screen_that_was_begun_is_continued_whatever_came_out() -> None:
    first = question_of((50.0, {"seed": 1}), (50.5, {"seed": 2}))
    rows = screen(first)
    made = [(60.0 + number, row.change) for number, row in enumerate(rows[:5])]
    later = question_of((50.0, {"seed": 1}), (50.5, {"seed": 2}), *made)
    assert later.base.settings != first.base.settings  # the incumbent is another by now
    screened, count = screen_under_way(later)
    assert count == 5
    assert [row.change for row in screen(screened)][:11] == [row.change for row in rows][:11]


def test_halves_change_every_setting_about_equally_often() -> None:
    question = question_of((50.0, {"seed": 1}), (50.5, {"seed": 2}))
    found = halves(question, 200)
    counts = [sum(name in one.change for one in found) for name in {name for one in found for name in one.change}]
    assert 70 <= min(counts) <= max(counts) <= 130


@pytest.mark.parametrize(
    ("name", "base"),
    [
        ("prior_loss_weight", {"prior_loss_weight": 1.0}),
        ("keep_tokens", {"keep_tokens": 1, "shuffle_caption": False}),
        ("shuffle_caption", {"keep_tokens": 1, "shuffle_caption": True}),
        ("random_crop", {"cache_latents": True}),
        ("lr_scheduler_num_cycles", {"lr_scheduler": "cosine"}),
    ],
)
def test_what_would_change_nothing_is_never_proposed(name: str, base: Mapping[str, ParameterValue]) -> None:
    assert not can_be_set(name, base)


def test_usual_values_are_what_the_catalogue_takes() -> None:
    assert "clip_skip" not in USUAL
    assert "prior_loss_weight" not in USUAL
    for name, rungs in LADDERS.items():
        assert known(name)
        assert [find(name).parse(value) for value in rungs] == list(rungs)
        assert all(bold(name, value) not in {None, value} and value not in neighbors(name, value) for value in rungs)
