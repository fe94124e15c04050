"""The run beside the one that it was changed from."""

from __future__ import annotations

from lorascope.reports.comparison import comparison_sentence, comparison_table
from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry
from lorascope.reports.references import comparison_source
from lorascope.reports.section import Part, Section, Sentence, SourcedTable, missing
from lorascope.reports.source import Source, command
from lorascope.reports.table import Row, Table, text_columns
from lorascope.reports.wording import shortened, value_shown, visible


def parent(evidence: Evidence, inquiry: Inquiry) -> Section | None:
    """Against the parent; None where the report compares two runs already."""
    if len(evidence.runs) > 1:
        return None
    title = "Beside the run it was changed from"
    if inquiry.parent is None:
        said = (
            f"No parent is recorded of {shortened(inquiry.run)}: what it was changed from is not known. "
            f"Name a run to compare it with: {command('report', 'OTHER', inquiry.run)}"
        )
        return Section("parent", "Parent", title, (missing("parent", said),))
    names = [inquiry.parent, inquiry.run]
    parts: list[Part] = [*_changed(inquiry)]
    if inquiry.parent_comparison is None:
        said = inquiry.missing.get("parent", f"{shortened(inquiry.parent)} and {shortened(inquiry.run)} share no measured prompt.")
        parts.append(missing("parent", said))
    else:
        source = comparison_source(names, inquiry.parent_comparison, "parent")
        shown = (shortened(names[0]), shortened(names[1]))
        row = inquiry.parent_comparison.of(evidence.metric)
        if row is not None and row.difference is not None:
            parts.append(Sentence(comparison_sentence(evidence, shown, inquiry.parent_comparison.at, row), source))
        parts.append(SourcedTable(comparison_table(evidence, shown, inquiry.parent_comparison), source))
    return Section("parent", "Parent", title, tuple(parts))


def _changed(inquiry: Inquiry) -> list[Part]:
    assert inquiry.parent is not None
    name = shortened(inquiry.parent)
    source = Source("parent:settings", f"{name} and {shortened(inquiry.run)}", statistic="settings that differ, as recorded",
                    command=command("compare", inquiry.parent, inquiry.run))  # fmt: skip
    if not inquiry.changed:
        return [Sentence(f"No recorded setting differs from {name}.", source)]
    rows = tuple(Row((visible(key), value_shown(old), value_shown(new))) for key, (old, new) in sorted(inquiry.changed.items()))
    said: list[Part] = [SourcedTable(Table(f"Changed since {name}", text_columns("setting", name, shortened(inquiry.run)), rows), source)]
    if len(rows) > 1:
        said.append(Sentence(f"{len(rows)} settings changed together: this pair of runs cannot say which of them did what.", source))
    return said
