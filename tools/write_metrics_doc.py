"""The reference page of all metrics, written from the metrics themselves: ``tools/write_docs.py`` puts it into docs/reference."""

from __future__ import annotations

from lorascope.evaluation.metric import Direction
from lorascope.evaluation.metrics import METRICS

INTRODUCTION = """\
# Metrics

A metric turns one image, and what its prompt asks for, into one number. `lorascope evaluate` measures them all; `lorascope pick` chooses a
checkpoint by one of them. A metric that has nothing to measure in an image says why, and the image is left out of the mean.

Pictures larger than 24 px on their short side are first brought to 24 cells (the median of the central half of each cell), except for
`unique_colors`. Where the side is no multiple of 24 px, the central half is rounded to whole pixels.

A checkpoint's measurement is the mean over prompts of the mean over seeds, with a 95 % interval over prompts: Student's t, cut at the
metric's range; Wilson's where a share came out 0 or 1 on every prompt; none for a single prompt, or without any spread.

Imported scores may carry any metric name. Which way is better is then read from the score's key `direction` ("lower" or "higher"), or
from a name that ends in `_difference`, `_distance`, `_error` or `_loss` (lower is better); otherwise `--direction` says it. A score's
keys `rgb` (`[143, 93, 61]`) and `expected` (`"bright green"`) make `pick` name the measured color beside the asked one.
"""

BETTER = {Direction.HIGHER: "higher is better", Direction.LOWER: "lower is better", Direction.NONE: "describes, does not judge"}


def metrics_page() -> str:
    """Every metric with unit, range, direction and meaning."""
    parts = [INTRODUCTION]
    for metric in METRICS:
        facts = f"unit: {metric.unit} · range {metric.low:g} to {metric.high:g} · {BETTER[metric.direction]}"
        parts.append(f"## {metric.name}\n\n{metric.meaning}\n\n{facts}\n")
    return "\n".join(parts)
