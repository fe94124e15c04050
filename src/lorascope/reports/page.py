"""A report as frozen view data: everything that is said, in the order in which it is read. HTML and Markdown only draw it."""

from __future__ import annotations

from dataclasses import dataclass

from lorascope.reports.comparison import (
    datasets_table,
    difference_sentences,
    difference_tables,
    different_table,
    same_table,
    what_differed,
)
from lorascope.reports.curves import BETTER, Curve, curves
from lorascope.reports.evidence import Evidence
from lorascope.reports.grid import Grid, GridRow, epochs_of, grid
from lorascope.reports.protocol import measured_by, metrics_table, prompts_table, protocol_table
from lorascope.reports.repairs import CaptionsView, captions_view
from lorascope.reports.run import RunView, run_view
from lorascope.reports.table import Table
from lorascope.reports.undecided import undecided
from lorascope.reports.wording import TIMES, counted, moment, shortened, visible


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of the lead; ``place`` is that of the run it speaks of, None when it speaks of all."""

    sentence: str
    place: int | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """One report. ``lead`` is what was asked and found in three to six sentences; ``overview`` shows base and chosen epochs."""

    title: str
    recorded: str
    lead: tuple[Statement, ...]
    overview: Grid | None
    setting: str
    datasets: Table
    different: Table | None
    same: Table | None
    captions: CaptionsView | None
    runs: tuple[RunView, ...]
    curves: tuple[Curve, ...]
    differences: tuple[Table, ...]
    difference: tuple[str, ...]
    undecided: tuple[str, ...]
    measured_by: str
    protocol: Table
    metrics: Table | None
    prompts: Table | None


def page(evidence: Evidence) -> Page:
    """Put a report together from one or two runs."""
    both = len(evidence.runs) > 1
    runs = tuple(run_view(evidence, place) for place in range(len(evidence.runs)))
    return Page(
        title=" and ".join(run.name for run in runs),
        recorded=f"as recorded until {moment(evidence.recorded_at)}" if evidence.recorded_at is not None else "",
        lead=_lead(evidence, runs),
        overview=_overview(evidence),
        setting=what_differed(evidence) if both else f"{runs[0].name} was trained once, with the parameters below.",
        datasets=datasets_table(evidence),
        different=different_table(evidence) if both else None,
        same=same_table(evidence),
        captions=captions_view(evidence),
        runs=runs,
        curves=curves(evidence),
        differences=difference_tables(evidence),
        difference=difference_sentences(evidence) if both else (),
        undecided=undecided(evidence),
        measured_by=measured_by(evidence),
        protocol=protocol_table(evidence),
        metrics=metrics_table(evidence),
        prompts=prompts_table(evidence),
    )


def _lead(evidence: Evidence, runs: tuple[RunView, ...]) -> tuple[Statement, ...]:
    said = [Statement(_asked(evidence))]
    if len(runs) > 1:
        said = [Statement(f"{what_differed(evidence)} {_asked(evidence)}"), *map(Statement, difference_sentences(evidence))]
    said += [Statement(run.verdict, run.place) for run in runs]
    return (*said, Statement(_open_end(undecided(evidence))))


def _asked(evidence: Evidence) -> str:
    note = evidence.note(evidence.metric)
    pictures = sum(len(run.samples) for run in evidence.runs)
    saved = sum(len([epoch for epoch in epochs_of(run) if epoch != evidence.base_epoch]) for run in evidence.runs)
    drawn = counted(saved, "checkpoint")
    if any(evidence.base_epoch in epochs_of(run) for run in evidence.runs):
        drawn += " and the base model without a LoRA"
    if pictures:
        drawn += f" drew {counted(pictures, 'picture')}"
    elif saved == 0 or any(run.scores or run.measurements for run in evidence.runs):
        drawn += " was measured" if saved == 1 else " were measured"
    else:
        return f"{drawn}; nothing was measured of {'it' if saved == 1 else 'them'} yet."
    suite = (
        f" ({counted(len(evidence.suite.prompts), 'prompt')} {TIMES} {counted(len(evidence.suite.seeds), 'seed')} each)"
        if evidence.suite
        else ""
    )
    better = BETTER.get(note.direction, "")
    return f"{drawn}{suite}, judged by {visible(note.title).lower()}{f' ({better})' if better else ''}."


def _open_end(open_ends: tuple[str, ...]) -> str:
    if len(open_ends) == 1:
        return f"Open: {open_ends[0]}"
    return f'{counted(len(open_ends), "question")} remain open; what would decide them stands under "What remains undecided".'


def _overview(evidence: Evidence) -> Grid | None:
    """The base model's row, then each run's chosen epoch: the result at one look."""
    rows: list[GridRow] = []
    first: Grid | None = None
    for place, run in enumerate(evidence.runs):
        leader = run.choice.leader if run.choice else None
        shown = tuple(epoch for epoch in (evidence.base_epoch, leader) if epoch is not None and epoch in epochs_of(run))
        part = grid(evidence, run, shown)
        first = first or part
        for row in part.rows:
            if row.epoch == evidence.base_epoch and any(other.epoch == evidence.base_epoch for other in rows):
                continue
            name = "base model" if row.epoch == evidence.base_epoch else shortened(run.run.name, 24)
            note = row.note if row.epoch == evidence.base_epoch else f"epoch {row.epoch}, {row.note}"
            rows.append(
                GridRow(row.epoch, name, note, marked=False, cells=row.cells, place=None if row.epoch == evidence.base_epoch else place)
            )
    if first is None or not first.has_pictures or not rows:
        return None
    return Grid("The base model and each run's chosen epoch", first.headings, tuple(rows), first.note, has_pictures=True)
