"""What was learned, each lesson with the n it rests on. That nothing can be learned is a lesson, too."""

from __future__ import annotations

from collections.abc import Iterator

from lorascope.records.effect import Claim
from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.section import Section, Sentence
from lorascope.reports.source import Source, command
from lorascope.reports.wording import counted, interval, probability, shortened, signed, unit_shown, visible


def lessons(_: Evidence, inquiry: Inquiry) -> Section:
    """Only what effects and judged hypotheses support."""
    found = tuple(lesson_points(inquiry))
    return Section("lessons", "Lessons", "Lessons, and what they rest on", found or (_none(inquiry),))


def lesson_points(inquiry: Inquiry) -> Iterator[Sentence]:
    """Settings that are shown to matter, and hypotheses that were decided."""
    impact = inquiry.impact
    for effect in impact.effects if impact and not impact.exploratory else ():
        if effect.claim is not Claim.MATTERS or impact is None:
            continue
        size = ""
        if effect.estimate is not None and effect.low is not None:
            bounds = f"95 % interval {interval(effect.low, effect.high, impact.unit, with_sign=True)}"
            size = f": {signed(effect.estimate, impact.unit)} {unit_shown(impact.unit)} from its lowest to its highest level ({bounds})"
        sure = f"probability {probability(effect.probability)}, n = {counted(impact.runs, 'run')}"
        text = f"{visible(effect.name)} matters for {visible(impact.metric)} ({sure}){size}."
        yield Sentence(text, Source(f"lesson:{effect.name}", "all runs", impact.metric, command=command("impact", impact.metric)), "point")
    for note in inquiry.ledger:
        if note.verdict in {"supported", "refuted"}:
            looked = "; exploratory: some of the data were there before it was written down" if note.exploratory else ""
            n = f"n = {note.n} {note.of}".strip()
            text = f"{visible(note.statement).rstrip('.')}: {note.verdict} ({n}, probability now {probability(note.posterior)}{looked})."
            yield Sentence(
                text,
                Source(f"lesson:{note.name}", "ledger", statistic="verdict", command=command("hypothesis", "show", note.name)),
                "point",
            )


def _none(inquiry: Inquiry) -> Sentence:
    name, runs = shortened(inquiry.run), inquiry.runs
    source = Source("lessons", "all runs", statistic="count of runs")
    if runs <= 1:
        text = (
            f"Nothing about settings can be learned from one run: {name} stands alone, so whatever it did could come from any "
            "setting, the data, or chance. "
            "A second training that changes one thing, or nothing but the seed, would begin to teach."
        )
    else:
        text = (
            f"None yet: over {counted(runs, 'run')} no setting is shown to matter and no hypothesis has been decided. What was "
            f"seen in {name} is an observation of one training, not a rule."
        )
    return Sentence(text, source, "missing")
