"""What one run, or a drift with time, makes look like a cause is not called one; what stands without them still is."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lorascope.analysis.effects.impact import impact
from lorascope.records.effect import Claim
from simulated_histories import METRIC, tried


def claimed(found):
    return [effect.name for effect in found.effects if effect.claim is Claim.MATTERS]


def careful(seed, runs=20):
    """One setting of twelve is tried at a time: settings, a value of each that few runs have."""
    rng = np.random.default_rng(seed)
    rows = []
    for at in range(runs):
        own = {f"p{place:02}": 0 for place in range(12)}
        own[f"p{rng.integers(12):02}"] = int(rng.integers(1, 4)) if rng.random() < 0.7 else 0
        rows.append(own | {"seed": at})
    return rng, rows


def in_time(made):
    return replace(made, runs=tuple(replace(past, run=replace(past.run, started_at=float(at))) for at, past in enumerate(made.runs)))


def test_one_run_that_failed_makes_no_setting_a_cause():
    wrong = 0
    for seed in range(25):
        rng, rows = careful(seed)
        y = rng.normal(0.7, 0.05, len(rows))
        y[rng.integers(len(rows))] = 0.0
        found = impact(tried(list(zip(y.tolist(), rows, strict=True))), METRIC)
        wrong += bool(claimed(found)) or any(one.kind == "credible" for one in found.sets)
    assert wrong <= 2  # 12 of them without the check


def test_a_claim_that_rests_on_one_run_names_it():
    rows = [(0.7 + 0.01 * (at % 3), {"p": int(at == 5), "q": at % 2}) for at in range(20)]
    rows[5] = (0.0, rows[5][1])
    made = tried(rows)
    effect = next(one for one in impact(made, METRIC).effects if one.name == "p")
    assert effect.claim is Claim.UNDECIDED
    assert effect.probability < 0.5
    assert any("rests on one run" in note and made.runs[5].name in note for note in effect.notes)


@pytest.mark.parametrize("runs", [20, 40])
def test_a_drift_with_time_makes_no_setting_a_cause(runs):
    wrong = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        own, rows = dict.fromkeys((f"p{place:02}" for place in range(12)), 0), []
        for at in range(runs):
            for place in rng.choice(12, 2, replace=False):
                own = own | {f"p{place:02}": int(rng.integers(3))} if rng.random() < 0.4 else own
            rows.append((2.0 * (at >= runs // 2) + float(rng.normal(0, 0.5)), own | {"seed": at}))
        wrong += bool(claimed(impact(in_time(tried(rows)), METRIC)))
    assert wrong <= 1  # 10 and 12 without the check


def test_an_effect_that_shows_from_one_run_to_the_next_stands_in_spite_of_a_drift():
    rng = np.random.default_rng(1)
    rows = []
    for at in range(40):
        own = {f"p{place}": int(rng.integers(2)) for place in range(6)}
        rows.append((0.1 * at + 3.0 * own["p0"] + float(rng.normal(0, 0.3)), own))
    assert claimed(impact(in_time(tried(rows)), METRIC)) == ["p0"]
