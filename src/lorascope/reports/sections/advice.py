"""Which checkpoint for which purpose, as far as it was measured, and how it was sampled when it was."""

from __future__ import annotations

from lorascope.reports.answers import Choice
from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import DecisionNote, Inquiry, Purpose
from lorascope.reports.references import INTERVAL
from lorascope.reports.section import Part, Section, Sentence, SourcedTable, missing
from lorascope.reports.source import Source, command
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import (
    NOTHING,
    TIMES,
    counted,
    interval,
    listed,
    moment,
    number,
    probability,
    shortened,
    unit_shown,
    visible,
)


def advice(evidence: Evidence, inquiry: Inquiry) -> Section:
    """Recommendations: what was decided, what each purpose would take, and the settings all of it holds for."""
    parts: list[Part] = [decided(note) for note in inquiry.decisions]
    if not inquiry.decisions:
        parts.append(
            missing(
                "advice",
                f"No checkpoint of {shortened(inquiry.run)} was promoted: {command('promote', inquiry.run, 'EPOCH', '--purpose', 'WHAT')}",
            )
        )
    if inquiry.purposes:
        parts += [_table(evidence, inquiry), _read(inquiry)]
    else:
        parts.append(
            missing("advice:purposes", inquiry.missing.get("advice", "No metric judges these checkpoints: nothing can be recommended."))
        )
    parts.append(_settings(evidence, inquiry))
    return Section("advice", "Recommendations", "Which checkpoint for which purpose", tuple(parts))


def decided(note: DecisionNote) -> Sentence:
    """A decision in a sentence."""
    when = f" on {moment(note.decided_at)}" if note.decided_at is not None else ""
    purpose = f" for {visible(note.purpose)}" if note.purpose else ""
    grounds = f" Then {visible(note.grounds)}" if note.grounds else ""
    source = Source(
        f"decision:{note.run}:{note.epoch}:{note.purpose}", f"{shortened(note.run)} · epoch {note.epoch}", statistic="decision record"
    )
    return Sentence(f"Epoch {note.epoch} of {shortened(note.run)} was promoted{purpose}{when}.{grounds}", source)


def _table(evidence: Evidence, inquiry: Inquiry) -> SourcedTable:
    columns = (
        *text_columns("purpose"), Column("epoch"), Column("mean"), Column("95 % interval"), *text_columns("unit"), Column("n images"),
        Column("P(best)"), *text_columns("cannot be told from", "take it?"),
    )  # fmt: skip
    rows = tuple(_row(evidence, purpose) for purpose in inquiry.purposes)
    source = Source(
        f"advice:{inquiry.run}", f"{shortened(inquiry.run)} · leading epoch by metric", statistic=f"mean with {INTERVAL}, P(best)",
        command=command("pick", inquiry.run, "--metric", "METRIC"),
    )  # fmt: skip
    note = "Best of several, chosen by these same numbers: measure the checkpoint you take on fresh prompts before you report its value."
    return SourcedTable(Table(f"{shortened(inquiry.run)}: leading checkpoint by purpose", columns, rows, (note,)), source)


def _row(evidence: Evidence, purpose: Purpose) -> Row:
    choice, note = purpose.choice, evidence.note(purpose.metric)
    leader = choice.candidate(choice.leader)
    of = f", {shortened(purpose.asks, 32)}" if purpose.asks else ""
    name = f"{visible(note.title)}{of} ({choice.direction})"
    if leader is None:
        return Row((name, *[NOTHING] * 7, "no"))
    others = [epoch for epoch in choice.cannot_tell if epoch != leader.epoch]
    called = choice.best_epoch is not None
    alike = f"{len(others)} others" if len(others) > 4 else listed(others)
    cells = (
        name, str(leader.epoch), number(leader.mean, choice.unit), interval(leader.low, leader.high, choice.unit), unit_shown(choice.unit),
        str(leader.n), probability(leader.p_best), alike or NOTHING, _take(choice, called=called, alone=not others),
    )  # fmt: skip
    return Row(cells, marked=purpose.metric == evidence.metric and not purpose.asks)


def _take(choice: Choice, *, called: bool, alone: bool) -> str:
    """What the numbers allow: a choice by one prompt says nothing of others."""
    if not called:
        return "undecided"
    if choice.prompts < 2:
        return "for this prompt only"
    return "yes" if alone else "with care"


def _read(inquiry: Inquiry) -> Sentence:
    called = [purpose for purpose in inquiry.purposes if purpose.choice.best_epoch is not None and purpose.choice.prompts > 1]
    of = counted(len(inquiry.purposes), "purpose")
    source = Source("advice:reading", shortened(inquiry.run), statistic="count of the table above")
    if not called:
        who = "For none of them can a checkpoint" if len(inquiry.purposes) > 1 else "No checkpoint can"
        return Sentence(
            f"{who} be called best over several prompts; of those that cannot be told apart any will do until more is measured.", source
        )
    rest = len(inquiry.purposes) - len(called)
    tail = f" For the other {rest} nothing can be called best over several prompts." if rest else ""
    return Sentence(
        f"A checkpoint can be called best for {len(called)} of {of}: {'; '.join(map(_called, called))}.{tail}",
        source,
    )


def _called(purpose: Purpose) -> str:
    by = purpose.metric.replace("_", " ")
    return f"epoch {purpose.choice.best_epoch} for {shortened(f'{by}, {purpose.asks}' if purpose.asks else by, 80)}"


def _settings(evidence: Evidence, inquiry: Inquiry) -> Sentence:
    suite = evidence.suite
    if suite is None:
        return missing(
            "advice:settings",
            "The settings that the pictures were made with are not recorded as a prompt suite: no inference settings can be recommended.",
        )
    said = (
        f"Measured with {suite.steps} sampling steps, guidance {suite.guidance:g}, {suite.width_px} {TIMES} {suite.height_px} pixels, "
        f"{'the negative prompt of the suite' if suite.negative else 'no negative prompt'}; other inference settings were not measured."
    )
    return Sentence(said, Source("advice:settings", shortened(inquiry.run), statistic=f"prompt suite {shortened(suite.name)}"))
