"""Where a followed training stands: epoch, step, loss, pace, and when it will be done, from what was recorded of it so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lorascope.records.checkpoint import Checkpoint
from lorascope.records.run import CountedIn, ParameterValue, Run
from lorascope.records.series import Series

# The losses of the trainers, the smoothest one first: kohya, OneTrainer, SimpleTuner, diffusers and ai-toolkit.
_LOSSES = (
    "loss/average",
    "loss/current",
    "smooth_loss/train_step",
    "loss/train_step",
    "train_loss",
    "optimization_loss",
    "loss/loss",
    "loss",
)
_PACE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Standing:
    """One run's standing. ``number`` is that of its last checkpoint; None wherever the files do not say."""

    run: str
    counted_in: CountedIn
    number: int | None
    epochs: int | None
    step: int | None
    total_steps: int | None
    loss: float | None
    loss_metric: str | None
    steps_per_s: float | None
    checkpoints: int
    samples: int
    points: int

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the last step at the present pace."""
        if self.step is None or self.total_steps is None or not self.steps_per_s:
            return None
        return max(0, self.total_steps - self.step) / self.steps_per_s


def standing_of(run: Run, checkpoints: Sequence[Checkpoint], series: Sequence[Series], samples: int) -> Standing:
    """The standing of a run with these records."""
    by_metric = {one.metric: one for one in series if one.steps}
    metric = next((name for name in _LOSSES if name in by_metric), None)
    losses = by_metric.get(metric or "")
    last = max(checkpoints, key=lambda checkpoint: checkpoint.epoch, default=None)
    step = losses.steps[-1] if losses else last.step if last else None
    return Standing(
        run=run.name,
        counted_in=run.counted_in,
        number=last.epoch if last else None,
        epochs=_epochs(run.parameters),
        step=step,
        total_steps=_whole(run.parameters, "total_steps"),
        loss=losses.values[-1] if losses else None,
        loss_metric=metric,
        steps_per_s=_pace(losses) if losses else None,
        checkpoints=len(checkpoints),
        samples=samples,
        points=sum(len(one.steps) for one in series),
    )


def _pace(losses: Series) -> float | None:
    """Steps per second over the last points, up to where a restart went back."""
    steps, times = losses.steps[-_PACE_POINTS:], losses.times[-_PACE_POINTS:]
    first = len(steps) - 1
    while first > 0 and steps[first - 1] <= steps[first] and times[first - 1] <= times[first]:
        first -= 1
    took_s = times[-1] - times[first]
    return (steps[-1] - steps[first]) / took_s if took_s > 0 and steps[-1] > steps[first] else None


def _epochs(parameters: Mapping[str, ParameterValue]) -> int | None:
    total, per_epoch = _whole(parameters, "total_steps"), _whole(parameters, "steps_per_epoch")
    return -(-total // per_epoch) if total and per_epoch else _whole(parameters, "max_train_epochs")


def _whole(parameters: Mapping[str, ParameterValue], name: str) -> int | None:
    value = parameters.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
