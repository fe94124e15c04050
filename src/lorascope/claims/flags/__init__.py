"""The flags, in the order of their ids. A flag is an entry in the file of its theme."""

from __future__ import annotations

from lorascope.claims.flag import Flag
from lorascope.claims.flags import attribution, choice, comparison, counting, evidence, labels, planning, scoring, training

FLAGS: tuple[Flag, ...] = tuple(
    sorted(
        (
            *counting.FLAGS, *comparison.FLAGS, *labels.FLAGS, *training.FLAGS, *attribution.FLAGS, *scoring.FLAGS, *evidence.FLAGS,
            *choice.FLAGS, *planning.FLAGS,
        ),
        key=lambda flag: flag.id,
    )
)  # fmt: skip
