"""Pairs: what a cause acts through must differ from the nearest good run, or it cannot explain a difference from it."""

from __future__ import annotations

import math
from enum import Enum

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind, Sign
from lorascope.analysis.explanation.causes.evaluation import NOISE, UNLISTED
from lorascope.analysis.explanation.causes.quantities import QUANTITIES
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, value_text
from lorascope.analysis.explanation.channels.dataset import same_dataset

_EQUAL = -4.0  # not less: a setting may act together with something that nobody recorded
_USUAL_RATE = 0.15  # share of the recorded settings that people change from one run to the next (two to six of about thirty)
_LEAST_RATE_EVIDENCE = -2.5
_SURROUNDINGS = 1.5  # what is equal in everything that is recorded was mostly made in the same surroundings too
_WORTH_A_SENTENCE = -0.7


class Input(Enum):
    """How a thing that a cause acts through stands beside the good run's."""

    CHANGED = "changed"
    EQUAL = "equal"
    UNRECORDED = "recorded of neither run"
    UNKNOWN = "recorded of one run alone"


def weigh_pairs(case: Case, cause: CauseKind) -> Said:
    """Where all inputs are equal: strongly against it; where they are recorded of neither run: as rarely as recorded ones were changed."""
    if case.reference is None:
        return SILENT
    if not cause.signs and not cause.in_data:
        return _of_surroundings(case, cause)
    signs = {sign: _of_sign(case, sign) for sign in cause.signs}
    inputs = list(signs.values()) + ([_of_data(case)] if cause.in_data else [])
    if Input.CHANGED in inputs or Input.UNKNOWN in inputs:
        return SILENT
    name = case.reference.name
    if Input.UNRECORDED not in inputs:
        words = [_equal_words(case, sign) for sign in signs]
        return Said(_EQUAL, cons=(f"{' and '.join(dict.fromkeys(words))} in good run {name} too",) if words else ())
    score = unrecorded_evidence(case)
    if score > _WORTH_A_SENTENCE:
        return Said(score)
    missing = next((QUANTITIES[sign.quantity].names[0] for sign in signs if signs[sign] is Input.UNRECORDED), "dataset")
    settings = _differing_words(case)
    return Said(score, cons=(f"{missing} is recorded neither here nor in good run {name}, and {settings}",))


def _of_surroundings(case: Case, cause: CauseKind) -> Said:
    """A cause that no setting and no dataset brings about needs something that is recorded nowhere; one in the evaluation does not."""
    score = _SURROUNDINGS * unrecorded_evidence(case)
    if cause.facts or cause.id in {NOISE, UNLISTED} or not score:
        return SILENT
    return Said(score, cons=(f"it needs something that nobody recorded, and {_differing_words(case)}",))


def unrecorded_evidence(case: Case) -> float:
    """Log likelihood ratio of a change that nobody recorded: who changed few of the recorded settings changed few others. At most 0.

    The rate is that of the recorded ones, with half a change on top.
    """
    shared = set(case.now) & set(case.before)
    rate = (sum(name in shared for name in case.changed if name not in _DATA_NAMES) + 0.5) / (len(shared) + 1)
    return max(_LEAST_RATE_EVIDENCE, min(0.0, math.log(rate / _USUAL_RATE)))


def _of_sign(case: Case, sign: Sign) -> Input:
    quantity = QUANTITIES[sign.quantity]
    every = (*quantity.names, *quantity.also)
    if any(name in case.changed for name in every):
        return Input.CHANGED
    if any((name in case.now) is not (name in case.before) for name in every):
        return Input.UNKNOWN
    return Input.EQUAL if any(name in case.now for name in quantity.names) else Input.UNRECORDED


def _of_data(case: Case) -> Input:
    same = same_dataset(case)
    return Input.UNRECORDED if same is None else Input.EQUAL if same else Input.CHANGED


def _equal_words(case: Case, sign: Sign) -> str:
    """A setting with its value, as it is in both runs."""
    names = [name for name in QUANTITIES[sign.quantity].names if case.now.get(name) is not None]
    return f"{names[0]} is {value_text(case.now[names[0]])}" if names else f"{QUANTITIES[sign.quantity].names[0]} is unset"


def _differing_words(case: Case) -> str:
    shared = len(set(case.now) & set(case.before))
    changed = sum(name not in _DATA_NAMES for name in case.changed)
    return f"{changed or 'none'} of {shared} recorded settings differ{'s' * (changed < 2)}"


_DATA_NAMES = frozenset({"dataset", "dataset_digest", "dataset_version", "caption_version", "dataset_hash", "num_images"})

CHANNEL = Channel("pairs", "what is equal in the nearest good run", weigh_pairs)
