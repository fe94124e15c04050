"""A report as Markdown (GitHub's dialect). Other people's words are escaped: they cannot become markup, HTML or links."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lorascope.reports.curves import curve_table
from lorascope.reports.grid import Cell, Grid
from lorascope.reports.page import Page
from lorascope.reports.repairs import ADDED, REMOVED, CaptionsView, Piece
from lorascope.reports.table import Table
from lorascope.reports.wording import NOTHING

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|~$!&])")
_BLOCK_START = re.compile(r"^(\d*)([-+=.)])(?=\s|$)")


def markdown(page: Page, pictures: Mapping[str, str] | None = None) -> str:
    """The whole report. ``pictures`` maps an image digest to the relative path of its file; without it no pictures are linked."""
    paths = pictures or {}
    parts = [
        f"# {escaped(page.title)}",
        f"A lorascope report{', ' + page.recorded if page.recorded else ''}.",
        _bullets(tuple(said.sentence for said in page.lead)),
    ]
    if page.overview and paths:
        parts += [_grid(page.overview, paths)]
    parts += ["## The experiment", escaped(page.setting), table(page.datasets)]
    parts += [table(shown) for shown in (page.different, page.same) if shown]
    if page.captions:
        parts += _captions(page.captions)
    parts.append("## Pictures, epoch by epoch" if page.overview else "## Prompt by prompt, epoch by epoch")
    for run in page.runs:
        parts += [f"### {escaped(run.name)}", escaped(run.facts), _grid(run.grid, paths)]
    parts.append("## Curves")
    parts += [table(curve_table(curve)) for curve in page.curves]
    parts.append("## The choice")
    for run in page.runs:
        parts += [escaped(run.verdict), *(table(shown) for shown in (run.choice, run.bands) if shown)]
    if page.difference:
        parts += ["## The runs compared", *map(escaped, page.difference), *map(table, page.differences)]
    parts += ["## What remains undecided", _bullets(page.undecided)]
    parts += ["## How it was measured", escaped(page.measured_by)]
    parts += [table(shown) for shown in (page.metrics, page.protocol, page.prompts) if shown]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    r"""Text that Markdown shows as it is, on one line.

    >>> escaped("a | <b> [x](y)")
    'a \\| \\<b\\> \\[x\\](y)'
    """
    line = " ".join(text.split())
    return _BLOCK_START.sub(r"\1\\\2", _SPECIAL.sub(r"\\\1", line).replace("://", "\\://"))


def _bullets(sentences: tuple[str, ...]) -> str:
    return "\n".join(f"- {escaped(sentence)}" for sentence in sentences)


def table(shown: Table) -> str:
    """A table with its caption above and its notes below."""
    heads = [escaped(column.heading) for column in shown.columns]
    rules = ["---:" if column.numeric else ":---" for column in shown.columns]
    lines = [f"**{escaped(shown.caption)}**", "", _line(heads), _line(rules)]
    for row in shown.rows:
        cells = [escaped(cell) for cell in row.cells]
        lines.append(_line([f"**{cell}**" if row.marked and cell else cell for cell in cells]))
    lines += [f"\n{escaped(note)}" for note in (*shown.notes, *shown.more)]
    return "\n".join(lines)


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _grid(shown: Grid, paths: Mapping[str, str]) -> str:
    heads = ["epoch", *(escaped(heading.name) for heading in shown.headings)]
    asks = [
        "asks for",
        *(escaped(", ".join(f"{s.feature} {s.color} {s.code}" for s in heading.swatches) or NOTHING) for heading in shown.headings),
    ]
    lines = [f"**{escaped(shown.caption)}**", "", _line(heads), _line([":---", *(["---:"] * len(shown.headings))]), _line(asks)]
    for row in shown.rows:
        label = escaped(f"{row.label} ({row.note})" if row.note else row.label)
        lines.append(_line([f"**{label}**" if row.marked else label, *(_cell(cell, paths) for cell in row.cells)]))
    return "\n".join([*lines, "", escaped(shown.note)])


def _cell(cell: Cell, paths: Mapping[str, str]) -> str:
    value = f"{cell.mark} {cell.value}".strip()
    path = paths.get(cell.picture.digest) if cell.picture else None
    return f"![{escaped(cell.picture.alt)}]({path}) {value}" if cell.picture and path else value


def _captions(shown: CaptionsView) -> list[str]:
    parts = ["## The captions", escaped(shown.sentence)]
    if shown.findings:
        parts.append(table(shown.findings))
    for repair in shown.repairs:
        before = "".join(_struck(piece) for piece in repair.pieces if piece.kind != ADDED)
        after = "".join(_struck(piece) for piece in repair.pieces if piece.kind != REMOVED)
        parts.append(f"{escaped(repair.file)}\n\n- before: {before}\n- after: {after}")
    return parts


def _struck(piece: Piece) -> str:
    """A stretch of a caption; what was removed is struck through, what was added is bold."""
    words = escaped(piece.text)
    if not words:
        return " " if piece.text else ""
    left = " " if piece.text[:1].isspace() else ""
    right = " " if piece.text[-1:].isspace() else ""
    sign = {REMOVED: "~~", ADDED: "**"}.get(piece.kind, "")
    return f"{left}{sign}{words}{sign}{right}"
