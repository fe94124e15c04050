"""A report as Markdown (GitHub's dialect). Other people's words are escaped: they cannot become markup, HTML or links."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby

from lorascope.reports.curves import curve_table
from lorascope.reports.grid import Cell, Grid
from lorascope.reports.page_view import Page
from lorascope.reports.project import ProjectPage, opening
from lorascope.reports.repairs import ADDED, REMOVED, CaptionsView, Piece
from lorascope.reports.section import Section, Sentence, SourcedTable
from lorascope.reports.source import HOW, Numbering, Source, has_digits
from lorascope.reports.table import Table
from lorascope.reports.wording import NOTHING

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&])")
_BLOCK_START = re.compile(r"^(\d*)([-+=.)])(?=\s|$)")


def markdown(page: Page, pictures: Mapping[str, str] | None = None) -> str:
    """The whole report. ``pictures`` maps an image digest to the relative path of its file; without it no pictures are linked."""
    paths = pictures or {}
    draw = Drawing(page.numbering.by_target())
    parts = [
        f"# {escaped(page.title)}",
        draw.sentence(f"A lorascope report{', ' + page.recorded if page.recorded else ''}."),
        draw.bullets(tuple(said.sentence for said in page.lead)),
    ]
    if page.overview and paths:
        parts += [draw.grid(page.overview, paths)]
    parts += ["## The experiment", draw.sentence(page.setting), draw.table(page.datasets)]
    parts += [draw.table(shown) for shown in (page.different, page.same) if shown]
    if page.captions:
        parts += draw.captions(page.captions)
    parts.append("## Pictures, epoch by epoch" if page.overview else "## Prompt by prompt, epoch by epoch")
    for run in page.runs:
        parts += [f"### {escaped(run.name)}", draw.sentence(run.facts), draw.grid(run.grid, paths)]
    parts.append("## Curves")
    parts += [draw.table(curve_table(curve)) for curve in page.curves]
    parts.append("## The choice")
    for run in page.runs:
        parts += [draw.sentence(run.verdict), *(draw.table(shown) for shown in (run.choice, run.bands) if shown)]
    if page.difference:
        parts += ["## The runs compared", *map(draw.sentence, page.difference), *map(draw.table, page.differences)]
    parts += draw.sections(page.sections)
    parts += ["## What remains undecided", draw.bullets(page.undecided)]
    parts += ["## How it was measured", draw.sentence(page.measured_by)]
    parts += [draw.table(shown) for shown in (page.metrics, page.protocol, page.prompts) if shown]
    parts += references(page.numbering)
    return "\n\n".join(part for part in parts if part) + "\n"


def project_markdown(page: ProjectPage) -> str:
    """The report of a project."""
    draw = Drawing(page.numbering.by_target())
    parts = [f"# {escaped(page.title)}", draw.sentence(opening(page.recorded)), draw.bullets(page.lead)]
    parts += [*draw.sections(page.sections), *references(page.numbering)]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is, on one line.

    >>> escaped("a | <b> [x](y)")
    'a \\| \\<b\\> \\[x\\](y)'
    """
    line = " ".join(text.split())
    return _BLOCK_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", line).replace("://", "\\://"))


def references(numbering: Numbering) -> list[str]:
    """The list that every reference leads to."""
    if not numbering.references:
        return []
    lines = [f'- <a id="{one.id}"></a>**{one.id}** {_source(one.source)}' for one in numbering.references]
    return ["## Where the numbers come from", escaped(HOW), "\n".join(lines)]


def _source(source: Source) -> str:
    return escaped(source.words) + (f" · {escaped(source.command)}" if source.command else "")


@dataclass(frozen=True, slots=True)
class Drawing:
    """Draws the parts of a report, each with the reference that ``ids`` has for it."""

    ids: Mapping[object, str]

    def sentence(self, text: str) -> str:
        """A paragraph."""
        return f"{escaped(text)}{_anchor(self.ids.get(text, '')) if has_digits([text]) else ''}" if text else ""

    def bullets(self, sentences: tuple[str, ...]) -> str:
        """A list."""
        return "\n".join(f"- {self.sentence(sentence)}" for sentence in sentences)

    def sections(self, sections: Iterable[Section]) -> list[str]:
        """Sections with their headings."""
        parts: list[str] = []
        for section in sections:
            parts.append(f"## {escaped(section.title)}")
            for kind, group in groupby(section.parts, key=lambda part: part.kind if isinstance(part, Sentence) else "table"):
                drawn = [self.table(part.table) if isinstance(part, SourcedTable) else self.sentence(part.text) for part in group]
                parts += ["\n".join(f"- {line}" for line in drawn)] if kind == "point" else drawn
        return parts

    def table(self, shown: Table) -> str:
        """A table with its caption above and its notes below; a reference in every row that holds a digit."""
        name = self.ids.get(shown, "")
        heads = [escaped(column.heading) for column in shown.columns]
        rules = ["---:" if column.numeric else ":---" for column in shown.columns]
        if name:
            heads.append(_anchor(name, "0").strip() if has_digits(column.heading for column in shown.columns) else "ref")
            rules.append(":---")
        lines = [f"**{escaped(shown.caption)}**{_anchor(name) if has_digits([shown.caption]) else ''}", "", _line(heads), _line(rules)]
        for place, row in enumerate(shown.rows, 1):
            cells = [escaped(cell) for cell in row.cells]
            cells = [f"**{cell}**" if row.marked and cell else cell for cell in cells]
            lines.append(_line([*cells, _anchor(name, str(place)).strip() if has_digits(row.cells) else ""] if name else cells))
        for place, note in enumerate((*shown.notes, *shown.more)):
            lines.append(f"\n{escaped(note)}{_anchor(name, f'n{place}') if has_digits([note]) else ''}")
        return "\n".join(lines)

    def grid(self, shown: Grid, paths: Mapping[str, str]) -> str:
        """The picture grid as a table, with pictures where they are files."""
        name = self.ids.get(shown, "")
        heads = ["epoch", *(escaped(heading.name) for heading in shown.headings), "ref"]
        asks = [
            "asks for",
            *(escaped(", ".join(f"{s.feature} {s.color} {s.code}" for s in heading.swatches) or NOTHING) for heading in shown.headings),
        ]
        asks.append(_anchor(name, "0").strip() if has_digits(asks) else "")
        rules = [":---", *(["---:"] * len(shown.headings)), ":---"]
        lines = [
            f"**{escaped(shown.caption)}**{_anchor(name) if has_digits([shown.caption]) else ''}",
            "",
            _line(heads),
            _line(rules),
            _line(asks),
        ]
        for place, row in enumerate(shown.rows, 1):
            label = escaped(f"{row.label} ({row.note})" if row.note else row.label)
            cells = [f"**{label}**" if row.marked else label, *(_cell(cell, paths) for cell in row.cells)]
            lines.append(_line([*cells, _anchor(name, str(place)).strip()]))
        return "\n".join([*lines, "", self.sentence(shown.note)])

    def captions(self, shown: CaptionsView) -> list[str]:
        """Findings and repaired captions."""
        parts = ["## The captions", self.sentence(shown.sentence)]
        if shown.findings:
            parts.append(self.table(shown.findings))
        for repair in shown.repairs:
            before = "".join(_struck(piece) for piece in repair.pieces if piece.kind != ADDED)
            after = "".join(_struck(piece) for piece in repair.pieces if piece.kind != REMOVED)
            parts.append(f"{escaped(repair.file)}\n\n- before: {before}\n- after: {after}")
        return parts


def _anchor(name: str, part: str = "") -> str:
    """A reference behind a text; empty where the text has none."""
    return f" [{name}{'.' if part else ''}{part}](#{name})" if name else ""


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell, paths: Mapping[str, str]) -> str:
    value = f"{cell.mark} {cell.value}".strip()
    path = paths.get(cell.picture.digest) if cell.picture else None
    return f"![{escaped(cell.picture.alt)}]({path}) {value}" if cell.picture and path else value


def _struck(piece: Piece) -> str:
    """A stretch of a caption; what was removed is struck through, what was added is bold."""
    words = escaped(piece.text)
    if not words:
        return " " if piece.text else ""
    left = " " if piece.text[:1].isspace() else ""
    right = " " if piece.text[-1:].isspace() else ""
    sign = {REMOVED: "~~", ADDED: "**"}.get(piece.kind, "")
    return f"{left}{sign}{words}{sign}{right}"
