"""What a training would cost, from what earlier ones took: hours per picture shown, of runs alike in what makes a step dear."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from lorascope.records.history import History
from lorascope.records.proposal import Estimated
from lorascope.records.run import ParameterValue

# what makes one picture dearer than another; the most telling first
_DEAR = ("base_model", "resolution", "network_train_unet_only", "gradient_checkpointing", "mixed_precision", "trainer")
_DEFAULT_REPEATS, _DEFAULT_BATCH = 1.0, 1.0
_LEAST_ALIKE = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """The hours a training would take (their middle and range) from ``runs`` earlier ones; ``basis`` says how they were reckoned."""

    hours: Estimated
    runs: int
    basis: str

    def money(self, price_per_gpu_hour: float | None) -> float | None:
        """The cost in money, where a price is set and the hours are known."""
        return None if price_per_gpu_hour is None or self.hours.estimate is None else price_per_gpu_hour * self.hours.estimate


def work(settings: Mapping[str, ParameterValue], images: int | None) -> float | None:
    """How many pictures a training shows, counted with repetition; None where the settings do not tell."""
    batch = _number(settings, "train_batch_size") or _DEFAULT_BATCH
    accumulated = _number(settings, "gradient_accumulation_steps") or 1.0
    epochs, steps = _number(settings, "max_train_epochs"), _number(settings, "max_train_steps")
    count = images or _number(settings, "num_images")
    if epochs:
        repeats = _number(settings, "num_repeats") or _DEFAULT_REPEATS
        return epochs * repeats * (_number(settings, "dataset_repeats") or 1.0) * count if count else None
    return steps * batch * accumulated if steps else None


def cost_of(history: History, settings: Mapping[str, ParameterValue], images: int | None = None) -> Cost:
    """What a training with these settings would take, as the project's own runs took: per picture shown, else per epoch, else per run.

    Runs that differ in what makes a step dear (base model, resolution …) are left out as long as three alike remain.
    """
    timed = [past for past in history.runs if past.gpu_hours is not None and math.isfinite(past.gpu_hours) and past.gpu_hours > 0]
    if not timed:
        return Cost(Estimated(None), 0, "no run has a recorded duration")
    for name in _DEAR:
        alike = [past for past in timed if past.settings.get(name) == settings.get(name)]
        timed = alike if len(alike) >= min(_LEAST_ALIKE, len(timed)) else timed
    images = images or next((past.images for past in reversed(timed) if past.images), None)
    units = (
        ("hours per picture shown", work),
        ("hours per epoch", lambda of, _: _number(of, "max_train_epochs")),
        ("hours per run", lambda _, __: 1.0),
    )
    for basis, unit in units:
        rates = [past.gpu_hours / amount for past in timed if past.gpu_hours and (amount := unit(past.settings, past.images))]
        own = unit(settings, images)
        if rates and own:
            return Cost(_spread([rate * own for rate in rates]), len(rates), basis)
    return Cost(Estimated(None), 0, "no run has a recorded duration")


def _spread(hours: Sequence[float]) -> Estimated:
    """Middle and range of the estimates that each earlier run gives by itself; one run gives no range."""
    in_order = sorted(hours)
    if len(in_order) < 2:
        return Estimated(in_order[0])
    edge = int(0.025 * len(in_order))
    return Estimated(median(in_order), in_order[edge], in_order[-1 - edge])


def _number(settings: Mapping[str, ParameterValue], name: str) -> float | None:
    value = settings.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value <= 0:
        return None
    return float(value)
