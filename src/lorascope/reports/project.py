"""The report of a whole project: its runs by outcome, what matters, the ledger, decisions, costs, and what to run next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lorascope.records.history import History, PastRun
from lorascope.reports.answers import HIGHER, LOWER
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.section import Part, Section, Sentence, SourcedTable, missing
from lorascope.reports.sections.advice import decided
from lorascope.reports.sections.changes import impact_parts
from lorascope.reports.sections.ledger import ledger_parts
from lorascope.reports.sections.lessons import lesson_points
from lorascope.reports.sections.next_runs import proposal_parts
from lorascope.reports.source import Numbering, Source, command, number
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import NOTHING, counted, interval, listed, moment, shortened, unit_shown, visible
from lorascope.reports.wording import number as shown

MOST_ROWS = 50  # beyond it a reader scrolls past runs to reach what was found


@dataclass(frozen=True, slots=True)
class ProjectEvidence:
    """All runs, judged by ``metric`` (None: nothing is measured), and what analyses answered (``inquiry``; its run is "").

    ``bounds``: run → its 95 % interval over prompts, where its scores are here.
    """

    history: History
    metric: str | None
    inquiry: Inquiry
    bounds: Mapping[str, tuple[float, float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ProjectPage:
    """The report as it is read."""

    title: str
    recorded: str
    lead: tuple[str, ...]
    sections: tuple[Section, ...]
    numbering: Numbering = field(default_factory=Numbering)


def project_page(evidence: ProjectEvidence) -> ProjectPage:
    """Put it together."""
    sections = tuple(_sections(evidence))
    moments = [
        moment_s for past in evidence.history.runs for moment_s in (past.run.finished_at, past.run.started_at) if moment_s is not None
    ]
    recorded = f"as recorded until {moment(max(moments))}" if moments else ""
    lead = tuple(_lead(evidence))
    targets: list[tuple[object, Source]] = [(opening(recorded), Source("recorded", "all runs", statistic="last moment recorded"))]
    targets += [(sentence, Source(f"lead:{place}", "all runs", statistic="counts of the store")) for place, sentence in enumerate(lead)]
    targets += [target for section in sections for target in section.targets()]
    return ProjectPage("The project", recorded, lead, sections, number(targets))


def opening(recorded: str) -> str:
    """The line under the title."""
    return f"A lorascope report of all runs{', ' + recorded if recorded else ''}."


def _lead(evidence: ProjectEvidence) -> Iterator[str]:
    runs, metric = evidence.history.runs, evidence.metric
    if not runs:
        yield "There is no run in this store yet: lorascope train, or lorascope import."
        return
    if metric is None:
        yield f"{counted(len(runs), 'run')}, of which none was measured: lorascope evaluate {visible(runs[-1].name)}"
        return
    measured = evidence.history.measured(metric)
    yield f"{counted(len(runs), 'run')}, {len(measured)} of them with a number of {visible(metric)}."
    classes = {past.classes.get(metric, "") for past in measured}
    if len(classes) > 1:
        yield f"They were measured in {len(classes)} ways (other prompts, protocol or version): only runs of one class can be compared."
    ledger = evidence.inquiry.ledger
    decided_n = sum(note.verdict in {"supported", "refuted"} for note in ledger)
    promoted = counted(len(evidence.inquiry.decisions), "checkpoint")
    yield f"{counted(len(ledger), 'hypothesis', 'hypotheses')} in the ledger, {decided_n} decided; {promoted} promoted."


def _sections(evidence: ProjectEvidence) -> Iterator[Section]:
    inquiry = evidence.inquiry
    yield Section("runs", "Runs", "Runs by outcome", tuple(_runs(evidence)))
    yield Section("changes", "Settings", "Which settings matter", tuple(impact_parts(inquiry.impact, inquiry)))
    said = "The ledger is empty: lorascope hypothesis add"
    yield Section("ledger", "Hypotheses", "The ledger of hypotheses", tuple(ledger_parts(inquiry.ledger, said)))
    decisions = tuple(decided(note) for note in inquiry.decisions) or (
        missing("decisions", "No checkpoint was promoted: lorascope promote"),
    )
    yield Section("decisions", "Decisions", "Decisions", decisions)
    yield Section("costs", "Costs", "What it cost", (_costs(evidence.history),))
    yield Section("next", "Next", "Next experiments", tuple(proposal_parts(inquiry.proposals, inquiry.missing.get("next", ""))))
    none = (
        "None yet: no setting is shown to matter and no hypothesis has been decided. What a single run did is an observation, not a rule."
    )
    yield Section("lessons", "Lessons", "Lessons, and what they rest on", tuple(lesson_points(inquiry)) or (missing("lessons", none),))


def _runs(evidence: ProjectEvidence) -> list[Part]:
    history, metric = evidence.history, evidence.metric
    if not history.runs:
        return [missing("runs", "No run is recorded.")]
    unit = history.facts(metric).unit if metric else ""
    way = history.facts(metric).direction if metric else None
    ordered = by_outcome(history, metric)
    classes = _letters(evidence)
    columns = (
        *text_columns("run", "parent", "status"), Column(visible(metric) if metric else "outcome", unit_shown(unit)),
        Column("95 % interval", unit_shown(unit)), Column("at epoch"), Column("n prompts"), Column("n images"), Column("GPU hours"),
        *text_columns("measured alike"),
    )  # fmt: skip
    rows = tuple(_run_row(past, metric, unit, (evidence.bounds.get(past.name), classes.get(past.name, NOTHING))) for past in ordered)
    better = f", {way} is better" if way in {HIGHER, LOWER} else ""
    notes = ["Each run stands with its last measured checkpoint; a run trained once does not say what another training seed would give."]
    if len(set(classes.values())) > 1:
        notes.append("Measured alike: runs with one letter share prompts, protocol and version; numbers of two letters are not compared.")
    left = len(history.runs) - len(ordered)
    notes += [f"{left} more: lorascope runs"] if left else []
    caption = f"{counted(len(history.runs), 'run')}{f' by {visible(metric)}{better}' if metric else ''}"
    source = Source(
        "runs",
        "all runs",
        metric or "",
        "mean over prompts at the last measured checkpoint, 95 % interval over prompts",
        command=command("runs"),
    )
    return [SourcedTable(Table(caption, columns, rows, tuple(notes)), source)]


def by_outcome(history: History, metric: str | None) -> list[PastRun]:
    """The runs that are listed: class by class, the largest first, for no number is ranked among those of another; the best of each
    first, those without a number last.
    """
    way = history.facts(metric).direction if metric else None
    sizes = Counter(past.classes.get(metric, "") for past in history.runs if metric in past.outcomes) if metric else Counter[str]()

    def rank(past: PastRun) -> tuple[bool, int, str, float, str]:
        found, own = (past.outcomes.get(metric), past.classes.get(metric, "")) if metric else (None, "")
        value = found.value if found else 0.0
        return (found is None, -sizes[own], own, -value if way == HIGHER else value, past.name)

    return sorted(history.runs, key=rank)[:MOST_ROWS]


def _letters(evidence: ProjectEvidence) -> Mapping[str, str]:
    """Run → a letter for its comparability class, in order of the runs."""
    found: dict[str, str] = {}
    letters: dict[str, str] = {}
    for past in evidence.history.runs:
        if evidence.metric in past.outcomes and evidence.metric is not None:
            key = past.classes.get(evidence.metric, "")
            letters.setdefault(key, chr(ord("A") + len(letters)) if len(letters) < 26 else "…")
            found[past.name] = letters[key]
    return found


def _run_row(past: PastRun, metric: str | None, unit: str, beside: tuple[tuple[float, float] | None, str]) -> Row:
    found = past.outcomes.get(metric) if metric else None
    bounds, letter = beside
    cells = (
        shortened(past.name), shortened(past.run.parent) if past.run.parent else NOTHING, str(past.run.status.value),
        shown(found.value if found else None, unit),
        interval(*bounds, unit) if bounds else NOTHING,
        str(found.epoch) if found and found.epoch is not None else NOTHING, str(found.prompts) if found and found.prompts else NOTHING,
        str(found.images) if found and found.images else NOTHING, shown(past.gpu_hours, digits=2), letter,
    )  # fmt: skip
    return Row(cells)


def _costs(history: History) -> Sentence:
    known = [past.gpu_hours for past in history.runs if past.gpu_hours is not None]
    if not known:
        return missing("costs", "No run says how long it took, so nothing can be said of costs.")
    unknown = [shortened(past.name) for past in history.runs if past.gpu_hours is None]
    rest = f" Not known of {listed(unknown) if len(unknown) <= 5 else counted(len(unknown), 'run')}." if unknown else ""
    text = f"{shown(sum(known), digits=3)} hours over {counted(len(known), 'run')}, by their own clocks.{rest}"
    return Sentence(text, Source("costs", "all runs", statistic="sum of recorded durations", n=counted(len(known), "run")))
