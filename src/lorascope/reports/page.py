"""Put a report together: what was asked and found first, then everything behind it."""

from __future__ import annotations

from dataclasses import replace

from lorascope.reports.comparison import (
    datasets_table,
    difference_sentences,
    difference_tables,
    different_table,
    same_table,
    what_differed,
)
from lorascope.reports.curves import BETTER, curves
from lorascope.reports.evidence import Evidence
from lorascope.reports.grid import Grid, GridRow, epochs_of, grid
from lorascope.reports.page_view import Page, Statement
from lorascope.reports.protocol import measured_by, metrics_table, prompts_table, protocol_table
from lorascope.reports.references import targets
from lorascope.reports.repairs import captions_view
from lorascope.reports.run import RunView, run_view
from lorascope.reports.sections import SECTIONS
from lorascope.reports.source import number
from lorascope.reports.undecided import undecided
from lorascope.reports.wording import TIMES, counted, moment, shortened, visible


def page(evidence: Evidence) -> Page:
    """Put a report together from one or two runs."""
    shown = _page(evidence)
    return replace(shown, numbering=number(targets(evidence, shown)))


def _page(evidence: Evidence) -> Page:
    """The page without its references."""
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
        sections=tuple(section for make in SECTIONS for section in [make(evidence, evidence.inquiry)] if section)
        if evidence.inquiry
        else (),
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
    suite = ""
    if evidence.suite:
        seeds = f" {TIMES} {counted(len(evidence.suite.seeds), 'seed')}" if evidence.suite.seeds else ", seeds not recorded"
        suite = f" ({counted(len(evidence.suite.prompts), 'prompt')}{seeds} each)".replace("recorded each", "recorded")
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
