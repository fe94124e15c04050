"""Findings: does the audit of the run's dataset show a cause's defect, more often than in the datasets of good runs?"""

from __future__ import annotations

import math
from collections.abc import Mapping

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes.cause_kind import CauseKind
from lorascope.analysis.explanation.causes.defects import OUR_CHECKS, OUR_DEFECTS, defect_of
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, percent, runs_of
from lorascope.analysis.explanation.shifts import shift
from lorascope.records.history import PastRun

_ASSUMED_IMAGES = 100  # where nobody says how many there are
_USUAL, _USUAL_SD = -3.5, 1.3  # logit of the share of captions with some defect in an ordinary set: 3 %, mostly below 10 %
_MISSED = 0.2  # chance that an audit does not see the defect that did the harm
_HALF_DOSE = 0.08  # share of the images from which a defect may do visible harm: a quarter of wrong captions was hardly seen
_MOST, _MOST_WHEN_ALL = 4.5, 7.0  # evidence of many findings: of a few, and where every image has one and none of the good runs' had
_GRADED = frozenset({"beyond_window"})  # defects of which only errors do harm: what else stands behind the window is boilerplate


def weigh_findings(case: Case, cause: CauseKind) -> Said:
    """More findings than in good runs, and enough of them to do harm."""
    if not cause.defects or case.run.findings is None:
        return SILENT
    if not _looked_for(case, cause):
        return SILENT
    counts, images = defect_counts(case.run, cause), _images(case.run)
    share = share_of(case.run, cause)
    others = [_logit(share_of(run, cause), _images(run)) for run in case.good if run.findings is not None]
    moved = shift(_logit(share, images), others or [_USUAL], 0.7 if others else _USUAL_SD)
    assert moved is not None
    z = moved.z
    with_cause = _MISSED * math.exp(-0.5 * z * z) / math.sqrt(2 * math.pi) + (1 - _MISSED) * (1 / 8 if 0.5 < z < 9 else 0.02)
    usual = sum(share_of(run, cause) for run in case.good if run.findings is not None) / max(1, len(others))
    dose = share / (share + _HALF_DOSE)
    score = math.log(with_cause) + 0.5 * z * z + 0.5 * math.log(2 * math.pi)
    score = min(_MOST + (_MOST_WHEN_ALL - _MOST) * max(0.0, share - usual), score) * dose * 1.3 if score > 0 else score
    found = ", ".join(_counted(case.run, name, count) for name, count in sorted(counts.items(), key=lambda item: -item[1])[:3] if count)
    beside = f"{runs_of(len(others))}: {percent(usual)}" if others else "no good run was audited"
    if score > 0.3:
        at_least = "at least " if sum(count > 0 for count in counts.values()) > 1 and share < 1 else ""
        return Said(score, pros=(f"the audit found {found} in {images} images ({at_least}{percent(share)}; {beside})",))
    if share == 0:
        return Said(score, cons=(f"the audit of {images} images found none of it ({beside})",))
    return Said(score, cons=(f"the audit found {found} in {images} images, no more than usual or too few ({beside})",))


def _counted(run: PastRun, check: str, count: int) -> str:
    """A check with its count; what of it does no harm is said too.

    >>> from lorascope.records.run import Run, RunStatus
    >>> _counted(PastRun(Run("a", "toy", RunStatus.FINISHED), findings={"beyond_window": 110}), "beyond_window", 60)
    'beyond_window 60 (and 50 that lose nothing that is asked for)'
    """
    rest = (run.findings or {}).get(check, count) - count
    return f"{check} {count}" + (f" (and {rest} that lose nothing that is asked for)" if rest > 0 else "")


def _looked_for(case: Case, cause: CauseKind) -> bool:
    """Whether the audits of this project look for the defect at all: one of them names it, or they are ours."""
    named = {check for run in (case.run, *case.others) for check in run.findings or ()}
    return any(defect_of(check) in cause.defects for check in named) or (
        bool(named & OUR_CHECKS) and bool(OUR_DEFECTS & set(cause.defects))
    )


def defect_counts(run: PastRun, cause: CauseKind) -> Mapping[str, int]:
    """The checks of a run's audit that speak of a cause, with their counts: of errors alone where others do no harm."""
    found = {check: count for check, count in sorted((run.findings or {}).items()) if defect_of(check) in cause.defects}
    return {check: run.errors.get(check, count) if defect_of(check) in _GRADED else count for check, count in found.items()}


def share_of(run: PastRun, cause: CauseKind) -> float:
    """The share of a run's images that an audit found to have a cause's defect, at least: several checks may speak of the same ones."""
    return min(1.0, max(defect_counts(run, cause).values(), default=0) / _images(run))


def _images(run: PastRun) -> int:
    return run.images if run.images is not None and run.images > 0 else _ASSUMED_IMAGES


def _logit(share: float, images: int) -> float:
    smoothed = (share * images + 0.5) / (images + 1)
    return math.log(smoothed / (1 - smoothed))


CHANNEL = Channel("findings", "the audit of the dataset", weigh_findings)
