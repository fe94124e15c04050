"""Which runs to make together: screens that tell many settings apart in few runs, and runs that add most to those there are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lorascope.analysis.proposals.settings_space import Floats

SCREEN_RUNS = 12
SCREENED = 11
MOST_COLUMNS = 12
_FIRST_ROW = (1, 1, -1, 1, 1, 1, -1, -1, -1, 1, -1)  # Plackett and Burman, Biometrika 33 (1946)


def plackett_burman() -> tuple[tuple[int, ...], ...]:
    """The screen of 11 settings in 12 runs: every column has six of each level, and every two columns are orthogonal.

    >>> [sum(row[3] for row in plackett_burman()), len(plackett_burman())]
    [0, 12]
    """
    rows = [tuple(_FIRST_ROW[(at - shift) % SCREENED] for at in range(SCREENED)) for shift in range(SCREENED)]
    return (*rows, (-1,) * SCREENED)


def information(rows: Floats, prior_sd: float) -> float:
    """log det(X'X + I / s0²): how much runs with these settings tell of the settings' effects, whose prior spread is s0 noise sds."""
    columns = rows.shape[1]
    return float(np.linalg.slogdet(rows.T @ rows + np.eye(columns) / prior_sd**2)[1])


def augment(made: Floats, candidates: Floats, count: int, prior_sd: float = 1.0) -> tuple[int, ...]:
    """Which ``count`` of the candidates add most to the runs ``made``: exchanged one by one until nothing is gained (Fedorov 1972).

    A candidate may be taken more than once. The order is that of what each adds to those before it.

    Raises:
        ValueError: more than ``MOST_COLUMNS`` columns, or no candidates.
    """
    if candidates.shape[1] > MOST_COLUMNS or not len(candidates):
        raise ValueError(f"1 to {MOST_COLUMNS} columns and at least one candidate, not {candidates.shape}")
    chosen = _greedily(made, candidates, count, prior_sd)
    best = information(np.vstack([made, candidates[chosen]]), prior_sd)
    for _ in range(50):
        gained = False
        for place in range(count):
            rest = [*chosen[:place], *chosen[place + 1 :]]
            base = np.vstack([made, candidates[rest]]) if rest else made
            at, value = _best_added(base, candidates, prior_sd)
            if value > best + 1e-9:
                chosen[place], best, gained = at, value, True
        if not gained:
            break
    return tuple(_in_order(made, candidates, chosen, prior_sd))


def _greedily(made: Floats, candidates: Floats, count: int, prior_sd: float) -> list[int]:
    chosen: list[int] = []
    for _ in range(count):
        at, _ = _best_added(np.vstack([made, candidates[chosen]]), candidates, prior_sd)
        chosen.append(at)
    return chosen


def _best_added(base: Floats, candidates: Floats, prior_sd: float) -> tuple[int, float]:
    """The candidate that adds most, by det(A + xx') = det(A)(1 + x'A⁻¹x); the first of equals."""
    matrix = base.T @ base + np.eye(base.shape[1]) / prior_sd**2
    gains = np.einsum("ij,jk,ik->i", candidates, np.linalg.inv(matrix), candidates)
    at = int(np.argmax(np.round(gains, 10)))
    return at, float(np.linalg.slogdet(matrix)[1] + np.log1p(gains[at]))


def _in_order(made: Floats, candidates: Floats, chosen: Sequence[int], prior_sd: float) -> list[int]:
    left, order = sorted(chosen), list[int]()
    base = made
    while left:
        at, _ = _best_added(base, candidates[left], prior_sd)
        order.append(left.pop(at))
        base = np.vstack([base, candidates[order[-1:]]])
    return order
