"""Which runs to make together: screens and the runs that add most."""

from __future__ import annotations

from itertools import combinations_with_replacement

import numpy as np
import pytest

from lorascope.analysis.proposals.designs import augment, information, plackett_burman


def test_every_two_columns_of_the_screen_are_orthogonal_and_balanced() -> None:
    rows = np.array(plackett_burman())
    assert rows.shape == (12, 11)
    assert (rows.T @ rows == 12 * np.eye(11)).all()
    assert (rows.sum(axis=0) == 0).all()


@pytest.mark.parametrize("seed", range(12))
def test_exchange_finds_what_trying_all_finds(seed: int) -> None:
    rng = np.random.default_rng(seed)
    made = rng.choice([-1.0, 1.0], (int(rng.integers(0, 4)), 3))
    candidates = rng.choice([-1.0, 0.0, 1.0], (8, 3))
    chosen = augment(made, candidates, 3)
    best = max(
        information(np.vstack([made, candidates[list(pick)]]), 1.0) for pick in combinations_with_replacement(range(len(candidates)), 3)
    )
    assert information(np.vstack([made, candidates[list(chosen)]]), 1.0) == pytest.approx(best)


def test_what_was_run_already_is_not_asked_for_again() -> None:
    made = np.array([[1.0, -1.0]] * 5)
    candidates = np.array([[1.0, -1.0], [1.0, 1.0]])
    assert augment(made, candidates, 1) == (1,)


def test_too_many_columns_are_refused() -> None:
    with pytest.raises(ValueError, match="12 columns"):
        augment(np.zeros((0, 13)), np.ones((1, 13)), 1)
