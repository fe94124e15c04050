"""A race asks for pictures where they can change the choice; what it leaves out must not make the choice worse than it says."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.evaluation.metric import Direction
from lorascope.evaluation.racing import RaceRules, Round, Stop, plan, race
from lorascope.records.sample import Score

RULES = RaceRules("m", Direction.HIGHER)


class Track:
    """Scores by epoch, prompt and seed with a known truth; remembers what was asked."""

    def __init__(self, truth, noise=0.1, seed=0):
        self.truth, self.noise, self.seed, self.asked = truth, noise, seed, []

    def draw(self, epochs, each):
        self.asked.append((tuple(epochs), each))
        return [
            Score("r", epoch, prompt, each.seed, "m", self._value(epoch, prompt, each.seed)) for epoch in epochs for prompt in each.prompts
        ]

    def _value(self, epoch, prompt, seed):
        level = np.random.default_rng([self.seed, int(prompt[1:])]).normal(0, 0.3)
        return self.truth[epoch - 1] + level + np.random.default_rng([self.seed, epoch, int(prompt[1:]), seed]).normal(0, self.noise)


def prompts(count):
    return [f"p{number}" for number in range(count)]


def test_a_clear_winner_ends_the_race_after_one_round():
    rounds, _ = plan(prompts(32), (1, 2))
    found = race((1, 2, 3, 4), rounds, Track([0, 0, 2, 0]).draw, RULES)
    assert (found.stop, found.choice.best.epoch, found.images) == (Stop.DECIDED, 3, 32)


def test_only_those_that_may_be_the_best_draw_more():
    rounds, _ = plan(prompts(32), (1,))
    track = Track([0, 0, 0, 0, 1.0, 1.06], noise=0.25)
    found = race(range(1, 7), rounds, track.draw, RULES)
    assert track.asked[0][0] == (1, 2, 3, 4, 5, 6)
    assert track.asked[1][0] == (5, 6)
    assert found.images == 48 + 2 * 8 * (len(found.rounds) - 1)


def test_equal_checkpoints_end_as_good_enough_or_out_of_reach_and_none_is_called():
    rounds, _ = plan(prompts(64), (1, 2))
    found = race((1, 2, 3), rounds, Track([5, 5, 5], noise=0.1).draw, RULES)
    assert found.stop in {Stop.GOOD_ENOUGH, Stop.OUT_OF_REACH}
    assert found.images < found.full_images


def test_the_budget_is_never_exceeded():
    rounds, _ = plan(prompts(32), (1, 2))
    found = race((1, 2, 3), rounds, Track([0, 0.3, 0.32], noise=0.3).draw, RaceRules("m", Direction.HIGHER, max_images=30))
    assert found.images == 24
    assert found.stop is Stop.BUDGET


def test_one_prompt_and_one_seed_choose_nothing():
    found = race((1, 2), [Round(("p1",), 1)], Track([0, 9]).draw, RULES)
    assert (found.stop, found.choice) == (Stop.EXHAUSTED, None)


def test_nothing_measurable_chooses_nothing():
    rounds, _ = plan(prompts(8), (1,))
    found = race((1, 2), rounds, lambda epochs, each: [Score("r", e, p, 1, "m", None) for e in epochs for p in each.prompts], RULES)
    assert (found.choice, found.stop) == (None, Stop.EXHAUSTED)


def test_prompts_come_before_seeds_and_a_quarter_of_a_large_suite_is_held_back():
    rounds, held = plan(prompts(20), (7, 8))
    assert [(len(each.prompts), each.seed) for each in rounds] == [(8, 7), (7, 7), (15, 8)]
    assert len(held) == 5
    assert not set(held) & {prompt for each in rounds for prompt in each.prompts}
    assert plan(prompts(8), (1,))[1] == ()
    assert plan(prompts(20), (7, 8)) == plan(prompts(20)[::-1], (7, 8)), "the order of the suite does not matter"


def test_a_race_without_checkpoints_is_refused():
    with pytest.raises(ValueError, match="needs checkpoints"):
        race((), [Round(("p1",), 1)], Track([0]).draw, RULES)


@pytest.mark.slow
def test_racing_saves_pictures_and_its_choice_is_hardly_worse():
    """60 series of 10 checkpoints, 64 prompts x 1: 2/3 of the pictures at most, and a loss against drawing all within 2 % of the level."""
    shares, lost, fresh = [], [], []
    for seed in range(60):
        truth = 1 + np.random.default_rng(seed).normal(0, 0.07, 10)
        rounds, held = plan(prompts(64), (1,))
        track = Track(truth, noise=0.23, seed=seed)
        found = race(range(1, 11), rounds, track.draw, RULES)
        winner = found.choice.leader.epoch
        shares.append(found.images / found.full_images)
        full = np.mean([[track._value(e, p, 1) for each in rounds for p in each.prompts] for e in range(1, 11)], axis=1).argmax()
        lost.append(truth[full] - truth[winner - 1])
        fresh.append(
            np.mean([track._value(winner, p, 1) - np.random.default_rng([seed, int(p[1:])]).normal(0, 0.3) for p in held])
            - truth[winner - 1]
        )
    assert np.mean(shares) <= 0.67
    assert np.mean(lost) <= 0.02
    assert abs(np.mean(fresh)) <= 3 * 0.23 / np.sqrt(60 * 16), "fresh prompts do not flatter the winner"
