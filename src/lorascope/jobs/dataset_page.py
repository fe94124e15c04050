"""Show an audit: a dataset's page as one HTML file, and its contact sheet as HTML or PNG."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lorascope.captions.checks import CHECKS
from lorascope.captions.sight import Sight
from lorascope.errors import BadFile, MissingFile
from lorascope.evaluation.metrics import METRICS
from lorascope.evaluation.training_set import TrainingSet
from lorascope.jobs.audit import AuditResult
from lorascope.jobs.draw_report import drawn, render
from lorascope.jobs.draw_sheet import draw_sheet, reduced
from lorascope.jobs.read_pixels import load_pixels
from lorascope.jobs.window import captions_window, prompts_window
from lorascope.pixels.background import find_background
from lorascope.pixels.cells import Scale
from lorascope.reports.dataset_page import (
    MOST_CARDS,
    CheckWords,
    DatasetPage,
    MetricBand,
    Pictured,
    bands_table,
    colors_of,
    counts_table,
    dataset_sentences,
    facts_line,
    lead,
    pictures_table,
)
from lorascope.reports.sheet import Card, cards
from lorascope.reports.window import WindowView, window_view
from lorascope.reports.wording import visible

Pixels = NDArray[np.uint8]
Shown = TypeVar("Shown")
MOST_COPIES = 12  # shown of one picture, and so many pictures that have copies
CLEAR = (238, 176)  # gray levels of the squares that stand for "no figure here"


def write_page(
    result: AuditResult, folder: Path, file: Path, *, prompts: Mapping[str, str] | None = None, training: TrainingSet | None = None
) -> None:
    """Write a dataset's page. ``prompts`` (name → text) are shown in the window too; ``training`` has the bands of its metrics.

    Raises:
        MissingFile: the file cannot be written.
    """
    page = dataset_page(result, prompts=prompts, training=training)
    shown = {card.image_file for card in page.cards} | {name for group in page.copies for name in group}
    drawn_images, drawn_figures = pictures(result, folder, shown, drawn)
    text = render("dataset.html", [*drawn_images.values(), *drawn_figures.values()], page=page, drawn=drawn_images, figures=drawn_figures)
    write_whole(file, text.encode("utf-8", "backslashreplace"))  # names may hold bytes that are no text


def write_sheet(result: AuditResult, folder: Path, file: Path, most: int = MOST_CARDS) -> None:
    """Write the contact sheet alone, as PNG.

    Raises:
        MissingFile: the file cannot be written.
    """
    shown = sheet_of(result)[:most]
    images, figures = pictures(result, folder, {card.image_file for card in shown}, reduced)
    write_whole(file, draw_sheet(shown, images, figures))


def sheet_of(result: AuditResult) -> tuple[Card, ...]:
    """Every caption with findings as a card, worst first."""
    image_files = {entry.file: entry.image_file for entry in result.entries}
    seen = {entry.image_file: _seen(entry.sight) for entry in result.entries if entry.image_file and entry.sight}
    return cards(result.findings, result.texts(), image_files, {check.name: check.title for check in CHECKS}, seen)


def dataset_page(result: AuditResult, *, prompts: Mapping[str, str] | None = None, training: TrainingSet | None = None) -> DatasetPage:
    """What the page shows."""
    captions = [entry.caption for entry in result.entries if entry.caption is not None and entry.image_file is not None]
    about = {check.name: CheckWords(check.title, check.reason) for check in CHECKS}
    pictured = [_pictured(entry.sight) for entry in result.entries if entry.sight is not None]
    colors, more_colors = colors_of(pictured)
    all_cards = sheet_of(result)
    windows: tuple[WindowView, ...] = (window_view(captions_window(result)),)
    if prompts:
        windows = (*windows, window_view(prompts_window(prompts, result.around.reader), "test prompts", "prompt"))
    return DatasetPage(
        title=visible(result.dataset.name),
        facts=facts_line(result.dataset, Counter(caption.dialect.value for caption in captions)),
        lead=lead(result.findings, result.dataset),
        counts=counts_table(result.findings, about),
        on_dataset=dataset_sentences(result.findings),
        cards=all_cards[:MOST_CARDS],
        more_cards=max(0, len(all_cards) - MOST_CARDS),
        windows=windows,
        window_tokens=result.around.window_tokens,
        colors=colors,
        more_colors=more_colors,
        pictures=pictures_table(pictured),
        copies=copies(result),
        bands=bands_table(_bands(training)) if training else None,
    )


def _bands(training: TrainingSet) -> list[MetricBand]:
    found = [(metric, training.bands[metric.name]) for metric in METRICS if metric.name in training.bands]
    return [MetricBand(metric.title, metric.unit, band.low, band.median, band.high, band.n) for metric, band in found]


def copies(result: AuditResult) -> tuple[tuple[str, ...], ...]:
    """Groups of pictures with the very same cells, at most 12 groups of 12."""
    groups: dict[bytes, list[str]] = {}
    for entry in result.entries:
        if entry.image_file and entry.sight is not None and entry.sight.cells is not None and entry.sight.scale is not Scale.NONE:
            groups.setdefault(bytes(str(entry.sight.cells.shape), "ascii") + entry.sight.cells.tobytes(), []).append(entry.image_file)
    found = [group for group in groups.values() if len(group) > 1]
    return tuple(tuple(group[:MOST_COPIES]) for group in found[:MOST_COPIES])


def pictures(
    result: AuditResult, folder: Path, wanted: Iterable[str | None], show: Callable[[Pixels], Shown]
) -> tuple[Mapping[str, Shown], Mapping[str, Shown]]:
    """The pictures to show, and their figures cut out where a background was found; what cannot be read is left out.

    ``show`` makes each small as soon as it is read: together they could fill the memory.
    """
    sights = {entry.image_file: entry.sight for entry in result.entries if entry.sight is not None}
    images: dict[str, Shown] = {}
    figures: dict[str, Shown] = {}
    for name in sorted(file for file in set(wanted) if file):
        sight = sights.get(name)
        if sight is None:
            continue
        try:
            images[name] = show(load_pixels(folder / name))
        except BadFile:  # it was there when it was audited
            continue
        if sight.cells is not None and sight.kind is not None:
            figures[name] = show(cut_out(sight.cells))
    return images, figures


def cut_out(cells: Pixels) -> Pixels:
    """A picture with gray squares in place of its background, (rows, columns, 3)."""
    mask = find_background(cells).mask
    rows, columns = np.ogrid[: mask.shape[0], : mask.shape[1]]
    squares = np.array(CLEAR, np.uint8)[(rows // 2 + columns // 2 + 1) % 2]
    return np.where(mask[..., None], squares[..., None], cells)


def _seen(sight: Sight) -> str:
    if sight.kind is None:
        return "no background told apart"
    return f"{sight.kind.value} background {sight.background_code or ''}".strip()


def _pictured(sight: Sight) -> Pictured:
    cells = None if sight.cells is None else (sight.cells.shape[0], sight.cells.shape[1])
    return Pictured(sight.scale, sight.kind, sight.palette, sight.shares, cells)


def write_whole(file: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all; an earlier one is replaced, a link or device kept and written through.

    Raises:
        MissingFile: it cannot be written there.
    """
    next_step = "choose another place"
    try:
        file = Path(os.path.realpath(file))
        if file.exists() and not file.is_file():  # renaming onto /dev/stdout or /dev/null would remove it
            file.write_bytes(content)
            return
    except OSError as error:
        raise MissingFile(f"cannot be written: {error.strerror}", where=str(file), next_step=next_step) from error
    try:
        handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:60]}.")
    except OSError as error:
        raise MissingFile(
            f"cannot be written: {error.strerror}", where=str(file), next_step="give a file in a folder that is there"
        ) from error
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
        Path(temporary).chmod(0o644)
        Path(temporary).replace(file)
    except OSError as error:
        raise MissingFile(f"cannot be written: {error.strerror}", where=str(file), next_step=next_step) from error
    finally:
        Path(temporary).unlink(missing_ok=True)
