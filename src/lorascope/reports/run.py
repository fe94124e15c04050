"""One run in a report: its picture grid, its choice of checkpoint, and both in sentences."""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.reports.answers import HIGHER, Candidate, Choice
from lorascope.reports.bands import bands_table
from lorascope.reports.evidence import Evidence, MetricNote, RunEvidence
from lorascope.reports.grid import Grid, epochs_of, grid
from lorascope.reports.table import Column, Row, Table
from lorascope.reports.wording import (
    TIMES,
    amount,
    counted,
    interval,
    listed,
    number,
    p_clause,
    probability,
    shortened,
    unit_shown,
    visible,
)


@dataclass(frozen=True, slots=True)
class RunView:
    """What a report shows of one run. ``place`` (0 or 1) decides its color; ``verdict`` is one sentence."""

    place: int
    name: str
    verdict: str
    facts: str
    grid: Grid
    choice: Table | None
    bands: Table | None = None


def run_view(evidence: Evidence, place: int) -> RunView:
    """The view of the run at this place."""
    run = evidence.runs[place]
    return RunView(
        place=place,
        name=shortened(run.run.name),
        verdict=verdict(evidence, run),
        facts=_facts(evidence, run),
        grid=grid(evidence, run),
        choice=choice_table(evidence, run) if run.choice else None,
        bands=bands_table(evidence, run),
    )


def verdict(evidence: Evidence, run: RunEvidence) -> str:
    """Which checkpoint to ship, in one sentence, or why that is undecided."""
    name, choice, note = shortened(run.run.name), run.choice, evidence.note(evidence.metric)
    if choice is None and note.direction == "none" and any(measurement.metric == note.name for measurement in run.measurements):
        return f"{name}: whether more or less {visible(note.title).lower()} is better is not known, so no checkpoint is chosen by it."
    if choice is None or not choice.candidates:
        return f"{name}: no checkpoint was measured by {visible(note.title).lower()}, so none can be chosen."
    leader = choice.candidate(choice.leader)
    if leader is None:
        return f"{name}: {visible(note.title).lower()} describes and does not judge, so no checkpoint is chosen by it."
    measured, base = _measured(leader, choice, note), _beside_base(evidence, run, note)
    others = [epoch for epoch in choice.cannot_tell if epoch != leader.epoch]
    if choice.best_epoch is None:
        chance = f"; its probability of being the best is {probability(leader.p_best)}" if leader.p_best is not None else ""
        return f"{name}: undecided. Epoch {leader.epoch} leads with {measured}{chance}{_alike(others)}{base}."
    if len(choice.candidates) == 1:
        return f"{name}: epoch {leader.epoch} is the only one measured: {measured}{base}."
    return f"{name}: epoch {leader.epoch} is the best with probability {probability(choice.best_p)}: {measured}{_alike(others)}{base}."


def _measured(leader: Candidate, choice: Choice, note: MetricNote) -> str:
    bounds = "no interval"
    if leader.low is not None and leader.high is not None:
        bounds = f"95 % interval {interval(leader.low, leader.high, note.unit)} {unit_shown(note.unit)}".rstrip()
    counts = f"{counted(choice.prompts, 'prompt')}, n = {counted(leader.n, 'image')}"
    return f"{visible(note.title).lower()} {amount(leader.mean, note.unit)} ({bounds}, {counts})"


def _beside_base(evidence: Evidence, run: RunEvidence, note: MetricNote) -> str:
    """What the base model reaches without a LoRA: a choice among epochs says nothing about whether any of them helps."""
    base = next((m for m in run.measurements if m.metric == note.name and m.epoch == evidence.base_epoch and m.mean is not None), None)
    return f"; the base model without a LoRA has {amount(base.mean, note.unit)}" if base else ""


def _alike(others: list[int]) -> str:
    if not others:
        return ""
    return f"; {'epoch' if len(others) == 1 else 'epochs'} {listed(others)} cannot be told from it"


def _facts(evidence: Evidence, run: RunEvidence) -> str:
    """Status, base model and counts on one line."""
    saved = len([epoch for epoch in epochs_of(run) if epoch != evidence.base_epoch])
    parts = [
        run.run.status.value + (f": {shortened(run.run.reason, 120)}" if run.run.reason else ""),
        f"trainer {shortened(run.run.trainer)}",
        f"base model {shortened(run.run.base_model, 60)}" if run.run.base_model else "",
        f"{counted(saved, 'epoch')}",
        counted(len(run.samples), "picture"),
    ]
    return " · ".join(part for part in parts if part)


def choice_table(evidence: Evidence, run: RunEvidence) -> Table:
    """All candidates of a choice, with what luck explains taken out (shrunk) and the probability of being best."""
    assert run.choice is not None
    choice, note = run.choice, evidence.note(run.choice.metric)
    unit = unit_shown(choice.unit)
    columns = (
        Column("epoch"),
        Column("mean", unit),
        Column("95 % interval", unit),
        Column("n images"),
        Column("shrunk", unit),
        Column("verdict", numeric=False),
        Column("P(best)"),
    )
    rows = []
    for candidate in choice.candidates:
        word = _word(choice, candidate.epoch)
        cells = (
            evidence.epoch_shown(candidate.epoch),
            number(candidate.mean, choice.unit),
            interval(candidate.low, candidate.high, choice.unit),
            str(candidate.n),
            number(candidate.shrunk, choice.unit),
            word,
            probability(candidate.p_best),
        )
        rows.append(Row(cells, marked=candidate.epoch == choice.leader, share=candidate.p_best))
    better = "higher is better" if choice.direction == HIGHER else f"{choice.direction} is better"
    each = f"{counted(choice.prompts, 'prompt')} {TIMES} {counted(choice.seeds, 'seed')}"
    caption = f"{shortened(run.run.name)}: {visible(note.title).lower()} by epoch ({better}; {each})"
    return Table(caption, columns, tuple(rows), _choice_notes(choice), tuple(map(visible, choice.notes)))


def _word(choice: Choice, epoch: int) -> str:
    if epoch == choice.best_epoch:
        return "best"
    if epoch == choice.leader:
        return "leads"
    return "cannot be told apart" if epoch in choice.cannot_tell else ""


def _choice_notes(choice: Choice) -> tuple[str, ...]:
    shrunk = "Shrunk: the mean pulled towards the mean of all epochs by what luck explains in a best-of-many."
    return (shrunk, f"Do the epochs differ at all? {p_clause(choice.differ_p)}.") if choice.differ_p is not None else (shrunk,)
