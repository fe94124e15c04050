"""Ask the analyses of causes, settings and next runs for a report; a question that they refuse is noted with their reason."""

from __future__ import annotations

from lorascope.analysis.effects.impact import impact
from lorascope.errors import LorascopeError
from lorascope.jobs.explain import explain
from lorascope.jobs.propose import Wish, propose
from lorascope.records.cause import Explanation
from lorascope.records.effect import Impact
from lorascope.records.history import History
from lorascope.records.proposal import Next
from lorascope.store import Store


def ask_causes(store: Store, run: str, metric: str, missing: dict[str, str]) -> Explanation | None:
    """Why the run came out as it did."""
    try:
        return explain(store, run, metric=metric)
    except LorascopeError as error:
        missing["causes"] = _said(error)
        return None


def ask_impact(history: History, metric: str, missing: dict[str, str]) -> Impact | None:
    """Which settings matter for the metric."""
    if not history.measured(metric):
        missing["changes"] = f"No run has a number of {metric}: nothing can be said of settings."
        return None
    try:
        return impact(history, metric)
    except LorascopeError as error:
        missing["changes"] = _said(error)
        return None


def ask_next(history: History, metric: str, missing: dict[str, str]) -> Next | None:
    """What to run next, to learn what matters."""
    try:
        return propose(history, metric, Wish())
    except LorascopeError as error:
        missing["next"] = _said(error)
        return None


def _said(error: LorascopeError) -> str:
    return f"{error.message[:1].upper()}{error.message[1:]}.{' Next: ' + error.next_step if error.next_step else ''}"
