"""A series: one number of a run followed over its steps, such as the training loss."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Series:
    """The points of one metric of one run, in the order they were logged.

    ``steps``, ``values`` and ``times`` (seconds since the epoch, UTC) are of one length. Values may be NaN or infinite: a loss
    that became NaN is a fact about the run.
    """

    run: str
    metric: str
    steps: tuple[int, ...]
    values: tuple[float, ...]
    times: tuple[float, ...]

    def __repr__(self) -> str:
        span = f", steps {self.steps[0]} to {self.steps[-1]}" if self.steps else ""
        return f"Series({self.run!r}, {self.metric!r}: {len(self.values)} points{span})"
