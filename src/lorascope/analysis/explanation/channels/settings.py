"""Settings: is the value that a cause needs there, and is it new against the nearest good run?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind, Sign
from lorascope.analysis.explanation.causes.quantities import QUANTITIES, Quantity
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, value_text
from lorascope.records.run import ParameterValue

_NEW, _SAME, _OTHER_WAY = 2.5, -3.0, -4.0
_ALONE_EXTREME, _ALONE_USUAL = 1.5, -1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """How far a sign is given: ``dose`` 1 is a full one against the good run, None where that cannot be said.

    ``now`` and ``before`` are the quantity's values in both runs.
    """

    sign: Sign
    quantity: Quantity
    now: float
    before: float | None
    dose: float | None

    @property
    def names(self) -> tuple[str, ...]:
        """The settings behind it."""
        return self.quantity.names


def read_sign(case: Case, sign: Sign) -> Reading | None:
    """How far a sign is given in a case; None where the settings do not say."""
    quantity = QUANTITIES[sign.quantity]
    now, before = quantity.read(case.now), quantity.read(case.before)
    if now is None or (case.reference is not None and before is None):
        return None
    if before is None:
        return Reading(sign, quantity, now, None, None)
    return Reading(sign, quantity, now, before, dose_of(sign, quantity, now, before))


def dose_of(sign: Sign, quantity: Quantity, now: float, before: float) -> float:
    """How many doses lie between two values of a quantity, in the direction of the sign."""
    if now == before:
        return 0.0
    change = math.log(max(now, 1e-12) / max(before, 1e-12)) if quantity.by_ratio else now - before
    return sign.way * change / sign.step


def best_reading(case: Case, cause: CauseKind) -> Reading | None:
    """Of a cause's signs the one that is given most."""
    readings = [reading for sign in cause.signs if (reading := read_sign(case, sign)) is not None]
    return max(readings, key=score_of, default=None)


def score_of(reading: Reading) -> float:
    """The log likelihood ratio of a reading: rises over one dose from "unchanged" to "new", and little beyond."""
    if reading.dose is None:
        extreme = reading.sign.extreme
        if extreme is None:
            return 0.0
        return _ALONE_EXTREME if reading.sign.way * (reading.now - extreme) >= 0 else _ALONE_USUAL
    if reading.dose >= 0.98:
        return _NEW + min(1.0, 0.5 * math.log(max(reading.dose, 1.0)))
    if reading.dose > 0.01:
        return _SAME + (_NEW - _SAME) * math.sqrt(reading.dose) * reading.dose  # half a dose does less than half of the harm
    return _SAME if reading.dose > -0.5 else _OTHER_WAY


def weigh_settings(case: Case, cause: CauseKind) -> Said:
    """Present and new speaks for a cause, absent or unchanged against it."""
    reading = best_reading(case, cause)
    if reading is None:
        return SILENT
    score = score_of(reading)
    if score == 0 or (score < 0 and cause.signs_or_data):
        return SILENT
    words = _words(case, reading, score)
    return Said(score, pros=(words,)) if score > 0 else Said(score, cons=(words,) if words else ())


def _words(case: Case, reading: Reading, score: float) -> str:
    if reading.dose is None or case.reference is None:
        how = f"an unusual value for {reading.quantity.words}" if score > 0 else "a usual value"
        return f"{_names_now(case.now, reading)} (no good run to compare with): {how}"
    if score > 0:
        return f"{_changed_words(case, reading)}{_factor(reading)}"
    if reading.dose > 0.01:
        return f"{_changed_words(case, reading)}: a small change"
    if reading.dose <= -0.5:
        return f"{_changed_words(case, reading)}: the other way"
    if not any(name in case.changed for name in (*reading.names, *reading.quantity.also)):
        return ""  # its inputs are equal one by one: that is said of the pair
    return f"{reading.quantity.words}: as in good run {case.reference.name} ({_names_now(case.now, reading)})"


def _changed_words(case: Case, reading: Reading) -> str:
    """Which of the settings behind a quantity changed, from what to what."""
    moved = [name for name in reading.names if name in case.changed]
    if not moved or case.reference is None:
        return f"{reading.quantity.words} {reading.before:g} to {reading.now:g}" if reading.before is not None else reading.quantity.words
    parts = [f"{name} {value_text(case.changed[name][0])} -> {value_text(case.changed[name][1])}" for name in moved]
    return f"{', '.join(parts)} since good run {case.reference.name}"


def _names_now(settings: Mapping[str, ParameterValue], reading: Reading) -> str:
    stated = [f"{name} {value_text(settings[name])}" for name in reading.names if settings.get(name) is not None]
    return ", ".join(stated[:3]) or f"{reading.now:g}"


def _factor(reading: Reading) -> str:
    if not reading.quantity.by_ratio or not reading.before or reading.now <= 0:
        return ""
    times = reading.now / reading.before
    return f" ({reading.quantity.words} x {times:.3g})"


CHANNEL = Channel("settings", "settings against the nearest good run", weigh_settings)
