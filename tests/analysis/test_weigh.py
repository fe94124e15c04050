from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ttest_ind

from lorascope.analysis.ledger.arms import Block, find_arms, on_side
from lorascope.analysis.ledger.weigh import RunNoise, weigh, weigh_level
from lorascope.records.history import PastRun
from lorascope.records.run import Run, RunStatus

CHANGE = {"keep_tokens": (1, 3)}
KNOWN = RunNoise(0.01, 4.0)


def run(name, **settings):
    return PastRun(Run(name, "toy", RunStatus.FINISHED), settings)


def cells(*means, images=1):
    return {f"p{at}": (mean, images) for at, mean in enumerate(means)}


def weighed(before, after, *, sign=1, threshold=0.0, noise=KNOWN, yes_or_no=False):
    """Lists of runs' cells on either side, as one block."""
    names = [[f"{side}{at}" for at in range(len(arm))] for side, arm in (("b", before), ("a", after))]
    block = Block(*(tuple(run(name) for name in arm) for arm in names))
    values = dict(zip(names[0] + names[1], [*before, *after], strict=True))
    return weigh([block], values, sign=sign, threshold=threshold, noise=noise, yes_or_no=yes_or_no)


# which runs


def test_the_arms_are_runs_that_differ_in_the_change_and_the_seed_only():
    runs = [run("a", keep_tokens=1, lr=1e-4, seed=1), run("b", keep_tokens=3, lr=1e-4, seed=2), run("c", keep_tokens=3, lr=5e-5)]
    arms = find_arms(runs, CHANGE)
    assert [([p.name for p in block.before], [p.name for p in block.after]) for block in arms.blocks] == [(["a"], ["b"])]


def test_what_else_differs_is_named():
    arms = find_arms([run("a", keep_tokens=1, lr=1e-4, dim=8), run("b", keep_tokens=3, lr=5e-5, dim=8, optimizer="Lion")], CHANGE)
    assert arms.blocks == ()
    assert arms.confounded == ("lr", "optimizer (recorded in one only)")
    assert arms.obstacles[0].startswith("confounded: a and b also differ in lr, optimizer (recorded in one only)")


def test_the_nearest_pair_is_named_when_none_matches():
    runs = [run("far", keep_tokens=1, lr=1, dim=1), run("near", keep_tokens=1, lr=1, dim=2), run("after", keep_tokens=3, lr=2, dim=2)]
    assert find_arms(runs, CHANGE).confounded == ("lr",)


@pytest.mark.parametrize(
    ("runs", "reason"),
    [
        ([run("a", keep_tokens=1)], "no measured run has keep_tokens = 3"),
        ([run("a", lr=1)], "no measured run says its keep_tokens"),
        ([], "no measured run says its keep_tokens"),
    ],
)
def test_a_missing_arm_is_said(runs, reason):
    assert find_arms(runs, CHANGE).obstacles == (reason,)


def test_values_match_as_numbers_ranges_and_truths():
    assert on_side(run("a", num_images=350), {"num_images": (203, ">= 300")}, 1)
    assert not on_side(run("a", num_images=203), {"num_images": (203, ">= 300")}, 1)
    assert on_side(run("a", lr=0.1 + 0.2), {"lr": (0.3, 1)}, 0)
    assert not on_side(run("a", flip=1), {"flip": (True, False)}, 0)
    assert on_side(run("a"), {"flip": (None, True)}, 0)


# what they say


def test_with_replicates_the_unit_is_the_training():
    before, after = [cells(0.5, 0.6), cells(0.52, 0.62), cells(0.55, 0.61)], [cells(0.7, 0.8), cells(0.74, 0.8), cells(0.76, 0.9)]
    found = weighed(before, after)
    means = [[(c["p0"][0] + c["p1"][0]) / 2 for c in arm] for arm in (before, after)]
    theirs = ttest_ind(means[1], means[0]).confidence_interval()
    assert found.estimate == pytest.approx(np.mean(means[1]) - np.mean(means[0]))
    assert found.high - found.low == pytest.approx(theirs.high - theirs.low, rel=0.35)  # drawn towards the expected noise
    assert (found.n, found.of, found.images, found.prompts, found.obstacles) == (3, "runs", 12, 2, ())
    assert found.bayes_factor > 10


def test_one_training_of_each_and_no_replicates_decides_nothing():
    found = weighed([cells(0.1, 0.2, 0.15, 0.1)], [cells(0.8, 0.9, 0.85, 0.7)], noise=RunNoise())
    assert "one training of each" in found.obstacles[0]
    assert "assume 4 %" in found.notes[0]
    assert found.low < 0.675 < found.high


def test_noise_between_trainings_widens_the_interval():
    quiet = weighed([cells(0.1, 0.2, 0.15, 0.1)], [cells(0.8, 0.9, 0.85, 0.7)], noise=RunNoise(0.001))
    loud = weighed([cells(0.1, 0.2, 0.15, 0.1)], [cells(0.8, 0.9, 0.85, 0.7)], noise=RunNoise(0.3))
    assert quiet.high - quiet.low < loud.high - loud.low
    assert quiet.bayes_factor > loud.bayes_factor
    assert quiet.obstacles == loud.obstacles == ()


def test_a_predicted_fall_is_a_rise_turned_round():
    before, after = [cells(5, 6, 7, 6)], [cells(3, 4, 4, 4)]
    fall = weighed(before, after, sign=-1, noise=RunNoise(0.1))
    rise = weighed(after, before, sign=1, noise=RunNoise(0.1))
    assert fall.bayes_factor == pytest.approx(rise.bayes_factor)
    assert fall.estimate == -rise.estimate
    assert weighed(before, after, sign=1, noise=RunNoise(0.1)).bayes_factor < 0.2


def test_less_than_was_said_counts_against_it():
    before, after = [cells(*[0.5, 0.52, 0.48, 0.5] * 4)], [cells(*[0.61, 0.6, 0.6, 0.59] * 4)]
    assert weighed(before, after, threshold=0.0).bayes_factor > 10
    assert weighed(before, after, threshold=0.3).bayes_factor < 0.1


def test_yes_or_no_answers_are_counted_and_images_of_one_prompt_count_for_less():
    one_each = weighed([cells(*[0.0] * 4 + [1.0] * 4)], [cells(*[1.0] * 8)], yes_or_no=True)
    assert (one_each.n, one_each.of) == (8, "answers")
    assert 10 < one_each.bayes_factor < 19
    alike = weighed([cells(*[0.0] * 4 + [1.0] * 4, images=10)], [cells(*[1.0] * 7, 0.0, images=10)], yes_or_no=True)
    apart = weighed([cells(*[0.5] * 8, images=10)], [cells(*[0.9] * 8, images=10)], yes_or_no=True)
    assert alike.bayes_factor < apart.bayes_factor


def test_all_right_against_all_wrong_has_no_spread_and_still_speaks():
    found = weighed([cells(*[0.0] * 8)], [cells(*[1.0] * 8)], yes_or_no=True)
    assert found.bayes_factor > 100
    assert found.low is not None


def test_several_pairs_in_different_places_are_the_unit():
    blocks = [Block((run(f"b{at}"),), (run(f"a{at}"),)) for at in range(4)]
    values = {f"b{at}": cells(at, at + 1) for at in range(4)} | {f"a{at}": cells(at + 0.9 + at / 20, at + 2) for at in range(4)}
    found = weigh(blocks, values, sign=1, threshold=0, noise=RunNoise(), yes_or_no=False)
    assert (found.n, found.of, found.obstacles) == (4, "pairs of runs", ())


def test_no_shared_prompt_no_comparison():
    found = weighed([{"p": (1.0, 1)}], [{"q": (2.0, 1)}])
    assert "share no prompt" in found.obstacles[0]


def test_single_numbers_are_told_from_measured_ones():
    assert "without the images behind it" in weighed([{"": (301.0, 0)}], [{"": (216.6, 0)}]).obstacles[0]
    assert "one prompt" in weighed([cells(1.0)], [cells(2.0)]).obstacles[0]
    assert "the same on all 3 prompts" in weighed([cells(1, 2, 3)], [cells(2, 3, 4)]).obstacles[0]
    assert "came out the same" in weighed([cells(1, 2)] * 2, [cells(2, 3)] * 2).obstacles[0]
    assert "without the images behind it" in weigh_level({"": (9.0, 0)}, sign=1, threshold=9).obstacles[0]
    assert weigh_level({}, sign=1, threshold=9).estimate is None


def test_a_level_is_held_against_its_threshold():
    high = weigh_level(cells(0.95, 0.97, 0.96, 0.98, 0.96), sign=1, threshold=0.9)
    assert high.bayes_factor > 10
    assert weigh_level(cells(0.95, 0.97, 0.96, 0.98, 0.96), sign=-1, threshold=0.9).bayes_factor < 0.1


@pytest.mark.parametrize("runs", [1, 3])
def test_without_an_effect_a_change_is_hardly_ever_called(runs):
    """Trainings differ by their own noise, prompts by theirs; a factor of 19 is what a verdict takes from even odds."""
    rng = np.random.default_rng(4)
    factors, covered = [], 0
    for _ in range(400):
        prompts = rng.normal(0, 0.3, 12)
        arms = [[cells(*(prompts + rng.normal(0, 0.1) + rng.normal(0, 0.2, 12))) for _ in range(runs)] for _ in range(2)]
        found = weighed(*arms, noise=RunNoise(0.1, 12.0))
        factors.append(found.bayes_factor)
        covered += found.low <= 0 <= found.high
    assert np.mean(np.array(factors) >= 19) <= 0.03
    assert covered / 400 >= 0.93


@pytest.mark.parametrize("run_sd", [0.02, 0.2])
def test_trainings_that_scatter_more_than_is_assumed_do_not_look_surer_than_they_are(run_sd):
    """Two trainings of each, no replicates elsewhere: 4 % of the level is assumed, and 2 or 20 % is the truth."""
    rng = np.random.default_rng(9)
    factors, covered = [], 0
    for _ in range(400):
        prompts = 1 + rng.normal(0, 0.3, 12)
        arms = [[cells(*(prompts + rng.normal(0, run_sd) + rng.normal(0, 0.2, 12))) for _ in range(2)] for _ in range(2)]
        found = weighed(*arms, threshold=0.2, noise=RunNoise())
        factors.append(found.bayes_factor)
        covered += found.low <= 0 <= found.high
    assert np.mean(np.array(factors) >= 19) <= 0.03
    assert covered / 400 >= 0.92


def test_pairs_of_runs_that_all_differ_by_the_same_show_no_spread():
    blocks = [Block((run(f"b{at}"),), (run(f"a{at}"),)) for at in range(3)]
    values = {f"{side}{at}": cells(value) for at in range(3) for side, value in (("b", 0.5), ("a", 1.0))}
    found = weigh(blocks, values, sign=1, threshold=0.1, noise=KNOWN, yes_or_no=False)
    assert (found.bayes_factor, found.low, found.obstacles) == (
        1.0,
        None,
        ("the difference is the same in all 3 pairs of runs: no spread",),
    )


def test_settings_beyond_all_numbers_and_ranges_that_are_none_match_nothing():
    assert not on_side(run("a", size=10**400), {"size": (1, 2)}, 0)
    assert on_side(run("a", size=10**400), {"size": (10**400, 2)}, 0)
    assert not on_side(run("a", size=3), {"size": (1, "> 1.2.3")}, 1)
