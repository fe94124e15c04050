"""Fit the weights of the root-cause channels on simulated development cases: ``python tools/fit_causes.py [CASES]``.

Conditional logit: the probability of a cause is the softmax of rarity + intercept + sum of weight x evidence; a case's likelihood is the
probability that all its planted causes get together. Weights stay near those of evidence taken at its word (a normal prior), since the
simulator is no measurement of real trainings; they are not negative. Channels are dropped at random, so that a ranking leans on none
of them. Seeds 1 to 999 only: what is reported is measured on others. Prints the table to put into ``analysis/explanation/ranking.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import numpy as np
from scipy.optimize import minimize

from lorascope.analysis.explanation.case import build_case
from lorascope.analysis.explanation.causes import CAUSES, NOISE, UNLISTED
from lorascope.analysis.explanation.channels import CHANNELS
from lorascope.analysis.explanation.ranking import evidence, features
from simulated_bad_runs import bad_run

TIERS = (("easy", 0.2), ("standard", 0.5), ("hard", 0.3))  # share of the cases
PRIOR_MEAN, PRIOR_SD = 0.7, 0.15
MORE_UNLISTED = 0.5  # added to its intercept: real projects have more that no list knows than the simulator (development seeds decided)
MORE_NOISE = 0.4  # added to that of chance: the fit trades it for listed causes, of which there are more (development seeds decided)
SHARPER = 1.15  # all weights times this: dropped channels make the fit too timid on whole cases (development seeds decided)
DROPPED = 0.1  # chance that a channel is silent in a copy of a case
NAMES = [channel.name for channel in CHANNELS]
IDS = [cause.id for cause in CAUSES]


def main(cases: int) -> None:
    """Fit and print."""
    tables, truths = [], []
    for tier, share in TIERS:
        for seed in range(1, min(999, round(cases * share)) + 1):
            case = bad_run(seed, tier)
            run = case.history.find(case.run)
            assert run is not None
            found = evidence(build_case(case.history, run, metric=case.metric))
            tables.append(features([found[name] for name in IDS]))
            truths.append([name in case.causes for name in IDS])
    fitted = SHARPER * fit(np.array(tables), np.array(truths), np.array([cause.rarity for cause in CAUSES]))
    weights, intercepts = fitted[: len(NAMES)], fitted[len(NAMES) :]
    print("WEIGHTS", {name: round(float(weight), 2) for name, weight in zip(NAMES, weights, strict=True)})
    print("INTERCEPTS", {NOISE: round(float(intercepts[0]) + MORE_NOISE, 2), UNLISTED: round(float(intercepts[1]) + MORE_UNLISTED, 2)})


def fit(tables: np.ndarray, truths: np.ndarray, rarity: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Weights of the channels, then the intercepts of chance and of something unlisted."""
    rng = np.random.default_rng(seed)
    kept = rng.random((2, len(tables), 1, tables.shape[2])) >= DROPPED
    tables = np.concatenate([tables, *(tables * mask for mask in kept)])
    truths = np.concatenate([truths] * 3)
    special = np.array([[name == NOISE, name == UNLISTED] for name in IDS], dtype=float)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, intercepts = parameters[: tables.shape[2]], parameters[tables.shape[2] :]
        totals = tables @ weights + special @ intercepts + rarity
        totals -= totals.max(axis=1, keepdims=True)
        likely = np.exp(totals)
        likely /= likely.sum(axis=1, keepdims=True)
        right = np.maximum((likely * truths).sum(axis=1), 1e-12)
        slope = likely - likely * truths / right[:, None]
        gradient = np.concatenate([np.einsum("nk,nkc->c", slope, tables), slope.sum(axis=0) @ special]) / 3
        prior = (weights - PRIOR_MEAN) / PRIOR_SD
        gradient[: len(weights)] += prior / PRIOR_SD
        return float(-np.log(right).sum() / 3 + 0.5 * (prior**2).sum()), gradient

    start = np.concatenate([np.full(tables.shape[2], PRIOR_MEAN), np.zeros(2)])
    bounds: Sequence[tuple[float, float]] = [(0.0, 2.0)] * tables.shape[2] + [(-5.0, 5.0)] * 2
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 600)
