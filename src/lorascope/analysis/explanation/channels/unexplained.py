"""Unexplained: changes that no cause of the catalogue reads. They speak for something unlisted, and none of them for chance."""

from __future__ import annotations

import math

from lorascope.analysis.explanation.case import Case
from lorascope.analysis.explanation.causes import CAUSES
from lorascope.analysis.explanation.causes.cause_kind import CauseKind
from lorascope.analysis.explanation.causes.evaluation import NOISE, UNLISTED
from lorascope.analysis.explanation.causes.quantities import QUANTITIES
from lorascope.analysis.explanation.channels.channel import SILENT, Channel, Said, value_text
from lorascope.analysis.explanation.channels.findings import weigh_findings
from lorascope.analysis.explanation.channels.pairs import unrecorded_evidence

_UNRECORDED = 0.5  # half of what is unlisted would be a setting that nobody recorded, and changed as rarely as the others
_STRONG, _EXPLAINED = 4.0, -1.0  # findings so strong that nothing unlisted is needed, and what that takes from it
_READ = frozenset(name for quantity in QUANTITIES.values() for name in quantity.names) | {
    "resolution",
    "dataset",
    "num_images",
    "dataset_digest",
}


def weigh_unexplained(case: Case, cause: CauseKind) -> Said:
    """New values of settings that the catalogue does not know, for ``unlisted``; whether anything was changed at all, for chance."""
    if case.reference is None or cause.id not in {UNLISTED, NOISE}:
        return SILENT
    new = [name for name in case.changed if name not in _READ and not _in_use(case, name)]
    if cause.id == UNLISTED:
        parts = ", ".join(f"{name} {value_text(case.changed[name][0])} -> {value_text(case.changed[name][1])}" for name in new[:3])
        if not new:
            return _nothing_new(case)
        return Said(math.log1p(len(new)), pros=(f"new and in no listed cause: {parts}",))
    count = len(case.changed)
    if not count:
        return Said(1.5, pros=(f"no recorded setting differs from good run {case.reference.name}",))
    return Said(0.0, cons=(f"{count} recorded setting{'s' * (count > 1)} differ{'s' * (count == 1)} from good run {case.reference.name}",))


def _nothing_new(case: Case) -> Said:
    """No unread setting is new: what is unlisted then lies in what nobody recorded, or in a dataset's unnamed defects."""
    score = -0.3 + _UNRECORDED * unrecorded_evidence(case)
    nothing = "no setting has a new value that the listed causes do not read"
    strong = [cause.title for cause in CAUSES if weigh_findings(case, cause).score >= _STRONG]
    if strong:
        return Said(score + _EXPLAINED, cons=(f"{nothing}, and the audit found much that one of them does ({strong[0]})",))
    return Said(score, cons=(nothing,))


def _in_use(case: Case, name: str) -> bool:
    """Whether a good run has the new value too."""
    return any(str(run.settings.get(name)) == str(case.changed[name][1]) for run in case.good if name in run.settings)


CHANNEL = Channel("unexplained", "changes in no listed cause", weigh_unexplained)
