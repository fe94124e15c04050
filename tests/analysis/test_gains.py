"""What a run is expected to teach, held against adding up all cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import invgamma, norm

from lorascope.analysis.proposals.gains import Noise, expected_best, improvement, information_bits, replicate_bits
from lorascope.analysis.proposals.run_model import Spread


def _entropy(shares: list[float]) -> float:
    return -sum(share * math.log2(share) for share in shares if share > 0)


def _by_adding_up(members: list[float], changed: set[int], power: float, level: float) -> float:
    """Entropy over which member is the cause (the last: none of them) before, less its expectation after the answer."""
    priors = [*members, 1 - sum(members)]
    expected = 0.0
    for positive in (True, False):
        chances = [power if at in changed else level for at in range(len(priors))]
        joint = [prior * (chance if positive else 1 - chance) for prior, chance in zip(priors, chances, strict=True)]
        total = sum(joint)
        expected += total * _entropy([one / total for one in joint]) if total else 0.0
    return _entropy(priors) - expected


@given(
    st.lists(st.floats(0.01, 1), min_size=1, max_size=6), st.floats(0.3, 1), st.data(), st.floats(0.05, 1), st.sampled_from([0.01, 0.05])
)
def test_information_is_the_entropy_lost_over_which_member_is_the_cause(
    weights: list[float], probability: float, data: st.DataObject, power: float, level: float
) -> None:
    members = [0.999 * probability * weight / sum(weights) for weight in weights]
    changed = data.draw(st.sets(st.integers(0, len(members) - 1)))
    prior = sum(members[at] for at in changed)
    assert information_bits(prior, power, level) == pytest.approx(_by_adding_up(members, changed, power, level), abs=1e-9)


@pytest.mark.parametrize(("prior", "bits"), [(0.85, 0.24), (0.5, 0.48)])
def test_a_test_of_what_is_nearly_certain_teaches_least(prior: float, bits: float) -> None:
    assert information_bits(prior, 0.8) == pytest.approx(bits, abs=0.015)


def test_a_test_without_power_teaches_nothing() -> None:
    assert information_bits(0.5, 0.05) == pytest.approx(0, abs=1e-12)


def test_replicates_teach_less_the_more_there_are() -> None:
    bits = [replicate_bits(df) for df in (0, 1, 2, 5, 20)]
    assert bits == sorted(bits, reverse=True)
    assert bits[0] == bits[1]  # an assumed noise counts as one degree of freedom


def test_replicate_bits_are_the_entropy_of_the_log_variance() -> None:
    def entropy(shape: float) -> float:
        logs = np.linspace(-14, 60, 400_001)
        density = np.exp(invgamma.logpdf(np.exp(logs), shape) + logs)
        return float(-np.trapezoid(density * np.log2(np.maximum(density, 1e-300)), logs))

    assert replicate_bits(4) == pytest.approx(entropy(2.0) - entropy(2.5), abs=1e-3)


def test_power_is_that_of_a_test_of_one_run_against_the_incumbent() -> None:
    rng = np.random.default_rng(1)
    differences = 3 + rng.standard_normal(200_000) - rng.standard_normal(200_000)
    seen = (differences > norm.ppf(0.975) * math.sqrt(2)).mean()
    assert Noise(1.0).power(3.0) == pytest.approx(seen, abs=0.005)
    assert Noise(1.0).power(3.0, incumbents=4) > Noise(1.0).power(3.0)


def test_lower_is_better_turns_a_difference_into_a_gain() -> None:
    spread = Spread(np.array([1.0]), np.array([-2.0]), np.array([1.0]), 30.0)
    gain = improvement(spread, "lower")
    assert gain.estimate == pytest.approx(2.0)
    assert gain.low is not None
    assert gain.high is not None
    assert gain.low < 2 < gain.high
    assert expected_best(spread, "lower") > 2 > expected_best(spread, "higher")
