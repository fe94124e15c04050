"""Two runs beside each other: what differed between them, and by how much their pictures differ, paired by prompt."""

from __future__ import annotations

from lorascope.parameters.labels import LABELS
from lorascope.records.run import ParameterValue
from lorascope.reports.answers import Comparison, Difference
from lorascope.reports.evidence import Evidence, RunEvidence
from lorascope.reports.table import Column, Row, Table, text_columns
from lorascope.reports.wording import (
    NOTHING,
    counted,
    difference_unit,
    digest_shown,
    interval,
    listed,
    number,
    p_clause,
    p_value,
    shortened,
    signed,
    value_shown,
    visible,
)

Names = tuple[str, str]  # of the two runs, as shown
DETECTABLE = "Detectable: the true difference that this many prompts would show in four of five such experiments."


def differing(evidence: Evidence) -> tuple[str, ...]:
    """The parameters whose values differ between the runs, names and places aside, in order of name."""
    return tuple(name for name, values in _parameters(evidence) if len(set(map(value_shown, values))) > 1 and name not in LABELS)


def _parameters(evidence: Evidence) -> list[tuple[str, tuple[ParameterValue, ...]]]:
    settings = [{"base_model": run.run.base_model, "trainer": run.run.trainer, **run.run.parameters} for run in evidence.runs]
    names = sorted({name for of_run in settings for name in of_run})
    return [(name, tuple(of_run.get(name) for of_run in settings)) for name in names]


def datasets_differ(evidence: Evidence) -> bool:
    """Whether the runs were trained on different dataset versions."""
    return len({run.run.dataset_digest for run in evidence.runs}) > 1


def datasets_table(evidence: Evidence) -> Table:
    """The dataset version of each run."""
    columns = (*text_columns("run", "dataset", "version (digest)"), Column("images"), Column("with caption"), *text_columns("made from"))
    rows = []
    for run in evidence.runs:
        dataset = run.dataset
        digest = digest_shown(run.run.dataset_digest)
        known = (
            (shortened(dataset.name), digest, f"{dataset.images:,}", f"{dataset.captions:,}", _made_from(evidence, run))
            if dataset
            else ("not recorded", digest, NOTHING, NOTHING, NOTHING)
        )
        rows.append(Row((shortened(run.run.name), *known)))
    return Table("Datasets: what each run was trained on", columns, tuple(rows))


def _made_from(evidence: Evidence, run: RunEvidence) -> str:
    parent = run.dataset.parent if run.dataset else None
    if not parent:
        return NOTHING
    named = next((shortened(other.run.name) for other in evidence.runs if other.run.dataset_digest == parent), "")
    return f"{digest_shown(parent)} (the dataset of {named})" if named else digest_shown(parent)


def different_table(evidence: Evidence) -> Table | None:
    """Only the parameters that differ."""
    names = set(differing(evidence))
    rows = tuple(Row((visible(name), *map(value_shown, values))) for name, values in _parameters(evidence) if name in names)
    return Table("Parameters that differ", text_columns("parameter", *_names(evidence)), rows) if rows else None


def same_table(evidence: Evidence) -> Table | None:
    """The parameters that are the same in all runs; names and places may differ and are shown for each."""
    names = set(differing(evidence))
    rows = tuple(
        Row((visible(name), ", ".join(dict.fromkeys(map(value_shown, values)))))
        for name, values in _parameters(evidence)
        if name not in names
    )
    return Table("All other parameters", text_columns("parameter", "value"), rows) if rows else None


def _names(evidence: Evidence) -> list[str]:
    return [shortened(run.run.name) for run in evidence.runs]


def what_differed(evidence: Evidence) -> str:
    """One sentence: the setting of the experiment."""
    first, second = _names(evidence)
    names, other_data = differing(evidence), datasets_differ(evidence)
    data = "their dataset version" if other_data else ""
    settings = (
        f"{counted(len(names), 'parameter')} ({listed([visible(name) for name in names[:4]])}{' …' if len(names) > 4 else ''})"
        if names
        else ""
    )
    what = " and in ".join(part for part in (data, settings) if part)
    elsewhere = " They were trained with other software versions or on another machine." if _environments_differ(evidence) else ""
    if not what:
        return f"{first} and {second} were trained with the same recorded parameters on the same dataset version.{elsewhere}"
    alone = ", and in nothing else that was recorded" if not ((data and settings) or elsewhere) else ""
    return f"{first} and {second} differ in {what}{alone}.{elsewhere}"


def _environments_differ(evidence: Evidence) -> bool:
    """Whether the runs say that they were trained by other versions or elsewhere."""
    first, second = (run.run.environment for run in evidence.runs)
    return any(first.get(key) != second.get(key) for key in ("versions", "python", "platform", "cpu_count"))


def difference_tables(evidence: Evidence) -> tuple[Table, ...]:
    """Second run minus first, by metric, the chosen one first: a table for each way of choosing the epochs."""
    tables: list[Table] = []
    said = {DETECTABLE}
    for comparison in evidence.comparisons:
        notes = tuple(dict.fromkeys(note for note in map(visible, comparison.notes) if note not in said))
        tables.append(comparison_table(evidence, _pair(evidence), comparison, notes if tables else (DETECTABLE, *notes)))
        said.update(notes)
    return tuple(tables)


def _pair(evidence: Evidence) -> Names:
    first, second = _names(evidence)
    return first, second


def comparison_table(evidence: Evidence, names: Names, comparison: Comparison, notes: tuple[str, ...] | None = None) -> Table:
    """All metrics of one comparison, second of ``names`` minus first; ``notes`` None: those of the comparison."""
    notes = (DETECTABLE, *map(visible, comparison.notes)) if notes is None else notes
    columns = (
        Column("metric", numeric=False),
        Column("epochs"),
        Column("difference"),
        Column("95 % interval"),
        Column("unit", numeric=False),
        Column("p"),
        Column("n prompts"),
        Column("detectable"),
        Column("reading", numeric=False),
    )
    ordered = sorted(comparison.differences, key=lambda row: row.metric != evidence.metric)
    rows = tuple(Row(_difference_cells(evidence, names, row), marked=row.metric == evidence.metric) for row in ordered)
    return Table(f"{names[1]} minus {names[0]} {visible(comparison.at)}, paired by prompt", columns, rows, notes)


def _difference_cells(evidence: Evidence, names: Names, row: Difference) -> tuple[str, ...]:
    note = evidence.note(row.metric)
    return (
        visible(note.title),
        " : ".join(map(str, reversed(row.epochs))) if row.epochs else NOTHING,
        signed(row.difference, note.unit),
        interval(row.low, row.high, note.unit, with_sign=True),
        difference_unit(note.unit),
        p_value(row.p_value),
        str(row.n),
        number(row.detectable, note.unit),
        reading(evidence, row, names),
    )


def has_one_sign(row: Difference) -> bool:
    """Whether the interval leaves only one sign."""
    return row.low is not None and row.high is not None and (row.low > 0 or row.high < 0)


def is_decided(row: Difference) -> bool:
    """Whether the interval leaves only one sign and the test agrees: from five prompts or fewer the exact test never does."""
    return has_one_sign(row) and (row.p_value is None or row.p_value < 0.05)


def reading(evidence: Evidence, row: Difference, names: Names | None = None) -> str:
    """A difference in words: which run is better (of ``names``, else those of the report), or that it is undecided."""
    first, second = names or _pair(evidence)
    if row.difference is None:
        return "not measurable"
    if not is_decided(row):
        agree = row.p_value is None or has_one_sign(row) == (row.p_value < 0.05)
        return "undecided" if agree else "undecided: interval and test disagree"
    direction = evidence.note(row.metric).direction
    if direction not in {"higher", "lower"}:
        return f"{second if row.difference > 0 else first} has more"
    return f"{second if (row.difference > 0) == (direction == 'higher') else first} is better"


def difference_sentences(evidence: Evidence) -> tuple[str, ...]:
    """The difference of the runs in the chosen metric, one sentence for each way of choosing the epochs."""
    rows = [(comparison.at, comparison.of(evidence.metric)) for comparison in evidence.comparisons]
    said = tuple(
        comparison_sentence(evidence, _pair(evidence), at, row) for at, row in rows if row is not None and row.difference is not None
    )
    return said or (f"The runs were not compared by {visible(evidence.note(evidence.metric).title).lower()}.",)


def comparison_sentence(evidence: Evidence, names: Names, at: str, row: Difference) -> str:
    """One difference in a sentence: second of ``names`` minus first, in the judging metric."""
    note = evidence.note(evidence.metric)
    first, second = names
    unit = difference_unit(note.unit)
    bounds = f"95 % interval {interval(row.low, row.high, note.unit, with_sign=True)}" if row.low is not None else "no interval"
    sure = f"{p_clause(row.p_value)}, " if row.p_value is not None else ""
    said = reading(evidence, row, names)
    tail = "this could go either way" if said == "undecided" else said.replace(": ", ", ")
    epochs = f" ({second} {row.epochs[1]}, {first} {row.epochs[0]})" if row.epochs else ""
    return (
        f"{visible(at).capitalize()}{epochs}, {second} minus {first} is {signed(row.difference, note.unit)} {unit} of "
        f"{visible(note.title).lower()} ({bounds}; {sure}paired over {counted(row.n, 'prompt')}): {tail}."
    )
