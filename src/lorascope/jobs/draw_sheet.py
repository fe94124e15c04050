"""Draw a contact sheet of findings as one PNG: picture, figure, caption with its marked words, and what was found."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from lorascope.pixels.cells import lossless
from lorascope.reports.sheet import Card
from lorascope.reports.wording import shortened

WIDTH_PX, MARGIN_PX, PICTURE_PX, GAP_PX, LINE_PX = 1100, 18, 112, 8, 19
INK, QUIET, PAGE, WELL, RULE = "#1b1f24", "#59616b", "#ffffff", "#8a8d91", "#dfe3e8"
MARKS = {"error": ("#fbdede", "#b0252a"), "warning": ("#fdf0c8", "#a8750a"), "note": ("#eef0f3", "#59616b")}
LARGEST_PIXELS = 64_000_000
MOST_LINES = 14  # of one caption

Pixels = NDArray[np.uint8]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a line: where it begins (px), and the marks under it."""

    left: int
    width: int
    text: str
    severity: str


@dataclass(frozen=True, slots=True)
class Block:
    """One card, laid out: its lines of caption, its findings, its height (px)."""

    card: Card
    lines: tuple[tuple[Word, ...], ...]
    said: tuple[tuple[str, str], ...]

    @property
    def height(self) -> int:
        """How much room the card takes."""
        return max(PICTURE_PX, LINE_PX * (1 + len(self.lines) + len(self.said)) + 6) + 2 * GAP_PX


def draw_sheet(cards: Sequence[Card], images: Mapping[str, Pixels], figures: Mapping[str, Pixels]) -> bytes:
    """PNG bytes. ``images`` maps files to pixels as :func:`reduced` makes them, ``figures`` to the same without their backgrounds.

    Cards that do not fit are left out.
    """
    font, bold = ImageFont.load_default(13), ImageFont.load_default(14)
    pen = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    blocks, height = [], 2 * MARGIN_PX
    for card in cards:
        block = _block(card, pen, font)
        if (height + block.height) * WIDTH_PX > LARGEST_PIXELS:
            break
        blocks.append(block)
        height += block.height
    sheet = Image.new("RGB", (WIDTH_PX, height), PAGE)
    pen = ImageDraw.Draw(sheet)
    top = MARGIN_PX
    for block in blocks:
        _draw(sheet, pen, block, top, images, figures, font, bold)
        top += block.height
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _text_left() -> int:
    return MARGIN_PX + 2 * (PICTURE_PX + GAP_PX) + GAP_PX


def _block(card: Card, pen: ImageDraw.ImageDraw, font: Font) -> Block:
    room = WIDTH_PX - MARGIN_PX - _text_left()
    said = tuple(
        (one.severity, _fitted(f"{one.number}  {one.severity}  {one.title}: {shortened(one.message, 300)}", pen, font, room))
        for one in card.findings
    )
    return Block(card, tuple(_lines(card, pen, font, room)), said)


def _lines(card: Card, pen: ImageDraw.ImageDraw, font: Font, room: int) -> Iterator[tuple[Word, ...]]:
    """The caption broken into lines, each word with its marks; a finding's number follows its last word."""
    line: list[Word] = []
    left, drawn_lines = 0, 0
    for text, severity in _words(card):
        width = int(pen.textlength(text, font=font))
        if line and left + width > room:
            yield tuple(line)
            line, left, drawn_lines = [], 0, drawn_lines + 1
            if drawn_lines >= MOST_LINES:
                yield (Word(0, 0, "…", ""),)
                return
        line.append(Word(left, width, text, severity))
        left += width
    if line:
        yield tuple(line)


def _words(card: Card) -> Iterator[tuple[str, str]]:
    for stretch in card.stretches:
        shown = stretch.text.replace("\n", " ").replace("\t", " ")
        words = shown.split(" ")
        for index, word in enumerate(words):
            yield word + (" " if index < len(words) - 1 else ""), stretch.severity
        if stretch.ends:
            yield f"[{','.join(map(str, stretch.ends))}]", stretch.severity


def _fitted(text: str, pen: ImageDraw.ImageDraw, font: Font, width: int) -> str:
    while text and pen.textlength(text, font=font) > width:
        text = text[: max(1, int(len(text) * 0.93)) - 1].rstrip("…") + "…"
    return text


def _draw(
    sheet: Image.Image, pen: ImageDraw.ImageDraw, block: Block, top: int, images: Mapping[str, Pixels], figures: Mapping[str, Pixels],
    font: Font, bold: Font,
) -> None:  # fmt: skip
    name = block.card.image_file or ""
    for place, pictures in enumerate((images, figures)):
        left = MARGIN_PX + place * (PICTURE_PX + GAP_PX)
        if name in pictures:
            picture = Image.fromarray(pictures[name])
            sheet.paste(picture, (left + (PICTURE_PX - picture.width) // 2, top + (PICTURE_PX - picture.height) // 2))
        elif place == 0:
            pen.rectangle((left, top, left + PICTURE_PX - 1, top + PICTURE_PX - 1), None, QUIET)
    left, y = _text_left(), top
    pen.text((left, y), shortened(block.card.file, 110), QUIET, font=bold)
    y += LINE_PX
    for line in block.lines:
        for word in line:
            if word.severity:
                ground, rule = MARKS[word.severity]
                pen.rectangle((left + word.left, y, left + word.left + word.width, y + LINE_PX - 4), ground)
                pen.line((left + word.left, y + LINE_PX - 4, left + word.left + word.width, y + LINE_PX - 4), rule)
            pen.text((left + word.left, y), word.text, INK, font=font)
        y += LINE_PX
    y += 6
    for severity, text in block.said:
        pen.text((left, y), text, MARKS[severity][1], font=font)
        y += LINE_PX
    pen.line((MARGIN_PX, top + block.height - GAP_PX, WIDTH_PX - MARGIN_PX, top + block.height - GAP_PX), RULE)


def reduced(pixels: Pixels) -> Pixels:
    """A picture that fits its place on the sheet: enlarged by a whole number when small, reduced smoothly when large."""
    small = lossless(pixels)
    if small is None or max(small.shape[:2]) > PICTURE_PX:
        picture = Image.fromarray(pixels)
        picture.thumbnail((PICTURE_PX, PICTURE_PX), Image.Resampling.LANCZOS)
        return np.asarray(picture)
    zoom = PICTURE_PX // max(small.shape[:2])
    return small.repeat(zoom, 0).repeat(zoom, 1)
