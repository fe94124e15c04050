"""The catalogue of causes, in the order in which equals are shown. Adding one: an entry in its group's file."""

from __future__ import annotations

from lorascope.analysis.explanation.causes.adapter import ADAPTER
from lorascope.analysis.explanation.causes.cause_kind import CauseKind
from lorascope.analysis.explanation.causes.evaluation import EVALUATION, NOISE, RESIDUAL, UNLISTED
from lorascope.analysis.explanation.causes.images import IMAGES
from lorascope.analysis.explanation.causes.strength import STRENGTH
from lorascope.analysis.explanation.causes.text import TEXT

CAUSES: tuple[CauseKind, ...] = (*STRENGTH, *TEXT, *IMAGES, *ADAPTER, *EVALUATION, *RESIDUAL)

__all__ = ["CAUSES", "NOISE", "UNLISTED", "CauseKind"]
