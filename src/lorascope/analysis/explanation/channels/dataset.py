"""Dataset: a cause that sits in images or captions needs another dataset than the good run's."""

from __future__ import annotations

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, value_text
from lorascope.analysis.explanation.channels.settings import best_reading
from lorascope.records.history import PastRun

_SAME, _NEW = -2.5, 1.0
_NAMES = ("dataset", "dataset_digest", "dataset_version", "caption_version", "dataset_hash")


def weigh_dataset(case: Case, cause: CauseKind) -> Said:
    """The same version speaks against it, a new one a little for it."""
    if not cause.in_data or case.reference is None:
        return SILENT
    reading = best_reading(case, cause)
    if reading is not None and (reading.dose or 0) > 0.9:
        return SILENT  # a setting can do it alone
    mine, theirs = _version(case.run), _version(case.reference)
    shared = [name for name in _NAMES if name in mine and name in theirs]
    if not shared:
        return SILENT
    differing = [name for name in shared if mine[name] != theirs[name]]
    if not differing:
        return Said(_SAME, cons=(f"the dataset is the one of good run {case.reference.name} ({value_text(str(mine[shared[0]])[:12])})",))
    usual = sum(all(_version(run).get(name) == mine[name] for name in differing) for run in case.good)
    if usual:
        return Said(_SAME / 2, cons=(f"{usual} of {len(case.good)} good runs were trained on the same dataset version",))
    return Said(_NEW, pros=(f"the dataset is another version than that of good run {case.reference.name}",))


def same_dataset(case: Case) -> bool | None:
    """Whether the run and the good run were trained on one dataset, by the digest of its files; None where that is not recorded."""
    mine, theirs = case.run.run.dataset_digest, case.reference.run.dataset_digest if case.reference is not None else None
    return None if mine is None or theirs is None else mine == theirs


def _version(run: PastRun) -> dict[str, object]:
    found: dict[str, object] = {name: run.settings[name] for name in _NAMES if run.settings.get(name) is not None}
    if run.run.dataset_digest is not None:
        found["dataset"] = run.run.dataset_digest
    return found


CHANNEL = Channel("dataset", "the dataset's version", weigh_dataset)
