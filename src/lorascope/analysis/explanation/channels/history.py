"""History: have good runs had the value as well?"""

from __future__ import annotations

import math

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, runs_of
from lorascope.analysis.explanation.channels.settings import best_reading, dose_of


def weigh_history(case: Case, cause: CauseKind) -> Said:
    """Every good run that went as far weakens a cause: - log(1 + 2 x their number)."""
    reading = best_reading(case, cause)
    if reading is None or reading.dose is None or reading.dose <= 0.3 or reading.before is None:
        return SILENT
    values = [(run, value) for run in case.good if (value := reading.quantity.read(run.settings)) is not None]
    as_far = [run.name for run, value in values if dose_of(reading.sign, reading.quantity, value, reading.before) >= 0.9 * reading.dose]
    if as_far:
        named = ", ".join(as_far[:3]) + (" ..." if len(as_far) > 3 else "")
        words = f"{runs_of(len(as_far))} of {len(values)} went as far with {reading.quantity.words} ({named})"
        return Said(-math.log(1 + 2 * len(as_far)), cons=(words,))
    if len(values) < 2:
        return SILENT
    return Said(0.0, pros=(f"none of {runs_of(len(values))} went as far with {reading.quantity.words}",))


CHANNEL = Channel("history", "good runs with the same value", weigh_history)
