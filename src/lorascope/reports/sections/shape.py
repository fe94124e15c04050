"""The course over a run's checkpoints: what it is, or that it is noise."""

from __future__ import annotations

from lorascope.reports.evidence import Evidence
from lorascope.reports.inquiry import Inquiry, ShapeNote
from lorascope.reports.section import Section, Sentence, missing
from lorascope.reports.source import Source, command
from lorascope.reports.wording import counted, shortened, visible


def shape(evidence: Evidence, inquiry: Inquiry) -> Section:
    """What the curve of each run may be called."""
    parts = [_course(evidence, note) for note in inquiry.shapes]
    said = inquiry.missing.get("shape", "Nothing that judges was measured over checkpoints, so there is no course to describe.")
    return Section("shape", "Course", "The course over checkpoints", tuple(parts) or (missing("shape", said),))


def _course(evidence: Evidence, note: ShapeNote) -> Sentence:
    name, title = shortened(note.run), visible(evidence.note(note.metric).title).lower()
    method = "tests of difference, trend and bend at 5 % together, then courses weighed by how probable each makes the levels"
    source = Source(
        f"shape:{note.run}", name, note.metric, "course over checkpoints", counted(note.points, "checkpoint"), method,
        command("pick", note.run, "--metric", note.metric),
    )  # fmt: skip
    return Sentence(f"{name}, {title} over {counted(note.points, 'checkpoint')}. {visible(' '.join(note.sentences))}", source)
