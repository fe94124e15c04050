"""Draw picture grids as one PNG: runs side by side, epochs down, prompts across, every pixel enlarged by a whole number."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lorascope.pixels.cells import lossless
from lorascope.reports.grid import Cell, Grid, GridRow

CELL_PX, GAP_PX, MARGIN_PX, LABEL_PX, MARK_PX, BETWEEN_PX = 72, 6, 16, 62, 20, 34
INK, QUIET, PAGE, WELL, GOOD, BAD, PICKED = "#1b1f24", "#59616b", "#ffffff", "#8a8d91", "#17733a", "#b0252a", "#fbe9c8"
LARGEST_PIXELS = 64_000_000

Pixels = NDArray[np.uint8]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things are, in pixels. ``heading`` is the height above the first row."""

    grids: int
    columns: int
    rows: int
    heading: int = 74

    @property
    def grid_width(self) -> int:
        """One run's pictures."""
        return self.columns * (CELL_PX + GAP_PX) - GAP_PX

    @property
    def size(self) -> tuple[int, int]:
        """The whole picture."""
        width = 2 * MARGIN_PX + LABEL_PX + self.grids * self.grid_width + (self.grids - 1) * BETWEEN_PX
        return width, 2 * MARGIN_PX + self.heading + self.rows * (CELL_PX + MARK_PX)

    def left(self, grid: int, column: int) -> int:
        """The left edge of a cell."""
        return MARGIN_PX + LABEL_PX + grid * (self.grid_width + BETWEEN_PX) + column * (CELL_PX + GAP_PX)

    def top(self, row: int) -> int:
        """The upper edge of a row."""
        return MARGIN_PX + self.heading + row * (CELL_PX + MARK_PX)


def draw_grids(grids: Sequence[Grid], images: Mapping[str, Pixels]) -> bytes:
    """PNG bytes of a contact sheet. ``images`` maps digests to pixels, (height, width, 3); epochs that a run lacks stay empty.

    Sheets beyond 64 million pixels are cut at the last epoch that fits.
    """
    epochs = sorted({row.epoch for grid in grids for row in grid.rows})
    layout = Layout(len(grids), max((len(grid.headings) for grid in grids), default=0), len(epochs))
    width = layout.size[0]
    fitting = max(1, (LARGEST_PIXELS // width - layout.top(0)) // (CELL_PX + MARK_PX))
    epochs = epochs[:fitting]
    layout = Layout(layout.grids, layout.columns, len(epochs))
    sheet = Image.new("RGB", layout.size, PAGE)
    pen = ImageDraw.Draw(sheet)
    small, large = ImageFont.load_default(12), ImageFont.load_default(18)
    labels = {row.epoch: row.label for grid in grids for row in grid.rows}
    for place, epoch in enumerate(epochs):
        pen.text((MARGIN_PX, layout.top(place) + CELL_PX // 2 - 8), labels[epoch], INK, font=large)
    for index, grid in enumerate(grids):
        left = layout.left(index, 0)
        _text(pen, (left, MARGIN_PX), grid.caption.partition(":")[0], large, layout.grid_width)
        for column, heading in enumerate(grid.headings):
            cell_left = layout.left(index, column)
            _text(pen, (cell_left, MARGIN_PX + 32), heading.name, small, CELL_PX)
            for step, swatch in enumerate(heading.swatches[:4]):
                corner = cell_left + 14 * step
                pen.rectangle((corner, MARGIN_PX + 52, corner + 10, MARGIN_PX + 62), swatch.code, QUIET)
        for row in grid.rows:
            if row.epoch in epochs:
                _row(sheet, pen, layout, index, epochs.index(row.epoch), row, images, small)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _row(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, layout: Layout, index: int, place: int, row: GridRow,
    images: Mapping[str, Pixels], font: Font,
) -> None:  # fmt: skip
    top = layout.top(place)
    if row.marked:
        left = layout.left(index, 0)
        pen.rectangle((left - 5, top - 4, left + layout.grid_width + 4, top + CELL_PX + MARK_PX - 5), PICKED)
    for column, cell in enumerate(row.cells):
        left = layout.left(index, column)
        picture = _picture(images.get(cell.picture.digest)) if cell.picture else None
        if picture is None:
            pen.rectangle((left, top, left + CELL_PX - 1, top + CELL_PX - 1), None, QUIET)
        else:
            inset = (CELL_PX - picture.width) // 2, (CELL_PX - picture.height) // 2
            if any(inset):
                pen.rectangle((left, top, left + CELL_PX - 1, top + CELL_PX - 1), WELL)
            sheet.paste(picture, (left + inset[0], top + inset[1]))
        _mark(pen, (left, top + CELL_PX + 2), cell, font)


def _mark(pen: ImageDraw.ImageDraw, at: tuple[int, int], cell: Cell, font: Font) -> None:
    """The cell's mark as strokes (the font may lack the signs), then its value."""
    x, y = at
    if cell.mark == "✓":
        pen.line((x, y + 6, x + 3, y + 9, x + 9, y + 2), GOOD, 2, joint="curve")
    elif cell.mark:
        pen.line((x + 1, y + 2, x + 8, y + 9), BAD, 2)
        pen.line((x + 1, y + 9, x + 8, y + 2), BAD, 2)
    ink = GOOD if cell.mark == "✓" else BAD if cell.mark else QUIET
    pen.text((x + (13 if cell.mark else 0), y - 1), cell.value, ink, font=font)


def _picture(pixels: Pixels | None) -> Image.Image | None:
    """A picture that fits a cell: enlarged by a whole number when small, reduced smoothly when large."""
    if pixels is None:
        return None
    small = lossless(pixels)
    if small is None or max(small.shape[:2]) > CELL_PX:
        picture = Image.fromarray(pixels)
        picture.thumbnail((CELL_PX, CELL_PX), Image.Resampling.LANCZOS)
        return picture
    zoom = CELL_PX // max(small.shape[:2])
    return Image.fromarray(small.repeat(zoom, 0).repeat(zoom, 1))


def _text(pen: ImageDraw.ImageDraw, at: tuple[int, int], text: str, font: Font, width: int) -> None:
    """A text cut to a width."""
    while text and pen.textlength(text, font=font) > width:
        text = text[:-2].rstrip("…") + "…" if len(text) > 2 else ""
    pen.text(at, text, INK, font=font)
