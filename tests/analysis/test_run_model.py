"""What a run would come out as: shrunken, calibrated, and wide where nothing was seen."""

from __future__ import annotations

import numpy as np
import pytest

from lorascope.analysis.proposals.run_model import fit
from lorascope.analysis.proposals.settings_space import Settings, space_of

_LEVELS = {
    "network_dim": (8, 16, 32, 64),
    "keep_tokens": (0, 1, 2),
    "optimizer_type": ("AdamW", "Lion", "Prodigy"),
    "flip_aug": (True, False),
}
_IDLE = tuple(f"p{number}" for number in range(12))


def _draw(rng: np.random.Generator, count: int) -> list[Settings]:
    levels = {**_LEVELS, **dict.fromkeys(_IDLE, (1, 2, 3))}
    return [{name: values[int(rng.integers(len(values)))] for name, values in levels.items()} for _ in range(count)]


def _truth(settings: Settings) -> float:
    rank = _LEVELS["network_dim"].index(settings["network_dim"])  # type: ignore[arg-type]
    return 50 + 3 * rank + (4 if settings["optimizer_type"] == "Lion" else 0) - 3 * abs(float(settings["keep_tokens"] or 0) - 1)


@pytest.mark.parametrize("runs", [6, 12, 40])
def test_the_prediction_interval_holds_what_is_measured(runs: int) -> None:
    inside, count = 0, 150
    for seed in range(count):
        rng = np.random.default_rng(seed)
        seen = _draw(rng, runs + 1)
        values = [_truth(settings) + float(rng.standard_normal()) for settings in seen]
        model = fit(seen[:-1], values[:-1], seen[-1:])
        assert model is not None
        low, high = model.outcome(seen[-1]).interval()
        inside += low <= values[-1] <= high
    assert inside / count >= 0.90


def test_it_learns_what_matters_from_many_runs() -> None:
    rng = np.random.default_rng(3)
    seen = _draw(rng, 120)
    model = fit(seen, [_truth(settings) + float(rng.standard_normal()) for settings in seen])
    assert model is not None
    assert model.noise_sd == pytest.approx(1.0, abs=0.5)
    fresh = _draw(rng, 50)
    told = model.true_values(fresh)
    assert np.corrcoef(told, [_truth(settings) for settings in fresh])[0, 1] > 0.85


def test_where_nothing_matters_the_best_run_is_shrunk_to_the_mean() -> None:
    rng = np.random.default_rng(5)
    seen = _draw(rng, 30)
    values = [50 + float(rng.standard_normal()) for _ in seen]
    model = fit(seen, values)
    assert model is not None
    best = int(np.argmax(values))
    assert model.true_values([seen[best]])[0] - np.mean(values) < 0.5 * (values[best] - np.mean(values))


def test_a_value_far_outside_what_was_seen_makes_the_interval_wider() -> None:
    rng = np.random.default_rng(7)
    seen = _draw(rng, 40)
    values = [_truth(settings) + float(rng.standard_normal()) for settings in seen]
    inside, outside = dict(seen[0]), {**seen[0], "network_dim": 512, "optimizer_type": "Adafactor"}
    model = fit(seen, values, [inside, outside])
    assert model is not None
    assert np.ptp(model.outcome(outside).interval()) > 1.2 * np.ptp(model.outcome(inside).interval())


def test_a_setting_that_never_varied_makes_the_interval_wider() -> None:
    rng = np.random.default_rng(8)
    seen: list[Settings] = [{**settings, "clip_skip": 1} for settings in _draw(rng, 40)]
    values = [_truth(settings) + float(rng.standard_normal()) for settings in seen]
    new = {**seen[0], "clip_skip": 2}
    model = fit(seen, values, [new])
    assert model is not None
    assert np.ptp(model.outcome(new).interval()) > np.ptp(model.outcome(seen[0]).interval())


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [3.0, 3.0, 3.0, 3.0]])
def test_too_few_runs_or_equal_ones_predict_nothing(values: list[float]) -> None:
    assert fit(_draw(np.random.default_rng(0), len(values)), values) is None


def test_the_order_of_runs_changes_nothing() -> None:
    rng = np.random.default_rng(9)
    seen = _draw(rng, 20)
    values = [_truth(settings) + float(rng.standard_normal()) for settings in seen]
    asked = _draw(rng, 1)
    forward, backward = fit(seen, values, asked), fit(seen[::-1], values[::-1], asked)
    assert forward is not None
    assert backward is not None
    assert forward.outcome(asked[0]).interval() == pytest.approx(backward.outcome(asked[0]).interval(), rel=1e-9)


def test_the_median_of_a_spread_halves_it() -> None:
    rng = np.random.default_rng(10)
    seen = _draw(rng, 15)
    model = fit(seen, [_truth(settings) for settings in seen], seen[:1])
    assert model is not None
    spread = model.outcome(seen[0])
    assert spread.below(spread.quantile(0.5)) == pytest.approx(0.5, abs=1e-6)


def test_the_seed_is_no_setting_and_an_int_is_its_float() -> None:
    assert space_of([{"seed": 1, "network_dim": 16}, {"seed": 2, "network_dim": 16.0}]).axes == ()
