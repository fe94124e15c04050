"""Read the ledger: hypotheses with their judgments, in the order in which testing them would teach most for its cost."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from lorascope.analysis.ledger.belief import EVEN, LEAST_POWER, expected_information, worth
from lorascope.analysis.ledger.contradictions import Contradiction, contradictions
from lorascope.analysis.ledger.reliability import Calibration, calibrate
from lorascope.errors import NotFound, did_you_mean
from lorascope.jobs.read_history import read_history
from lorascope.records.hypothesis import Hypothesis, Verdict
from lorascope.records.judgment import JUDGMENT, Judgment, judgment_of
from lorascope.records.plan import Plan, plan_of
from lorascope.store import Store

ASSUMED_POWER = 0.8  # of a test that nobody has planned yet
RESOLVED = (Verdict.SUPPORTED, Verdict.REFUTED)


@dataclass(frozen=True, slots=True)
class Entry:
    """A hypothesis with its plan and judgments. ``confidence`` is the last posterior, else the prior (None: nobody stated one).

    ``information_bits`` is what a test is expected to teach, at its ``power`` or, unplanned, at 80 %; None where it needs or allows no
    test: ``why_not`` says why. ``worth`` orders the queue (None: not in it).
    """

    hypothesis: Hypothesis
    plan: Plan
    judgments: tuple[Judgment, ...]
    confidence: float | None
    information_bits: float | None = None
    worth: float | None = None
    why_not: str = ""

    @property
    def name(self) -> str:
        """The hypothesis' name."""
        return self.hypothesis.name

    @property
    def verdict(self) -> Verdict:
        """What stands: the last judgment's verdict, else what its record says."""
        return self.judgments[-1].verdict if self.judgments else self.hypothesis.verdict


@dataclass(frozen=True, slots=True)
class Ledger:
    """All entries, the most worthwhile tests first, then those that are not in the queue; and what contradicts what."""

    entries: tuple[Entry, ...]
    contradictions: tuple[Contradiction, ...]
    usual_gpu_hours: float | None

    def find(self, name: str) -> Entry:
        """The entry of this name. Raises NotFound."""
        found = next((entry for entry in self.entries if entry.name == name), None)
        if found is None:
            names = [entry.name for entry in self.entries]
            raise NotFound(f"no hypothesis {name!r}", next_step=did_you_mean(name, names) or "see them: lorascope hypothesis list --all")
        return found


def read_ledger(store: Store) -> Ledger:
    """The whole ledger."""
    with store.snapshot():
        hypotheses, judgments = store.hypotheses(), read_judgments(store)
        hours = [past.gpu_hours for past in read_history(store, []).runs if past.gpu_hours] if hypotheses else []
    usual = median(hours) if hours else None
    replaced = {plan.replaces: plan.name for plan in map(plan_of, hypotheses) if plan.replaces}
    entries = [_entry(one, judgments.get(one.name, ()), replaced, usual) for one in hypotheses]
    entries.sort(key=lambda entry: (entry.worth is None, -(entry.worth or 0.0), entry.name))
    return Ledger(tuple(entries), contradictions([plan_of(one) for one in hypotheses]), usual)


def read_judgments(store: Store) -> Mapping[str, Sequence[Judgment]]:
    """Hypothesis → its judgments, the oldest first."""
    found: dict[str, list[Judgment]] = defaultdict(list)
    for record in store.foreign_records(JUDGMENT):
        judgment = judgment_of(record)
        if judgment is not None:
            found[judgment.hypothesis].append(judgment)
    return {name: sorted(of_one, key=lambda judgment: judgment.at or 0.0) for name, of_one in found.items()}


def read_calibration(store: Store) -> tuple[Calibration, tuple[tuple[str, float, bool], ...]]:
    """How the stated priors of resolved hypotheses came out, and each of them: name, prior, whether it held."""
    ledger = read_ledger(store)
    resolved = sorted((entry.name, entry.plan.prior, entry.verdict is Verdict.SUPPORTED) for entry in ledger.entries
                      if entry.verdict in RESOLVED and entry.plan.prior is not None)  # fmt: skip
    return calibrate([(prior, held) for _, prior, held in resolved]), tuple(resolved)


def registration_of(hypothesis: Hypothesis) -> str:
    """The digest of everything that was declared: it changes with any later edit."""
    numbers = [None if value is None else float(value) for value in (hypothesis.threshold, hypothesis.prior)]
    declared = {name: value for name, value in hypothesis.extra.items() if name != "registration"}
    parts = [hypothesis.name, hypothesis.statement, hypothesis.metric, hypothesis.direction, numbers, sorted(hypothesis.runs), declared]
    return hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=8).hexdigest()


def _entry(hypothesis: Hypothesis, judgments: Sequence[Judgment], replaced: Mapping[str, str], usual: float | None) -> Entry:
    plan = plan_of(hypothesis)
    posterior = judgments[-1].posterior if judgments else None
    confidence = posterior if posterior is not None else plan.prior
    entry = Entry(hypothesis, plan, tuple(judgments), confidence)
    why_not = _why_not(entry, replaced)
    if why_not:
        return Entry(hypothesis, plan, tuple(judgments), confidence, why_not=why_not)
    information = expected_information(EVEN if confidence is None else confidence, plan.power or ASSUMED_POWER)
    cost = plan.cost_gpu_hours or usual or 1.0
    return Entry(hypothesis, plan, tuple(judgments), confidence, information, worth(information, plan.value, cost))


def _why_not(entry: Entry, replaced: Mapping[str, str]) -> str:
    """Why a hypothesis is not in the queue of tests."""
    plan = entry.plan
    if plan.name in replaced:
        return f"replaced by {replaced[plan.name]}"
    if plan.note_only:
        return "noted only"
    if entry.verdict in RESOLVED:
        return f"resolved: {entry.verdict}"
    if plan.power is not None and plan.power < LEAST_POWER:
        return f"its test would find the effect in only {100 * plan.power:.0f} % of cases"
    if plan.lacks:
        return "names no " + ", no ".join(lack.split(" ", 1)[1] for lack in plan.lacks)
    return ""
